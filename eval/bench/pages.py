"""Retrieval on real listing pages: our own questions, with the cite keys of the papers that answer them.

    python eval/bench/pages.py PAGE...

The pages are added to a temporary library. Prints, without and with the second stage, by kind of question: how many,
the share whose first hit is right (for `several` and `condition`: the mean share of the right papers among the first
ten), and the share with a right paper among the first five; then the share of the questions that is refused, of those
which the pages answer and of those which they don't. Follow-ups are left out.
"""

import json
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from assistant import ingest, select
from assistant.config import DEFAULT_EMBEDDER, Settings
from assistant.embed import MiniLM
from assistant.library import Library
from assistant.models import resolve
from assistant.retrieve import Retriever
from assistant.store import Store, write_lock

QUESTIONS = Path(__file__).parent / "pages_questions.jsonl"


def main(pages: list[str]) -> None:
    """Add the pages, ask the questions, print the shares."""
    models = Settings().models
    embedder = MiniLM(resolve(DEFAULT_EMBEDDER, "embedder", cache=models, offline=False, announce=print))
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(home=Path(folder))
        with Library.create(settings.catalogue) as library:
            with write_lock(settings.write_lock):
                ingest.add(ingest.read_files(map(Path, pages)), library, embedder)
            store = Store(library, settings.index, settings.write_lock, print)
            for stage, reranks in (("first stage", False), ("reranked", True)):
                print(stage)
                retriever = Retriever(library, store, embedder, reranks=reranks)
                measure(retriever)
            measure_refusals(retriever)


def measure(retriever: Retriever) -> None:
    """Ask the questions and print the shares."""
    first, five = defaultdict(list), defaultdict(list)
    for question in questions():
        gold = {retriever.library.paper(key).key for key in question["gold"]}
        if not gold:
            continue
        found = [item.paper.key for item in retriever.search(question["question"], 10)]
        many = question["kind"] in ("several", "condition")
        right = len(gold & set(found)) / len(gold) if many else float(found[0] in gold)
        first[question["kind"]].append(right)
        five[question["kind"]].append(float(bool(gold & set(found[:5]))))
    for kind, values in first.items():
        print(f"{kind:<10} n={len(values):<4} {sum(values) / len(values):.3f}  {sum(five[kind]) / len(five[kind]):.3f}")


def measure_refusals(retriever: Retriever) -> None:
    """Decide of each question whether it is answered, and print the shares that are not."""
    refused = defaultdict(list)
    for question in questions():
        asked = retriever.read(question["question"])
        found = retriever.find(asked, 10).found
        decision = select.decide(asked.text, found, retriever.library, retriever.embedder)
        refused["answerable" if question["gold"] else "unanswerable"].append(not decision.answers)
    for kind, values in refused.items():
        print(f"{kind:<13} n={len(values):<4} refused {sum(values) / len(values):.3f}")


def questions() -> Iterator[dict[str, Any]]:
    """Yield the questions that stand alone."""
    for question in map(json.loads, QUESTIONS.read_text(encoding="utf-8").splitlines()):
        if not question["follows"]:
            yield question


if __name__ == "__main__":
    main(sys.argv[1:])
