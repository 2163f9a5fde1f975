"""Figures with intervals: means and other statistics of items, and differences between two runs on the same items.

A statistic is a function of the items' weights. All weights 1 give its value; the multiplicities of a bootstrap
resample give one of the values that its interval is read from. Items that belong together (all rows about one
claim, all statements of one answer) are drawn together.
"""

from collections.abc import Callable, Hashable, Iterator, Sequence

import numpy as np
import numpy.typing as npt

from assistant.records import Frozen

RESAMPLES = 1000
_AT_ONCE = 100

Floats = npt.NDArray[np.float64]
Statistic = Callable[[Floats], Floats]
"""From weights, shape (resamples, items), to values, shape (resamples,); NaN where it is undefined."""


class Metric(Frozen):
    """A figure with its 95% bootstrap interval; all None where nothing was measured."""

    value: float | None
    low: float | None
    high: float | None
    n: int
    """Number of items."""


class Difference(Frozen):
    """A figure of two runs on the same items, paired."""

    first: float | None
    second: float | None
    difference: float | None
    """Second less first."""
    low: float | None
    high: float | None
    p: float | None
    """Two-sided p-value of a paired permutation test: how often random swaps differ by as much."""
    n: int


def measure(statistic: Statistic, n: int, groups: Sequence[Hashable] | None = None, seed: int = 0) -> Metric:
    """Return a statistic of `n` items with its percentile bootstrap interval (Efron and Tibshirani 1993, chapter 13).

    Args:
        statistic: what is measured.
        n: how many items there are.
        groups: what each item belongs to; each stands alone by default.
        seed: draws the resamples.
    """
    if not n:
        return Metric(value=None, low=None, high=None, n=0)
    value = _number(point(statistic, n))
    if value is None:
        return Metric(value=None, low=None, high=None, n=n)
    values = np.concatenate([statistic(weights) for weights in _resamples(n, groups, seed)])
    known = values[~np.isnan(values)]
    low, high = np.percentile(known, [2.5, 97.5]) if len(known) else (value, value)
    return Metric(value=value, low=_number(low), high=_number(high), n=n)


def point(statistic: Statistic, n: int) -> float:
    """Return a statistic of `n` items without an interval; not a number where it isn't defined."""
    return float(statistic(np.ones((1, n)))[0])


def mean(values: Sequence[float], groups: Sequence[Hashable] | None = None, seed: int = 0) -> Metric:
    """Return the mean of some values with its interval; empty for no values."""
    return measure(share(np.asarray(values, dtype=float)), len(values), groups, seed)


def share(values: npt.ArrayLike, among: npt.NDArray[np.bool_] | None = None) -> Statistic:
    """Return the statistic: the mean of the values, among some of the items."""
    array = np.asarray(values, dtype=float)

    def of(weights: Floats) -> Floats:
        chosen = weights if among is None else weights * among
        return ratio(chosen @ array, chosen.sum(axis=1))

    return of


def ratio(above: Floats, below: Floats) -> Floats:
    """Return above / below, NaN where below is 0."""
    result: Floats = np.divide(above, below, out=np.full(len(below), np.nan), where=below > 0)
    return result


def compare(first: Sequence[float], second: Sequence[float], seed: int = 0) -> Difference:
    """Return the paired difference of two runs' means over the same items, in the same order.

    The interval is a bootstrap over the items; the test swaps the two runs' values item by item at random (Noreen
    1989, "approximate randomization"), 10,000 times, and counts the untouched arrangement among them.
    """
    n = len(first)
    if n != len(second):
        raise ValueError("paired runs have the same items")
    if not n:
        return Difference(first=None, second=None, difference=None, low=None, high=None, p=None, n=0)
    apart = np.asarray(second, dtype=float) - np.asarray(first, dtype=float)
    interval = mean([float(value) for value in apart], seed=seed)
    signs = np.random.default_rng(seed).choice([-1.0, 1.0], (10 * RESAMPLES, n))
    as_far = np.abs(signs @ apart) >= abs(apart.sum()) - 1e-12
    return Difference(
        first=_number(np.mean(first)),
        second=_number(np.mean(second)),
        difference=interval.value,
        low=interval.low,
        high=interval.high,
        p=_number((as_far.sum() + 1) / (len(as_far) + 1)),
        n=n,
    )


def _resamples(n: int, groups: Sequence[Hashable] | None, seed: int) -> Iterator[Floats]:
    """Yield the multiplicities of each item in each resample, some resamples at a time."""
    numbered: dict[Hashable, int] = {}
    member = np.array([numbered.setdefault(group, len(numbered)) for group in groups]) if groups else np.arange(n)
    count = len(numbered) or n
    random = np.random.default_rng(seed)
    for _ in range(RESAMPLES // _AT_ONCE):
        picks = random.integers(0, count, (_AT_ONCE, count)) + count * np.arange(_AT_ONCE)[:, None]
        drawn = np.bincount(picks.ravel(), minlength=_AT_ONCE * count).reshape(_AT_ONCE, count)
        yield drawn[:, member].astype(float)


def _number(value: "np.floating | float") -> float | None:
    return None if np.isnan(value) else round(float(value), 4)
