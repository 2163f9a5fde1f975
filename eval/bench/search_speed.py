"""The speed of the whole search, and how exact its dense part is, against raw Chroma and a numpy scan in the same run.

    python eval/bench/search_speed.py CORPUS QUERIES [--chunks N ...] [--papers N ...] [--queries N] [--work FOLDER]

CORPUS is a JSON lines file with `title`, `abstract`, `year` and `authors` (such as the ACL Anthology's), QUERIES one
with `text`. For each size in `--papers` a library of that many real papers is made. For each size in `--chunks` a copy
of the largest of them is filled up with neighbours: papers of mixed words, of some three chunks each, whose vectors are
real ones moved by noise with the covariance of them all, so that near and far keep their shape; random vectors would
predict nothing. Libraries are kept in `--work` and made once; where a filling was cut off, the next one goes on behind
it.

Prints for each library: p50 and p95 in milliseconds of a warm search, of the same with a broad and with a narrow
condition, of a bare Chroma query and of a numpy scan, and the dense part's recall@10 against the exact scan without and
with the conditions.
"""

import argparse
import json
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from assistant import ingest
from assistant.conditions import Asked, Conditions
from assistant.config import DEFAULT_EMBEDDER, Settings
from assistant.embed import MiniLM, Remembering
from assistant.library import Library
from assistant.models import resolve
from assistant.records import Record, Source
from assistant.retrieve import DEPTH, Retriever
from assistant.store import Store, write_lock

_NOISE = 0.35
"""How far a neighbour lies from its paper, in standard deviations of the real vectors."""
_BATCH = 4096
_TOKENS_A_WORD = 5
_TOP = 10


@dataclass
class Neighbouring:
    """An embedder that makes a vector near a real one, whatever the text; the noise has the covariance of them all."""

    inner: MiniLM
    real: np.ndarray
    draw: np.random.Generator

    def __post_init__(self) -> None:
        """Take the shape of the noise from the real vectors."""
        width = self.real.shape[1]
        self.spread = _NOISE * np.linalg.cholesky(np.cov(self.real, rowvar=False) + 1e-6 * np.eye(width))

    @property
    def id(self) -> str:
        """The real embedder's, so that questions fit."""
        return self.inner.id

    dimensions = MiniLM.dimensions
    max_tokens = MiniLM.max_tokens

    def embed(self, texts: Sequence[str], progress: Any = None) -> np.ndarray:
        """Return a made-up vector for each text: (texts, 384), of length 1."""
        near = self.real[self.draw.integers(len(self.real), size=len(texts))]
        moved = near + self.draw.standard_normal(near.shape) @ self.spread.T
        return (moved / np.linalg.norm(moved, axis=1, keepdims=True)).astype(np.float32)

    def count_tokens(self, text: str) -> int:
        """Return a count by which an abstract of a neighbour makes three chunks."""
        return _TOKENS_A_WORD * len(text.split())

    def token_offsets(self, text: str) -> list[tuple[int, int]]:
        """Return nothing; nobody asks."""
        return []


def rows(path: Path) -> list[dict[str, Any]]:
    """Return the objects of a JSON lines file."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def record(row: dict[str, Any], line: int) -> Record:
    """Return a paper's record."""
    return Record(
        title=row["title"],
        abstract=row["abstract"] if isinstance(row["abstract"], str) else " ".join(row["abstract"]),
        authors=tuple(row.get("authors") or ()),
        year=int(row["year"]) if row.get("year") else None,
        date=str(row["year"]) if row.get("year") else None,
        key=f"p{line}",
        source=Source(file="corpus", line=line),
    )


def neighbours(papers: Sequence[dict[str, Any]], draw: np.random.Generator) -> Iterator[Record]:
    """Yield papers of mixed words without end.

    A title is made of eight words of real ones, an abstract of twenty runs of three words of real ones, so that none is
    taken for another, nor even has to be compared with many.
    """
    words = [word for row in papers for word in row["title"].split()]
    running = [word for row in papers for word in record(row, 0).abstract.split()]
    while True:
        starts = draw.integers(len(running) - 3, size=20)
        abstract = " ".join(" ".join(running[start : start + 3]) for start in starts) + "."
        title = " ".join(words[place] for place in draw.integers(len(words), size=8))
        number = int(draw.integers(2**62))
        year = papers[number % len(papers)].get("year")
        yield record({"year": year, "title": title, "abstract": abstract}, number)


