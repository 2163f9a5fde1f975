"""Compare runs: two of them case by case, or one with the committed baseline."""

import json
from collections.abc import Iterator
from pathlib import Path

from pydantic import ValidationError

from assistant.errors import ReadError, UsageError
from assistant.eval import report as reports
from assistant.eval.judging import JudgeReport
from assistant.eval.recording import RunRecord
from assistant.eval.report import PREFIXES, Report
from assistant.eval.statistics import Difference, Metric, compare
from assistant.records import Frozen

BASELINE = "baseline.json"

_LOWER_IS_BETTER = (
    "contradiction_rate", "uncited_rate", "invented_citations", "changed_after_check", "answerable_refused",
    "longest_copied_run", "copied_share", "redundancy", "refused", "gate_ece", "gate_aurc", "ece",
    "contradicted_called_supported",
)  # fmt: skip
# What depends on the machine, what is neither good nor bad, and the baseline judge's own figures.
_NOT_HELD = ("seconds", "tokens_a_second", "memory", "words", "statements", "overlap_", "majority", "same_as")

# What another judge would have measured otherwise.
_BY_THE_JUDGE = ("citation_recall", "citation_precision", "citation_f1", "contradiction_rate")


class Comparison(Frozen):
    """Two runs on the same items."""

    first: RunRecord
    second: RunRecord
    differences: dict[str, Difference]


class Baseline(Frozen):
    """The committed figures, with the run that reached them."""

    run: RunRecord
    metrics: dict[str, Metric]


class Drop(Frozen):
    """A figure that is worse than the committed one by more than the interval."""

    name: str
    value: float
    baseline: float
    margin: float
    """Half the width of the wider of the two intervals."""


def read(path: Path) -> Report | JudgeReport:
    """Return the run in a file that `assistant eval --json` or `assistant eval judge --json` wrote.

    Raises:
        ReadError: there is none in it.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        data.pop("schema", None)
        return JudgeReport.model_validate(data) if "reliability" in data else Report.model_validate(data)
    except OSError as error:
        raise ReadError(f"{path}: can't be read ({error.strerror})", reports.WANTED) from error
    except (ValueError, AttributeError, TypeError, ValidationError) as error:
        raise ReadError(f"{path}: not the result of a run", reports.WANTED) from error


def differences(first: Report | JudgeReport, second: Report | JudgeReport, seed: int = 0) -> Comparison:
    """Return the paired difference of each score over the items that both runs have it for.

    Raises:
        UsageError: the runs have no item in common.
    """
    one, other = _scores(first), _scores(second)
    found = {}
    for name in [name for name in one if name in other]:
        shared = [item for item in one[name] if item in other[name]]
        if shared:
            found[name] = compare(
                [one[name][item] for item in shared], [other[name][item] for item in shared], seed=seed
            )
    if not found:
        raise UsageError("the two runs have no item in common", "Compare runs of the same parts on the same data.")
    return Comparison(first=first.run, second=second.run, differences=found)


def _scores(run: Report | JudgeReport) -> dict[str, dict[str, float]]:
    """Return each score's value by item."""
    found: dict[str, dict[str, float]] = {}
    if isinstance(run, JudgeReport):
        for claim in run.cases:
            right = float((claim.verdict == "supported") == (claim.label == "support"))
            for name in ("right", *([f"right/{claim.error_type}"] if claim.error_type else [])):
                found.setdefault(name, {})[claim.id] = right
        return found
    for case in run.cases:
        for name, value in case.scores.items():
            found.setdefault(PREFIXES.get(case.part, "") + name, {})[case.id] = value
    return found


def read_baseline(path: Path) -> Baseline:
    """Return the committed figures.

    Raises:
        ReadError: there are none.
    """
    try:
        return Baseline.model_validate_json(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ReadError(
            f"{path}: no committed figures ({error.strerror})", "Write them: assistant eval baseline RUN --write"
        ) from error
    except ValidationError as error:
        raise ReadError(f"{path}: not committed figures", "Write them: assistant eval baseline RUN --write") from error


def drops(run: Report, baseline: Baseline) -> list[Drop]:
    """Return the figures of a run that are worse than the committed ones by more than the interval.

    The interval is the wider of the two runs', so that a small sample is not held to what it can't show. A figure
    that the run doesn't have isn't compared, nor one that another judge measured, nor one without an interval: it can't
    be told from noise.
    """
    found = []
    same_judge = run.run.judge == baseline.run.judge
    for name, committed in baseline.metrics.items():
        now = run.metrics.get(name)
        if not same_judge and any(part in name for part in _BY_THE_JUDGE):
            continue
        if not held(name) or now is None or now.value is None or committed.value is None or committed.low is None:
            continue
        margin = max(_half_width(now), _half_width(committed))
        worse = now.value - committed.value if lower_is_better(name) else committed.value - now.value
        if worse > margin:
            found.append(Drop(name=name, value=now.value, baseline=committed.value, margin=round(margin, 4)))
    return found


def held(name: str) -> bool:
    """Tell whether a figure is one that a run is held to."""
    return not any(part in name for part in _NOT_HELD)


def lower_is_better(name: str) -> bool:
    """Tell whether a smaller value of a figure is the better one."""
    return name.rsplit("/", 1)[-1].removesuffix("_generated") in _LOWER_IS_BETTER


def _half_width(metric: Metric) -> float:
    return 0.0 if metric.low is None or metric.high is None else (metric.high - metric.low) / 2


def table(found: Comparison) -> Iterator[str]:
    """Yield the lines that show a comparison; a star marks differences with p below 0.05."""
    for name, run in (("first", found.first), ("second", found.second)):
        model = run.model.name if run.model else "no model"
        yield f"{name}: {model}, judge {run.judge}, commit {run.commit or 'unknown'}"
    if found.first.dataset != found.second.dataset:
        yield "The two runs read different data; only items with the same id are compared."
    if found.first.judge != found.second.judge:
        yield "The two runs were scored by different judges."
    yield ""
    yield f"{'':<36}{'first':>8}{'second':>8}{'change':>8}  {'95% interval':<18}{'p':>7}{'n':>6}"
    for name, one in found.differences.items():
        star = "*" if one.p is not None and one.p < 0.05 else ""
        yield (
            f"{name:<36}{one.first:>8.3f}{one.second:>8.3f}{one.difference:>+8.3f}  "
            f"{f'[{one.low:+.3f}, {one.high:+.3f}]':<18}{one.p:>7.3f}{one.n:>6}{star}"
        )
