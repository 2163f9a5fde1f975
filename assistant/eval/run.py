"""Run the evaluation, or parts of it, over the sample library in a temporary home of its own."""

import random
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Literal, TypeVar, get_args

from assistant import ingest
from assistant.answer import Answerer, Turn, shown
from assistant.config import Settings, data_path
from assistant.draft import Drafter
from assistant.embed import Embedder
from assistant.errors import ReadError
from assistant.eval import dataset, judging, ranking, scoring
from assistant.eval.binary import RiskPoint
from assistant.eval.dataset import Draft as DraftTask
from assistant.eval.dataset import Question
from assistant.eval.metrics import Checker
from assistant.eval.recording import Journal, record
from assistant.eval.report import Case, Report, figures
from assistant.eval.scoring import Asked
from assistant.eval.shown import Told, factual_sentences
from assistant.eval.statistics import Metric, mean
from assistant.judge.base import Evidence, Judge
from assistant.library import Library
from assistant.records import Answer, AnswerPath, Draft, ModelId
from assistant.retrieve import Retriever
from assistant.store import Store, write_lock

Part = Literal["retrieval", "answers", "refusal", "drafts", "judge"]
PARTS: tuple[Part, ...] = get_args(Part)

Progress = Callable[[str, int, int], None]
"""Called with what is being done, how many items of it are done, and their total."""

_SEARCHED = 20
_DATA = ("library.jsonl", "questions.jsonl", "claims.jsonl", "drafts.jsonl")
_REFUSAL = frozenset({"refusal_recall", "refusal_precision", "answerable_refused"})


