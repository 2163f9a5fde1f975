"""JSON objects with `title` and `abstract`, and what else is known.

Known fields: `title`, `abstract` (a text or a list of sentences), `authors` (a list, or one text with names
between semicolons), `year`, `date`, `venue`, `doi`, `arxiv_id`, `url`, `categories`, `key`, and an identifier in
`id`, `acl_id` or `doc_id`. Other fields are ignored.
"""

from typing import Any

from assistant.readers import build, clean, dates
from assistant.readers.base import Document
from assistant.records import Record

_ID_FIELDS = ("id", "acl_id", "doc_id")


def is_item(item: dict[str, Any]) -> bool:
    """Accept any object."""
    return True


def record(document: Document, line: int, item: dict[str, Any]) -> Record:
    """Return the record of an object; without a title it has an empty one."""
    abstract = item.get("abstract")
    if isinstance(abstract, list):
        abstract = " ".join(clean.one_line(sentence) for sentence in abstract)
    return build.record(
        document,
        line,
        title=clean.title(item.get("title")),
        abstract=clean.abstract(abstract),
        authors=_names(item.get("authors") or item.get("author")),
        truncated=item.get("authors_truncated") is True,
        when=_when(item),
        venue=item.get("venue") or item.get("journal") or item.get("booktitle"),
        doi=item.get("doi"),
        arxiv=item.get("arxiv_id"),
        url=item.get("url"),
        key=item.get("key"),
        categories=_names(item.get("categories")),
        affiliations=_names(item.get("affiliations")),
        ids=[text for name in _ID_FIELDS if (text := clean.one_line(item.get(name)))],
    )


def _when(item: dict[str, Any]) -> dates.When:
    date = clean.one_line(item.get("date"))
    year = dates.parse(clean.one_line(item.get("year"))[:4])
    if date.startswith("--"):
        return dates.When(None, date) if dates.is_date(date) else dates.When()
    exact = dates.parse(date)
    return exact if exact.year and (year.year is None or exact.year == year.year) else year


def _names(value: object) -> list[str]:
    """Return a list of names, or one text of names between semicolons, without empty entries."""
    entries = value if isinstance(value, list) else clean.one_line(value).split(";")
    names = [
        clean.one_line(entry.get("name")) if isinstance(entry, dict) else clean.one_line(entry) for entry in entries
    ]
    return [name for name in names if name]
