"""The result of a run: figures, the judges' agreement with people, and the cases that the figures are means of."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from assistant.eval.binary import RiskPoint, f1
from assistant.eval.recording import RunRecord
from assistant.eval.statistics import Floats, Metric, Statistic, mean, measure, ratio
from assistant.records import Frozen

_BY_JUDGE = ("citation_", "contradiction_rate", "gate_")
"""Beginnings of the names of the figures that rest on the judge."""

WANTED = "Give the output of `assistant eval --json`."


class Case(Frozen):
    """One item of a run with its scores; figures are means of scores, and runs are compared case by case."""

    part: str
    id: str
    kind: str | None = None
    gold: tuple[str, ...] = ()
    """Keys of the papers that should be found or cited."""
    polarity: str | None = None
    """The right answer to a yes/no question."""
    scores: dict[str, float]
    result: dict[str, Any] | None = None
    """What the program gave: an answer, a draft, a ranking."""


class Report(Frozen):
    """The result of a run.

    The names in `metrics` are those of the cases' scores, behind `retrieval/` or `drafts/` for these parts, and
    `judge/NAME/…` for what a judge reached on the labelled claims.
    """

    run: RunRecord
    metrics: dict[str, Metric]
    agreement: dict[str, Metric]
    """Balanced accuracy of each judge on the labelled claims: what the figures that rest on it are worth."""
    risk_coverage: tuple[RiskPoint, ...] = ()
    """Of the shown statements, the gate's surest first: the share that the judge doesn't find supported."""
    cases: tuple[Case, ...]


PREFIXES = {"retrieval": "retrieval/", "drafts": "drafts/"}


def figures(cases: Sequence[Case], seed: int = 0) -> dict[str, Metric]:
    """Return the mean of each score over the cases that have it, and the F1 of citation recall and precision.

    F1 is the harmonic mean of the two means, as ALCE's are given.
    """
    found: dict[str, Metric] = {}
    for part in dict.fromkeys(case.part for case in cases):
        mine = [case for case in cases if case.part == part]
        prefix = PREFIXES.get(part, "")
        for name in dict.fromkeys(name for case in mine for name in case.scores):
            found[prefix + name] = mean([case.scores[name] for case in mine if name in case.scores], seed=seed)
            for suffix in ("", "_generated"):
                if name == f"citation_precision{suffix}":
                    found[f"{prefix}citation_f1{suffix}"] = _f1(mine, suffix, seed)
    return found


def polarity_figures(cases: Sequence[Case], seed: int = 0) -> dict[str, Metric]:
    """Return accuracy and macro-F1 on the yes/no questions, beside those of always giving the commonest answer.

    A missing answer is wrong. Macro-F1 is the mean of the F1 of the answers that occur among the right ones.
    """
    asked = [case for case in cases if case.polarity]
    if not asked:
        return {}
    truth = [case.polarity or "" for case in asked]
    given = [str((case.result or {}).get("polarity")) for case in asked]
    commonest = max(sorted(set(truth)), key=truth.count)
    found = {}
    for name, answers in (("polarity", given), ("polarity_majority", [commonest] * len(truth))):
        right = [float(one == other) for one, other in zip(truth, answers, strict=True)]
        found[f"{name}_accuracy"] = mean(right, seed=seed)
        found[f"{name}_macro_f1"] = measure(_macro_f1(truth, answers), len(truth), seed=seed)
    return found


def _macro_f1(truth: Sequence[str], given: Sequence[str]) -> Statistic:
    kinds = sorted(set(truth))
    each = [f1(np.array([one == kind for one in truth]), np.array([one == kind for one in given])) for kind in kinds]

    def of(weights: Floats) -> Floats:
        # A kind that a resample misses, and that isn't given there either, has no F1 in it.
        return np.asarray(np.nanmean(np.stack([one(weights) for one in each]), axis=0))

    return of


def _f1(cases: Sequence[Case], suffix: str, seed: int) -> Metric:
    names = (f"citation_recall{suffix}", f"citation_precision{suffix}")
    both = [[case.scores[name] for name in names] for case in cases if all(name in case.scores for name in names)]
    recall, precision = np.array(both).T

    def of(weights: Floats) -> Floats:
        one, other = weights @ recall, weights @ precision
        return ratio(2 * one * other, (one + other) * weights.sum(axis=1))

    return measure(of, len(both), seed=seed)


def table(report: Report) -> Iterator[str]:
    """Yield the lines that show a report: what was run, the judges, and each figure with its 95% interval."""
    run = report.run
    yield f"model {run.model.name if run.model else 'none'}, {run.n} items, seed {run.seed}"
    for name, metric in report.agreement.items():
        role = " (scores the figures marked *)" if name == run.judge else ""
        yield f"judge {name}{role}: balanced accuracy on {metric.n} labelled claims {shown(metric, interval=True)}"
    yield ""
    for name, metric in report.metrics.items():
        mark = "*" if name.rsplit("/", 1)[-1].startswith(_BY_JUDGE) else ""
        yield f"{name + mark:<48} {shown(metric, interval=True):<24} n={metric.n}".rstrip()


def shown(metric: Metric, *, interval: bool = False) -> str:
    """Return a figure as text, with its interval if asked for; a dash where there is none."""
    if metric.value is None:
        return "-"
    bounds = f" [{metric.low:.3f}, {metric.high:.3f}]" if interval and metric.low is not None else ""
    return f"{metric.value:.3f}{bounds}"
