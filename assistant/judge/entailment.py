"""The judge that gates answers: a small language model that was trained to say yes or no, and the checks.

The model reads the evidence once; each claim then costs some forty tokens. A long text is read in windows, those
that cover the claim best, and the best window decides.
"""

from collections.abc import Sequence

from assistant import sentences
from assistant.generate import Reader
from assistant.judge import calibration, checks, format
from assistant.judge.base import UNSUPPORTED, Evidence, Support, plain
from assistant.judge.calibration import Calibration
from assistant.judge.windows import joined, nearest, windowed
from assistant.judge.yes_no import YesOrNo
from assistant.sentences import Span


class EntailmentJudge:
    """Judges with a language model that reads, an adapter's weights, and the deterministic checks."""

    def __init__(self, reader: Reader, weights: Calibration) -> None:
        """Prepare a judge.

        Args:
            reader: the model with the judge's adapter.
            weights: fitted for that adapter.
        """
        self._model = YesOrNo(reader)
        self._calibration = weights

    @property
    def name(self) -> str:
        """The judge and its version."""
        return self._calibration.version

    def score(self, claims: Sequence[str], evidence: Evidence) -> list[Support]:
        """Return the support of each claim, in order; a claim's result doesn't depend on the others."""
        spans = sentences.split(evidence.text)
        windows = windowed(evidence, spans, self._model.tokens)
        if not windows:
            return [UNSUPPORTED for _ in claims]
        asked = [plain(claim) for claim in claims]
        if len(windows) == 1:
            answers = self._answers(asked, evidence, windows[0])
            return [self._support(claim, evidence, spans, one) for claim, one in zip(asked, answers, strict=True)]
        return self._best_windows(asked, evidence, windows)

    def answers(self, claims: Sequence[str], evidence: Evidence) -> list[float]:
        """Return the language model's logit of yes over no for each claim, from the evidence's first window."""
        windows = windowed(evidence, sentences.split(evidence.text), self._model.tokens)
        return self._answers(claims, evidence, windows[0]) if windows else [0.0 for _ in claims]

    def _best_windows(self, claims: Sequence[str], evidence: Evidence, windows: Sequence[list[Span]]) -> list[Support]:
        """Return the support of each claim's best window; of many, only those that cover the claim best are read.

        A window is read once for all the claims that it is read for.
        """
        near = [nearest(claim, evidence, windows) for claim in claims]
        answers: list[list[tuple[float, list[Span]]]] = [[] for _ in claims]
        for window in windows:
            here = [place for place, some in enumerate(near) if window in some]
            if here:
                given = self._answers([claims[place] for place in here], evidence, window)
                for place, answer in zip(here, given, strict=True):
                    answers[place].append((answer, window))
        best = [max(found, key=lambda pair: pair[0]) for found in answers]
        return [
            self._support(claim, Evidence(joined(evidence, window).text, evidence.title), window, answer)
            for claim, (answer, window) in zip(claims, best, strict=True)
        ]

    def _support(self, claim: str, evidence: Evidence, spans: Sequence[Span], answer: float) -> Support:
        aligned = checks.align(claim, spans)
        failures = checks.failures(claim, evidence, aligned)
        values = calibration.signals(answer, aligned, failures, len(claim.split()))
        return self._calibration.support(values, failures, aligned)

    def _answers(self, claims: Sequence[str], evidence: Evidence, window: Sequence[Span]) -> list[float]:
        text = format.evidence_text(evidence.title, joined(evidence, window).text)
        asked = [format.claim_text(claim) for claim in claims]
        return self._model.logits(text, format.MAX_WINDOW + 40, asked, format.MAX_CLAIM)
