"""Fit the second stage's weights on questions with their papers.

    python -m assistant.training.fit_rerank --data ../shared/data --pages PAGE... --work FOLDER --out rerank.json

Sets that may train, each in a library of its own, so that every question has real candidates: hand-written questions
over ACL papers; hand-written true claims about ACL papers, most in thoroughly other words (the paper is the one they
were written about); SciFact's training queries; and our own questions about listing pages. A fifth of the questions of
each, by paper, is held out, and of those about the pages every second one.
The candidates are the first stage's best; the cross-entropy of a softmax over them, against the gold papers, is
minimised: first over the signals that need no sentence's meaning, then, over the best by these, with all signals.
FOLDER keeps the libraries and the signals, so that a second run goes on from there.
"""

import argparse
import json
import random
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from assistant import ingest, models
from assistant.config import DEFAULT_EMBEDDER, Settings
from assistant.embed import MiniLM
from assistant.library import Library
from assistant.records import Record, Source
from assistant.rerank import DEPTH, READ, ROUGH, Candidate, Reranker, Signals, Weights
from assistant.retrieve import Retriever
from assistant.store import Store, write_lock
from assistant.training.judge_sources import acl_papers, read, share

Floats = npt.NDArray[np.float64]
HERE = Path(__file__).parent / "data"
PAGES = Path(__file__).parents[2] / "eval" / "bench" / "pages_questions.jsonl"
_DISTRACTORS = 2500
_PENALTY = 0.01


@dataclass(frozen=True)
class Asked:
    """One question with the signals of its candidates: (candidates, signals), and which of them are gold."""

    origin: str
    held_out: bool
    signals: Floats
    gold: Floats


def acl_questions() -> Iterator[tuple[str, str, list[str]]]:
    """Yield origin, text and gold ids of the hand-written questions and of the true hand-written claims."""
    for row in read(HERE / "acl_questions.jsonl"):
        yield "questions", row["question"], row["gold"]
    for row in read(HERE / "acl_pairs.jsonl"):
        if row["label"] == "support":
            yield "claims", row["claim"], [row["paper"]]


def acl_records(data: Path, gold: set[str]) -> list[Record]:
    """Return the gold papers and some others of the years that may train."""
    papers = acl_papers(data)
    others = sorted(set(papers) - gold)
    chosen = sorted(gold) + random.Random(0).sample(others, _DISTRACTORS)
    return [_record(place, i, papers[i]["title"], papers[i]["abstract"]) for place, i in enumerate(chosen)]


def scifact(data: Path) -> tuple[list[Record], list[tuple[str, str, list[str]]]]:
    """Return SciFact's abstracts, and its training queries with their gold ids."""
    records = [
        _record(place, str(row["doc_id"]), row["title"], " ".join(row["abstract"]))
        for place, row in enumerate(read(data / "scifact" / "corpus.jsonl"))
    ]
    gold: dict[str, list[str]] = {}
    for line in (data / "scifact" / "qrels.tsv").read_text(encoding="utf-8").splitlines()[1:]:
        query, document, gain = line.split("\t")[:3]
        if float(gain) > 0:
            gold.setdefault(query, []).append(document)
    queries = [
        ("scifact", row["text"], gold[str(row["query_id"])])
        for row in read(data / "scifact" / "queries.jsonl")
        if str(row["query_id"]) in gold
    ]
    return records, queries


def pages_questions() -> list[tuple[str, str, list[str]]]:
    """Return our own questions about one paper of the pages, those on odd lines; the others stay for measuring."""
    rows = [row for row in read(PAGES) if row["kind"] == "one"]
    return [("pages", row["question"], row["gold"]) for row in rows[::2]]


def _record(place: int, identifier: str, title: str, abstract: str) -> Record:
    return Record(
        title=title or abstract[:80],
        abstract=abstract,
        key=f"p{identifier}",
        source=Source(file="corpus", line=place + 1),
    )


def retriever(folder: Path, records: Sequence[Record], embedder: MiniLM) -> Retriever:
    """Return search over some records, kept in a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    library = Library.create(folder / "library.sqlite")
    store = Store(library, folder / "index", folder / "lock", print)
    with write_lock(folder / "lock"):
        ingest.add(records, library, embedder, progress=lambda done: print(folder.name, done, end="\r"))
    return Retriever(library, store, embedder, reranks=False)


def asked_of(search: Retriever, questions: Sequence[tuple[str, str, list[str]]], kept: Path) -> list[Asked]:
    """Return the questions with their candidates' signals; what is in the file `kept` isn't computed again."""
    known = {row["question"]: row for row in read(kept)} if kept.exists() else {}
    reranker = Reranker(search.embedder, search.library)
    with kept.open("a", encoding="utf-8") as out:
        for done, (origin, question, gold) in enumerate(questions):
            if question in known:
                continue
            found = search.search(question, DEPTH)
            candidates = [Candidate(item.paper, item.score, item.cosine) for item in found]
            row: dict[str, Any] = {
                "origin": origin,
                "question": question,
                "held_out": origin != "pages" and share(gold[0]) < 0.2,
                "gold": [float(item.paper.key in gold or item.paper.key.removeprefix("p") in gold) for item in found],
                "signals": reranker.signals(question, candidates),
            }
            known[question] = row
            out.write(json.dumps(row, ensure_ascii=False) + "\n")
            print(done, len(questions), end="\r")
    rows = [known[question] for _, question, _ in questions]
    width = len(Signals._fields)
    return [Asked(r["origin"], r["held_out"], np.reshape(r["signals"], (-1, width)), np.array(r["gold"])) for r in rows]


def sampled(questions: Iterable[tuple[str, str, list[str]]], most: int) -> list[tuple[str, str, list[str]]]:
    """Return the questions, at most so many of each origin where `most` isn't 0, by chance but the same each time."""
    by_origin: dict[str, list[tuple[str, str, list[str]]]] = {}
    for item in questions:
        by_origin.setdefault(item[0], []).append(item)
    for some in by_origin.values():
        random.Random(3).shuffle(some)
    return [item for some in by_origin.values() for item in (some[:most] if most else some)]


