"""Follow-up questions: which of the earlier papers "it", "the second one" or "these" mean."""

import re
from collections.abc import Sequence

from assistant.identity import surname
from assistant.records import Paper
from assistant.retrieve import mentions_name
from assistant.terms import content_stems, is_identifier, question_terms, tokens

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
_MANY = re.compile(
    r"\b(?:these|those|they|them|their|both|each of|all of|which of|any of|either)\b|\bthe two(?=\s*[?.,]|\s*$)",
    re.IGNORECASE,
)
# These can't mean one paper.
_TWO = re.compile(
    r"\b(?:these|those|the) (?:two|papers|works|studies|methods|models|systems|approaches)\b"
    r"|\bthe two(?=\s*[?.,]|\s*$)|\b(?:both|either|(?:each|all|which|any) of (?:them|these|those))\b",
    re.IGNORECASE,
)
_ONE = re.compile(
    r"\b(?:it|its|this|that (?:paper|work|study|model|method|approach|system|data|result)|"
    r"the (?:authors?|paper|study|same|system|model|method|approach|data ?set|trial)|he|she|his|her)\b"
    r"|\b(?:did|was|is|does|were|do) that\b|\bthat way\b",
    re.IGNORECASE,
)
_OPENING = re.compile(r"^\s*(?:and|but|so|also|what about|how about|what else|more|then)\b", re.IGNORECASE)
# These open a question of its own too, unless it is cut short: "Why?", "On how many data sets?"
_CUT_SHORT = re.compile(
    r"^\s*(?:why|(?:on|for|in|with|by|at|to|of|from) (?:how (?:many|much)|which|what))\b(?:\s+\S+){0,4}\s*[?.]?$",
    re.IGNORECASE,
)
# "How is that different from GPTQ?" sets an earlier paper beside another, whose name it doesn't have.
_BESIDE = re.compile(
    r"\b(?:it|that|this|they|these|those|the (?:first|second|last|same|paper|study|method|model|approach|system))\b"
    r"[^?]{0,30}?\b(?:differ\w*|compare[ds]?|better|worse|faster|slower|similar|unlike|versus|vs)\b",
    re.IGNORECASE,
)
# "And since 2023?", "Only surveys, please.": conditions for the earlier question.
_NARROWING = re.compile(r"^\s*(?:(?:and|but|so|or|what about|how about)\s+)?(?:(?:only|just)\s+)?", re.IGNORECASE)
# "And for parsing?", "What about vision transformers?": the earlier question, asked of something else.
_INSTEAD = re.compile(r"^\s*(?:(?:and|but|so|or)\s+)?(?:(?:what|how) about|and(?: (?:for|in))?)\s+\S", re.IGNORECASE)
_POINTING = re.compile(
    r"\b(?:it|its|this|that|these|those|they|them|their|he|she|his|her|both|either|ones?|others?|former|latter|rest)\b",
    re.IGNORECASE,
)
_MARK = re.compile(r"\[(\d+)\]|\b(?:paper|source|number|study|no\.)\s+(\d{1,2})\b", re.IGNORECASE)
_COUNTS = {"two": 2, "three": 3, "four": 4, "2": 2, "3": 3, "4": 4}
_SOME = re.compile(rf"\bthe (first|last|other) ({'|'.join(_COUNTS)})\b|\bthe (others|other ones|rest)\b", re.IGNORECASE)
_ALONE = re.compile(
    r"^\s*(?:please )?(?:(?:tell me|say|give me|can you say) more|more(?: details)?|go on|elaborate|explain)\b"
    r"[^?]{0,20}$"
    r"|(?<!\bis )(?<!\bare )\b(?:there|then)\s*\?$",
    re.IGNORECASE,
)
# What a paper has, asked of none: "How large is the test set?"
_PART = re.compile(
    r"\bthe (?:(?:test|training|development|evaluation) (?:set|data|split)|results?|limitations?|limits|drawbacks|"
    r"experiments?|baselines?|conclusions?|findings|gains?|improvements?|sample size|annotators|participants)\b"
    r"(?! (?:of|in|on|for|from|by)\b)",
    re.IGNORECASE,
)
_WHICH_ONE = re.compile(
    r"^\s*(?:and |but )?which (?:ones?\b|is\b|are\b|was\b|were\b|does\b|did\b|has\b|uses?\b)", re.IGNORECASE
)
_SHORT = 9
# So many words of its own before "it" can be what "it" means, if so large a share of them is new.
_SUBJECT, _STRANGE = 2, 0.6


def is_followup(question: str) -> bool:
    """Tell whether a question leans on the conversation before it, as far as its words alone tell."""
    return _leans_clearly(question) or _leaning(question) is not None


def _leans_clearly(question: str) -> bool:
    beside = _BESIDE.search(question)
    if beside and not question_terms(question[: beside.start()]):
        return True
    return any(cue.search(question) for cue in (_MARK, _ORDINAL, _SOME, _OPENING, _CUT_SHORT, _ALONE))


def narrowing(question: str) -> str | None:
    """Return what a follow-up may ask of the papers beside the earlier question, or nothing if it asks of itself."""
    opening = _NARROWING.match(question)
    return question[opening.end() :] if opening and opening.end() and not points(question) else None


