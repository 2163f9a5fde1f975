"""The judge that scores evaluations: it reads the claim first, and of the evidence only what is nearest to it.

It is built otherwise than the judge that gates answers. That one reads the whole abstract before it knows any claim,
and weighs the deterministic checks; this one picks the sentences that are nearest to a claim, by words and by
meaning, reads the claim, those sentences, and the claim again, and none of the checks has a say. Its adapter was
trained from the plain model on other data, with another seed.
"""

from collections.abc import Sequence

from assistant import sentences
from assistant.embed import Embedder
from assistant.generate import Reader
from assistant.judge import checks, format
from assistant.judge.base import Evidence, Support
from assistant.judge.calibration import Calibration
from assistant.judge.windows import nearest_sentences
from assistant.judge.yes_no import YesOrNo
from assistant.sentences import Span

# Of a long text, only the sentences that cover the claim best are compared by meaning.
_COMPARED = 40

SIGNALS = ("answer", "coverage", "length")


class ClaimFirstJudge:
    """Judges with a language model that knows what to look for before it reads."""

    def __init__(self, reader: Reader, embedder: Embedder, weights: Calibration) -> None:
        """Prepare a judge.

        Args:
            reader: the model with this judge's adapter.
            embedder: compares the claim with each sentence.
            weights: fitted for them.
        """
        self._model = YesOrNo(reader)
        self._embedder = embedder
        self._calibration = weights

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
        return [
            self._calibration.support(values, (), checks.align(claim, spans))
            for claim, values in zip(plain, self.signals(plain, evidence, spans), strict=True)
        ]

    def signals(self, claims: Sequence[str], evidence: Evidence, spans: Sequence[Span]) -> list[list[float]]:
        """Return each claim's signals in the order of SIGNALS.

        Args:
            claims: one sentence each.
            evidence: the text; its title is read with every claim.
            spans: its sentences.
        """
        found = []
        for claim in claims:
            aligned = checks.align(claim, spans)[:_COMPARED]
            vectors = self._embedder.embed([*(item.span.text for item in aligned), claim])
            cosines = vectors[:-1] @ vectors[-1]
            near = " ".join(span.text for span in nearest_sentences(aligned, cosines))
            asked = format.claim_first_text(claim, evidence.title, near)
            (answer,) = self._model.logits("", 0, [asked], format.MAX_CLAIM_FIRST)
            found.append([answer, aligned[0].coverage, min(len(claim.split()), 50) / 50])
        return found
