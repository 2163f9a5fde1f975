"""The judge that only counts words: the baseline that every other judge is printed beside."""

from collections.abc import Sequence

from assistant import sentences
from assistant.judge.base import Evidence, Support
from assistant.judge.calibration import scaled
from assistant.terms import content_stems

# Best mean balanced accuracy on the SciFact training claims and the WiCE development rows.
THRESHOLD = 0.65


class OverlapJudge:
    """Calls a claim supported when enough of its words are in the evidence; sees no negation and no order."""

    name = "overlap"

    def score(self, claims: Sequence[str], evidence: Evidence) -> list[Support]:
        """Return the support of each claim; the probability is the share of its content stems, not a calibrated one."""
        known = set(content_stems(f"{evidence.title} {evidence.text}"))
        spans = sentences.split(evidence.text)
        stems = [set(content_stems(span.text)) for span in spans]
        results = []
        for claim in claims:
            said = content_stems(claim)
            share = sum(stem in known for stem in said) / len(said) if said else 0.0
            shared = [len(set(said) & one) for one in stems]
            best = spans[shared.index(max(shared))] if any(shared) else None
            results.append(
                Support(
                    probability=share,
                    support=scaled(share, THRESHOLD),
                    verdict="supported" if share >= THRESHOLD else "unsupported",
                    start=best.start if best else None,
                    end=best.end if best else None,
                )
            )
        return results
