"""Words, terms and names of a text, as retrieval and checking compare them."""

import re
from collections.abc import Iterable
from functools import lru_cache

STOPWORDS = frozenset(
    """a about above after again against all also although am among an and any are as at be because been
    before being below between both but by can could did do does doing done down during each either else ever
    every few for from further had has have having he her here hers him his how however i if in into is it its
    itself just like many may me might more most much must my neither no nor not of off on once one only onto
    or other others our ours out over own per rather same shall she should since so some such than that the
    their theirs them themselves then there these they this those through thus to too toward towards under
    until up upon us use used uses using very via was way we were what when where whether which while who whom
    whose why will with within without would yet you your""".split()
)
# What a question says about itself rather than about its subject.
QUESTION_WORDS = frozenset(
    """paper papers work works study studies article articles author authors abstract library propose proposes
    proposed tell show find give list describe explain discuss discusses report reports say says said know
    known there's what's approach approaches method methods technique techniques research researchers
    researcher anything something exist exists different help helps please differ compare compared deal deals dealing
    dealt concern concerns address addresses addressed cover covers covered focus focuses focused investigate
    investigates investigated examine examines examined explore explores explored tackle tackles tackled consider
    considers considered mention mentions mentioned talk talks speak speaks wrote written write writes
    published""".split()
)

# A word with its inner punctuation: T-MAC, GPT-3.5, R^2, 1,000, don't, U-Net++.
_TOKEN = re.compile(r"[^\W_]+(?:[.,'’^+/-]+[^\W_]+)*(?:\+\+|\+|%)?", re.UNICODE)
_NUMBER = re.compile(r"(?<![\w.])(?<![A-Za-z][-–])[-+−]?\d+(?:[.,]\d+)*(?:\s?(?:%|percent|x\b|×))?", re.IGNORECASE)


def tokens(text: str) -> list[str]:
    """Return the words of a text in order, as written, inner punctuation kept."""
    return _TOKEN.findall(text)


def is_identifier(token: str) -> bool:
    """Tell whether a token looks like a name given by people: `T-MAC`, `GPT-4`, `FP8`, `LoRA`, `XLSum`, `mT5`."""
    letters = [c for c in token if c.isalpha()]
    if not letters:
        return False
    inner_capital = any(c.isupper() for c in token[1:])
    digit = any(c.isdigit() for c in token)
    return inner_capital or digit


@lru_cache(maxsize=65536)
def stem(word: str) -> str:
    """Return the English stem of a word in lower case (Snowball)."""
    return str(_stemmer().stemWord(word.lower()))


@lru_cache(maxsize=1)
def _stemmer():  # type: ignore[no-untyped-def]  # snowballstemmer carries no types
    import snowballstemmer

    return snowballstemmer.stemmer("english")


def content_words(text: str) -> list[str]:
    """Return the words that carry meaning, in order, as written; hyphenated words whole."""
    return [token for token in tokens(text) if token.lower() not in STOPWORDS and (len(token) > 1 or token.isdigit())]


def content_stems(text: str) -> list[str]:
    """Return the stems of the words that carry meaning; the parts of hyphenated words one by one."""
    parts = (part for token in content_words(text) for part in re.split(r"[-/’']+", token))
    return [stem(part) for part in parts if part and part.lower() not in STOPWORDS]


_ASKED_TO = re.compile(
    r"^\W*(?:(?:please|can you|could you)\s+)?"
    r"(?:summari[sz]e|outline|recap|sketch|give (?:me )?an? (?:summary|overview) of)\b",
    re.IGNORECASE,
)


def question_terms(question: str) -> list[str]:
    """Return what a question is about: its content words less those that only make it a question."""
    asked = _ASKED_TO.sub("", question)
    return [word for word in content_words(asked) if word.lower() not in QUESTION_WORDS]


def numbers(text: str) -> list[str]:
    """Return the numbers of a text in a comparable form: `95,000` -> `95000`, `3.50 %` -> `3.5%`, `2×` -> `2x`."""
    return [normal_number(found) for found in _NUMBER.findall(text)]


def normal_number(text: str) -> str:
    """Return one number in a comparable form."""
    plain = text.lower().replace("−", "-").replace("percent", "%").replace("×", "x").replace(" ", "").lstrip("+")
    plain = re.sub(r"(?<=\d),(?=\d{3}(?!\d))", "", plain)
    digits = plain.rstrip("%x")
    if "." in digits:
        digits = digits.rstrip("0").rstrip(".")
    return digits + plain[len(plain.rstrip("%x")) :]


def longest_common_run(text: str, sources: Iterable[str]) -> int:
    """Return the length in words of the longest run that a text shares with any of some sources."""
    words = [word.lower() for word in tokens(text)]
    best = 0
    for source in sources:
        best = max(best, _longest_run(words, [word.lower() for word in tokens(source)]))
    return best


def _longest_run(one: list[str], other: list[str]) -> int:
    """Return the length of the longest common contiguous run of two lists, in O(len * len) time."""
    best = 0
    previous = [0] * (len(other) + 1)
    for word in one:
        current = [0] * (len(other) + 1)
        for j, there in enumerate(other):
            if word == there:
                current[j + 1] = previous[j] + 1
                best = max(best, current[j + 1])
        previous = current
    return best
