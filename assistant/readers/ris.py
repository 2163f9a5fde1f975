"""RIS, as EndNote, Scopus, Web of Science, Zotero, Mendeley and IEEE Xplore write it.

rispy reads the tags of one record at a time, after the dialects' differences are evened out: one or two spaces before
the dash, text that goes on in the next line with or without an indent, records without an end.
"""

import re
from collections.abc import Iterator

import rispy  # type: ignore[import-untyped]

from assistant.readers import build, clean, dates, identifiers, people
from assistant.readers.base import Document, Reader, looks_cut
from assistant.records import Problem, Record

_START = re.compile(r"^\s?TY {1,2}-")
_TAG = re.compile(r"^\s?([A-Z][A-Z0-9])  ?-(?: |$)")
_STRICT_TAG = re.compile(r"^\s?([A-Z][A-Z0-9])  -\s?")
_TEXTS = re.compile(r"AB|N2|N1|TI|T1|TY|AU|A1")
_MAX_LINES = 20_000

# Each value is kept as a list under its own tag: exporters repeat tags that the standard has once.
_TAGS = sorted({*rispy.TAG_KEY_MAPPING, "DI", "L3", "U1"} - {"TY", "UK"})
_MAPPING = {"TY": "TY", "UK": "unknown", **{tag: tag for tag in _TAGS}}

Values = dict[str, list[str]]


def accepts(document: Document) -> bool:
    """Accept a text in which a line opens a record."""
    return any(_START.match(line) for line in document.head.split("\n"))


def read(document: Document) -> Iterator[Record | Problem]:
    """Yield a record from each `TY` to its `ER`, or to the next `TY`."""
    start, lines = 0, list[str]()
    tag = _STRICT_TAG
    for number, line in document.stream():
        if _START.match(line):
            if lines:
                yield document.problem(start, "a record without its end (ER)")
                yield _record(document, start, lines)
            tag = _STRICT_TAG if _STRICT_TAG.match(line) else _TAG
            start, lines = number, [f"TY  - {line.split('-', 1)[1].strip()}"]
        elif not lines:
            continue
        elif found := tag.match(line):
            if found[1] == "ER":
                yield _record(document, start, lines)
                lines = []
            else:
                lines.append(f"{found[1]}  - {line[found.end() :].strip()}")
        elif line.strip() and len(lines) < _MAX_LINES:
            lines.append(line.strip())
    if lines:
        yield document.problem(start, "the file ends in the middle of this record")
        if not (_TEXTS.match(_last_tagged(lines)) and looks_cut(lines[-1])):
            yield _record(document, start, lines)


def _last_tagged(lines: list[str]) -> str:
    return next(line for line in reversed(lines) if _STRICT_TAG.match(line))


def _record(document: Document, start: int, lines: list[str]) -> Record | Problem:
    values = _values(lines)

    def first(*tags: str) -> str:
        return next((clean.one_line(text) for tag in tags for text in values.get(tag, ()) if text.strip()), "")

    title = clean.title(first("TI", "T1", "CT", "BT", "ST"))
    if not title:
        return document.problem(start, "a record without a title")
    urls = [
        url for tag in ("UR", "L2", "LK") for text in values.get(tag, ()) for url in re.split(r"[;\s]+", text) if url
    ]
    notes = values.get("N1", []) + values.get("M1", []) + values.get("AN", [])
    found_names = [name for tag in ("AU", "A1") for name in values.get(tag, ()) if name.strip()]
    truncated = bool(found_names) and bool(re.fullmatch(r"(?:et al\.?|others)", found_names[-1].strip(), re.I))
    doi = next((doi for text in values.get("DO", []) + values.get("DI", []) + values.get("M3", []) + notes + urls
                if (doi := identifiers.doi(text))), "")  # fmt: skip
    return build.record(
        document,
        start,
        title=title,
        abstract=clean.abstract(_abstract(values)),
        authors=[
            person for name in (found_names[:-1] if truncated else found_names) if (person := people.person(name))
        ],
        truncated=truncated,
        when=_when(first("PY", "Y1"), first("DA", "Y1")),
        venue=first("T2", "JF", "JO", "BT", "JA", "J2", "T3", "PB"),
        doi=doi,
        arxiv=identifiers.arxiv_in(*urls, *notes, *values.get("C7", []), *values.get("T2", []), *values.get("M3", []))
        or "",
        url=urls[0] if urls else "",
        key=_citation_key(notes),
        ids=_ids(values),
    )


def _values(lines: list[str]) -> Values:
    """Let rispy take the tags apart; a line without a tag goes on with the text before it."""
    joined: list[str] = []
    for line in lines:
        if _STRICT_TAG.match(line) or not joined:
            joined.append(line)
        else:
            joined[-1] += "\x00" + line  # a line end, which rispy would take as the end of the value
    parsed = rispy.loads(
        "\n".join([*joined, "ER  - "]),
        mapping=_MAPPING,
        list_tags=_TAGS,
        delimiter_tags_mapping={},
    )
    if not parsed:
        return {}
    unknown = parsed[0].pop("unknown", {})
    values = {**{tag: [text] for tag, text in parsed[0].items() if isinstance(text, str)}, **unknown}
    values |= {tag: texts for tag, texts in parsed[0].items() if isinstance(texts, list)}
    return {tag: [text.replace("\x00", "\n") for text in texts] for tag, texts in values.items()}


def _abstract(values: Values) -> str:
    """Return the longest of the fields that hold abstracts; a repeated tag goes on with the text."""
    candidates = ["\n".join(values.get(tag, ())) for tag in ("AB", "N2")]
    best = max(candidates, key=len)
    return best or max((text for text in values.get("N1", ()) if len(text) > 300), key=len, default="")


def _when(year: str, date: str) -> dates.When:
    """Return the more exact of the two fields, where they agree on the year."""
    plain, exact = dates.parse(year), dates.parse(date)
    if exact.year is None and date and plain.year:
        exact = dates.parse(f"{plain.year} {date}")  # Web of Science: `PY  - 2021`, `DA  - MAR 4`
    if plain.year is None:
        return exact
    return exact if exact.year == plain.year and len(exact.date or "") > len(plain.date or "") else plain


def _citation_key(notes: list[str]) -> str:
    found = re.search(r"^\s*citation key:\s*(\S+)", "\n".join(notes), re.IGNORECASE | re.MULTILINE)
    return found[1] if found else ""


def _ids(values: Values) -> tuple[str, ...]:
    ids = []
    for text in values.get("AN", []):
        if re.fullmatch(r"WOS:\w+", text.strip()):
            ids.append("wos:" + text.strip()[4:])
        elif values.get("DB", [""])[0].strip().lower() in ("pubmed", "medline") and text.strip().isdigit():
            ids.append("pmid:" + text.strip())
    return tuple(ids)


READER = Reader("RIS", accepts, read)
