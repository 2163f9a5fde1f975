"""Whose papers: `by Sachin Mehta`, `with Xianzhi Du as first author`, `Mehta's papers`, `not by Horton`."""

import re
from collections.abc import Callable, Sequence

from assistant.conditions.question import Note, Question, phrase

_NAME_WORD = (
    r"(?!(?:as|is|was|were|are|being|among|one|who|that|which|with|and|or|but|on|in|at|about|since|after|before|first|"
    r"lead|for|from|by|to|not)\b)[^\W\d_][\w.'’-]*"
)
_NAME = rf"(?P<name>(?:{_NAME_WORD},? ){{0,4}}{_NAME_WORD})"
_FURTHER = phrase(rf"\s*(?:,|,? and) {_NAME}")
_TAIL = phrase(r" (?:et al\.?|and (?:colleagues|co-?workers|others)|as (?:an? )?(?:co-?)?authors?\b)")
_LEAD = phrase(r"\b(?:with|by|from|of|where|has|have) $")
_THEIR_PAPERS = r"(?:papers?|works?|articles?|publications?)"

_FIRST_AUTHOR = rf"\b{_NAME} (?:(?:is|was|being) )?(?:as )?(?:the |a )?(?:first|lead|leading) author\b"
_LED_BY = rf"\b(?:first[- ]author(?:ed)?(?: (?:by|is|was))?|led by|whose first author is)\s*:? {_NAME}"
_AMONG_AUTHORS = rf"\b{_NAME} (?:(?:is|was) )?(?:among|one of|as one of|in) (?:the|its|their) (?:co-?)?authors?\b"
_AS_AUTHOR = rf"\b{_NAME} (?:is|was|as) (?:an? )?(?:co-?)?author\b"
_POSSESSIVE = rf"\b{_NAME}['’]s? (?:(?:own|other|latest|recent|early) )?(?=(?:{_THEIR_PAPERS}|research)\b)"
_NOT_BY = (
    r"\b(?:but )?(?:not|except(?: for)?|excluding|without) "
    rf"(?:(?:the|any|those|ones|papers|works?|that are|written|authored) )*(?:by|from) {_NAME}"
)
_WRITTEN_BY = rf"(?:\b(?:the one|ones|those|{_THEIR_PAPERS}) )?\b(?:co-?)?(?:written|authored|published) by {_NAME}"
_PAPERS_BY = rf"\b(?:the one|ones|those|{_THEIR_PAPERS}) (?:by|from) {_NAME}"
_GROUP_OF = rf"\b(?:by|from|with) (?:the )?(?:authors?|researchers?|group|team|lab)(?: of)? {_NAME}"
_AUTHOR_IS = rf"\bauthors?\s*[:=]\s*{_NAME}"
_ACTS = (
    r"(?:do|did|does|done|propose[ds]?|write|wrote|written|publish(?:ed)?|find|found|show(?:ed|n)?|work(?:ed|s)? on|"
    r"contribute[ds]?|develop(?:ed|s)?|build|built|stud(?:y|ied|ies)|say|said|report(?:ed|s)?|present(?:ed|s)?)\b"
)
_WHAT_THEY_DID = rf"\b(?:what|which \w+|how) {_NAME} (?=(?:has |have |had )?{_ACTS})"
_DID_THEY = rf"\b(?:did|does|do|has|have|had) {_NAME} (?=(?:ever |also )?{_ACTS})"
_BY = rf"\b(?:by|from) {_NAME}"


def take(question: Question) -> None:
    """Take the names of authors out of a question.

    A name is one that an author of the library bears; where the words leave no doubt that a person is meant, it may
    be anybody's, and then no paper is found.
    """
    question.take(_FIRST_AUTHOR, _before(question, "first_author"))
    question.take(_LED_BY, _behind(question, "first_author", sure=True))
    question.take(_AMONG_AUTHORS, _before(question, "authors"))
    question.take(_AS_AUTHOR, _before(question, "authors"))
    question.take(_NOT_BY, _behind(question, "not_authors", sure=True))
    question.take(_WRITTEN_BY, _behind(question, "authors", sure=True))
    question.take(_PAPERS_BY, _behind(question, "authors", sure=True))
    question.take(_GROUP_OF, _behind(question, "authors"))
    question.take(_AUTHOR_IS, _behind(question, "authors", sure=True))
    question.take(_WHAT_THEY_DID, _subject(question))
    question.take(_DID_THEY, _subject(question))
    question.take(_BY, _behind(question, "authors", whole=not question.lists))
    question.take(_POSSESSIVE, _before(question, "authors"))


def _behind(
    question: Question, field: str, *, sure: bool = False, whole: bool = False
) -> Callable[[re.Match[str]], Note]:
    """Return what reads the names that stand behind a cue.

    Args:
        question: the question.
        field: what they are conditions of.
        sure: the cue leaves no doubt that a person is meant.
        whole: a surname alone isn't enough, unless "et al." follows.
    """

    def note(found: re.Match[str]) -> Note:
        name = _longest_name(question, found["name"].split()) or (_like_a_name(found["name"]) if sure else "")
        end = found.start("name") + len(name)
        if not name or (whole and " " not in name and not _TAIL.match(question.text, end)):
            return None
        names = [name]
        while field != "first_author" and (more := _FURTHER.match(question.text, end)):
            further = _longest_name(question, more["name"].split())
            if not further:
                break
            names.append(further)
            end = more.start("name") + len(further)
        rest = _TAIL.match(question.text, end)
        plain = tuple(each.strip(" ,") for each in names)
        return {
            field: plain[0] if field == "first_author" else plain,
            "span": (found.start(), rest.end() if rest else end),
        }

    return note


def _before(question: Question, field: str) -> Callable[[re.Match[str]], Note]:
    """Return what reads the name that stands before a cue."""

    def note(found: re.Match[str]) -> Note:
        name = _longest_name(question, found["name"].split(), from_end=True)
        if not name:
            return None
        begin = found.end("name") - len(name)
        lead = _LEAD.search(question.text[:begin])
        return {
            field: name if field == "first_author" else (name,),
            "span": (lead.start() if lead else begin, found.end()),
        }

    return note


def _subject(question: Question) -> Callable[[re.Match[str]], Note]:
    """Return what reads a name of which something is asked: it alone is taken."""

    def note(found: re.Match[str]) -> Note:
        name = found["name"]
        if _longest_name(question, name.split()) != name:
            return None
        return {"authors": (name,), "span": found.span("name")}

    return note


def _longest_name(question: Question, words: Sequence[str], *, from_end: bool = False) -> str:
    """Return the longest run of words from one end that is an author's name, or nothing."""
    for count in range(len(words), 0, -1):
        name = " ".join(words[-count:] if from_end else words[:count])
        # One word alone has to be written as a name: "by chance" asks for nobody.
        if count == 1 and not (name[0].isupper() and len(name.strip(".,")) > 1):
            continue
        if question.known.has_author(name.removesuffix("'s").removesuffix("’s").strip(" ,")):
            return name
    return ""


def _like_a_name(text: str) -> str:
    """Return the words at the start of a text that look like a person's name: two or more with capitals."""
    words = text.split()[:4]
    count = next((at for at, word in enumerate(words) if not word[0].isupper()), len(words))
    return " ".join(words[:count]) if count >= 2 else ""
