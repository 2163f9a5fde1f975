"""Where papers come from: tags, files, affiliations, categories and venues, as the library knows them."""

import re
from collections.abc import Callable

from assistant.conditions.question import CUT, END, PAPERS, PUBLISHED, Note, Question

_NAME = r"(?P<name>[\w.&'-]+(?: [\w.&'-]+){0,5})"
_ONE_WORD = r"(?P<name>[\w./-]+)"
# A category with its archive, or its two letters.
_CATEGORY = r"(?-i:(?P<name>[a-z-]+\.[A-Za-z-]{2,}|[A-Z]{2}))"
_CAPITAL = r"(?-i:(?=[A-Z]))"
_SMALL = frozenset("of and for the".split())

_TAGGED = rf"\b(?:tagged(?: (?:as|with))?|with (?:the )?tag|tag\s*[:=]) ?[“\"']?{_ONE_WORD}[”\"']?"
_SOURCE = rf"\b(?:(?:from|in) )?(?:the )?(?:source|file|page)\s*[:=]?\s*{_ONE_WORD}"
_FROM_FILE = r"\b(?:from|in) (?:the )?(?P<name>[\w/]*[.-][\w./-]+)(?: (?:page|file|list))?\b"
_PEOPLE_AT = (
    r"\b(?:(?:by|from|with) )?(?:the )?(?:authors?|researchers?|people|groups?|teams?|scientists) "
    rf"(?:(?:listed|working|employed|based|affiliated) )?(?:under|at|from|with|in) (?:the )?{_NAME}"
)
_AFFILIATED = rf"\b(?:affiliated (?:with|to)|affiliation\s*[:=]?) (?:the )?{_NAME}"
_FROM_PLACE = rf"\b(?:by|from|at) (?:the )?(?:{_CAPITAL}|(?=[\w-]+{END})){_NAME}"
_NOT_CATEGORY = (
    rf"\b(?:(?:but )?not (?:in |from )?|excluding )(?:the )?(?:arxiv )?(?:category )?{_CATEGORY}(?: papers)?{END}"
)
_CATEGORY_IS = rf"\b(?:(?:in|from) )?(?:the )?(?:arxiv )?category\s*[:=]?\s*{_ONE_WORD}"
_IN_CATEGORY = rf"\b(?:in|from|under) (?:the )?(?:arxiv )?{_CATEGORY}(?: category\b|{END})"
_CATEGORY_PAPERS = rf"(?-i:(?P<name>\b[a-z-]+\.[A-Z]{{2}}\b))(?= {PAPERS}\b)"
_NOT_VENUE = rf"\b(?:but )?(?:not|except|excluding) (?:(?:those|papers|ones|the ones) )?(?:from|at|in) (?:the )?{_NAME}"
_PUBLISHED_AT = rf"\b(?:{PUBLISHED}|presented|accepted|papers|works?) (?:at|in|by|to) (?:the )?{_CAPITAL}{_NAME}"
_AT_VENUE = rf"\b(?:at|in|from) (?:the )?{_CAPITAL}{_NAME}"
_YEAR = re.compile(rf"\s+['’]?((?:19|20)\d\d)\b(?!\s*{CUT})")


def take(question: Question) -> None:
    """Take the names of tags, files, affiliations, categories and venues out of a question."""
    known, lists = question.known, question.lists
    question.take(_TAGGED, _named(question, "tags", _anything))
    question.take(_SOURCE, _named(question, "sources", known.has_source))
    question.take(_FROM_FILE, _named(question, "sources", known.has_source))
    question.take(_PEOPLE_AT, _named(question, "affiliations", known.has_affiliation, sure=True))
    question.take(_AFFILIATED, _named(question, "affiliations", known.has_affiliation, sure=True))
    if lists:
        question.take(_FROM_PLACE, _named(question, "affiliations", known.has_affiliation))
    question.take(_NOT_CATEGORY, _named(question, "not_categories", known.has_category))
    question.take(_CATEGORY_IS, _named(question, "categories", _anything))
    question.take(_IN_CATEGORY, _named(question, "categories", known.has_category))
    question.take(_CATEGORY_PAPERS, _named(question, "categories", _anything))
    question.take(_NOT_VENUE, _named(question, "not_venues", known.has_venue))
    question.take(_PUBLISHED_AT, _named(question, "venues", known.has_venue))
    if lists:
        question.take(_AT_VENUE, _named(question, "venues", known.has_venue))


def _anything(name: str) -> bool:
    """Take a name for what it is said to be, whether the library has it or not."""
    return bool(name)


def _named(
    question: Question, field: str, holds: Callable[[str], bool], *, sure: bool = False
) -> Callable[[re.Match[str]], Note]:
    """Return what reads the longest name behind a cue that the library knows.

    Args:
        question: the question.
        field: what the name is a condition of.
        holds: tells whether the library knows a name.
        sure: the cue leaves no doubt, so that a name in capitals counts even where the library doesn't know it.
    """

    def note(found: re.Match[str]) -> Note:
        words = re.split(r"(\s+)", found["name"])
        names = ["".join(words[:count]) for count in range(len(words), 0, -2)]
        name = next((each for each in names if each.strip(" ,.") and holds(each.strip(" ,."))), "")
        if not name and sure:
            name = next((each for each in names if _proper(each)), "")
        if not name:
            return None
        end = found.start("name") + len(name)
        asked: dict[str, object] = {field: (name.strip(" ,."),)}
        if field == "venues" and (year := _YEAR.match(question.text, end)):
            asked |= {"since": year[1], "until": year[1]}
            end = year.end()
        return {**asked, "span": (found.start(), end)}

    return note


def _proper(name: str) -> bool:
    """Tell whether all words of a name but the small ones have capitals."""
    words = name.split()
    return words[-1][0].isupper() and all(word[0].isupper() or word in _SMALL for word in words)
