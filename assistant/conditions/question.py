"""A question from which words are taken as conditions, and the pieces of patterns that the rules share."""

import re
from collections.abc import Callable
from datetime import date
from functools import lru_cache
from typing import Any

from assistant.conditions.record import Asked, Conditions, Known

CUT = "¦"
"""Stands where words were taken out, so that no rule reads across."""

PAPERS = (
    r"(?:papers?|works?|stud(?:y|ies)|articles?|publications?|preprints?|surveys?|reviews?|research|literature|"
    r"releases?|ones?|those|anything|everything|something)"
)
MANY_PAPERS = r"(?:papers|works|studies|articles|publications|preprints|surveys|reviews|overviews|research|literature)"
PUBLISHED = r"(?:published|released|appear(?:ed|ing)|written|dated|posted|submitted|out)"
END = rf"(?=\s*(?:$|[,;.?!){CUT}]))"
"""The end of a clause."""

WORD = rf"[^\s,;:?!(){CUT}]+"
STOP = (
    r"(?:that|which|who|since|published|from|where|when|if|because|but|while|is|are|was|were|do|does|can|could|have|"
    r"has|by|with|please|released|involved|at all|instead|not|only|in (?:19|20)\d\d)\b"
)
"""Where a run of words that name a topic ends."""

Note = dict[str, Any] | None
"""What a match asks for, as fields of Conditions, with the characters to take under `span`; None if for nothing."""


@lru_cache(maxsize=512)
def phrase(pattern: str) -> re.Pattern[str]:
    """Return a pattern in which a space stands for any white space, and case doesn't count."""
    return re.compile(pattern.replace(" ", r"\s+"), re.IGNORECASE)


_ASKING = phrase(
    r"^\s*(?:who|whose|whom|what|which|why|how|when|where|is|are|was|were|do|does|did|can|could|should|would|will|"
    r"has|have|had)\b"
)
_ASKS_FOR_MANY = phrase(
    r"^\s*(?:and )?which (?:of|ones? of) (?:these|those|them)\b"
    r"|^\s*(?:what|which|are there|is there|do we have|do i have|have we)\b(?: \S+){0,6}? "
    rf"(?:{MANY_PAPERS}|methods|approaches|models|systems|techniques|datasets|benchmarks)\b"
)
_SPEAKS_OF_PAPERS = phrase(rf"\bpapers\b|^\W*(?:\w+\W+){{0,3}}{MANY_PAPERS}\b")
_LONGEST_LIST = 40


def asks(question: str) -> bool:
    """Tell whether a question opens as one: "Which …", "Does …"."""
    return _ASKING.search(question) is not None


def lists_papers(question: str) -> bool:
    """Tell a question that lists papers (`detection from 2021`, `which papers …`) from one about what a paper says."""
    if "[CITE]" in question or len(question.split()) > _LONGEST_LIST:
        return False
    if _SPEAKS_OF_PAPERS.search(question):
        return True
    if asks(question):
        return _ASKS_FOR_MANY.search(question) is not None
    # A sentence that ends with a full stop states something.
    return not question.rstrip().endswith((".", "?"))


class Question:
    """A question with what was understood of it so far.

    Attributes:
        text: what is left of it, with marks where words were taken out.
        known: what the library holds.
        today: the day on which it is asked.
        lists: whether it lists papers.
        conditions: what it asks for, as far as was read.
    """

    def __init__(self, text: str, known: Known, today: date) -> None:
        self.text = text
        self.known = known
        self.today = today
        self.lists = lists_papers(text)
        self.conditions = Conditions()
        self._whole = text

    def take(self, pattern: str, note: Callable[[re.Match[str]], Note]) -> None:
        """Take out each place that a pattern finds and that `note` makes a condition of."""
        compiled = phrase(pattern)
        start = 0
        while (found := compiled.search(self.text, start)) is not None:
            asked = note(found)
            if asked is None:
                start = found.start() + 1
                continue
            start, end = asked.pop("span", found.span())
            self.conditions = self.conditions.joined(Conditions(**asked))
            self.text = f"{self.text[:start]} {CUT} {self.text[end:]}"

    def asked(self) -> Asked:
        """Return what is left of the question, made tidy, with its conditions."""
        return Asked(text=_tidy(self.text) if self.conditions else self._whole, conditions=self.conditions)


_HANGING = (
    rf"(?:but|and|or|only|also|just|that|which|are|is|were|was|come|comes|{PUBLISHED}|with|from|by|in|the ones?|the|"
    r"ones?|those|please|[,;:(–-])"
)
_BEFORE_CUT = phrase(rf"(?:(?:^|(?<=\s)|(?<=[,;{CUT}]))\s*{_HANGING}\s*)+(?={CUT})")
_AFTER_CUT = phrase(rf"{CUT}\s*(?:(?:only|and|but|or|as well|too|please)\b|[,;:)]|\s)*")
_OPENING = phrase(r"^(?:of|on|about|for|covers?|covering) |^\?$")


def _tidy(text: str) -> str:
    """Return a text without the marks of what was taken and the words that hung on it."""
    text = " ".join(text.split())
    before = ""
    while before != text:
        before, text = text, _BEFORE_CUT.sub("", text)
    text = " ".join(_AFTER_CUT.sub(" ", text).split())
    return _OPENING.sub("", re.sub(r"\s+([,;.?!])", r"\1", text).strip(" ,;:–-"))