@dataclass(frozen=True)
class Sizes:
    """How many items of each kind a run takes; None for all of them. Without claims, no judge is measured."""

    questions: int | None = None
    drafts: int | None = None
    claims: int | None = None

    @staticmethod
    def sample(n: int) -> "Sizes":
        """Return a sample in which `n` questions stand for all."""
        return Sizes(questions=n, drafts=max(1, n // 8), claims=6 * n)


ALL = Sizes()
QUICK = Sizes(questions=4, drafts=1, claims=8)
"""As little as still touches every part; most of its time goes into the draft."""


@dataclass(frozen=True)
class Tools:
    """What is measured, and what measures it. The parts that need the generator make it when they are called.

    Attributes:
        embedder: embeds the sample library.
        answerer: makes what answers questions over a library.
        drafter: makes what drafts from it.
        model: tells which generator words, and the file of its adapter if it has one.
        judge: scores what is shown.
        gate: the judge that decides what is shown; its agreement with people is reported too.
        path: tells how the generator answers.
    """

    embedder: Embedder
    answerer: Callable[[Retriever], Answerer]
    drafter: Callable[[Retriever], Drafter]
    model: Callable[[], tuple[ModelId, Path | None]]
    judge: Judge
    gate: Judge
    path: Callable[[], AnswerPath] = lambda: "small"


@dataclass
class _Bench:
    """The sample library, opened, with what a run needs of it."""

    retriever: Retriever
    keys: dict[str, str]
    """Keys by the papers' source ids."""
    papers: dict[str, Evidence]
    """Titles and abstracts by key."""
    cases: list[Case] = field(default_factory=list)
    answers: list[Told] = field(default_factory=list)


def evaluate(
    tools: Tools,
    *,
    parts: Sequence[Part] = PARTS,
    answers: Mapping[str, Told] | None = None,
    sizes: Sizes = ALL,
    seed: int = 0,
    journals: Path | None = None,
    progress: Progress = lambda what, done, total: None,
) -> Report:
    """Run parts of the evaluation on the bundled set.

    Args:
        tools: what is measured, and what measures it.
        parts: which parts.
        answers: answers by question, to be scored instead of asking.
        sizes: how many items, spread over their kinds.
        seed: draws the sample and the resamples, and seeds the sampling.
        journals: folder in which to keep what is done, so that a run that was cut goes on; nowhere by default.
        progress: told how far the run is.
    """
    questions = sample(dataset.questions(), sizes.questions, seed, lambda question: question.kind)
    questions = _with_followed(questions)
    tasks = sample(dataset.drafts(), sizes.drafts, seed, lambda task: task.id.split("-")[0])
    asks, drafts = bool({"answers", "refusal"} & set(parts)), "drafts" in parts
    generates = (asks and answers is None) or drafts
    model, adapter = tools.model() if generates else (None, None)
    run = record(
        judge=tools.judge.name,
        data=[data_path("eval") / name for name in _DATA],
        seed=seed,
        n=len(questions) * ("retrieval" in parts or asks) + len(tasks) * drafts,
        model=model,
        adapter=adapter,
        path=tools.path() if generates else None,
    )
    journal = Journal(journals, "run", run) if journals else None
    measured: dict[str, Metric] = {}
    agreement: dict[str, Metric] = {}
    curve: tuple[RiskPoint, ...] = ()
    with _bench(tools.embedder) as bench:
        if "retrieval" in parts:
            bench.cases += _retrieve(questions, bench, progress)
        checker = Checker(tools.judge, bench.papers, journal)
        if asks:
            if answers is None:
                told = _answer(questions, tools.answerer(bench.retriever), journal, progress)
            else:
                told = [answers.get(question.question) for question in questions]
            sentences = [sentence for one in told if one for sentence in factual_sentences(one)]
            checker.prepare(sentences, partial(progress, f"sentences by {tools.judge.name}"))
            bench.cases += _score_answers(questions, told, checker, bench, parts)
        if drafts:
            bench.cases += _draft(tasks, tools.drafter(bench.retriever), checker, bench, journal, progress)
        measured |= figures(bench.cases, seed)
        if "answers" in parts:
            measured["seconds_median"] = scoring.median_seconds(bench.answers)
            measured |= scoring.gate_figures(bench.answers, checker, seed)
            curve = scoring.risk_coverage(bench.answers, checker)
    if sizes.claims != 0 and ("judge" in parts or asks or drafts):
        found = measure_judges([tools.gate, tools.judge], sizes.claims, seed, journal, progress)
        agreement = {name: metrics["balanced_accuracy"] for name, metrics in found.items()}
        if "judge" in parts:
            measured |= {f"judge/{name}/{key}": m for name, metrics in found.items() for key, m in metrics.items()}
    if generates and (memory := peak_memory_mb()) is not None:
        measured["peak_memory_mb"] = Metric(value=memory, low=None, high=None, n=1)
    if journal:
        journal.finish()
    return Report(run=run, metrics=measured, agreement=agreement, risk_coverage=curve, cases=tuple(bench.cases))


# Samples

Item = TypeVar("Item")


def sample(items: Sequence[Item], n: int | None, seed: int, kind: Callable[[Item], str]) -> list[Item]:
    """Return `n` items, in their order, spread over their kinds in proportion; all of them for None."""
    if n is None or n >= len(items):
        return list(items)
    places = list(range(len(items)))
    random.Random(seed).shuffle(places)
    by_kind: dict[str, list[int]] = {}
    for place in places:
        by_kind.setdefault(kind(items[place]), []).append(place)
    ranked = [((i + 0.5) / len(group), place) for group in by_kind.values() for i, place in enumerate(group)]
    return [items[place] for place in sorted(place for _, place in sorted(ranked)[:n])]


def _with_followed(questions: Sequence[Question]) -> list[Question]:
    """Return the questions with those that they follow up, in the set's order."""
    wanted = {question.id for question in questions} | {question.follows for question in questions}
    return [question for question in dataset.questions() if question.id in wanted]


# Parts


@contextmanager
def _bench(embedder: Embedder) -> Iterator[_Bench]:
    """Open the sample library in a temporary home."""
    with tempfile.TemporaryDirectory(prefix="assistant-eval-") as folder:
        settings = Settings(home=Path(folder))
        with Library.create(settings.catalogue) as library:
            with write_lock(settings.write_lock):
                ingest.add(ingest.read_files([data_path("eval") / dataset.LIBRARY]), library, embedder)
            store = Store(library, settings.index, settings.write_lock, lambda line: None)
            papers = list(library.papers())
            yield _Bench(
                retriever=Retriever(library, store, embedder),
                keys={identifier: paper.key for paper in papers for identifier in paper.ids},
                papers={paper.key: Evidence(text=paper.abstract, title=paper.title) for paper in papers},
            )


def _retrieve(questions: Sequence[Question], bench: _Bench, progress: Progress) -> list[Case]:
    """Return a case a question that stands alone and has gold papers: how early the search finds them."""
    asked = [question for question in questions if question.gold and question.follows is None]
    cases = []
    for done, question in enumerate(asked, start=1):
        gains = {bench.keys[gold]: 1.0 for gold in question.gold}
        ranked = [found.paper.key for found in bench.retriever.search(question.question, _SEARCHED)]
        scores = {
            "recall@5": ranking.recall_at(5, ranked, gains),
            "recall@10": ranking.recall_at(10, ranked, gains),
            "ndcg@10": ranking.ndcg_at(10, ranked, gains),
            "mrr": ranking.reciprocal_rank(ranked, gains),
        }
        result = {"question": question.question, "ranking": ranked[:10]}
        cases.append(
            Case(
                part="retrieval",
                id=question.id,
                kind=question.kind,
                gold=tuple(gains),
                scores={name: round(value, 6) for name, value in scores.items()},
                result=result,
            )
        )
        progress("searches", done, len(asked))
    return cases


def _answer(
    questions: Sequence[Question], answerer: Answerer, journal: Journal | None, progress: Progress
) -> list[Told | None]:
    turns: dict[str | None, Turn] = {}
    answers: list[Told | None] = []
    for done, question in enumerate(questions, start=1):
        history = [turns[question.follows]] if question.follows in turns else []
        answer = kept(journal, f"ask:{question.id}", Answer, partial(answerer.ask, question.question, history))
        if not answer.abstained:
            turns[question.id] = Turn(question.question, tuple(source.key for source in answer.sources))
        answers.append(Told.model_validate(answer.model_dump(by_alias=True)))
        progress("answers", done, len(questions))
    return answers


def _score_answers(
    questions: Sequence[Question],
    answers: Sequence[Told | None],
    checker: Checker,
    bench: _Bench,
    parts: Sequence[Part],
) -> list[Case]:
    """Return a case a question that was answered, with the scores of the parts that were asked for."""
    cases = []
    for question, told in zip(questions, answers, strict=True):
        if told is None:
            continue
        gold = tuple(bench.keys[gold] for gold in question.gold)
        asked = Asked(
            id=question.id,
            question=question.question,
            kind=question.kind,
            answerable=question.answerable,
            gold=gold,
            facts=question.facts,
        )
        bench.answers.append(told)
        scores = {
            name: value
            for name, value in scoring.score_answer(asked, told, checker, bench.papers).items()
            if ("refusal" if name in _REFUSAL else "answers") in parts
        }
        result = told.model_dump(mode="json")
        cases.append(Case(part="answers", id=question.id, kind=question.kind, gold=gold, scores=scores, result=result))
    if not cases:
        raise unasked()
    return cases


def unasked() -> ReadError:
    """Return the error for a file of answers in which no question of the set is answered."""
    return ReadError("none of the answers is to a question of the set", "Check the file of answers and the questions.")


def _draft(
    tasks: Sequence[DraftTask],
    drafter: Drafter,
    checker: Checker,
    bench: _Bench,
    journal: Journal | None,
    progress: Progress,
) -> list[Case]:
    cases = []
    for done, task in enumerate(tasks, start=1):
        draft = kept(journal, f"draft:{task.id}", Draft, partial(drafter.draft, task.topic))
        gold = tuple(bench.keys[gold] for gold in task.must_cite)
        # A draft's own text has keys for marks; scored is what an answer of the same statements shows.
        data = {**draft.model_dump(), "answer": shown(draft.statements, draft.sources)}
        cases.append(
            Case(
                part="drafts",
                id=task.id,
                gold=gold,
                scores=scoring.score_draft(Told.model_validate(data), gold, checker, bench.papers),
                result=draft.model_dump(mode="json", by_alias=True),
            )
        )
        progress("drafts", done, len(tasks))
    return cases


Kept = TypeVar("Kept", Answer, Draft)


def kept(journal: Journal | None, item: str, kind: type[Kept], make: Callable[[], Kept]) -> Kept:
    """Return what a journal has of an item, else make it and keep it there."""
    if journal and item in journal.done:
        return kind.model_validate(journal.done[item])
    made = make()
    if journal:
        journal.add({item: made.model_dump(mode="json")})
    return made


def measure_judges(
    judges: Sequence[Judge], n: int | None, seed: int, journal: Journal | None, progress: Progress
) -> dict[str, dict[str, Metric]]:
    """Return the figures of some judges on the bundled claims, or a sample spread over labels and error types.

    Each judge's `same_as/NAME` is the share of the claims on which another one calls the same supported.
    """
    pairs = sample(dataset.bundled_pairs(), n, seed, lambda pair: f"{pair.label} {pair.error_type}")
    results = {}
    for judge in judges:
        if judge.name not in results:
            told = partial(progress, f"claims by {judge.name}")
            results[judge.name] = judging.judged(judge, pairs, journal, told, f"judge:{judge.name}:")
    baseline = judging.overlap_baseline(pairs)
    found = {name: judging.judge_metrics(pairs, supports, baseline, seed) for name, supports in results.items()}
    for name, supports in results.items():
        for other, others in results.items():
            if other != name:
                same = [
                    float((one.verdict == "supported") == (two.verdict == "supported"))
                    for one, two in zip(supports, others, strict=True)
                ]
                found[name][f"same_as/{other}"] = mean(same, [pair.claim for pair in pairs], seed)
    return found


def peak_memory_mb() -> float | None:
    """Return the most memory that this process has held, in MB; None where the system doesn't tell."""
    try:
        import resource
    except ImportError:
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (1e6 if sys.platform == "darwin" else 1e3), 1)
