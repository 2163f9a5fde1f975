"""OpenAlex works, whose abstracts come as an index of words to positions."""

import re
from typing import Any

from assistant.readers import build, clean, dates, identifiers
from assistant.readers.base import Document
from assistant.records import Record

_MAX_WORDS = 50_000


def is_item(item: dict[str, Any]) -> bool:
    """Tell whether a JSON object is an OpenAlex work."""
    return (
        "abstract_inverted_index" in item
        or "authorships" in item
        or (isinstance(item.get("id"), str) and "openalex.org/W" in item["id"])
    )


def record(document: Document, line: int, item: dict[str, Any]) -> Record:
    """Return the record of a work; without a title it has an empty one."""
    authorships = [entry for entry in _list(item.get("authorships")) if isinstance(entry, dict)]
    location = _dict(item.get("primary_location"))
    date = clean.one_line(item.get("publication_date"))
    if date.endswith("-01-01"):  # how OpenAlex fills up a date of which it knows the year
        date = date[:4]
    known = _dict(item.get("ids"))
    number = re.search(r"W\d+", clean.one_line(item.get("id")))
    pmid = re.search(r"\d+$", clean.one_line(known.get("pmid")))
    address = clean.one_line(location.get("landing_page_url")) or clean.one_line(item.get("doi"))
    places = [clean.one_line(_dict(place).get("landing_page_url")) for place in _list(item.get("locations"))[:50]]
    return build.record(
        document,
        line,
        title=clean.title(item.get("title") or item.get("display_name")),
        abstract=clean.abstract(words(item.get("abstract_inverted_index"))),
        authors=[clean.one_line(_dict(entry.get("author")).get("display_name") or entry.get("raw_author_name"))
                 for entry in authorships],
        affiliations=[clean.one_line(_dict(place).get("display_name"))
                      for entry in authorships for place in _list(entry.get("institutions"))],
        when=dates.parse(date or clean.one_line(item.get("publication_year"))),
        venue=_dict(location.get("source")).get("display_name") or _dict(item.get("host_venue")).get("display_name"),
        doi=item.get("doi"),
        arxiv=identifiers.arxiv_in(address, *places) or "",
        url=address,
        ids=([f"openalex:{number[0]}"] if number else []) + ([f"pmid:{pmid[0]}"] if pmid else []),
    )  # fmt: skip


def words(index: object) -> str:
    """Return the text that an inverted index (`{"word": [0, 7], …}`) stands for."""
    if not isinstance(index, dict):
        return index if isinstance(index, str) else ""
    entries: dict[str, Any] = index
    if isinstance(entries.get("InvertedIndex"), dict):  # the form of older dumps
        entries = entries["InvertedIndex"]
    placed: dict[int, str] = {}
    for word, places in entries.items():
        for place in _list(places):
            if isinstance(place, int) and not isinstance(place, bool) and len(placed) < _MAX_WORDS:
                placed[place] = word
    return " ".join(placed[place] for place in sorted(placed))


def _dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
