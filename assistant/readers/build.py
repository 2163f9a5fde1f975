"""One way to make a record out of cleaned or raw fields, the same for every format."""

from collections.abc import Iterable

from assistant.readers import clean, identifiers
from assistant.readers.base import Document
from assistant.readers.dates import When
from assistant.records import Record, Section, Source


def record(
    document: Document,
    line: int,
    *,
    title: str,
    abstract: str = "",
    authors: Iterable[str] = (),
    truncated: bool = False,
    when: When = When(),  # noqa: B008 (a constant)
    venue: object = "",
    doi: object = "",
    arxiv: object = "",
    url: object = "",
    key: object = "",
    ids: Iterable[str] = (),
    categories: Iterable[str] = (),
    affiliations: Iterable[str] = (),
    raw: str | None = None,
    full_text: Iterable[Section] = (),
) -> Record:
    """Return a record; `title` and `abstract` are clean, the rest is brought into form here.

    An arXiv id is also taken out of the address and out of arXiv's own DOIs.
    """
    address = clean.one_line(url) or None
    found_doi = identifiers.doi(clean.one_line(doi)) or (
        identifiers.doi(address) if address and "doi.org/" in address else None
    )
    return Record(
        title=title,
        authors=tuple(name for name in map(clean.one_line, authors) if name),
        authors_truncated=truncated,
        year=when.year,
        date=when.date,
        categories=tuple(dict.fromkeys(text for text in map(clean.one_line, categories) if text)),
        affiliations=tuple(dict.fromkeys(text for text in map(clean.one_line, affiliations) if text)),
        venue=clean.title(venue) or None,
        doi=found_doi,
        arxiv_id=identifiers.arxiv_id(clean.one_line(arxiv)) or identifiers.arxiv_in(found_doi, address),
        url=address,
        abstract=abstract,
        key=clean.one_line(key) or None,
        ids=tuple(dict.fromkeys(ids)),
        raw=raw,
        full_text=tuple(full_text),
        source=Source(file=document.name, line=line),
    )
