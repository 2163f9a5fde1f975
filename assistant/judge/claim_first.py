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
from assistant.judge.base import UNSUPPORTED, Evidence, Support, plain
from assistant.judge.calibration import Calibration
from assistant.judge.checks import Alignment
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
        return [self._score(plain(claim), evidence, spans) if spans else UNSUPPORTED for claim in claims]

    def _score(self, claim: str, evidence: Evidence, spans: Sequence[Span]) -> Support:
        aligned = checks.align(claim, spans)
        return self._calibration.support(self.signals(claim, evidence, aligned), (), aligned)

    def signals(self, claim: str, evidence: Evidence, aligned: Sequence[Alignment]) -> list[float]:
        """Return a claim's signals in the order of SIGNALS.

        Args:
            claim: one sentence.
            evidence: the text; its title is read with every claim.
            aligned: its sentences, the one that covers the claim best first.
        """
        asked = format.claim_first_text(claim, evidence.title, nearest_sentences(claim, aligned, self._embedder))
        (answer,) = self._model.logits("", 0, [asked], format.MAX_CLAIM_FIRST)
        return [answer, aligned[0].coverage, min(len(claim.split()), 50) / 50]


def nearest_sentences(
    claim: str, aligned: Sequence[Alignment], embedder: Embedder, words: int = format.NEAREST_WORDS
) -> str:
    """Return the sentences that are nearest to a claim, by words and by meaning, in their order in the text.

    Args:
        claim: one sentence.
        aligned: the sentences of the evidence, the one that covers the claim best first.
        embedder: compares meanings.
        words: how many words they may have together; the nearest two are always among them.
    """
    compared = aligned[:_COMPARED]
    vectors = embedder.embed([*(item.span.text for item in compared), claim])
    closeness = vectors[:-1] @ vectors[-1] + [item.coverage for item in compared]
    order = sorted(range(len(compared)), key=lambda at: (-closeness[at], compared[at].span.start))
    spans = [compared[at].span for at in order]
    lengths = [len(span.text.split()) for span in spans]
    taken = 2
    while taken < len(spans) and sum(lengths[: taken + 1]) <= words:
        taken += 1
    return " ".join(span.text for span in sorted(spans[:taken], key=lambda span: span.start))
