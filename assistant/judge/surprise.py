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
from assistant.sentences import Span

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
        plain = [claim.strip().strip("“”") for claim in claims]
        results = []
        for claim, found in zip(plain, self.signals(plain, evidence, spans), strict=True):
            supports = [self._calibration.support(values, (), checks.align(claim, window)) for window, values in found]
            results.append(max(supports, key=lambda support: support.probability))
        return results

    def signals(
        self, claims: Sequence[str], evidence: Evidence, spans: Sequence[Span]
    ) -> list[list[tuple[list[Span], list[float]]]]:
        """Return each claim's signals in the order of SIGNALS, for each window that is read for it.

        All claims about one window are read together, because the model keeps one text in mind at a time.
        """
        asked = [self._reader.tokens("\n" + claim)[-format.MAX_CLAIM :] for claim in claims]
        alone = self._probabilities(self._opening, asked)
        windows = windowed(evidence, spans, self._reader.tokens)
        found: list[list[tuple[list[Span], list[float]]]] = [[] for _ in claims]
        near = [nearest(claim, evidence, windows) for claim in claims]
        for window in windows:
            here = [place for place, some in enumerate(near) if window in some]
            if not here:
                continue
            text = joined(evidence, window)
            prefix = self._opening + self._reader.tokens(format.evidence_text(evidence.title, text.text))
            behind = self._probabilities(prefix[: format.MAX_WINDOW + 40], [asked[place] for place in here])
            vectors = self._embedder.embed([span.text for span in window] + [claims[place] for place in here])
            for row, place in enumerate(here):
                similar = np.sort(vectors[: len(window)] @ vectors[len(window) + row])[::-1]
                coverage = checks.align(claims[place], [text])[0].coverage
                values = _features(behind[row], alone[place], coverage, similar, len(claims[place].split()))
                found[place].append((window, values))
        return found

    def _probabilities(self, prefix: Sequence[int], asked: Sequence[Sequence[int]]) -> list[npt.NDArray[np.float64]]:
        return [read.log_probabilities for read in self._reader.follow(prefix, asked, [])]


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
