"""Cite keys in the Better BibTeX manner: first author's surname, short title, year (`wuMOFILearningImage2023`)."""

import re
import unicodedata
from collections.abc import Callable

from assistant.records import Bibliography

_TITLE_WORDS = 3
_SMALL_WORDS = frozenset(
    """a an about above across after against along among and around as at before behind below beneath beside
    between but by can de do for from how in inside into is it its near nor of off on onto or over so some
    than that the their this through to under until up upon via was were what when where which while who why
    will with within toward towards without yet your you are be does""".split()
)
# What LaTeX, BibTeX and pandoc all accept in a key.
_SAFE = re.compile(r"[^A-Za-z0-9:_-]+")


def ascii_letters(text: str) -> str:
    """Return the text in plain ASCII letters, digits, colon, underscore and hyphen; accents are dropped."""
    plain = unicodedata.normalize(
        "NFKD", text.replace("ß", "ss").replace("ø", "o").replace("ł", "l").replace("æ", "ae")
    )
    return _SAFE.sub("", plain.encode("ascii", "ignore").decode())


def propose(paper: Bibliography) -> str:
    """Return the key that the paper would have in an empty library."""
    surname = _surname(paper.authors[0]) if paper.authors else ""
    words = [ascii_letters(word).replace("-", "") for word in re.split(r"[\s–—/:;]+", paper.title)]
    chosen = [word for word in words if word and word.lower() not in _SMALL_WORDS][:_TITLE_WORDS]
    title = "".join(word[0].upper() + word[1:] for word in chosen)
    if not surname:
        title = title[:1].lower() + title[1:]
    return f"{surname}{title}{paper.year or ''}" or "untitled"


def _surname(name: str) -> str:
    last = name.split(",")[0] if "," in name else name.split()[-1]
    return ascii_letters(last).lower()


def unique(key: str, taken: Callable[[str], bool]) -> str:
    """Return the key, with the first free letter behind it where the key is taken."""
    if not taken(key):
        return key
    number = 0
    while taken(candidate := key + _letters(number)):
        number += 1
    return candidate


def _letters(number: int) -> str:
    """Return a, b, ..., z, aa, ab, ... for 0, 1, ..., 25, 26, 27, ..."""
    text = ""
    number += 1
    while number:
        number, digit = divmod(number - 1, 26)
        text = chr(ord("a") + digit) + text
    return text
