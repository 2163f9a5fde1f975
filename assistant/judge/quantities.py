"""Numbers as a claim tells them: digits and words, with their unit, how exact they are meant, and what they count."""

import re
from dataclasses import dataclass
from typing import Literal

from assistant.terms import STOPWORDS, stem

Bound = Literal["exact", "about", "over", "under"]

_UNITS = {"%": 1.0, "percent": 1.0, "k": 1e3, "m": 1e6, "b": 1e9, "thousand": 1e3, "million": 1e6, "billion": 1e9}
_SMALL = {
    word: value
    for value, word in enumerate(
        """zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen
        seventeen eighteen nineteen""".split()
    )
} | {
    word: 10 * (place + 2) for place, word in enumerate("twenty thirty forty fifty sixty seventy eighty ninety".split())
}
_FACTORS = {"twice": 2.0, "double": 2.0, "doubled": 2.0, "doubles": 2.0, "twofold": 2.0, "triple": 3.0, "tripled": 3.0,
            "threefold": 3.0, "tenfold": 10.0, "dozen": 12.0}  # fmt: skip
_DIGITS = re.compile(
    r"(?<![\w.])(?P<digits>\d+(?:,\d{3})+(?:\.\d+)?|\d*\.?\d+)"
    r"(?:(?P<tight>%|[kKmMbB](?![\w])|[xX×](?!\w))|[ -](?P<loose>%|percent|thousand|million|billion|times)\b)?"
    r"(?:st|nd|rd|th)?(?!\w)",
)
_WORDS = re.compile(
    r"\b(?P<word>" + "|".join(sorted([*_SMALL, *_FACTORS], key=len, reverse=True)) + r")"
    r"(?:-(?P<ones>one|two|three|four|five|six|seven|eight|nine))?"
    r"(?: (?P<scale>hundred|thousand|million|billion))?\b",
    re.IGNORECASE,
)
_BOUND_WORDS: dict[Bound, str] = {
    "over": r"over|more than|above|at least|exceed\w*|beyond|upwards? of|greater than|no fewer than",
    "under": r"under|less than|fewer than|below|at most|up to|no more than|nearly|almost|close to|just short of",
    "about": r"about|around|roughly|approximately|some|circa|near|of the order of",
}
_BOUNDS = {bound: re.compile(rf"\b(?:{words})(?: an?)?\W*$", re.IGNORECASE) for bound, words in _BOUND_WORDS.items()}
_ABOUT_TOLERANCE = 0.12
_NEXT = re.compile(r"[ -]+([^\W\d_][\w'’-]*)")


@dataclass(frozen=True)
class Quantity:
    """One number of a text.

    Attributes:
        text: as written.
        value: in units of one; a percentage keeps its figure (5% is 5).
        bound: how exact it is meant.
        spelled: whether it is written as a word.
        decimals: how many digits stand behind its point.
        percent: whether it is a share of a hundred.
        counts: the stem of the word behind it, empty where none follows.
        start: where it starts, in characters.
    """

    text: str
    value: float
    bound: Bound
    spelled: bool
    decimals: int
    percent: bool
    counts: str
    start: int

    def agrees(self, other: "Quantity") -> bool:
        """Tell whether a claim that says this may rest on evidence that says the other.

        Equal figures agree; a claim may round to the digits that it shows; "over" and "nearly" have to lie on the
        right side, and "about" within 12%.
        """
        mine, theirs = self.value, other.value
        if mine == theirs:
            return True
        if self.bound == "exact":
            coarser = not self.spelled and self.decimals < other.decimals and mine >= 10
            return coarser and abs(mine - theirs) <= 0.5 * 10**-self.decimals
        if theirs == 0 or abs(mine - theirs) > _ABOUT_TOLERANCE * abs(theirs):
            return False
        return self.bound == "about" or (theirs > mine) == (self.bound == "over")


def quantities(text: str) -> list[Quantity]:
    """Return the numbers of a text in order; "one" counts only before a scale, and ordinals don't count."""
    found = [_from_digits(text, match) for match in _DIGITS.finditer(text)]
    found += [quantity for match in _WORDS.finditer(text) if (quantity := _from_words(text, match)) is not None]
    return sorted(found, key=lambda item: item.start)


def _from_digits(text: str, match: re.Match[str]) -> Quantity:
    digits = match["digits"].replace(",", "")
    unit = (match["tight"] or match["loose"] or "").lower()
    return Quantity(
        text=match.group().strip(),
        value=float(digits) * _UNITS.get(unit, 1.0),
        bound=_bound(text[: match.start()]),
        spelled=False,
        decimals=len(digits.partition(".")[2]),
        percent=unit in ("%", "percent"),
        counts=_counted(text, match.end()),
        start=match.start(),
    )


def _from_words(text: str, match: re.Match[str]) -> Quantity | None:
    word = match["word"].lower()
    scale = (match["scale"] or "").lower()
    if word in _FACTORS:
        value = _FACTORS[word]
    else:
        value = _SMALL[word] + (_SMALL[match["ones"].lower()] if match["ones"] else 0)
        value *= {"": 1.0, "hundred": 100.0}.get(scale) or _UNITS[scale]
    if word in ("one", "zero") and not scale:
        return None
    return Quantity(
        text=match.group(),
        value=value,
        bound=_bound(text[: match.start()]),
        spelled=True,
        decimals=0,
        percent=text[match.end() : match.end() + 9].strip().startswith(("%", "percent")),
        counts=_counted(text, match.end()),
        start=match.start(),
    )


def _bound(before: str) -> Bound:
    tail = before[-30:]
    return next((bound for bound, pattern in _BOUNDS.items() if pattern.search(tail)), "exact")


def _counted(text: str, end: int) -> str:
    following = _NEXT.match(text, end)
    if not following or following[1].lower() in STOPWORDS:
        return ""
    return stem(following[1].split("-")[0])
