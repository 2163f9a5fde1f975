"""Score answers and drafts: from what the program gave to the scores of a case."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from assistant.eval import binary, metrics
from assistant.eval.binary import RiskPoint
from assistant.eval.metrics import Checker
from assistant.eval.shown import Told, factual_sentences
from assistant.eval.statistics import Metric, measure
from assistant.judge.base import Evidence


@dataclass(frozen=True)
class Asked:
    """A question with what is known of its right answer.

    Attributes:
        id: the question's.
        kind: of question.
        question: the question.
        answerable: whether the library answers it; None where that isn't known.
        gold: keys of the papers that answer it.
        facts: what a right answer contains, each as alternative wordings.
    """

    id: str
    question: str
    kind: str | None = None
    answerable: bool | None = None
    gold: tuple[str, ...] = ()
    facts: tuple[tuple[str, ...], ...] = ()


def score_answer(asked: Asked, told: Told, checker: Checker, papers: Mapping[str, Evidence]) -> dict[str, float]:
    """Return the scores of one answer by their names; those that it can't have are left out.

    Args:
        asked: the question.
        told: the answer.
        checker: the judge.
        papers: the library, by key.
    """
    scores: dict[str, float | None] = {}
    if asked.answerable is False:
        scores["refusal_recall"] = float(told.abstained)
    if asked.answerable is not None and told.abstained:
        scores["refusal_precision"] = float(not asked.answerable)
    if asked.answerable:
        scores["answerable_refused"] = float(told.abstained)
    if asked.gold:
        scores["gold_paper_recall"] = metrics.gold_recall(told, asked.gold)
        if not told.abstained:
            scores["gold_paper_precision"] = metrics.gold_precision(told, asked.gold)
    if asked.facts:
        scores["fact_coverage"] = metrics.fact_coverage(told.answer, asked.facts)
    scores.update(_score_text(told, checker, papers))
    return {name: round(value, 6) for name, value in scores.items() if value is not None}


def score_draft(
    told: Told, must_cite: Sequence[str], checker: Checker, papers: Mapping[str, Evidence]
) -> dict[str, float]:
    """Return the scores of one draft by their names; those that it can't have are left out."""
    scores: dict[str, float | None] = {
        "refused": float(told.abstained),
        "must_cite_recall": metrics.gold_recall(told, must_cite),
        "must_cite_precision": None if told.abstained else metrics.gold_precision(told, must_cite),
    }
    scores.update(_score_text(told, checker, papers))
    return {name: round(value, 6) for name, value in scores.items() if value is not None}


def _score_text(told: Told, checker: Checker, papers: Mapping[str, Evidence]) -> dict[str, float | None]:
    """Return the scores that need nothing but an answer and its sources."""
    sentences = factual_sentences(told)
    if told.abstained:
        return {}
    abstracts = {key: paper.text for key, paper in papers.items()}
    checker.prepare(sentences)
    generated = [sentence for sentence in sentences if sentence.origin == "generated"]
    cited = [[abstracts[key] for key in sentence.keys if key in abstracts] for sentence in generated]
    runs = [metrics.longest_copied_run(sentence, there) for sentence, there in zip(generated, cited, strict=True)]
    copied = [metrics.copied_share(sentence, there) for sentence, there in zip(generated, cited, strict=True)]
    scores: dict[str, float | None] = {"statements": float(len(sentences))}
    for suffix, some in (("", sentences), ("_generated", generated)):
        scores[f"citation_recall{suffix}"] = metrics.citation_recall(some, checker.supports)
        scores[f"citation_precision{suffix}"] = metrics.citation_precision(some, checker.supports)
        scores[f"contradiction_rate{suffix}"] = metrics.contradiction_rate(some, checker.contradicted)
    scores |= {
        "uncited_rate": metrics.uncited_rate(sentences),
        "invented_citations": metrics.invented_citations(sentences, papers),
        "changed_after_check": metrics.changed_after_check(sentences) if told.statements else None,
        "exact_quotes": metrics.exact_quotes(told, abstracts),
        "generated_share": metrics.generated_share(sentences),
        "words": float(len(told.answer.split())),
        "longest_copied_run": float(max(runs)) if runs else None,
        "copied_share": float(np.mean([share or 0.0 for share in copied])) if copied else None,
        "redundancy": metrics.redundancy(sentences),
    }
    if told.timings:
        writing = told.timings.total_s - told.timings.retrieve_s
        scores |= {
            "seconds": told.timings.total_s,
            "first_statement_seconds": told.timings.first_statement_s,
            "tokens_a_second": told.timings.completion_tokens / writing if writing > 0 else None,
        }
    return scores


def gate_figures(answers: Sequence[Told], checker: Checker, seed: int = 0) -> dict[str, Metric]:
    """Return how well the support that answers state agrees with the judge, over their statements; empty without any.

    `gate_ece` is the calibration error of the stated support, `gate_aurc` the area under the risk-coverage curve.
    """
    stated = list(_stated(answers, checker))
    if not stated:
        return {}
    groups, supports, supported = zip(*stated, strict=True)
    statistic = binary.expected_calibration_error(np.array(supported, dtype=bool), np.array(supports))
    area = binary.area_under_risk(risk_coverage(answers, checker))
    return {
        "gate_ece": measure(statistic, len(stated), groups, seed),
        "gate_aurc": Metric(value=area, low=None, high=None, n=len(stated)),
    }


def risk_coverage(answers: Sequence[Told], checker: Checker) -> tuple[RiskPoint, ...]:
    """Return the risk-coverage curve of the statements, those with the highest stated support first."""
    stated = list(_stated(answers, checker))
    return binary.risk_coverage([support for _, support, _ in stated], [not right for *_, right in stated])


def _stated(answers: Sequence[Told], checker: Checker) -> Iterator[tuple[int, float, bool]]:
    """Yield, for each statement with a stated support, its answer's place, the support, and what the judge says."""
    for place, told in enumerate(answers):
        for sentence in factual_sentences(told):
            if sentence.support is not None:
                yield place, sentence.support, checker.supported(sentence)


def median_seconds(answers: Sequence[Told]) -> Metric:
    """Return the median time of the answers that were given."""
    times = [told.timings.total_s for told in answers if told.timings and not told.abstained]
    return Metric(value=round(float(np.median(times)), 3) if times else None, low=None, high=None, n=len(times))
