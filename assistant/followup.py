"""Follow-up questions: which of the earlier papers "it", "the second one" or "these" mean."""

import re
from collections.abc import Sequence

_ORDINALS = {
    "first": 0,
    "1st": 0,
    "former": 0,
    "second": 1,
    "2nd": 1,
    "latter": -1,
    "third": 2,
    "3rd": 2,
    "fourth": 3,
    "4th": 3,
    "fifth": 4,
    "5th": 4,
    "last": -1,
}
_ORDINAL = re.compile(
    rf"\bthe ({'|'.join(_ORDINALS)})(?= (?:one|paper|study|work|of|approach|method|model|system)\b|\s*[?.,]|$)",
    re.IGNORECASE,
)
_MANY = re.compile(r"\b(?:these|those|they|them|their|both|each of|all of|which of|any of|either)\b", re.IGNORECASE)
_ONE = re.compile(
    r"\b(?:it|its|this|that (?:paper|work|study|model|method|approach|system|data|result)|"
    r"the (?:authors?|paper|study|same|system|model|method|approach|data ?set|trial)|he|she|his|her)\b",
    re.IGNORECASE,
)
_OPENING = re.compile(r"^\s*(?:and|but|so|also|what about|how about|why|what else|more|then)\b", re.IGNORECASE)
_MARK = re.compile(r"\[(\d+)\]")
_SHORT = 9


def is_followup(question: str) -> bool:
    """Tell whether a question leans on the conversation before it."""
    if _MARK.search(question) or _ORDINAL.search(question) or _OPENING.search(question):
        return True
    return len(question.split()) <= 2 * _SHORT and bool(_MANY.search(question) or _ONE.search(question))


def meant(question: str, keys: Sequence[str]) -> tuple[str, ...]:
    """Return which of the earlier answer's papers, in the order of their marks, a follow-up means."""
    if not keys:
        return ()
    if numbers := [int(found) for found in _MARK.findall(question)]:
        return tuple(keys[number - 1] for number in numbers if 1 <= number <= len(keys))
    if found := _ORDINAL.search(question):
        place = _ORDINALS[found.group(1).lower()]
        return (keys[place],) if -len(keys) <= place < len(keys) else ()
    if _MANY.search(question):
        return tuple(keys)
    return (keys[0],) if _ONE.search(question) else tuple(keys)