def points(question: str) -> bool:
    """Tell whether a question has a word that stands for earlier papers: "it", "the second one", "paper 3"."""
    return any(cue.search(question) for cue in (_MARK, _ORDINAL, _SOME, _POINTING, _WHICH_ONE, _PART))


def of_something_else(question: str, papers: Sequence[Paper]) -> bool:
    """Tell whether a follow-up asks the earlier question of something that none of the earlier papers speaks of."""
    terms = question_terms(question)
    if not terms or points(question) or not _INSTEAD.search(question):
        return False
    there = set(content_stems(" ".join(f"{paper.title} {paper.abstract}" for paper in papers)))
    return not any(stem in there for term in terms for stem in content_stems(term))


def _leaning(question: str) -> int | None:
    """Return where a question has a word that may stand for an earlier paper, or for something in the question."""
    length = len(question.split())
    cues = [_PART, _WHICH_ONE] if length <= _SHORT + 2 else []
    cues += [_MANY, _ONE] if length <= 2 * _SHORT else []
    places = [found.start() for cue in cues if (found := cue.search(question))]
    return min(places) if places else None


def _leans_on(question: str, papers: Sequence[Paper]) -> bool:
    """Tell whether a question leans on some papers: its own words before "it" would otherwise be what "it" means."""
    if _leans_clearly(question):
        return True
    place = _leaning(question)
    if place is None:
        return False
    there = set(content_stems(" ".join(f"{paper.title} {paper.abstract}" for paper in papers)))
    names = [stem for token in tokens(question) if is_identifier(token) for stem in content_stems(token)]
    before = [stem for word in question_terms(question[:place]) for stem in content_stems(word)]
    unknown = [stem for stem in before if stem not in there]
    return there.issuperset(names) and (len(before) < _SUBJECT or len(unknown) < _STRANGE * len(before))


def meant(question: str, keys: Sequence[str]) -> tuple[str, ...]:
    """Return which of the earlier answer's papers, in the order of their marks, a follow-up means."""
    if not keys:
        return ()
    if numbers := [int(mark or number) for mark, number in _MARK.findall(question)]:
        return tuple(keys[number - 1] for number in numbers if 1 <= number <= len(keys))
    if found := _ORDINAL.search(question):
        place = _ORDINALS[found.group(1).lower()]
        return (keys[place],) if -len(keys) <= place < len(keys) else ()
    if found := _SOME.search(question):
        return _some(found, keys)
    if _MANY.search(question) or _WHICH_ONE.search(question):
        return tuple(keys)
    return (keys[0],) if _ONE.search(question) else tuple(keys)


def _some(found: re.Match[str], keys: Sequence[str]) -> tuple[str, ...]:
    """Return several of the papers: the first or the last of them, or all but the first."""
    count = _COUNTS.get((found[2] or "").lower(), len(keys) - 1)
    return tuple(keys[:count] if (found[1] or "").lower() == "first" else keys[-count:] if count else ())


def earlier_keys(question: str, answers: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """Return the papers that a follow-up may mean: those of the last answer, and more where it speaks of several.

    Args:
        question: in the user's words.
        answers: the keys that each earlier answer cited, in the order of their marks.
    """
    keys = tuple(answers[-1]) if answers else ()
    for earlier in reversed(answers[:-1]):
        if len(keys) >= _least(question):
            break
        keys = (*(key for key in earlier if key not in keys), *keys)
    return keys


def _least(question: str) -> int:
    """Return how many papers a question must mean: two for "these two", three for "the third one"."""
    if found := _SOME.search(question):
        return _COUNTS.get((found[2] or "").lower(), 2)
    if found := _ORDINAL.search(question):
        place = _ORDINALS[found[1].lower()]
        return place + 1 if place > 0 else 1
    return 2 if _TWO.search(question) else 1


def without_marks(question: str) -> str:
    """Return a question without its numbers of papers, which say nothing of a subject: "Why does [1] work?"."""
    return " ".join(_MARK.sub(" ", question).split())


def resolve(question: str, papers: Sequence[Paper]) -> tuple[str, ...]:
    """Return the keys of the earlier answer's papers that a question is asked of; none for a question of its own.

    Args:
        question: in the user's words.
        papers: those that the earlier answer cited, in the order of their marks.
    """
    leans = _leans_on(question, papers)
    named = _named(question, papers)
    # Another name beside theirs makes it a question of its own: "How does T-MAC compare with GPTQ?"
    if named and (leans or not names_others(question, papers)):
        return named
    return meant(question, [paper.key for paper in papers]) if leans else ()


def names_others(question: str, papers: Sequence[Paper]) -> bool:
    """Tell whether a question has a name that stands in none of some papers' titles."""
    titles = " ".join(paper.title for paper in papers).lower()
    return any(is_identifier(token) and token.lower() not in titles for token in tokens(question))


def _named(question: str, papers: Sequence[Paper]) -> tuple[str, ...]:
    """Return the papers that a question names, by the name that a title introduces or by a first author."""
    return tuple(
        paper.key
        for paper in papers
        if mentions_name(question, paper.title)
        or (paper.authors and re.search(rf"\b{re.escape(surname(paper.authors[0]))}\b", question))
    )
