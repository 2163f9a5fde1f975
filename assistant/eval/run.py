"""Run the evaluation over the sample library, in a temporary home of its own."""

import random
import statistics
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from assistant import check, ingest, prompts, sentences
from assistant.answer import Answerer, Turn
from assistant.config import Settings, data_path
from assistant.embed import Embedder
from assistant.eval import binary, dataset, metrics
from assistant.eval.dataset import Claim, Question
from assistant.eval.recording import RunRecord, record
from assistant.eval.statistics import Metric, mean, measure
from assistant.generate import Generator
from assistant.library import Library
from assistant.records import Answer, Frozen, Paper
from assistant.retrieve import Retriever
from assistant.store import Store, write_lock
from assistant.terms import longest_common_run

RULES = "deterministic checks alone (numbers, names, negation, direction, scope, coverage); no support model"
_OVERLAP_FROM = 0.5


class Report(Frozen):
    """The result of a run."""

    run: RunRecord
    metrics: dict[str, Metric]
    cases: tuple[dict[str, Any], ...]


def evaluate(
    generator: Generator,
    embedder: Embedder,
    *,
    n: int | None = None,
    seed: int = 0,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Report:
    """Answer the bundled questions over the sample library and score answers, refusals and claims.

    Args:
        generator: the model that is evaluated.
        embedder: embeds the sample library.
        n: how many questions, spread over their kinds; all of them by default.
        seed: draws the sample and seeds the sampling.
        progress: called with the number of questions done and their total.
    """
    questions = _sample(dataset.questions(), n, seed)
    claims = dataset.claims()
    with tempfile.TemporaryDirectory(prefix="assistant-eval-") as folder:
        settings = Settings(home=Path(folder))
        with Library.create(settings.catalogue) as library:
            with write_lock(settings.write_lock):
                ingest.add(ingest.read_files([data_path("eval") / dataset.LIBRARY]), library, embedder)
            store = Store(library, settings.index, settings.write_lock, lambda line: None)
            answerer = Answerer(Retriever(library, store, embedder), generator, prompts.load("reword"), seed=seed)
            papers = {identifier: paper for paper in library.papers() for identifier in paper.ids}
            answers = _answer(questions, answerer, papers, progress)
    values = _score_answers(answers, papers)
    values.update(_score_claims(claims, papers))
    return Report(
        run=record(
            judge=RULES,
            data=[data_path("eval") / name for name in ("library.jsonl", "questions.jsonl", "claims.jsonl")],
            seed=seed,
            n=len(questions),
            model=generator.model,
        ),
        metrics=values,
        cases=tuple(_case(question, answer, papers) for question, answer in answers),
    )


def _sample(questions: Sequence[Question], n: int | None, seed: int) -> list[Question]:
    """Return a sample spread over the kinds; a follow-up brings the question that it follows."""
    if n is None or n >= len(questions):
        return list(questions)
    shuffled = list(questions)
    random.Random(seed).shuffle(shuffled)
    by_kind: dict[str, list[Question]] = {}
    for question in shuffled:
        by_kind.setdefault(question.kind, []).append(question)
    ranked = [(place / len(group), question) for group in by_kind.values() for place, question in enumerate(group)]
    ranked.sort(key=lambda item: item[0])
    chosen = {question.id for _, question in ranked[:n]}
    chosen |= {question.follows for question in questions if question.id in chosen and question.follows}
    return [question for question in questions if question.id in chosen]


def _answer(
    questions: Sequence[Question],
    answerer: Answerer,
    papers: dict[str, Paper],
    progress: Callable[[int, int], None],
) -> list[tuple[Question, Answer]]:
    turns: dict[str, Turn] = {}
    answers = []
    for done, question in enumerate(questions, start=1):
        history = [turns[question.follows]] if question.follows and question.follows in turns else []
        answer = answerer.ask(question.question, history)
        if not answer.abstained:
            turns[question.id] = Turn(question.question, tuple(source.key for source in answer.sources))
        answers.append((question, answer))
        progress(done, len(questions))
    return answers


def supports(statement: str, passages: Sequence[str]) -> bool:
    """Tell whether passages support a statement, by the deterministic checks alone.

    The statement is held against the sentence of each passage that covers it best.
    """
    plain = statement.strip("“”")
    best = [
        max(spans, key=lambda span: check.coverage(plain, span.text)).text
        for spans in (sentences.split(passage) for passage in passages)
        if spans
    ]
    joined = " ".join(best)
    if plain in " ".join(passages):
        return True
    return check.check(plain, joined, " ".join(passages), "").verdict == "supported"


def _score_answers(answers: Sequence[tuple[Question, Answer]], papers: dict[str, Paper]) -> dict[str, Metric]:
    abstracts = {paper.key: paper.abstract for paper in papers.values()}
    keys = {identifier: paper.key for identifier, paper in papers.items()}
    known = set(abstracts)
    spoken = [(question, answer) for question, answer in answers if not answer.abstained]
    statements = [statement for _, answer in spoken for statement in answer.statements]
    generated = [statement for statement in statements if statement.origin == "generated"]
    right = [(q, a) for q, a in answers if q.answerable]
    passages = {c.key: f"{c.title}. {abstracts[c.key]}" for s in statements for c in s.citations}

    def recall(some: Sequence[Any]) -> list[float]:
        return [metrics.citation_recall(statement, passages, supports) for statement in some]

    def precision(some: Sequence[Any]) -> list[float]:
        return [p for statement in some for p in metrics.citation_precision(statement, passages, supports)]

    times = [answer.timings for _, answer in spoken]
    found = {
        "citation_recall": recall(statements),
        "citation_precision": precision(statements),
        "citation_recall_generated": recall(generated),
        "citation_precision_generated": precision(generated),
        "uncited_statements": [float(not statement.citations) for statement in statements],
        "invented_citations": [float(c.key not in known) for s in statements for c in s.citations],
        "exact_quotes": [value for _, answer in spoken for value in metrics.exact_quotes(answer, abstracts)],
        "generated_share": [float(statement.origin == "generated") for statement in statements],
        "refusal_recall": [float(a.abstained) for q, a in answers if not q.answerable],
        "refusal_precision": [float(not q.answerable) for q, a in answers if a.abstained],
        "answerable_refused": [float(a.abstained) for _, a in right],
        "gold_paper_recall": [metrics.gold_recall(a, [keys[g] for g in q.gold]) for q, a in right],
        "gold_paper_precision": [
            metrics.gold_precision(a, [keys[g] for g in q.gold]) for q, a in right if not a.abstained
        ],
        "fact_coverage": [metrics.fact_coverage(a.answer, q.facts) for q, a in right if q.facts],
        "words_an_answer": [float(len(answer.answer.split())) for _, answer in spoken],
        "longest_copied_run_generated": [
            float(longest_common_run(s.text, [abstracts[c.key] for c in s.citations])) for s in generated
        ],
        "total_seconds": [t.total_s for t in times],
        "first_statement_seconds": [t.first_statement_s for t in times if t.first_statement_s is not None],
    }
    scored = {name: mean(values) for name, values in found.items()}
    if times:
        scored["total_seconds_median"] = Metric(
            value=round(statistics.median(t.total_s for t in times), 3), low=None, high=None, n=len(times)
        )
    return scored


def _score_claims(claims: Sequence[Claim], papers: dict[str, Paper]) -> dict[str, Metric]:
    """Score the checks, and plain token overlap, on the labelled claims: support against all other labels."""
    truth = [claim.label == "support" for claim in claims]
    passages = [f"{papers[claim.paper].title}. {papers[claim.paper].abstract}" for claim in claims]
    by_rules = [supports(claim.claim, [passage]) for claim, passage in zip(claims, passages, strict=True)]
    by_overlap = [
        check.coverage(claim.claim, passage) >= _OVERLAP_FROM for claim, passage in zip(claims, passages, strict=True)
    ]
    scored = {
        "claims_balanced_accuracy": _balanced(truth, by_rules),
        "claims_balanced_accuracy_overlap": _balanced(truth, by_overlap),
    }
    for kind in sorted({claim.error_type for claim in claims}):
        said = [
            float(verdict == right)
            for claim, verdict, right in zip(claims, by_rules, truth, strict=True)
            if claim.error_type == kind
        ]
        scored[f"claims_right_{kind}"] = mean(said)
    return scored


def _balanced(truth: Sequence[bool], said: Sequence[bool]) -> Metric:
    return measure(binary.balanced_accuracy(np.array(truth), np.array(said)), len(truth))


def _case(question: Question, answer: Answer, papers: dict[str, Paper]) -> dict[str, Any]:
    return {
        "id": question.id,
        "kind": question.kind,
        "gold": [papers[identifier].key for identifier in question.gold],
        "answer": answer.model_dump(mode="json", by_alias=True),
    }
