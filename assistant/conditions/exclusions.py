"""What papers must not be about: `but not vision models`, `excluding surveys`, `rather than speech`, `skip …`.

A negation may as well say what a paper is about: "models without labels", "data quality, not model size". So a loose
one is an exclusion only in a question that lists papers, and some only where what they name is a kind of paper.
"""

import re
from collections.abc import Callable
from typing import Any

from assistant import topics
from assistant.conditions.question import CUT, MANY_PAPERS, PAPERS, STOP, WORD, Note, Question, asks, phrase

SURVEY = (
    r"(?:surveys?|overviews?|(?:literature|systematic|scoping|comprehensive|review|survey|overview) "
    r"(?:reviews?|surveys?|papers?|articles?|overviews?)|reviews?|meta-?analys[ei]s|tutorials?)"
)
_SURVEY = phrase(SURVEY)

_NOUNS = rf"(?!{STOP}){WORD}(?: (?!{STOP}){WORD}){{0,6}}"
_SHORT_NOUNS = rf"(?!{STOP}){WORD}(?: (?!{STOP}){WORD}){{0,2}}"
# A list goes on behind a comma only where "and" or "or" ends it.
_LIST = rf"(?P<topic>{_NOUNS}(?:(?:\s*,\s*{_SHORT_NOUNS})*\s*,\s*(?:and|or) {_NOUNS})?)"
_TOPIC = (
    r"(?:(?:any|all|the|those|these|a|an) )*"
    r"(?:(?:papers?|works?|stud(?:y|ies)|articles?|research|ones?|those|anything|everything) )?"
    r"(?:(?:about|on|of|for|in|using|involving|that (?:are|is) (?:about|on|for)|that use|regarding|concerning) )?"
    rf"(?:(?:any|all|the|those) )*{_LIST}"
)
_NOT_A_TOPIC = (
    r"(?!(?:only|just|yet|all|every|more|less|fewer|enough|always|even|necessarily|really|merely|simply|well|so|as|"
    r"too|very|that|to|be|been|have|has|do|does|sure|known|clear|limited|least|surprisingly|unlike)\b)"
)
_NOT_DOING = r"(?!\w+ing\b(?! (?:models?|papers|methods)\b))"
_BEGINS = rf"(?:^|(?<=[,;({CUT}.])|\bbut|\band|\bor|\byet|\bplease|[-–]{{1,2}}(?=\s))\s*"

# These leave no doubt, whatever the question.
_CLEAR = (
    r"\b(?:(?:but|and) )?(?:(?:that|which) )?(?:(?:are|is) )?not (?:(?:those|papers|ones) )?"
    rf"(?:about|on the subject of|concern(?:ed|ing)(?: with)?|related to|dealing with|focus(?:ed|ing) on) {_TOPIC}",
    rf"\b(?:excluding|exclude|leaving out|leave out|nothing (?:about|on)) {_TOPIC}",
    rf"\b(?:papers|works|ones|anything|something|studies) other than {_TOPIC}",
)
# These are exclusions where papers are listed.
_IN_LISTS = (
    rf"{_BEGINS}(?:skip(?:ping)?|ignor(?:e|ing)|omit(?:ting)?|drop) (?!connections?\b|gram|links?\b){_TOPIC}",
    rf"\b(?:except(?: for|ing)?|apart from|aside from|besides) {_TOPIC}",
    rf"{_BEGINS}(?:(?:that|which) (?:are|is) )?not (?:(?:for|on|of|in|about|to|with|from|using) )?"
    rf"{_NOT_A_TOPIC}{_NOT_DOING}{_TOPIC}",
)
# And these where they name a kind of paper besides.
_OF_KINDS = (
    rf"\b(?:that|which) (?:are|is)\s*(?:not|n['’]t) (?:(?:about|on|for|of|in) )?{_NOT_A_TOPIC}{_TOPIC}",
    r"\b(?:that|which) (?:do|does)\s*(?:not|n['’]t) (?:use|involve|rely on|deal with|concern|cover|focus on) "
    rf"(?:(?:for|on|of|in) )?{_TOPIC}",
    rf"\b(?:rather than|instead of|without|with no|not (?:using|involving|on)) (?:(?:for|on|of|in) )?{_TOPIC}"
    r"(?: involved\b)?",
    rf"{_BEGINS}no {_NOT_A_TOPIC}{_TOPIC}",
)


def take(question: Question) -> None:
    """Take what papers must not be about out of a question."""

    def if_listed(found: re.Match[str]) -> Note:
        # "Which models are robust but not accurate?"
        kinds_alone = asks(question.text)
        return _excluded(question, found) if not kinds_alone or _names_kinds(found) else None

    rules: list[tuple[tuple[str, ...], Callable[[re.Match[str]], Note]]] = [
        (_CLEAR, lambda found: _excluded(question, found))
    ]
    if question.lists:
        rules.append((_IN_LISTS, if_listed))
        rules.append((_OF_KINDS, lambda found: _excluded(question, found) if _names_kinds(found) else None))
    for patterns, note in rules:
        for pattern in patterns:
            question.take(pattern, note)


def _names_kinds(found: re.Match[str]) -> bool:
    """Tell whether all that is excluded are kinds of papers, rather than things that papers speak of."""
    text = found["topic"].strip()
    return phrase(r"\b(?:papers|works|ones|studies|articles)$").search(text) is not None or all(
        _SURVEY.fullmatch(topic) or topics.is_area(topic) for topic in split_topics(text)
    )


def _excluded(question: Question, found: re.Match[str]) -> Note:
    asked: dict[str, Any] = {}
    for topic in split_topics(found["topic"]):
        a_name = " " in topic or topic[0].isupper()
        if _SURVEY.fullmatch(topic):
            asked["survey"] = False
        elif a_name and not topics.is_area(topic) and question.known.has_author(topic):
            asked["not_authors"] = (*asked.get("not_authors", ()), topic)
        else:
            asked["exclude"] = (*asked.get("exclude", ()), topic)
    return asked or None


_LEADING = phrase(r"^(?:(?:any|all|the|those|these|for|on|of|in|about|to|not|from) )+")
_TRAILING = phrase(rf" (?:{MANY_PAPERS}|ones|involved|either)$")


def split_topics(text: str) -> list[str]:
    """Return the topics of a list, each without the words that only make it papers."""
    parts = phrase(r"\s*,\s*(?:(?:and|or) )?| (?:and|or|nor) ").split(text.strip())
    bare = [_TRAILING.sub("", _LEADING.sub("", part.strip(" .'\"“”"))).strip() for part in parts]
    return [topic for topic in bare if topic and (_SURVEY.fullmatch(topic) or not phrase(PAPERS).fullmatch(topic))]
