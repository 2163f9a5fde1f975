"""Measures of a judge that calls claims supported or not: accuracy, ranking, calibration, risk against coverage.

`truth` is whether a claim is labelled supported, `said` whether the judge called it so, `score` what it is ranked by
and `probability` what it states; all are arrays over the same items.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from assistant.eval.statistics import Floats, Statistic, ratio, share
from assistant.records import Frozen

BINS = 10

Flags = npt.NDArray[np.bool_]


def balanced_accuracy(truth: Flags, said: Flags) -> Statistic:
    """Return the mean of the recall on the supported and the recall on the others.

    Where only one of the two sides occurs, it is that side's recall.
    """
    kept, caught = share(said, truth), share(~said, ~truth)

    def of(weights: Floats) -> Floats:
        one, other = kept(weights), caught(weights)
        return np.where(np.isnan(one), other, np.where(np.isnan(other), one, (one + other) / 2))

    return of


def f1(truth: Flags, said: Flags) -> Statistic:
    """Return F1 of the class supported: 2 TP / (2 TP + FP + FN)."""

    def of(weights: Floats) -> Floats:
        hits = weights @ (truth & said)
        return ratio(2 * hits, weights @ truth.astype(float) + weights @ said.astype(float))

    return of


def auroc(truth: Flags, score: Floats) -> Statistic:
    """Return the probability that a supported claim has a higher score than another one, ties counting half.

    That is the area under the ROC curve (Hanley and McNeil 1982).
    """
    order = np.argsort(score, kind="stable")
    starts = np.flatnonzero(np.diff(score[order], prepend=-np.inf))

    def of(weights: Floats) -> Floats:
        ranked, positive = weights[:, order], truth[order]
        up = np.add.reduceat(ranked * positive, starts, axis=1)
        down = np.add.reduceat(ranked * ~positive, starts, axis=1)
        below = np.cumsum(down, axis=1) - down
        return ratio((up * (below + down / 2)).sum(axis=1), up.sum(axis=1) * down.sum(axis=1))

    return of


def expected_calibration_error(truth: Flags, probability: Floats) -> Statistic:
    """Return the mean distance between stated probability and share supported, over ten bins of equal width.

    Each bin counts by its items (Guo et al. 2017, "On Calibration of Modern Neural Networks").
    """
    member = _bins(probability)[:, None] == np.arange(BINS)

    def of(weights: Floats) -> Floats:
        gap = np.abs(weights @ (member * probability[:, None]) - weights @ (member * truth[:, None]))
        return ratio(gap.sum(axis=1), weights.sum(axis=1))

    return of


class ReliabilityBin(Frozen):
    """One row of a reliability table."""

    low: float
    high: float
    n: int
    probability: float
    """Mean probability that the judge states there."""
    supported: float
    """Share of the claims there that are supported."""


def reliability(truth: Flags, probability: Floats) -> tuple[ReliabilityBin, ...]:
    """Return the ten bins of the calibration error that hold anything, from low to high."""
    place = _bins(probability)
    return tuple(
        ReliabilityBin(
            low=number / BINS,
            high=(number + 1) / BINS,
            n=int(inside.sum()),
            probability=round(float(probability[inside].mean()), 4),
            supported=round(float(truth[inside].mean()), 4),
        )
        for number in range(BINS)
        if (inside := place == number).any()
    )


def _bins(probability: Floats) -> npt.NDArray[np.int64]:
    return np.minimum((probability * BINS).astype(np.int64), BINS - 1)


class RiskPoint(Frozen):
    """How often a judge errs among the share of the items that it is surest of."""

    coverage: float
    risk: float


def risk_coverage(confidence: Sequence[float], wrong: Sequence[bool]) -> tuple[RiskPoint, ...]:
    """Return the risk–coverage curve: the items from the surest on, one point wherever the confidence falls.

    El-Yaniv and Wiener 2010, "On the Foundations of Noise-free Selective Classification".
    """
    sure = np.asarray(confidence, dtype=float)
    order = np.argsort(-sure, kind="stable")
    errors = np.cumsum(np.asarray(wrong, dtype=float)[order])
    last = np.append(np.diff(sure[order]) != 0, True) if len(order) else np.zeros(0, dtype=bool)
    return tuple(
        RiskPoint(coverage=round((place + 1) / len(order), 4), risk=round(float(errors[place]) / (place + 1), 4))
        for place in np.flatnonzero(last)
    )


def area_under_risk(curve: Sequence[RiskPoint]) -> float | None:
    """Return the mean risk over all coverages, each point standing for the stretch that ends in it; lower is better."""
    if not curve:
        return None
    starts = [0.0, *(point.coverage for point in curve[:-1])]
    widths = [point.coverage - start for start, point in zip(starts, curve, strict=True)]
    return round(sum(width * point.risk for width, point in zip(widths, curve, strict=True)), 4)
