"""PubMed's NBIB and MEDLINE text: tags of up to four letters, text that goes on after six blanks."""

import re
from collections.abc import Iterator

from assistant.readers import build, clean, dates, identifiers, people
from assistant.readers.base import Document, Reader, looks_cut
from assistant.records import Problem, Record

_TAG = re.compile(r"^([A-Z][A-Z0-9]{1,3}) {0,2}- ?(.*)$")
_MAX_VALUES = 50_000

Values = dict[str, list[str]]


def accepts(document: Document) -> bool:
    """Accept a text in which a line gives a PubMed id."""
    return bool(re.search(r"^PMID ?- ?\d", document.head, re.MULTILINE))


def read(document: Document) -> Iterator[Record | Problem]:
    """Yield a record from each `PMID` to the next one."""
    start, values, tag, count = 0, Values(), "", 0
    blank = True
    for number, line in document.stream():
        found = _TAG.match(line)
        if found and found[1] == "PMID":
            if values:
                yield _record(document, start, values)
            start, values, count = number, {}, 0
        if found and start:
            tag, count = found[1], count + 1
            if count <= _MAX_VALUES:
                values.setdefault(tag, []).append(found[2])
        elif line.startswith("   ") and values and count <= _MAX_VALUES:
            count += 1
            values[tag][-1] += "\n" + line.strip()
        elif line.strip() and start and values:
            yield document.problem(number, f"a line that belongs to no field: {clean.one_line(line[:60])!r}")
        blank = not line.strip()
    if values:
        # An export ends with a line end; a file cut inside its last abstract doesn't.
        if not blank and tag in ("AB", "TI", "PMID") and looks_cut(values[tag][-1]):
            yield document.problem(start, "the file ends in the middle of this record")
        else:
            yield _record(document, start, values)


def _record(document: Document, start: int, values: Values) -> Record | Problem:
    def first(*tags: str) -> str:
        return next((text for tag in tags for text in values.get(tag, ()) if text.strip()), "")

    title = _title(first("TI", "BTI", "TT"))
    if not title:
        return document.problem(start, "a record without a title")
    pmid = clean.one_line(first("PMID"))
    pmc = clean.one_line(first("PMC"))
    doi = next(
        (text for tag in ("LID", "AID", "SO") for text in values.get(tag, ()) if tag == "SO" or "[doi]" in text), ""
    )
    return build.record(
        document,
        start,
        title=title,
        abstract=clean.abstract(first("AB", "OAB")),
        authors=_authors(values),
        when=dates.parse(first("DP", "DEP", "EDAT")),
        venue=first("JT", "TA", "CTI"),
        doi=identifiers.doi(doi) or "",
        affiliations=[clean.one_line(text) for text in values.get("AD", ())],
        ids=[f"pmid:{pmid}"] * bool(pmid) + [f"pmc:{pmc}"] * bool(pmc),
    )


def _title(text: str) -> str:
    """Return a title without the full stop that PubMed adds and the brackets that mark a translation."""
    title = clean.title(text)
    if title.endswith(".") and not title.endswith("..."):
        title = title[:-1]
    return title[1:-1].rstrip(".") if title.startswith("[") and title.endswith("]") else title


def _authors(values: Values) -> list[str]:
    """Return the full names, else the short ones turned round, and the groups after them."""
    full = [people.person(name) for name in values.get("FAU", ())]
    return (full or [_turned(clean.one_line(name)) for name in values.get("AU", ())]) + values.get("CN", [])


def _turned(name: str) -> str:
    last, _, initials = name.rpartition(" ")
    return f"{initials} {last}" if last and initials.isupper() and len(initials) <= 4 else name


READER = Reader("PubMed (NBIB)", accepts, read)