def fit(asked: Sequence[Asked], names: Sequence[str]) -> dict[str, float]:
    """Return the weights of some signals that minimise the cross-entropy of a softmax over the candidates."""
    from scipy.optimize import minimize

    some = [item for item in asked if item.gold.any()]
    columns = [Signals._fields.index(name) for name in names]
    # In units of how far they lie apart among one question's candidates, or the penalty would favour some.
    spread = np.sqrt(np.mean([item.signals[:, columns].var(axis=0) for item in some], axis=0))
    counts = {origin: sum(item.origin == origin for item in some) for origin in {item.origin for item in some}}

    def loss(weights: Floats) -> tuple[float, Floats]:
        total, gradient = 0.0, np.zeros_like(weights)
        for item in some:
            part = 1.0 / (counts[item.origin] * len(counts))
            signals = item.signals[:, columns] / spread
            logits = signals @ weights
            logits -= logits.max()
            chances = np.exp(logits)
            chances /= chances.sum()
            wanted = item.gold / item.gold.sum()
            total -= part * float((wanted * np.log(chances + 1e-12)).sum())
            gradient += part * signals.T @ (chances - wanted)
        return total + _PENALTY * float(weights @ weights), gradient + 2 * _PENALTY * weights

    found = minimize(loss, np.zeros(len(spread)), jac=True, method="L-BFGS-B").x / spread
    return dict(zip(names, found.round(4).tolist(), strict=True))


def ordered(item: Asked, weights: dict[str, float]) -> Asked:
    """Return a question with its candidates in the order of some weights, the best first."""
    columns = [Signals._fields.index(name) for name in weights]
    order = np.argsort(-(item.signals[:, columns] @ np.array(list(weights.values()))), kind="stable")
    return Asked(item.origin, item.held_out, item.signals[order], item.gold[order])


def best(item: Asked) -> Asked:
    """Return a question with its first candidates alone."""
    return Asked(item.origin, item.held_out, item.signals[:READ], item.gold[:READ])


def reached(asked: Sequence[Asked]) -> dict[str, float]:
    """Return the share of questions whose first paper is right, and the mean reciprocal rank, by origin."""
    found: dict[str, float] = {}
    for origin in sorted({item.origin for item in asked}):
        places = [np.flatnonzero(item.gold) for item in asked if item.origin == origin]
        ranks = [1 / (some[0] + 1) if len(some) else 0.0 for some in places]
        found[f"{origin} first"] = round(float(np.mean([rank == 1 for rank in ranks])), 4)
        found[f"{origin} reciprocal rank"] = round(float(np.mean(ranks)), 4)
        found[f"{origin} n"] = float(len(ranks))
    return found


def main(arguments: Sequence[str] | None = None) -> None:
    """Fit and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--pages", type=Path, nargs="*", default=[])
    parser.add_argument("--sample", type=int, default=0, help="questions of each kind, 0 for all")
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args(arguments)
    settings = Settings()
    file = models.resolve(DEFAULT_EMBEDDER, "embedder", cache=settings.models, offline=True, announce=print)
    embedder = MiniLM(file)
    questions = sampled(acl_questions(), args.sample)
    gold = {identifier for _, _, ids in questions for identifier in ids}
    acl = retriever(args.work / "acl", acl_records(args.data, gold), embedder)
    asked = asked_of(acl, questions, args.work / "acl.jsonl")
    records, queries = scifact(args.data)
    medical = retriever(args.work / "scifact", records, embedder)
    asked += asked_of(medical, sampled(queries, args.sample), args.work / "scifact.jsonl")
    if args.pages:
        listed = [item for item in ingest.read_files(args.pages) if isinstance(item, Record)]
        asked += asked_of(
            retriever(args.work / "pages", listed, embedder), pages_questions(), args.work / "pages.jsonl"
        )
    train, held_out = [a for a in asked if not a.held_out], [a for a in asked if a.held_out]
    rough = fit(train, ROUGH)
    weights = fit([best(ordered(item, rough)) for item in train], Signals._fields)
    print("without sentences:", rough, "with them:", weights)
    figures: dict[str, float] = {}
    for name, some in (("train", train), ("held out", held_out)):
        print(name, "first stage", reached(some))
        print(name, "without sentences", reached([ordered(item, rough) for item in some]))
        figures = reached([ordered(best(ordered(item, rough)), weights) for item in some])
        print(name, "second stage", figures)
    found = Weights(rough=rough, weights=weights, figures=figures)
    args.out.write_text(found.model_dump_json(indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
