"""Deterministic checks of a claim against a whole abstract, each of which can say in words what it found.

They look at what a small language model misses or can't explain: numbers with their unit, names and acronyms, a
direction or a negation that the aligned sentence doesn't have, a claim of scope, a lost hedge. A claim may be a free
paraphrase, so most of them are signs and no verdicts: the judge weighs them (`calibration`), and they explain.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from assistant import check
from assistant.judge.base import Evidence, Failure
from assistant.judge.quantities import Quantity, quantities
from assistant.lexicon import synonym_stems
from assistant.sentences import Span
from assistant.terms import content_stems, is_identifier, stem, tokens

NAMES = ("number", "count", "name", "negation", "direction", "scope", "hedge")
"""The checks, in the order of the judge's weights."""


@dataclass(frozen=True)
class Alignment:
    """The sentence of the evidence that a claim most likely rests on.

    Attributes:
        span: the sentence.
        coverage: the share of the claim's content words that it has, 0..1, rarer ones counting more.
    """

    span: Span
    coverage: float


def align(claim: str, spans: Sequence[Span]) -> list[Alignment]:
    """Return the sentences in the order of how much of the claim each covers; words of few sentences count more."""
    stems = [_with_synonyms(content_stems(span.text)) for span in spans]
    said = set(content_stems(claim))
    weights = {word: 1.0 / (1 + sum(word in there for there in stems)) for word in said}
    total = sum(weights.values()) or 1.0
    aligned = [
        Alignment(span, sum(weights[word] for word in said & there) / total)
        for span, there in zip(spans, stems, strict=True)
    ]
    return sorted(aligned, key=lambda item: (-item.coverage, item.span.start))


def _with_synonyms(stems: Sequence[str]) -> set[str]:
    return {other for word in stems for other in (word, *synonym_stems(word))}


def failures(claim: str, evidence: Evidence, aligned: Sequence[Alignment]) -> tuple[Failure, ...]:
    """Return the checks that a claim fails.

    Args:
        claim: one sentence.
        evidence: the abstract.
        aligned: its sentences, the one that covers the claim best first.
    """
    best = aligned[0].span.text if aligned else ""
    near = " ".join(item.span.text for item in aligned[:2])
    whole = f"{evidence.title}. {evidence.text}"
    found = (
        _numbers(claim, whole, near),
        _counts(claim, whole),
        _names(claim, whole),
        _negation(claim, best, near),
        _direction(claim, best),
        _scope(claim, whole),
        _hedge(claim, best),
    )
    return tuple(failure for failure in found if failure is not None)


def _numbers(claim: str, whole: str, near: str) -> Failure | None:
    there = quantities(whole)
    for said in quantities(claim):
        if said.spelled or any(said.agrees(other) for other in there) or _derived(said, there):
            continue
        instead = _instead(said, quantities(near)) or _instead(said, there)
        says = f"the abstract says {instead.text}, the sentence {said.text}" if instead else f"{said.text} isn't there"
        return Failure(check="number", why=says)
    return None


def _counts(claim: str, whole: str) -> Failure | None:
    """Hold what the claim counts against what the abstract counts: "two tasks" isn't "three tasks"."""
    there = quantities(whole)
    for said in quantities(claim):
        if not said.counts:
            continue
        same = [other for other in there if other.counts == said.counts]
        if same and not any(said.agrees(other) for other in same) and not _derived(said, same):
            return Failure(
                check="count", why=f"the abstract says {same[0].text} {said.counts}…, the sentence {said.text}"
            )
        if said.spelled and not same and not any(said.agrees(other) for other in there):
            return Failure(check="count", why=f"the abstract doesn't count {said.text} {said.counts}…")
    return None


def _derived(said: Quantity, there: Sequence[Quantity]) -> bool:
    """Tell whether a figure is the difference or the ratio of two that the evidence gives."""
    values = [other.value for other in there][:12]
    return any(
        abs(one - other - said.value) < 0.051 or (other and abs(one / other - said.value) < 0.051 * said.value)
        for one in values
        for other in values
        if one > other
    )


def _instead(said: Quantity, there: Sequence[Quantity]) -> Quantity | None:
    """Return the figure in whose place the claim's seems to stand: one that counts the same, else the nearest."""
    if not there:
        return None
    same = [other for other in there if other.counts == said.counts and said.counts] or [
        other for other in there if other.percent == said.percent and not other.spelled
    ]
    return min(same, key=lambda other: abs(other.value - said.value), default=None)


def _names(claim: str, whole: str) -> Failure | None:
    known = {part for word in tokens(whole) for part in _parts(word)}
    stems = {stem(word) for word in known}
    for place, token in enumerate(tokens(claim)):
        if not any(char.isalpha() for char in token) or not _is_name(token, place, claim):
            continue
        parts = _parts(token)
        if all(part in known or stem(part) in stems for part in parts) or check.spells(token, whole):
            continue
        return Failure(check="name", why=f"names {token}, which the abstract doesn't")
    return None


def _parts(token: str) -> set[str]:
    return {part for part in re.split(r"[-/’'.+]", token.lower()) if part and part != "s" and not part.isdigit()}


def _is_name(token: str, place: int, claim: str) -> bool:
    if is_identifier(token):
        return any(part[1:] != part[1:].lower() or any(c.isdigit() for c in part) for part in token.split("-"))
    return place > 0 and token[0].isupper() and check.capital_inside(claim, token)


def _negation(claim: str, best: str, near: str) -> Failure | None:
    said = check.NEGATION.search(claim)
    if said and not check.NEGATION.search(near):
        return Failure(check="negation", why=f"says “{said.group()}” where the abstract denies nothing")
    there = check.NEGATION.search(best)
    if there and not said:
        return Failure(check="negation", why=f"leaves out the abstract's “{there.group()}”")
    return None


def _direction(claim: str, best: str) -> Failure | None:
    said, there = check.all_stems(claim), check.all_stems(best)
    for one, other in check.OPPOSITE_STEMS:
        for left, right in ((one, other), (other, one)):
            if said & left and not said & right and there & right and not there & left:
                here, against = min(said & left), min(there & right)
                return Failure(check="direction", why=f"says “{here}…” where the abstract says “{against}…”")
    return None


def _scope(claim: str, whole: str) -> Failure | None:
    there = {word.lower() for word in tokens(whole)}
    denied = check.NEGATION.search(claim)
    for word in tokens(claim):
        if word.lower() == "any" and denied:
            continue
        if word.lower() in check.SCOPE and word.lower() not in there:
            return Failure(check="scope", why=f"claims “{word}”, which the abstract doesn't")
    return None


def _hedge(claim: str, best: str) -> Failure | None:
    careful = check.HEDGE.search(best)
    if careful and not check.HEDGE.search(claim):
        return Failure(check="hedge", why=f"the abstract is more careful (“{careful.group()}”)")
    return None
