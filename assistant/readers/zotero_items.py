"""Items as Zotero's own interface gives them: `{"key": …, "data": {"itemType": …}}`."""

import re
from typing import Any

from assistant.readers import build, clean, dates, people
from assistant.readers.base import Document
from assistant.records import Record

_ASIDES = frozenset(("attachment", "note", "annotation"))
_VENUES = (
    "publicationTitle", "proceedingsTitle", "conferenceName", "bookTitle", "repository", "university", "institution",
    "websiteTitle", "publisher",
)  # fmt: skip


def is_item(item: dict[str, Any]) -> bool:
    """Tell whether a JSON object is a Zotero item."""
    return "itemType" in _fields(item)


def is_aside(item: dict[str, Any]) -> bool:
    """Tell whether a JSON object is a Zotero item that is no paper: an attachment, a note, a mark in a text."""
    return _fields(item).get("itemType") in _ASIDES


def record(document: Document, line: int, item: dict[str, Any]) -> Record:
    """Return the record of an item; without a title it has an empty one."""
    fields = _fields(item)
    extra = _extra(fields.get("extra"))
    creators = fields.get("creators")
    people_of = [entry for entry in creators if isinstance(entry, dict)] if isinstance(creators, list) else []
    authors = [entry for entry in people_of if entry.get("creatorType") in ("author", None)] or people_of
    number = clean.one_line(item.get("key") or fields.get("key"))
    archive = clean.one_line(fields.get("archiveID"))
    return build.record(
        document,
        line,
        title=clean.title(fields.get("title")),
        abstract=clean.abstract(fields.get("abstractNote")),
        authors=[clean.one_line(entry.get("name")) or people.joined(entry.get("firstName"), entry.get("lastName"))
                 for entry in authors],
        when=dates.parse(clean.one_line(fields.get("date"))),
        venue=next((text for name in _VENUES if (text := clean.one_line(fields.get(name)))), ""),
        doi=fields.get("DOI") or extra.get("doi"),
        arxiv=archive if archive.lower().startswith("arxiv:") else extra.get("arxiv", ""),
        url=fields.get("url"),
        key=fields.get("citationKey") or extra.get("citation key"),
        ids=[f"zotero:{number}"] * bool(number) + [f"pmid:{extra['pmid']}"] * ("pmid" in extra),
    )  # fmt: skip


def _fields(item: dict[str, Any]) -> dict[str, Any]:
    data = item.get("data")
    return data if isinstance(data, dict) else item


def _extra(value: object) -> dict[str, str]:
    """Return the `Name: value` lines of Zotero's field for everything else."""
    lines = re.findall(
        r"^\s*([A-Za-z][\w ]{1,30}):\s*(.+?)\s*$", value[:20_000] if isinstance(value, str) else "", re.M
    )
    return {name.lower(): text for name, text in lines}
