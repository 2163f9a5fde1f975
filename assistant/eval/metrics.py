"""The metrics, each with its definition and source.

Every figure is a mean over items with a 95% interval from a bootstrap over the items (percentiles of 1,000
resamples), so that a small sample shows as a wide interval.
"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from assistant.records import Answer, Frozen, Statement

RESAMPLES = 1000


class Metric(Frozen):
    """A mean with its bootstrap interval."""

    value: float | None
    low: float | None
    high: float | None
    n: int


def bootstrap(values: Sequence[float], seed: int = 0) -> Metric:
    """Return the mean of some values with its 95% bootstrap interval; empty for no values."""
    if not values:
        return Metric(value=None, low=None, high=None, n=0)
    array = np.asarray(values, dtype=float)
    picks = np.random.default_rng(seed).integers(0, len(array), (RESAMPLES, len(array)))
    low, high = np.percentile(array[picks].mean(axis=1), [2.5, 97.5])
    return Metric(
        value=round(float(array.mean()), 4), low=round(float(low), 4), high=round(float(high), 4), n=len(array)
    )


def balanced_accuracy(positive: Sequence[bool], predicted: Sequence[bool], seed: int = 0) -> Metric:
    """Return the mean of the recall on positives and the recall on negatives, with its interval."""
    truth, said = np.asarray(positive), np.asarray(predicted)

    def of(index: "np.ndarray[tuple[int], np.dtype[np.int64]]") -> float:
        t, s = truth[index], said[index]
        parts = [float((s[t == side] == side).mean()) for side in (True, False) if (t == side).any()]
        return float(np.mean(parts))

    everything = np.arange(len(truth))
    picks = np.random.default_rng(seed).integers(0, len(truth), (RESAMPLES, len(truth)))
    low, high = np.percentile([of(pick) for pick in picks], [2.5, 97.5])
    return Metric(value=round(of(everything), 4), low=round(float(low), 4), high=round(float(high), 4), n=len(truth))


Supports = Callable[[str, Sequence[str]], bool]
"""Tells whether some passages, taken together, support a statement."""


def citation_recall(statement: Statement, passages: Mapping[str, str], supports: Supports) -> float:
    """Return 1 if the statement's cited passages together support it, else 0.

    ALCE (Gao et al. 2023, "Enabling Large Language Models to Generate Text with Citations"), section 3: a statement
    without a citation has recall 0.

    Args:
        statement: the statement.
        passages: what each key's citation stands for, by key.
        supports: the judge.
    """
    cited = [passages[citation.key] for citation in statement.citations]
    return float(bool(cited) and supports(statement.text, cited))


def citation_precision(statement: Statement, passages: Mapping[str, str], supports: Supports) -> list[float]:
    """Return, for each citation of a statement, 1 if it is relevant, else 0.

    ALCE, section 3: all citations of a statement without recall are irrelevant; otherwise a citation is irrelevant
    if it doesn't support the statement alone and the others support it without it.
    """
    keys = [citation.key for citation in statement.citations]
    if not citation_recall(statement, passages, supports):
        return [0.0] * len(keys)
    scores = []
    for place, key in enumerate(keys):
        others = [passages[other] for at, other in enumerate(keys) if at != place]
        alone = supports(statement.text, [passages[key]])
        scores.append(float(alone or not (others and supports(statement.text, others))))
    return scores


def exact_quotes(answer: Answer, abstracts: Mapping[str, str]) -> list[float]:
    """Return, for each citation of an answer, 1 if its quote equals `abstract[start:end]`, else 0."""
    return [
        float(abstracts.get(c.key, "")[c.start : c.end] == c.quote and bool(c.quote))
        for statement in answer.statements
        for c in statement.citations
    ]


def gold_recall(answer: Answer, gold: Sequence[str]) -> float:
    """Return the share of the gold papers that the answer cites."""
    cited = {source.key for source in answer.sources}
    return len(cited & set(gold)) / len(gold)


def gold_precision(answer: Answer, gold: Sequence[str]) -> float:
    """Return the share of the papers that the answer cites that are gold; an answer that cites none has 0."""
    cited = {source.key for source in answer.sources}
    return len(cited & set(gold)) / len(cited) if cited else 0.0


def fact_coverage(text: str, facts: Sequence[Sequence[str]]) -> float:
    """Return the share of the facts of which the text has at least one wording, compared in lower case."""
    lowered = text.lower()
    return sum(any(wording.lower() in lowered for wording in fact) for fact in facts) / len(facts)
