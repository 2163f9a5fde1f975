"""JSON lines: one object a line with `title` and `abstract`, and what else is known.

Known fields: `title`, `abstract` (a text or a list of sentences), `authors` (a list, or one text with names
between semicolons), `year`, `date`, `venue`, `doi`, `arxiv_id`, `url`, `categories`, `key`, and an identifier in
`id`, `acl_id` or `doc_id`. Other fields are ignored.
"""

import json
from collections.abc import Iterator
from typing import Any

from assistant.readers.base import Document, Reader
from assistant.records import Problem, Record, Source

_ID_FIELDS = ("id", "acl_id", "doc_id")


def accepts(document: Document) -> bool:
    """Accept a text whose first line with anything on it is a JSON object."""
    first = next((line for line in document.lines if line.strip()), "")
    return first.lstrip().startswith("{") and first.rstrip().endswith("}")


def read(document: Document) -> Iterator[Record | Problem]:
    """Yield a record or a problem for each line that isn't blank."""
    for number, line in enumerate(document.lines, start=1):
        if not line.strip():
            continue
        try:
            fields = json.loads(line)
        except (ValueError, RecursionError):
            yield document.problem(number, "not a JSON object (the line may be cut)")
            continue
        if not isinstance(fields, dict) or not _text(fields.get("title")):
            yield document.problem(number, "a record without a title")
            continue
        yield _record(document, number, fields)


def _record(document: Document, number: int, fields: dict[str, Any]) -> Record:
    year = _year(fields.get("year"))
    abstract = fields.get("abstract")
    if isinstance(abstract, list):
        abstract = " ".join(_text(sentence) for sentence in abstract)
    return Record(
        title=_text(fields["title"]),
        authors=_names(fields.get("authors")),
        year=year,
        date=_text(fields.get("date")) or (str(year) if year else None),
        categories=tuple(_names(fields.get("categories"))),
        venue=_text(fields.get("venue")) or None,
        doi=_text(fields.get("doi")) or None,
        arxiv_id=_text(fields.get("arxiv_id")) or None,
        url=_text(fields.get("url")) or None,
        abstract=_text(abstract),
        key=_text(fields.get("key")) or None,
        ids=tuple(_text(fields[name]) for name in _ID_FIELDS if _text(fields.get(name))),
        source=Source(file=document.name, line=number),
    )


def _text(value: object) -> str:
    """Return a field as one line of text; anything that is neither text nor a number is empty."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return " ".join(str(value).split())


def _year(value: object) -> int | None:
    digits = _text(value)[:4]
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) == 4 else None


def _names(value: object) -> tuple[str, ...]:
    """Return a list of names, or one text of names between semicolons, as a tuple without empty entries."""
    entries = value if isinstance(value, list) else _text(value).split(";")
    return tuple(name for name in map(_text, entries) if name)


READER = Reader("JSON lines", accepts, read)
