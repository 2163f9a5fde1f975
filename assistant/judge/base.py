"""What every support judge gives and takes.

A judge is asked whether an evidence text says what a claim claims. It answers with a calibrated probability, a
verdict, the sentence of the evidence that decides, and the checks that failed, in words.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from assistant.records import Frozen, Verdict


@dataclass(frozen=True)
class Evidence:
    """A text that claims are held against.

    Attributes:
        text: the abstract, or a passage; up to 30,000 words.
        title: what it is called; names in it count as known.
    """

    text: str
    title: str = ""


class Failure(Frozen):
    """A check that a claim failed.

    Attributes:
        check: which one (`number`, `name`, `direction`, …).
        why: in words, with what the evidence says instead.
    """

    check: str
    why: str


class Support(Frozen):
    """A judge's answer for one claim.

    Attributes:
        probability: calibrated probability, 0..1, that the evidence supports the claim.
        support: the same scaled so that it is >= 0.5 exactly when the verdict is `supported`.
        verdict: as shown to the user.
        sure: whether it is so clearly supported that a statement may be shown on it: of the held-out contradicted
            claims, at most one in twenty is.
        start: where the deciding sentence starts in the evidence text, in characters; None where there is none.
        end: where it ends.
        checks: the checks that failed.
    """

    probability: float
    support: float
    verdict: Verdict
    sure: bool = False
    start: int | None = None
    end: int | None = None
    checks: tuple[Failure, ...] = ()

    @property
    def why(self) -> str:
        """The failed checks in words; empty where none failed."""
        return "; ".join(failure.why for failure in self.checks)


UNSUPPORTED = Support(probability=0.0, support=0.0, verdict="unsupported")
"""What every claim gets from evidence without a sentence."""


def plain(claim: str) -> str:
    """Return a claim without the quotation marks that it may stand in."""
    return claim.strip().strip("“”")


class Judge(Protocol):
    """Tells what evidence supports."""

    @property
    def name(self) -> str:
        """What `checked_by` says: the judge and its version."""
        ...

    def score(self, claims: Sequence[str], evidence: Evidence) -> list[Support]:
        """Return the support of each claim, in order; a claim's result doesn't depend on the others."""
        ...


def score_pairs(judge: Judge, pairs: Iterable[tuple[str, Evidence]]) -> list[Support]:
    """Return the support of each pair, in order; pairs with the same evidence are judged together.

    Reading the evidence is most of the work, so a judge reads each one once.
    """
    listed = list(pairs)
    places: dict[Evidence, list[int]] = {}
    for place, (_, evidence) in enumerate(listed):
        places.setdefault(evidence, []).append(place)
    results: dict[int, Support] = {}
    for evidence, at in places.items():
        scored = judge.score([listed[place][0] for place in at], evidence)
        results.update(zip(at, scored, strict=True))
    return [results[place] for place in range(len(listed))]
