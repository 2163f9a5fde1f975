"""What a question takes for granted, and whether the abstracts deny it.

"Why does X get worse with Y?" asks for a reason and takes for granted that X gets worse with Y. That claim is put
before the support judge like any other; where it finds the claim all but impossible, the answer opens with the sentence
that decides, and says that the premise is false.
"""

import re
from dataclasses import dataclass

from assistant.judge.base import Evidence, Judge
from assistant.records import Paper
from assistant.select import Choice, tellable
from assistant.terms import STOPWORDS, content_stems

# Of the true claims in thoroughly other words that the judge was tried on, 3 to 4 in 100 are less probable than this.
_DENIED_BELOW = 0.15
# A premise about something that the abstract doesn't speak of is not denied by it.
_MIN_SHARED = 0.4
_MIN_WORDS = 4

_GIVEN = re.compile(
    r"^(?:given(?: that)?|since|considering(?: that)?|assuming(?: that)?|if it is true that) (?P<claim>[^?]+?),"
    r" (?:why|how|what|when|where|which|by)\b",
    re.IGNORECASE,
)
_WHY = re.compile(
    r"^(?:why|how come|for what reason) (?P<auxiliary>do|does|did|is|are|was|were|has|have|had|can|could)(?: it that)?"
    r" (?P<rest>[^?]+)",
    re.IGNORECASE,
)
_MADE = re.compile(r"^what (?:made|makes) (?P<subject>.+?) (?P<what>(?:the|a|an) [^?]+)", re.IGNORECASE)
_HOW_MUCH = re.compile(r"^by how (?:much|many \w+) (?P<auxiliary>do|does|did) (?P<rest>[^?]+)", re.IGNORECASE)
# Where a predicate begins behind "is", "was", "have": an adjective with "to", an article, a participle, a preposition.
_PREDICATE = re.compile(
    r"(?<=\S) (?=(?:not|no|never|so|too|more|less|better|worse|best|worst|the|an?|able|unable|likely|hard|easy"
    r"|harmful|useful|in|on|at|for|with|by|from|to|as|under|among|[a-z]+(?:ed|ing|ful|ous|ive|able|ible|less|al))\b)"
)


@dataclass(frozen=True)
class Premise:
    """A premise that an abstract denies.

    Attributes:
        claim: what the question takes for granted.
        choice: the sentence that says otherwise.
    """

    claim: str
    choice: Choice


def claim_of(question: str) -> str:
    """Return what a question takes for granted, as a sentence; empty where it takes nothing for granted."""
    text = " ".join(question.split())
    if found := _GIVEN.match(text):
        claim = found["claim"]
    elif (found := _WHY.match(text)) or (found := _HOW_MUCH.match(text)):
        claim = _declared(found["auxiliary"].lower(), found["rest"])
    elif found := _MADE.match(text):
        claim = f"{found['subject']} was {found['what']}"
    else:
        return ""
    # A second question behind the first one is no part of it.
    claim = re.split(r",? and (?:how|what|why|which|is there|are there)\b", claim)[0].strip(" ,.?")
    return f"{claim[:1].upper()}{claim[1:]}." if len(claim.split()) >= _MIN_WORDS else ""


def _declared(auxiliary: str, rest: str) -> str:
    """Return a question's words behind its auxiliary in the order of a statement."""
    if auxiliary in ("do", "does", "did"):
        return rest
    first, _, after = rest.partition(" ")
    if first.lower() in ("it", "there", "they", "this", "that"):
        return f"{first} {auxiliary} {after}"
    if len(rest.split()) > 2 and re.search(r"[a-z](?:ed|ful|less|ous)$", rest.split(" and ")[0].strip(" ,")):
        before, _, last = rest.rpartition(" ")
        return f"{before} {auxiliary} {last}"
    for found in _PREDICATE.finditer(rest):
        if any(word.lower() not in STOPWORDS for word in rest[: found.start()].split()):
            return f"{rest[: found.start()]} {auxiliary} {rest[found.end() :]}"
    return rest


def denied(question: str, paper: Paper, judge: Judge) -> Premise | None:
    """Return a question's premise with the sentence that denies it; None where the abstract doesn't.

    Args:
        question: in the user's words.
        paper: the one that the answer rests on.
        judge: tells how probable its abstract makes the premise.
    """
    claim = claim_of(question)
    if not claim or _shared(claim, paper) < _MIN_SHARED:
        return None
    support = judge.score([claim], Evidence(paper.abstract, paper.title))[0]
    span = next((span for span in tellable(paper) if span.start == support.start), None)
    if support.probability >= _DENIED_BELOW or span is None:
        return None
    return Premise(claim, Choice(paper, span, 1.0))


def _shared(claim: str, paper: Paper) -> float:
    there = set(content_stems(f"{paper.title}. {paper.abstract}"))
    said = content_stems(claim)
    return sum(word in there for word in said) / len(said) if said else 0.0
