"""CSL-JSON, as Zotero, Better BibTeX, Mendeley and pandoc write it, and Crossref's relative of it."""

import re
from typing import Any

from assistant.readers import build, clean, dates, people
from assistant.readers.base import Document
from assistant.records import Record

_KEY = re.compile(r"^\s*citation key:\s*(\S+)", re.IGNORECASE | re.MULTILINE)
_ARXIV = re.compile(r"arxiv:\s*(\S+)", re.IGNORECASE)


def is_item(item: dict[str, Any]) -> bool:
    """Tell whether a JSON object is a CSL item or a Crossref work."""
    if any(
        name in item for name in ("issued", "container-title", "citation-key", "published-print", "published-online")
    ):
        return True
    authors = item.get("author")
    return isinstance(authors, list) and any(isinstance(name, dict) for name in authors)


def record(document: Document, line: int, item: dict[str, Any]) -> Record:
    """Return the record of an item; without a title it has an empty one."""
    title = clean.title(_first(item.get("title")))
    subtitle = clean.title(_first(item.get("subtitle")))
    if title and subtitle and subtitle.lower() not in title.lower():
        title = f"{title}: {subtitle}"
    note = item.get("note") if isinstance(item.get("note"), str) else ""
    noted_key, noted_arxiv = _KEY.search(note or ""), _ARXIV.search(note or "")
    names = [_name(entry) for entry in _list(item.get("author") or item.get("editor"))]
    truncated = bool(names) and names[-1].lower() in ("others", "et al.")
    number = clean.one_line(item.get("number"))
    return build.record(
        document,
        line,
        title=title,
        abstract=clean.abstract(item.get("abstract")),
        authors=names[:-1] if truncated else names,
        truncated=truncated,
        when=_when(item),
        venue=_first(item.get("container-title")) or _first(item.get("event-title")) or item.get("publisher"),
        doi=item.get("DOI") or item.get("doi"),
        arxiv=noted_arxiv[1] if noted_arxiv else number.removeprefix("arXiv:") if "arXiv" in number else "",
        url=item.get("URL") or item.get("url"),
        key=_key(item) or (noted_key[1] if noted_key else ""),
        ids=[f"pmid:{clean.one_line(item['PMID'])}"] if clean.one_line(item.get("PMID")) else [],
        affiliations=[clean.one_line(place.get("name"))
                      for entry in _list(item.get("author")) if isinstance(entry, dict)
                      for place in _list(entry.get("affiliation")) if isinstance(place, dict)],
    )  # fmt: skip


def _key(item: dict[str, Any]) -> str:
    """Return the user's own key; Zotero's plain export has a running number or an address in its place."""
    if key := clean.one_line(item.get("citation-key")):
        return key
    key = clean.one_line(item.get("id"))
    return "" if not key or key == item.get("DOI") or "://" in key or "/" in key or key.isdigit() else key


def _name(entry: object) -> str:
    if not isinstance(entry, dict):
        return people.person(clean.one_line(entry))
    if literal := clean.one_line(entry.get("literal") or entry.get("name")):
        return literal
    parts = ("given", "dropping-particle", "non-dropping-particle", "family", "suffix")
    return people.joined(*(entry.get(part) for part in parts))


def _when(item: dict[str, Any]) -> dates.When:
    found = [_date(item.get(name)) for name in ("published-print", "published-online", "published", "issued")]
    known = [when for when in found if when.year]
    # The first of these is the date of print, the last the earliest of all; the most exact one of the same year wins.
    if not known:
        return dates.When()
    issued = known[-1]
    return max((when for when in known if when.year == issued.year), key=lambda when: len(when.date or ""))


def _date(value: object) -> dates.When:
    if isinstance(value, str | int):
        return dates.parse(clean.one_line(value))
    if not isinstance(value, dict):
        return dates.When()
    parts = _list(value.get("date-parts"))
    if parts and isinstance(parts[0], list):
        numbers = [int(text) for part in parts[0][:3] if re.fullmatch(r"\d{1,4}", text := clean.one_line(part))]
        if numbers:
            return dates.when(*numbers)
    return dates.parse(clean.one_line(value.get("raw") or value.get("literal")))


def _first(value: object) -> object:
    return value[0] if isinstance(value, list) and value else value


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
