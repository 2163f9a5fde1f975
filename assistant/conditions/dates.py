"""When papers appeared: `since 2023`, `between 2019 and 2021`, `after June 2021`, `the last three years`."""

import re
from collections.abc import Callable

from assistant.conditions.question import CUT, PAPERS, PUBLISHED, Note, Question, phrase

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|"
    r"nov(?:ember)?|dec(?:ember)?)\.?"
)
_DATE = rf"(?:{_MONTH} (?:of )?(?:19|20)\d\d|(?:19|20)\d\d(?:-(?:0[1-9]|1[0-2]))?)(?![\w%]|[-–/.,]\d)"
_WHEN = rf"(?:the )?(?:years? )?\b(?P<when>{_DATE})"
_FROM_TO = rf"(?P<when>{_DATE})\s*(?:and|to|through|until|till|[-–—])\s*(?P<last>{_DATE})"
_LEAD = rf"(?:\b{PUBLISHED} )?"
_FROM = r"(?:\b(?:from|in|of) )?"

_SINCE = (
    rf"{_LEAD}{_FROM}{_WHEN}(?:\s*(?:(?:or|and) (?:later|newer|after|onwards?|more recent)|onwards?)\b|\+)",
    rf"{_LEAD}\b(?:from|starting(?: (?:in|from|with))?) {_WHEN}\s*(?:on|onwards?|forward)\b",
    rf"{_LEAD}\b(?:since|not? (?:earlier|older) than|not before|as of|starting (?:in|from|with)) {_WHEN}",
)
_UNTIL = (
    rf"{_LEAD}{_FROM}{_WHEN}\s*(?:or|and) (?:earlier|older|before)\b",
    rf"{_LEAD}\b(?:not? (?:later|newer) than|not after|until|till|up to|through) (?:and including )?{_WHEN}",
)
_AFTER = rf"{_LEAD}(?:\bonly )?\b(?:after|later than|newer than|more recent than|post) {_WHEN}"
_BEFORE = rf"{_LEAD}(?:\bonly )?\b(?:before|earlier than|older than|prior to|pre) {_WHEN}"
_IN = (
    rf"{_LEAD}\b(?:in|from|of|during|dated) {_WHEN}(?: only\b)?",
    rf"(?:^|(?<=[,;({CUT}]))\s*(?:only )?{_WHEN}(?: only\b)?(?=\s*(?:$|[,;.?!){CUT}]))",
    rf"\b(?P<when>{_DATE})(?= {PAPERS}\b)",
    rf"(?<=\bpapers) (?P<when>{_DATE})",
)
_SPANS = (
    rf"{_LEAD}\b(?:between|from|in|during) (?:the )?(?:years? )?{_FROM_TO}",
    r"(?<![\w-])(?P<when>(?:19|20)\d\d)\s*[-–—]\s*(?P<last>(?:19|20)\d\d)(?![\w-])",
)
_COUNTS = {"two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "ten": 10, "couple of": 2, "few": 3}
_LATELY = (
    r"\b(?:(?:from|in|of|over|during|within) )?(?:the )?(?P<which>last|past|this) "
    rf"(?:(?P<count>\d{{1,2}}|{'|'.join(_COUNTS)}) )?(?P<unit>years?)\b"
)
# A year so near to those of the library can be one in which its papers appeared.
_NEAR = 5


def take(question: Question) -> None:
    """Take the dates out of a question."""

    def dated(since: int | None, until: int | None) -> Callable[[re.Match[str]], Note]:
        """Read a date as a bound, moved by so many of its own units; None leaves that side open."""

        def note(found: re.Match[str]) -> Note:
            first = _date(found["when"])
            last = _date(found["last"]) if "last" in found.re.groupindex else first
            first, last = sorted((first, last))
            if not _dates_papers(question, found, first, last):
                return None
            return {
                "since": None if since is None else _moved(first, since),
                "until": None if until is None else _moved(last, until),
            }

        return note

    for patterns, note in (
        (_SPANS, dated(0, 0)),
        (_SINCE, dated(0, None)),
        (_UNTIL, dated(None, 0)),
        ((_AFTER,), dated(1, None)),
        ((_BEFORE,), dated(None, -1)),
    ):
        for pattern in patterns:
            question.take(pattern, note)
    question.take(_LATELY, lambda found: _lately(question, found))
    for pattern in _IN:
        question.take(pattern, dated(0, 0))


def _lately(question: Question, found: re.Match[str]) -> Note:
    if not (question.lists or _beside_papers(question, found)):
        return None
    this, count = question.today.year, found["count"]
    if found["unit"].lower() == "year":
        year = str(this if found["which"].lower() == "this" else this - 1)
        return {"since": year, "until": year}
    if count is None:
        return None
    return {"since": str(this - (_COUNTS.get(" ".join(count.lower().split())) or int(count)))}


def _dates_papers(question: Question, found: re.Match[str], *dates: str) -> bool:
    """Tell whether a date is when papers appeared, rather than part of what they are about.

    Beside a word for papers it is. Otherwise the question has to list papers, and the date has to lie in or near the
    years of the library.
    """
    if _beside_papers(question, found):
        return True
    if not question.lists or question.known.years is None:
        return False
    first, last = question.known.years
    return all(first - _NEAR <= int(when[:4]) <= last + _NEAR for when in dates)


def _beside_papers(question: Question, found: re.Match[str]) -> bool:
    before, after = question.text[: found.start()], question.text[found.end() :]
    between = r"(?: (?:that|which|are|is|were|was|but|only|from))*[\s,]*$"
    return (
        phrase(rf"\s*{PUBLISHED}\b").match(found.group()) is not None
        or phrase(rf"\b(?:{PAPERS}|{PUBLISHED}|only){between}").search(before) is not None
        or phrase(rf" {PAPERS}\b").match(after) is not None
    )


def _date(text: str) -> str:
    """Return a date as it is compared: `June 2021` -> `2021-06`."""
    *month, year = text.split()
    return f"{year}-{_MONTHS.index(month[0].lower()[:3]) + 1:02}" if month else year


def _moved(when: str, step: int) -> str:
    """Return the year or month so many after another."""
    year, _, month = when.partition("-")
    if not month:
        return f"{int(year) + step:04}"
    count = int(year) * 12 + int(month) - 1 + step
    return f"{count // 12:04}-{count % 12 + 1:02}"
