"""The judge that needs no model: each claim against the sentence that covers it best, by the deterministic checks."""

from collections.abc import Sequence

from assistant import check, sentences
from assistant.judge.base import UNSUPPORTED, Evidence, Failure, Support, plain


class RulesJudge:
    """Judges by the checks alone; refuses most true paraphrases, and lets few false claims pass."""

    name = "rules"

    def score(self, claims: Sequence[str], evidence: Evidence) -> list[Support]:
        """Return the support of each claim; the probability is a plain 0 or 1, not a calibrated one."""
        spans = sentences.split(evidence.text)
        return [self._score(plain(claim), evidence, spans) for claim in claims]

    @staticmethod
    def _score(claim: str, evidence: Evidence, spans: Sequence[sentences.Span]) -> Support:
        if not spans:
            return UNSUPPORTED
        best = max(spans, key=lambda span: check.coverage(claim, span.text))
        if claim in evidence.text:
            return Support(probability=1.0, support=1.0, verdict="supported", sure=True, start=best.start, end=best.end)
        finding = check.check(claim, best.text, evidence.text, evidence.title)
        passes = float(finding.verdict == "supported")
        failures = (Failure(check="rules", why=finding.why),) if finding.why else ()
        return Support(
            probability=passes,
            support=passes,
            verdict=finding.verdict,
            sure=bool(passes),
            start=best.start,
            end=best.end,
            checks=failures,
        )