def fill(library: Library, real: Path, papers: Sequence[dict[str, Any]], chunks: int, embedder: MiniLM) -> None:
    """Add neighbours of the real papers to a copy of their library until it has a number of chunks."""
    draw = np.random.default_rng(len(library))
    with Library.open(real) as origin:
        _, vectors = origin.vectors()
    near = Neighbouring(embedder, vectors, draw)
    made_up = neighbours(papers, draw)
    while (missing := chunks - library.count_chunks()) > 0:
        ingest.add(islice(made_up, min(_BATCH, 1 + missing // 3)), library, near)
        print(f"{library.count_chunks()} chunks", end="\r", flush=True)


def made(folder: Path, papers: Sequence[dict[str, Any]], chunks: int | None, embedder: MiniLM) -> Retriever:
    """Return search over a library of some papers, filled up to a number of chunks; made where it isn't there."""
    settings = Settings(home=folder)
    done = folder / "done"
    real = Settings(home=folder.parent / f"papers-{len(papers)}")
    if chunks is not None and not folder.exists():
        made(real.home, papers, None, embedder)
        folder.mkdir()
        shutil.copy(real.catalogue, settings.catalogue)
    library = Library.create(settings.catalogue)
    if not done.exists():
        with write_lock(settings.write_lock):
            if chunks is None:
                ingest.add((record(row, line) for line, row in enumerate(papers)), library, embedder)
            else:
                fill(library, real.catalogue, papers, chunks, embedder)
            Store(library, settings.index, settings.write_lock, print).sync()
        done.touch()
    return Retriever(library, Store(library, settings.index, settings.write_lock, print), embedder, reranks=False)


def times(action: Callable[[str], object], queries: Sequence[str]) -> str:
    """Return p50 and p95 of an action in milliseconds; the first call warms up and isn't counted."""
    action(queries[0])
    spent = []
    for query in queries:
        start = time.perf_counter()
        action(query)
        spent.append(1000 * (time.perf_counter() - start))
    return f"{np.percentile(spent, 50):8.1f} {np.percentile(spent, 95):8.1f}"


def measure(retriever: Retriever, embedder: MiniLM, queries: Sequence[str]) -> None:
    """Print the times and the recall of one library."""
    library, store = retriever.library, retriever.store
    print(f"\n{len(library)} papers, {library.count_chunks()} chunks          p50      p95 ms")
    years = sorted(paper.year for paper in library.papers() if paper.year)
    conditions = {
        "search": Conditions(),
        "search, broad condition": Conditions(since=str(years[len(years) // 4])),
        "search, narrow condition": Conditions(since=str(years[-1]), exclude=("translation",)),
    }
    for name, wanted in conditions.items():
        spent = times(lambda query, wanted=wanted: retriever.find(Asked(text=query, conditions=wanted), _TOP), queries)
        print(f"{name:<34}{spent}")
    second = Retriever(library, store, Remembering(embedder))  # as in the program: sentences read before are known
    print(f"{'search with the second stage':<34}{times(lambda query: second.find(second.take(query), _TOP), queries)}")
    vectors = dict(zip(queries, embedder.embed(queries), strict=True))
    _, matrix = library.vectors()
    print(f"{'embedding the question':<34}{times(lambda query: embedder.embed([query]), queries)}")
    print(f"{'raw Chroma':<34}{times(lambda query: store.query(vectors[query], 2 * DEPTH), queries)}")
    print(f"{'numpy scan':<34}{times(lambda query: np.argpartition(matrix @ vectors[query], -_TOP), queries)}")
    for name, wanted in conditions.items():
        keys = retriever.facets.select(wanted).keys if wanted else None
        shares = []
        for query in queries:
            exact = {chunk for chunk, _ in store.query_exact(vectors[query], _TOP, keys)}
            near = {chunk for chunk, _ in store.query(vectors[query], 2 * DEPTH, keys)[:_TOP]}
            shares.append(len(exact & near) / max(len(exact), 1))
        print(f"{'recall@10, ' + name:<34}{np.mean(shares):8.3f}")


def main() -> None:
    """Make the libraries and measure each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("queries", type=Path)
    parser.add_argument("--papers", type=int, nargs="*", default=[388, 18_568])
    parser.add_argument("--chunks", type=int, nargs="*", default=[100_000, 500_000])
    parser.add_argument("--queries", dest="count", type=int, default=200)
    parser.add_argument("--work", type=Path, required=True)
    asked = parser.parse_args()
    papers = rows(asked.corpus)
    queries = [row["text"] for row in rows(asked.queries)[: asked.count]]
    embedder = MiniLM(resolve(DEFAULT_EMBEDDER, "embedder", cache=Settings().models, offline=False, announce=print))
    for size in asked.papers:
        measure(made(asked.work / f"papers-{size}", papers[:size], None, embedder), embedder, queries)
    for size in asked.chunks:
        most = papers[: max(asked.papers, default=len(papers))]
        measure(made(asked.work / f"chunks-{size}", most, size, embedder), embedder, queries)


if __name__ == "__main__":
    main()
