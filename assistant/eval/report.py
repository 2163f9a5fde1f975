"""The result of a run: figures, the judges' agreement with people, and the cases that the figures are means of."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import ValidationError

from assistant.errors import ReadError
from assistant.eval.binary import RiskPoint
from assistant.eval.recording import RunRecord
from assistant.eval.statistics import Floats, Metric, mean, measure, ratio
from assistant.records import Frozen

_BY_JUDGE = ("citation_", "contradiction_rate", "gate_")
"""Beginnings of the names of the figures that rest on the judge."""

_WANTED = "Give the output of `assistant eval --json`."


class Case(Frozen):
    """One item of a run with its scores; figures are means of scores, and runs are compared case by case."""

    part: str
    id: str
    kind: str | None = None
    gold: tuple[str, ...] = ()
    """Keys of the papers that should be found or cited."""
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


def _f1(cases: Sequence[Case], suffix: str, seed: int) -> Metric:
    names = (f"citation_recall{suffix}", f"citation_precision{suffix}")
    both = [[case.scores[name] for name in names] for case in cases if all(name in case.scores for name in names)]
    recall, precision = np.array(both).T

    def of(weights: Floats) -> Floats:
        one, other = weights @ recall, weights @ precision
        return ratio(2 * one * other, (one + other) * weights.sum(axis=1))

    return measure(of, len(both), seed=seed)


def read(path: Path) -> Report:
    """Return the report in a file that `assistant eval --json` wrote.

    Raises:
        ReadError: there is none in it.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        data.pop("schema", None)
        return Report.model_validate(data)
    except OSError as error:
        raise ReadError(f"{path}: can't be read ({error.strerror})", _WANTED) from error
    except (ValueError, AttributeError, ValidationError) as error:
        raise ReadError(f"{path}: not the result of a run", _WANTED) from error


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
