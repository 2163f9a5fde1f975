"""Retrieval on real listing pages: our own questions, with the cite keys of the papers that answer them.

    python eval/bench/pages.py [--answers [--every N] [--show FILE]] PAGE...

The pages are added to a temporary library. Prints, without and with the second stage, by kind of question: how many,
the share whose first hit is right (for `several` and `condition`: the mean share of the right papers among the first
ten), and the share with a right paper among the first five; then the share of the questions that is refused, of those
which the pages answer and of those which they don't. Follow-ups are left out.

With `--answers`, every N-th question is answered as `assistant ask` answers it instead, and by kind is printed: the
share refused, of the others the share of the right papers that is cited and the share of the cited papers that is
right, the share of the statements that the model worded, the greatest number of statements and of words, and the
median of the seconds.
"""

import argparse
import json
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from statistics import fmean, median
from typing import Any

from assistant import ingest, select
from assistant.cli.run import Run
from assistant.library import Library
from assistant.records import Answer
from assistant.retrieve import Retriever
from assistant.store import write_lock

QUESTIONS = Path(__file__).parent / "pages_questions.jsonl"


def main() -> None:
    """Add the pages, ask the questions, print the shares."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pages", nargs="+", type=Path)
    parser.add_argument("--answers", action="store_true")
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--show", type=Path)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        run = Run({"home": Path(folder)})
        with Library.create(run.settings.catalogue) as library, write_lock(run.settings.write_lock):
            ingest.add(ingest.read_files(args.pages), library, run.embedder)
        if args.answers:
            measure_answers(run, args.every, args.show)
            return
        for stage, reranks in (("first stage", False), ("reranked", True)):
            print(stage)
            retriever = Retriever(run.library, run.store, run.embedder, reranks=reranks)
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


def measure_answers(run: Run, every: int, show: Path | None) -> None:
    """Answer every so-manyth question, print the figures, and write the answers where they can be read."""
    answers: dict[str, list[tuple[set[str], Answer]]] = defaultdict(list)
    texts = []
    for question in list(questions())[::every]:
        answer = run.answerer.ask(question["question"])
        answers[question["kind"]].append(({run.library.paper(key).key for key in question["gold"]}, answer))
        texts.append(f"{question['id']} {question['question']}\n{answer.answer}\n")
        if show:
            show.write_text("\n".join(texts), encoding="utf-8")
    for kind, pairs in answers.items():
        print_answers(kind, pairs)
    print_answers("all", [pair for pairs in answers.values() for pair in pairs])


def print_answers(kind: str, pairs: list[tuple[set[str], Answer]]) -> None:
    """Print the figures of some answers, each with the papers that it should cite."""
    told = [(gold, answer) for gold, answer in pairs if not answer.abstained]
    line = f"{kind:<13} n={len(pairs):<4} refused {1 - len(told) / len(pairs):.3f}"
    if not any(gold for gold, _ in told):
        print(line)
        return
    cited = [(gold, {source.key for source in answer.sources}) for gold, answer in told if gold]
    statements = [statement for _, answer in told for statement in answer.statements]
    print(
        f"{line}  right papers {fmean(len(gold & keys) / len(gold) for gold, keys in cited):.3f}"
        f"  precision {fmean(len(gold & keys) / len(keys) for gold, keys in cited):.3f}"
        f"  worded {fmean(statement.origin == 'generated' for statement in statements):.3f} of {len(statements)}"
        f"  statements <= {max(len(answer.statements) for _, answer in told)}"
        f"  words <= {max(len(answer.answer.split()) for _, answer in told)}"
        f"  {median(answer.timings.total_s for _, answer in pairs):.1f} s"
    )


def questions() -> Iterator[dict[str, Any]]:
    """Yield the questions that stand alone."""
    for question in map(json.loads, QUESTIONS.read_text(encoding="utf-8").splitlines()):
        if not question["follows"]:
            yield question


if __name__ == "__main__":
    main()
