"""Papers as Semantic Scholar's interface and dumps give them."""

from typing import Any

from assistant.readers import build, clean, dates
from assistant.readers.base import Document
from assistant.records import Record


def is_item(item: dict[str, Any]) -> bool:
    """Tell whether a JSON object is a Semantic Scholar paper."""
    return "paperId" in item or "externalIds" in item or "externalids" in item or "corpusId" in item


def record(document: Document, line: int, item: dict[str, Any]) -> Record:
    """Return the record of a paper; without a title it has an empty one."""
    known = item.get("externalIds") or item.get("externalids")
    known = known if isinstance(known, dict) else {}
    authors = item.get("authors") if isinstance(item.get("authors"), list) else []
    names = [entry.get("name") if isinstance(entry, dict) else entry for entry in authors or []]
    date = clean.one_line(item.get("publicationDate") or item.get("publicationdate"))
    ids = {"s2": item.get("paperId"), "corpus": known.get("CorpusId") or item.get("corpusId"),
           "pmid": known.get("PubMed"), "acl": known.get("ACL"), "dblp": known.get("DBLP")}  # fmt: skip
    return build.record(
        document,
        line,
        title=clean.title(item.get("title")),
        abstract=clean.abstract(item.get("abstract")),
        authors=[clean.one_line(name) for name in names],
        when=dates.parse(date or clean.one_line(item.get("year"))),
        venue=_named(item.get("publicationVenue")) or clean.one_line(item.get("venue")) or _named(item.get("journal")),
        doi=known.get("DOI"),
        arxiv=known.get("ArXiv"),
        url=item.get("url"),
        ids=[f"{scheme}:{clean.one_line(value)}" for scheme, value in ids.items() if clean.one_line(value)],
    )


def _named(value: object) -> str:
    return clean.one_line(value.get("name")) if isinstance(value, dict) else ""
