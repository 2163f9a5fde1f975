"""The judge that scores evaluations: how much more probable each word of a claim becomes with the evidence.

It is built differently from the judge that gates answers: no adapter, no yes or no, none of the gate's checks. The
plain model reads the claim twice, behind the evidence and alone; words that the evidence doesn't lead to stay
improbable. Ten numbers of that kind, and how near the claim comes to a sentence by meaning, are weighed by a logistic
regression (`assistant/training/fit_surprise.py`).
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from assistant import sentences
from assistant.embed import Embedder
from assistant.generate import Reader
from assistant.judge import checks, format
from assistant.judge.base import Evidence, Support
from assistant.judge.calibration import Calibration
from assistant.judge.windows import joined, nearest, windowed

SIGNALS = (
    "mean", "least", "low", "mean gain", "least gain", "low gain", "gain share", "surprising", "late", "alone",
    "coverage", "similarity", "two nearest", "length",
)  # fmt: skip
# A word that is less probable than this even with the evidence is one that the evidence doesn't lead to.
_SURPRISING = -5.0


class SurpriseJudge:
    """Judges by the probability of a claim's words with and without the evidence."""

    def __init__(self, reader: Reader, embedder: Embedder, weights: Calibration) -> None:
        """Prepare a judge.

        Args:
            reader: the plain model.
            embedder: compares the claim with each sentence.
            weights: fitted for them.
        """
        self._reader = reader
        self._embedder = embedder
        self._calibration = weights
        self._opening = reader.tokens(format.OPENING, special=True)

    @property
    def name(self) -> str:
        """The judge and its version."""
        return self._calibration.version

    def score(self, claims: Sequence[str], evidence: Evidence) -> list[Support]:
        """Return the support of each claim, in order; a claim's result doesn't depend on the others."""
        spans = sentences.split(evidence.text)
        if not spans:
            return [Support(probability=0.0, support=0.0, verdict="unsupported") for _ in claims]
        results = []
        for claim in (claim.strip().strip("“”") for claim in claims):
            supports = [
                self._calibration.support(values, (), checks.align(claim, window))
                for window, values in self.signals(claim, evidence, spans)
            ]
            results.append(max(supports, key=lambda support: support.probability))
        return results

    def signals(
        self, claim: str, evidence: Evidence, spans: Sequence[sentences.Span]
    ) -> list[tuple[list[sentences.Span], list[float]]]:
        """Return the signals of a claim in the order of SIGNALS, for each window that is read."""
        asked = self._reader.tokens("\n" + claim)[-format.MAX_CLAIM :]
        alone = self._probabilities(self._opening, asked)
        found = []
        for window in nearest(claim, evidence, windowed(evidence, spans, self._reader.tokens)):
            text = format.evidence_text(evidence.title, joined(evidence, window).text)
            behind = self._probabilities(self._opening + self._reader.tokens(text)[: format.MAX_WINDOW + 40], asked)
            vectors = self._embedder.embed([claim, *(span.text for span in window)])
            similar = np.sort(vectors[1:] @ vectors[0])[::-1]
            coverage = checks.align(claim, [joined(evidence, window)])[0].coverage
            found.append((window, _features(behind, alone, coverage, similar, len(claim.split()))))
        return found

    def _probabilities(self, prefix: Sequence[int], asked: Sequence[int]) -> npt.NDArray[np.float64]:
        return self._reader.follow(prefix, [asked], [])[0].log_probabilities


def _features(
    behind: npt.NDArray[np.float64],
    alone: npt.NDArray[np.float64],
    coverage: float,
    similar: npt.NDArray[np.float32],
    words: int,
) -> list[float]:
    """Return the signals, each scaled to about one.

    Args:
        behind: (n,) log-probabilities of the claim's tokens behind the evidence, in nats.
        alone: (n,) the same without it.
        coverage: share of the claim's words in the evidence.
        similar: (sentences,) cosines with the evidence's sentences, highest first.
        words: the claim's length.
    """
    if not len(behind):
        behind = alone = np.zeros(1)
    gain = behind - alone
    low = max(1, len(behind) // 5)
    half = len(behind) // 2
    return [
        float(behind.mean()),
        float(behind.min()) / 5,
        float(np.sort(behind)[:low].mean()) / 5,
        float(gain.mean()),
        float(gain.min()) / 5,
        float(np.sort(gain)[:low].mean()) / 5,
        float((gain > 0.5).mean()),
        float((behind < _SURPRISING).mean()),
        float(behind[half:].mean()),
        float(alone.mean()),
        coverage,
        float(similar[0]),
        float(similar[:2].mean()),
        min(words, 50) / 50,
    ]
