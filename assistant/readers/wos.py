"""Web of Science's own tagged text (`savedrecs.txt`): two-letter tags, three blanks before text that goes on."""

import re
from collections.abc import Iterator

from assistant.readers import build, clean, dates, people
from assistant.readers.base import Document, Reader
from assistant.records import Problem, Record

_TAG = re.compile(r"^([A-Z][A-Z0-9])(?: (.*)|$)")


def accepts(document: Document) -> bool:
    """Accept a text that opens with the file's name tag, or with a publication type and authors after it."""
    return bool(re.search(r"^FN .*\nVR .*$|^PT [A-Z]\nAU ", document.head[:5000], re.MULTILINE))


def read(document: Document) -> Iterator[Record | Problem]:
    """Yield a record from each `PT` to its `ER`."""
    start, values, tag = 0, dict[str, list[str]](), ""
    for number, line in document.stream():
        found = _TAG.match(line)
        if found and found[1] == "PT":
            if values:
                yield document.problem(start, "a record without its end (ER)")
                yield _record(document, start, values)
            start, values, tag = number, {"PT": [found[2] or ""]}, "PT"
        elif found and found[1] == "ER" and values:
            yield _record(document, start, values)
            values = {}
        elif values and found:
            tag = found[1]
            values.setdefault(tag, []).append(found[2] or "")
        elif values and line.strip():
            values[tag].append(line.strip())
    if values:
        yield document.problem(start, "the file ends in the middle of this record")


def _record(document: Document, start: int, values: dict[str, list[str]]) -> Record | Problem:
    def text(tag: str) -> str:
        return "\n".join(values.get(tag, ())).strip()

    title = clean.title(text("TI"))
    if not title:
        return document.problem(start, "a record without a title")
    year = clean.one_line(text("PY"))
    unique = clean.one_line(text("UT"))
    return build.record(
        document,
        start,
        title=title,
        abstract=clean.abstract(text("AB")),
        authors=[people.person(name) for name in values.get("AF") or values.get("AU") or ()],
        when=dates.parse(f"{year} {text('PD')}") if year else dates.When(),
        venue=text("SO"),
        doi=text("DI"),
        ids=tuple(
            filter(
                None,
                ("wos:" + unique.removeprefix("WOS:") if unique else "", "pmid:" + text("PM") if text("PM") else ""),
            )
        ),
    )


READER = Reader("Web of Science text", accepts, read)
