"""From signals to a probability and a verdict.

A logistic regression weighs the language model's answer, how much of the claim the evidence covers, and the
deterministic checks. Its weights, and the threshold, were fitted by `assistant/training/fit_judge.py` on held-out
claims of the sets that may train; the file beside the adapter holds them with the figures that they reached.
"""

import math
from collections.abc import Sequence
from pathlib import Path

from assistant.judge.base import Failure, Support
from assistant.judge.checks import NAMES, Alignment
from assistant.records import Frozen, Verdict

_CONTRADICTING = frozenset({"number", "count", "negation", "direction"})
# What isn't in the evidence at all can't be supported by it, whatever the model says.
_FORBIDDING = frozenset({"number", "name"})
# Where no sentence has even this share of a claim's words, and no check fails, the evidence is silent on it.
_SILENT_BELOW = 0.35


class Calibration(Frozen):
    """Weights of the signals, and where `supported` begins.

    Attributes:
        version: names the judge, with the adapter that the weights were fitted for.
        adapter_sha256: that adapter's file.
        weights: one for each of `signals`, in its order.
        bias: added to their weighted sum.
        threshold: the probability from which a claim is supported.
        sure: the probability from which a statement may be shown on it.
        partial: the probability from which a claim is partly supported.
        figures: what was reached on the held-out claims.
    """

    version: str
    adapter_sha256: str
    weights: tuple[float, ...]
    bias: float
    threshold: float
    sure: float
    partial: float
    figures: dict[str, float]

    def support(self, values: Sequence[float], failures: tuple[Failure, ...], aligned: Sequence[Alignment]) -> Support:
        """Return a claim's support from its signals.

        Args:
            values: as `signals` returns them.
            failures: the checks that failed.
            aligned: the evidence's sentences, the deciding one first.
        """
        logit = self.bias + sum(weight * value for weight, value in zip(self.weights, values, strict=True))
        probability = 1 / (1 + math.exp(-max(-30.0, min(30.0, logit))))
        if any(failure.check in _FORBIDDING for failure in failures):
            probability = min(probability, 0.9 * self.threshold)
        best = aligned[0] if aligned else None
        verdict = self._verdict(probability, failures, best.coverage if best else 0.0)
        return Support(
            probability=round(probability, 4),
            support=round(scaled(probability, self.threshold), 4),
            verdict=verdict,
            sure=probability >= self.sure,
            start=best.span.start if best else None,
            end=best.span.end if best else None,
            checks=failures,
        )

    def _verdict(self, probability: float, failures: tuple[Failure, ...], coverage: float) -> Verdict:
        if probability >= self.threshold:
            return "supported"
        failed = {failure.check for failure in failures}
        if failed & _CONTRADICTING:
            return "contradicted"
        if probability >= self.partial:
            return "partial"
        return "undecidable" if coverage < _SILENT_BELOW and not failed else "unsupported"


def signals(answer: float, aligned: Sequence[Alignment], failures: Sequence[Failure], words: int) -> list[float]:
    """Return what the judgement rests on, in the order of the weights.

    Args:
        answer: the language model's logit of yes over no.
        aligned: the evidence's sentences, the one that covers the claim best first.
        failures: the checks that failed.
        words: the claim's length.
    """
    failed = {failure.check for failure in failures}
    best = aligned[0].coverage if aligned else 0.0
    second = aligned[1].coverage if len(aligned) > 1 else 0.0
    return [answer, best, second, min(words, 50) / 50, *(float(name in failed) for name in NAMES)]


SIGNALS = ("answer", "coverage", "second coverage", "length", *NAMES)


def scaled(probability: float, threshold: float) -> float:
    """Return a probability scaled piecewise so that the threshold falls on 0.5, and the order stays."""
    if probability >= threshold:
        return 0.5 + 0.5 * (probability - threshold) / (1 - threshold)
    return min(0.5 * probability / threshold, 0.4999)


def read(path: Path) -> Calibration:
    """Return the calibration in a file."""
    return Calibration.model_validate_json(path.read_text(encoding="utf-8"))
