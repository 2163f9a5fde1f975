"""Measure retrieval on a set of documents, queries and judgements, stage by stage, beside a plain BM25.

A set is a folder with `corpus.jsonl` (`doc_id` or `acl_id`, `title`, `abstract` as a text or a list of sentences),
`queries.jsonl` (`query_id`, `text`) and `qrels.tsv` (a header, then query, document, gain). Further columns and fields
are ignored, titles may be empty, and queries without a judgement are left out. The documents go into a temporary
library of their own. Queries are taken as topics: no conditions are read out of them.
"""

import json
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from assistant import ingest
from assistant.config import Settings
from assistant.embed import Embedder
from assistant.errors import ReadError
from assistant.eval.ranking import ndcg_at, recall_at, reciprocal_rank
from assistant.eval.recording import RunRecord, record
from assistant.eval.statistics import Metric, mean
from assistant.library import Library, quote_term
from assistant.records import Frozen, Record, Source
from assistant.retrieve import Retriever, Stage
from assistant.store import Store, write_lock
from assistant.terms import tokens

Progress = Callable[[str, int, int], None]
"""Called with what is counted, how many are done and how many there are."""

DEPTH = 100
"""How far down a ranking is looked at."""
_FILES = ("corpus.jsonl", "queries.jsonl", "qrels.tsv")
_MARK = "[CITE]"


class Query(NamedTuple):
    """A query with the gains of its judged documents."""

    id: str
    text: str
    gains: dict[str, float]


class RetrievalSet(NamedTuple):
    """Documents and queries of a set."""

    documents: tuple[Record, ...]
    queries: tuple[Query, ...]


class QueryCase(Frozen):
    """The scores of one query, by stage and measure."""

    id: str
    scores: dict[str, float]


class RetrievalReport(Frozen):
    """The result of `eval retrieval`.

    The names in `metrics` are `STAGE/MEASURE`, with the stages `plain_bm25` (all words of the query, title and abstract
    alike), `bm25`, `dense`, `fused` and `reranked`.
    """

    run: RunRecord
    documents: int
    metrics: dict[str, Metric]
    cases: tuple[QueryCase, ...]


class Ranking(NamedTuple):
    """The documents of one query, best first, with their scores."""

    query: str
    documents: list[tuple[str, float]]


def read_set(folder: Path) -> RetrievalSet:
    """Return the documents of a folder and its queries that have a judgement.

    Raises:
        ReadError: a file is missing or isn't of this layout.
    """
    gains: dict[str, dict[str, float]] = {}
    for number, line in enumerate(_lines(folder / "qrels.tsv")[1:], start=2):
        try:
            query, document, gain = line.split("\t")[:3]
            gains.setdefault(query, {})[document] = float(gain)
        except ValueError as error:
            raise _not_of_the_layout(folder / "qrels.tsv", number, "query, document, gain") from error
    documents = tuple(
        Record(
            title=str(row.get("title") or "").strip(),
            abstract=_text(row["abstract"]),
            key=f"d{_id(row)}",
            source=Source(file=_id(row), line=number),
        )
        for number, row in _rows(folder / "corpus.jsonl", "doc_id or acl_id, title, abstract")
        if _text(row["abstract"]) or row.get("title")
    )
    queries = tuple(
        Query(str(row["query_id"]), " ".join(str(row["text"]).replace(_MARK, " ").split()), gains[str(row["query_id"])])
        for _, row in _rows(folder / "queries.jsonl", "query_id, text")
        if any(gain > 0 for gain in gains.get(str(row["query_id"]), {}).values())
    )
    if not documents or not queries:
        raise ReadError(f"{folder}: no documents, or no query with a judgement", f"Give a folder with {_FILES}.")
    return RetrievalSet(documents, queries)


def _rows(path: Path, wanted: str) -> Iterator[tuple[int, dict[str, Any]]]:
    for number, line in enumerate(_lines(path), start=1):
        try:
            row = json.loads(line)
            if wanted.startswith("doc_id"):
                _id(row), _text(row["abstract"])
            else:
                _ = row["query_id"], row["text"]
        except (ValueError, KeyError, TypeError) as error:
            raise _not_of_the_layout(path, number, wanted) from error
        yield number, row


def _lines(path: Path) -> list[str]:
    try:
        return [line for line in path.read_text(encoding="utf-8").split("\n") if line.strip()]
    except (OSError, UnicodeDecodeError) as error:
        raise ReadError(f"{path}: can't be read ({error})", f"Give a folder with {', '.join(_FILES)}.") from error


