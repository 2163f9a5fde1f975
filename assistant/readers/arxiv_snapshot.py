"""arXiv's metadata snapshot (JSON lines): the year is the first version's, not that of the last update."""

from typing import Any

from assistant.readers import build, clean, dates, latex, people
from assistant.readers.base import Document
from assistant.records import Record


def is_item(item: dict[str, Any]) -> bool:
    """Tell whether a JSON object is a line of the snapshot."""
    return "authors_parsed" in item or ("versions" in item and "categories" in item)


def record(document: Document, line: int, item: dict[str, Any]) -> Record:
    """Return the record of a line; without a title it has an empty one. Abstracts keep their TeX."""
    versions = item.get("versions")
    first = versions[0] if isinstance(versions, list) and versions else None
    created = clean.one_line(first.get("created")) if isinstance(first, dict) else ""
    number = clean.one_line(item.get("id"))
    authors, truncated = _authors(item)
    return build.record(
        document,
        line,
        title=clean.one_line(item.get("title")),
        abstract=clean.one_line(item.get("abstract")),
        authors=authors,
        truncated=truncated,
        when=dates.parse(created or clean.one_line(item.get("update_date"))),
        venue=item.get("journal-ref"),
        doi=item.get("doi"),
        arxiv=number,
        url=f"https://arxiv.org/abs/{number}" if number else "",
        categories=clean.one_line(item.get("categories")).split(),
    )


def _authors(item: dict[str, Any]) -> tuple[tuple[str, ...], bool]:
    parsed = item.get("authors_parsed")
    if isinstance(parsed, list) and parsed:
        names = []
        for entry in parsed:
            last, given, suffix = ([*entry, "", "", ""] if isinstance(entry, list) else [entry, "", ""])[:3]
            names.append(people.joined(*(latex.decode(clean.one_line(part)) for part in (given, last, suffix))))
        return tuple(name for name in names if name), False
    return people.split_list(latex.decode(clean.one_line(item.get("authors"))))
