"""What a question asks about a paper rather than about its subject: its code, its authors, its date, its numbers.

Such a thing stands in one sentence of the abstract, or in the paper's record, or nowhere; a sentence that merely comes
near the question would answer another one.
"""

import re
from collections.abc import Sequence
from typing import Literal

from assistant.records import Paper

Aspect = Literal["code", "people", "date", "venue", "time", "speed", "limits", "numbers"]

_CODE = r"(?:source code|code ?base|code|implementations?|repositor(?:y|ies)|weights|checkpoints?)"
_GIVEN = r"(?:release|publish|share|provid|open[- ]sourc|mak|offer|hav|has\b|come with|comes with)\w*"
_ASKS: dict[Aspect, re.Pattern[str]] = {
    "code": re.compile(
        rf"\b{_GIVEN}\b[^?]{{0,25}}\b(?:its |their |the |any )?{_CODE}\s*(?:available|public|online)?\s*\?*$"
        rf"|\b{_CODE}\b[^?]{{0,25}}\b(?:available|public|released|open|online|there)\b"
        rf"|\bwhere (?:is|are|can)\b[^?]{{0,25}}\b{_CODE}\b",
        re.IGNORECASE,
    ),
    "people": re.compile(
        r"\bwho (?:wrote|made|proposed|published|developed|built|are the authors|is the (?:first )?author)\b"
        r"|\bby whom\b",
        re.IGNORECASE,
    ),
    "date": re.compile(
        r"\b(?:when|(?:what|which) year)\b[^?]{0,30}\b(?:published|written|released|appear\w*|come out|came out)\b",
        re.IGNORECASE,
    ),
    "venue": re.compile(
        r"\bwhere\b[^?]{0,25}\b(?:published|presented|appear\w*)\b|\b(?:what|which) (?:venue|journal|conference)\b",
        re.IGNORECASE,
    ),
    "time": re.compile(r"\bhow (?:long (?:do|does|did|will|would|must|was|were)\b|much time\b)", re.IGNORECASE),
    "speed": re.compile(
        r"\bhow (?:much |many times )?(?:fast|quick)(?:er|ly)?\b|\b(?:what|which|how much|how large a) "
        r"(?:speed|speed[- ]?ups?|acceleration|throughput|latency)\b",
        re.IGNORECASE,
    ),
    "limits": re.compile(
        r"\b(?:its|their|the|any|what|which) (?:\w+ )?(?:limitations?|limits|drawbacks?|weakness(?:es)?|shortcomings?|"
        r"disadvantages?|caveats?|future work)\b",
        re.IGNORECASE,
    ),
    "numbers": re.compile(
        r"\b(?:what|which|any) (?:exact |concrete )?(?:numbers?|figures|scores?|percentages?)\b", re.IGNORECASE
    ),
}
_COUNT = r"(?:\b\d[\d,.]*|\b(?:a few|two|three|four|five|six|seven|eight|nine|ten|several))"
_TELLS: dict[Aspect, re.Pattern[str]] = {
    "code": re.compile(
        rf"\b{_CODE}\b[^.;]{{0,60}}(?:\b(?:available|releas\w+|public\w*|open[- ]sourc\w+|found at)\b|https?://)"
        rf"|\b(?:release|open[- ]source|publish|share)\b[^.;]{{0,60}}\b{_CODE}\b"
        r"|\b(?:provide|make)\b[^.;]{0,30}\b(?:source code|code ?base|code|implementation|repository)\b|github\.com",
        re.IGNORECASE,
    ),
    "time": re.compile(
        rf"{_COUNT}[\s-](?:\w+[\s-])?(?:seconds?|minutes?|hours?|days?|weeks?|months?|years?|m?s\b)", re.IGNORECASE
    ),
    "speed": re.compile(
        rf"{_COUNT}\s?(?:[x×]|times|fold\b|-fold|T?FLOPS|fps|m?s\b|tokens|frames|images|queries)"
        rf"|{_COUNT}[^.;]{{0,40}}\b(?:fast|speed|throughput|latency|accelerat)|"
        rf"\b(?:fast|speed|throughput|latency|accelerat)[^;]{{0,60}}{_COUNT}",
        re.IGNORECASE,
    ),
    "limits": re.compile(
        r"\b(?:limitations?|limited to|drawbacks?|weakness(?:es)?|shortcomings?|disadvantages?|caveats?|future (?:work|"
        r"research|stud)|remains? (?:open|to be|a challenge|challenging|difficult|unclear)|(?:we|our|the) [^.;]{0,40}"
        r"\b(?:fails?|failed|cannot|can't|did not|does not|do not))\b",
        re.IGNORECASE,
    ),
    "numbers": re.compile(r"(?<![\w-])\d"),
}


def asked(question: str) -> Aspect | None:
    """Return what a question asks about a paper itself, or nothing where it asks about a subject."""
    return next((aspect for aspect, pattern in _ASKS.items() if pattern.search(question)), None)


def tells(aspect: Aspect, sentence: str) -> bool:
    """Tell whether a sentence of an abstract says what is asked."""
    return aspect in _TELLS and bool(_TELLS[aspect].search(sentence))


def from_records(aspect: Aspect, papers: Sequence[Paper]) -> str:
    """Return what the papers' records know of it, a sentence each; nothing for what no record knows."""
    if aspect in ("time", "speed", "limits", "numbers"):
        return ""
    return " ".join(f"By its record, {paper.key} {_known(aspect, paper)}." for paper in papers)


def _known(aspect: Aspect, paper: Paper) -> str:
    match aspect:
        case "code":
            return {True: "comes with code", False: "comes without code", None: "may or may not have code"}[
                paper.has_code
            ]
        case "people" if paper.authors:
            return f"is by {', '.join(paper.authors)}{' and others' * paper.authors_truncated}"
        case "people":
            return "has no authors"
        case "date" if paper.date or paper.year:
            return f"is of {paper.date or paper.year}"
        case "venue" if paper.venue:
            return f"appeared in {paper.venue}"
        case _:
            return f"has no {aspect}"