def _not_of_the_layout(path: Path, number: int, wanted: str) -> ReadError:
    return ReadError(f"{path}:{number}: not a row of a retrieval set", f"Each row needs {wanted}.")


def _id(row: dict[str, Any]) -> str:
    return str(row["doc_id"] if "doc_id" in row else row["acl_id"])


def _text(abstract: str | Sequence[str] | None) -> str:
    return (abstract if isinstance(abstract, str) else " ".join(abstract or ())).strip()


def measure(
    folder: Path,
    embedder: Embedder,
    *,
    seed: int = 0,
    progress: Progress = lambda what, done, total: None,
) -> tuple[RetrievalReport, list[Ranking]]:
    """Return the measures of each stage on a set, and the last stage's rankings.

    Args:
        folder: of the set.
        embedder: embeds documents and queries.
        seed: draws the resamples.
        progress: told how far it is.

    Raises:
        ReadError: the folder isn't a set.
    """
    found = read_set(folder)
    run = record(judge="", data=[folder / name for name in _FILES], seed=seed, n=len(found.queries))
    stages: tuple[Stage, ...] = ("bm25", "dense", "fused", "reranked")
    cases, last = [], []
    with tempfile.TemporaryDirectory(prefix="assistant-eval-") as home:
        settings = Settings(home=Path(home))
        with Library.create(settings.catalogue) as library:
            total = len(found.documents)
            with write_lock(settings.write_lock):
                ingest.add(found.documents, library, embedder, progress=lambda done: progress("documents", done, total))
            retriever = Retriever(
                library,
                Store(library, settings.index, settings.write_lock, lambda line: None),
                embedder,
                reads_conditions=False,
            )
            # The library joins records of one paper; in a set, each document counts for itself.
            ids = {paper.key: [source.file for source in paper.sources] for paper in library.papers()}
            for done, query in enumerate(found.queries, start=1):
                rankings = {"plain_bm25": _plain_bm25(library, query.text)}
                rankings |= {stage: retriever.stage(query.text, stage, DEPTH) for stage in stages}
                scores: dict[str, float] = {}
                for stage, ranked in rankings.items():
                    documents = [(each, score) for key, score in ranked for each in ids[key]][:DEPTH]
                    scores |= _scores(stage, [each for each, _ in documents], query.gains)
                cases.append(QueryCase(id=query.id, scores=scores))
                last.append(Ranking(query.id, documents))
                progress("queries", done, len(found.queries))
    metrics = {name: mean([case.scores[name] for case in cases], seed=seed) for name in cases[0].scores}
    return RetrievalReport(run=run, documents=total, metrics=metrics, cases=tuple(cases)), last


def _plain_bm25(library: Library, text: str) -> list[tuple[str, float]]:
    """Return what BM25 makes of all words of a query, without any of the program's own weights."""
    words = dict.fromkeys(tokens(text))
    return library.match(" OR ".join(map(quote_term, words)), (1.0, 1.0), DEPTH) if words else []


def _scores(stage: str, ranking: Sequence[str], gains: dict[str, float]) -> dict[str, float]:
    measures = {"ndcg@10": ndcg_at(10, ranking, gains), "mrr": reciprocal_rank(ranking, gains)}
    measures |= {f"recall@{k}": recall_at(k, ranking, gains) for k in (5, 20, 100)}
    return {f"{stage}/{name}": value for name, value in measures.items()}


def trec_lines(rankings: Sequence[Ranking]) -> Iterator[str]:
    """Yield rankings as lines of a TREC run: query, Q0, document, rank, score, tag."""
    for query, documents in rankings:
        for rank, (document, score) in enumerate(documents, start=1):
            yield f"{query} Q0 {document} {rank} {score:.6f} literature-assistant\n"


def table(report: RetrievalReport) -> Iterator[str]:
    """Yield the measures as lines: a row a stage, a column a measure, 95% intervals below."""
    names = list(dict.fromkeys(name.partition("/")[2] for name in report.metrics))
    stages = list(dict.fromkeys(name.partition("/")[0] for name in report.metrics))
    yield f"{report.documents} documents, {report.run.n} queries"
    yield f"{'':<12}" + "".join(f"{name:>16}" for name in names)
    for stage in stages:
        metrics = [report.metrics[f"{stage}/{name}"] for name in names]
        yield f"{stage:<12}" + "".join(f"{metric.value:>16.3f}" for metric in metrics)
        yield f"{'':<12}" + "".join(f"{f'{metric.low:.3f} to {metric.high:.3f}':>16}" for metric in metrics)
