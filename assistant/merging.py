"""How records become one paper: what each of them gives, and the hashes by which they are known again."""

import hashlib
import json

from assistant import identity
from assistant.records import Bibliography, Paper, Record


def merge(paper: Paper, record: Bibliography) -> Paper:
    """Return the paper with what the record knows better: the longer abstract and the richer fields win."""
    fuller_names = record.authors and (
        not paper.authors
        or (paper.authors_truncated and not record.authors_truncated)
        or (paper.authors_truncated == record.authors_truncated and len(record.authors) > len(paper.authors))
    )
    finer_date = record.date and (
        not paper.date
        or (paper.year is None and record.year is not None)
        or (record.year == paper.year and len(record.date) > len(paper.date))
    )
    return paper.model_copy(
        update={
            "authors": record.authors if fuller_names else paper.authors,
            "authors_truncated": record.authors_truncated if fuller_names else paper.authors_truncated,
            "date": record.date if finer_date else paper.date,
            "year": (record.year if finer_date else paper.year) or paper.year or record.year,
            "categories": _union(paper.categories, record.categories),
            "has_code": paper.has_code if record.has_code is None else bool(paper.has_code) or record.has_code,
            "score": paper.score if paper.score is not None else record.score,
            "affiliations": _union(paper.affiliations, record.affiliations),
            "venue": paper.venue or record.venue,
            "doi": paper.doi or record.doi,
            "arxiv_id": paper.arxiv_id or record.arxiv_id,
            "url": paper.url or record.url,
            "abstract": record.abstract if len(record.abstract) > len(paper.abstract) else paper.abstract,
        }
    )


def content(record: Record) -> str:
    """Return all that a record says, as JSON; where it came from is kept beside it."""
    return record.model_dump_json(exclude={"source"})


def restored(stored: str, file: str, line: int) -> Record:
    """Return the record that `content` was written from."""
    return Record.model_validate({**json.loads(stored), "source": {"file": file, "line": line}})


def digest(record: Record) -> str:
    """Return the hash of what a record says; fields that are not set don't count, so that new ones change nothing."""
    said = record.model_dump_json(exclude={"source"}, exclude_defaults=True)
    return hashlib.sha256(said.encode()).hexdigest()


def name_hash(record: Bibliography) -> str:
    """Return a hash of what names a paper in a key: its title, its first author and its year."""
    author = identity.name_of(record.authors[0]) if record.authors else ("", "")
    name = "\n".join((identity.normalise(record.title), *author, str(record.year or "")))
    return hashlib.sha256(name.encode()).hexdigest()


def fields(record: Bibliography) -> dict[str, object]:
    """Return the descriptive fields of a record."""
    return {name: getattr(record, name) for name in Bibliography.model_fields}


def paper_data(paper: Bibliography) -> str:
    """Return the fields that a paper's row holds; keys, sources, tags and aliases have tables of their own."""
    return paper.model_dump_json(exclude={"key", "source", "sources", "tags", "aliases", "raw"})


def _union(one: tuple[str, ...], other: tuple[str, ...]) -> tuple[str, ...]:
    return one + tuple(value for value in other if value not in one)
