"""Take records into the library: merge, chunk, embed, store.

Records are taken in batches. A batch is one transaction that holds its papers with their chunks and vectors, so a
kill at any moment leaves whole batches; only then are its papers reported as stored. The Chroma index follows at the
end, and is built again from the catalogue if that is interrupted.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path

from assistant.chunks import chunk_paper, chunk_section, embedded_text
from assistant.embed import Embedder
from assistant.errors import NotReadyError, ReadError
from assistant.library import Library
from assistant.readers import read_path
from assistant.records import Frozen, Paper, Problem, Record

BATCH_RECORDS = 64
"""How many papers make one transaction."""

EMBEDDING_AGAIN = "embedding_again"
"""The note that stands in a library while all its vectors are being replaced."""


class AddReport(Frozen):
    """What `add` did."""

    read: int
    added: int
    merged: int
    unchanged: int
    without_abstract: int
    chunks: int
    problems: tuple[Problem, ...]

    @property
    def failed_files(self) -> tuple[Problem, ...]:
        """The problems that stand for a whole file that could not be read."""
        return tuple(problem for problem in self.problems if problem.line == 0)


def read_files(paths: Iterable[Path]) -> Iterator[Record | Problem]:
    """Yield the records of all files; a file that can't be read at all becomes a problem at line 0."""
    for path in paths:
        try:
            yield from read_path(path)
        except ReadError as error:
            yield Problem(file=str(path), line=0, message=str(error))


def add(
    items: Iterable[Record | Problem],
    library: Library,
    embedder: Embedder,
    *,
    stored: Callable[[str], None] = lambda key: None,
    progress: Callable[[int], None] = lambda done: None,
) -> AddReport:
    """Take records into the library. Call while holding the write lock.

    Args:
        items: records and problems, as the readers yield them.
        library: the open catalogue.
        embedder: makes the chunks' vectors.
        stored: called with each key once its record, chunks and vectors are committed and synced.
        progress: called with the number of records taken so far.

    Raises:
        NotReadyError: the library was embedded with another model.
        HomeError: the home can't be written.
    """
    check_embedder(library, embedder)

    def cut(text: str) -> list[tuple[int, int]]:
        return chunk_section(text, embedder.count_tokens)

    counts = dict.fromkeys(("read", "added", "merged", "unchanged", "without_abstract", "chunks"), 0)
    problems: list[Problem] = []
    stream = _untitled_last(items)
    while batch := list(islice(stream, BATCH_RECORDS)):
        problems.extend(item for item in batch if isinstance(item, Problem))
        records = [item for item in batch if isinstance(item, Record)]
        keys: list[str] = []
        stale: dict[str, Paper] = {}
        with library.transaction():
            for record in records:
                if _only_an_id(record) and not library.knows(record):
                    problems.append(_without_a_paper(record))
                    continue
                outcome, paper, changed = library.put(record)
                if record.full_text and library.attach_text(record, cut) and outcome == "unchanged":
                    outcome = "merged"
                counts[outcome] += 1
                counts["without_abstract"] += not record.abstract
                keys.append(paper.key)
                if changed:
                    stale[paper.key] = paper
            counts["chunks"] += store_chunks(library, embedder, list(stale.values()))
        counts["read"] = counts["added"] + counts["merged"] + counts["unchanged"]
        for key in dict.fromkeys(keys):
            stored(key)
        progress(counts["read"])
    return AddReport(**counts, problems=tuple(problems))


def _only_an_id(record: Record) -> bool:
    """Tell whether a record is the text of a file that says of itself no more than an id."""
    return bool(record.full_text) and not record.title


def _untitled_last(items: Iterable[Record | Problem]) -> Iterator[Record | Problem]:
    """Yield texts that give only an id after all else: the paper of their id may come with a later file."""
    untitled = []
    for item in items:
        if isinstance(item, Record) and _only_an_id(item):
            untitled.append(item)
        else:
            yield item
    yield from untitled


def _without_a_paper(record: Record) -> Problem:
    return Problem(
        file=record.source.file,
        line=record.source.line,
        message=f"a PDF that gives only an id ({record.arxiv_id or record.doi}), and the library has no paper of it;"
        " add its record from a reference manager, then this file again",
    )


def store_chunks(library: Library, embedder: Embedder, papers: Sequence[Paper]) -> int:
    """Cut and embed papers, all in one pass of the embedder; return the number of chunks. Call inside a transaction."""
    cut = [chunk_paper(paper, embedder.count_tokens) for paper in papers]
    texts = [embedded_text(chunk) for chunks in cut for chunk in chunks]
    if not texts:
        return 0
    vectors = embedder.embed(texts)
    start = 0
    for paper, chunks in zip(papers, cut, strict=True):
        library.replace_chunks(paper.key, chunks, vectors[start : start + len(chunks)])
        start += len(chunks)
    return len(texts)


def embed_all_again(
    library: Library, embedder: Embedder, progress: Callable[[int, int], None] = lambda done, total: None
) -> None:
    """Put the vectors of another embedder in the place of all that the library has. Call while holding the write lock.

    A note holds up to where the old vectors reach, so that a run that was interrupted goes on where it was.
    """
    begun = json.loads(library.note(EMBEDDING_AGAIN) or "{}")
    if begun.get("embedder") != embedder.id:
        begun = {"embedder": embedder.id, "up_to": library.last_seq()}
        library.set_note(EMBEDDING_AGAIN, json.dumps(begun))
    total = len(library)
    while keys := library.keys_with_chunks(up_to=begun["up_to"], limit=BATCH_RECORDS):
        with library.transaction():
            store_chunks(library, embedder, [library.paper(key) for key in keys])
        progress(total - library.count_papers(up_to=begun["up_to"]), total)
    with library.transaction():
        library.set_note("embedder", embedder.id)
        library.set_note(EMBEDDING_AGAIN, None)


def check_embedder(library: Library, embedder: Embedder) -> None:
    """Hold the embedder against the one whose vectors the library holds; the first one is noted.

    Raises:
        NotReadyError: it is another one, or embedding with another one was begun and not ended.
    """
    if library.note(EMBEDDING_AGAIN) is not None:
        raise NotReadyError(
            "the library is being embedded with another model, and that was left unfinished",
            "Finish it with: assistant doctor --repair.",
        )
    noted = library.note("embedder")
    if noted is None:
        library.set_note("embedder", embedder.id)
    elif noted != embedder.id:
        raise NotReadyError(
            f"the library was embedded with {noted}, and this is {embedder.id}",
            "Embed its papers again with: assistant doctor --repair.",
        )
