"""What papers come with and what kind they are: code, surveys, the latest, "training-free only"."""

import re

from assistant.conditions.exclusions import SURVEY, split_topics
from assistant.conditions.question import CUT, END, PAPERS, STOP, WORD, Note, Question, phrase

_CODE = (
    r"(?:(?:the|their|any|its|some|available|public|publicly|open|released|official|source|open[- ]source|opensource|"
    r"reproducible) )*(?:source[- ])?(?:code(?:base)?|implementations?|repositor(?:y|ies)|github)\b"
    r"(?!\s*[-/]?\s*(?:switch|mix|generat|complet|search|review|model|llm|interpret|data\b|snippet|understand|summar|book|"
    r"token|edit|repair|corp|compil|execut|retriev|translat|clone|qual))"
    r"(?: (?:is |are )?(?:publicly |openly |freely )?(?:available|released|public|published|open[- ]?sourced?))?"
)
_BEFORE_NEXT = (
    rf"(?=\s*(?:$|[,;.?!){CUT}]|\b(?:and|but|by|from|since|in|on|for|about|only|after|before|published|that|which|as)"
    r"\b))"
)
_WITH_CODE = (
    rf"\b(?:(?:that|which) )?(?:(?:come|comes|coming|came|published|released) )?(?:with|and) {_CODE}{_BEFORE_NEXT}"
)
_GIVES = (
    r"(?:ha(?:s|ve)|releas(?:e|es|ed)|provid(?:e|es|ed)|shar(?:e|es|ed)|publish(?:es|ed)?|open[- ]sourc(?:e|es|ed)|"
    r"ships?|offers?)"
)
_HAS_CODE = (
    rf"\b(?:that|which|who|papers|ones|to|these|those|them) (?:(?:also|have) )?{_GIVES} {_CODE}"
    r"|\bcode (?:(?:is|must be|publicly) )?(?:available|released|public)\b|\bhas code\b|\bopen[- ]source code\b"
    rf"|(?:^|[,;{CUT}])\s*code only\b"
)
_NO_CODE = rf"\b(?:(?:that|which) )?(?:(?:come|comes) )?(?:without|with no|no) {_CODE}{_BEFORE_NEXT}"
# Models are trained with code, papers come with it.
_USES_CODE = phrase(rf"\b(?:(?:pre)?-?train|fine-?tun|prompt|augment|reason|learn|evaluat|test)\w*\b[^,;.{CUT}]*$")
_CODE_COMES = phrase(r"\b(?:that|which|come|comes|coming|released|available|public\w*|open\w*)\b")

_ASKED_SURVEYS = (
    r"^\s*(?:(?:please )?(?:find|list|show|give|recommend)(?: me)? |which |what |any |are there (?:any )?|is there |"
    r"do we have )?(?:(?:a|an|any|good|recent|the) )*"
    r"(?:surveys?|overviews?|reviews|tutorials?|review(?= (?:of|on|about)))"
    rf"(?=\s*(?:$|[?.,;{CUT}]|\b(?:on|of|about|covers?|covering|exist|discuss|summari[sz]e|are|is|that|since|from|for)\b))"
)
_SURVEYS = (
    rf"(?:^|[,;:({CUT}]|\b(?:but|and))\s*(?:only )?{SURVEY} only\b\s*:?",
    rf"\bonly (?:the )?{SURVEY}(?=\s*(?:$|[,;.?!{CUT}:]|\b(?:on|of|about|for|in|since|from|covering)\b))",
    r"\b(?:survey|review|overview|tutorial) (?:papers?|articles?)\b(?: only\b)?",
    r"\bsystematic reviews?\b|\bliterature (?:reviews?|surveys?)\b",
    _ASKED_SURVEYS,
)
_NEWEST = r"(?:the )?(?:latest|newest|most recent)"
_LATEST = (
    rf"\b{_NEWEST}(?= (?:(?:[\w-]+ ){{0,3}}?(?:{PAPERS}|results?|advances?|approaches|methods|developments?|models)\b"
    r"|(?:on|in|about)\b))",
    rf"(?:^|[,;{CUT}])\s*(?:only )?{_NEWEST}(?: (?:ones?|first|only))?\s*(?=$|[,;:.?!{CUT}])",
    r"\b(?:sorted|ordered) by date\b",
)
_SHORT_TOPIC = rf"(?!{STOP}){WORD}(?: (?!{STOP}){WORD}){{0,2}}"
_TOPIC_ONLY = rf"(?:^|[,;({CUT}]|\bbut)\s*(?P<topic>{_SHORT_TOPIC}) (?P<only>only){END}"
_ONLY_TOPIC = rf"(?:[,;({CUT}]|\bbut)\s*(?P<only>only) (?P<topic>(?!{PAPERS}\b){_SHORT_TOPIC}){END}"


def take_code(question: Question) -> None:
    """Take out of a question whether papers come with code."""
    if not question.lists:
        return

    def with_code(found: re.Match[str]) -> Note:
        used = _USES_CODE.search(question.text[: found.start()]) and not _CODE_COMES.search(found.group())
        return None if used else {"has_code": True}

    question.take(_NO_CODE, lambda found: {"has_code": False})
    question.take(_HAS_CODE, lambda found: {"has_code": True})
    question.take(_WITH_CODE, with_code)


def take_kinds(question: Question) -> None:
    """Take out of a question whether surveys are asked for, the latest, or one kind only."""
    for pattern in _LATEST:
        question.take(pattern, lambda found: {"latest": True})
    if question.conditions.survey is None and (question.lists or phrase(r"\s*(?:is|are) there\b").match(question.text)):
        for pattern in _SURVEYS:
            question.take(pattern, lambda found: {"survey": True})
    if question.lists:
        question.take(_TOPIC_ONLY, _only)
        question.take(_ONLY_TOPIC, _only)


def _only(found: re.Match[str]) -> Note:
    """Take "but training-free only" for a topic; it stays in the text too, where it helps to find the papers."""
    wanted = split_topics(found["topic"])
    return {"only": tuple(wanted), "span": found.span("only")} if wanted else None
