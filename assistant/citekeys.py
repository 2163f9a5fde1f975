"""Cite keys in the Better BibTeX manner: first author's surname, short title, year (`wuMOFILearningImage2023`)."""

import re
import unicodedata
from collections.abc import Callable

from assistant.identity import plain, surname
from assistant.records import Bibliography

_TITLE_WORDS = 3
_SMALL_WORDS = frozenset(
    """a an about above across after against along among and around as at before behind below beneath beside
    between but by can de do for from how in inside into is it its near nor of off on onto or over so some
    than that the their this through to under until up upon via was were what when where which while who why
    will with within toward towards without yet your you are be does""".split()
)
# What LaTeX, BibTeX, biber and pandoc all take as a key: letters, digits and underscores, with single marks between
# them. A key from DBLP (`DBLP:conf/acl/Quill20`) or one with full stops is such a key; pandoc ends one at two marks.
_SAFE_KEY = re.compile(r"[A-Za-z0-9_]+(?:[:./+-][A-Za-z0-9_]+)*")
_NOT_IN_KEYS = re.compile(r"[^A-Za-z0-9:._/+-]+")


def ascii_letters(text: str) -> str:
    """Return the text in plain ASCII letters, digits, colon, underscore and hyphen; accents are dropped."""
    plain_text = unicodedata.normalize(
        "NFKD", text.replace("ß", "ss").replace("ø", "o").replace("ł", "l").replace("æ", "ae")
    )
    return re.sub(r"[^A-Za-z0-9:_-]+", "", plain_text.encode("ascii", "ignore").decode())


def safe(key: str) -> str:
    """Return a user's own key as it is, or where LaTeX or pandoc would trip over it, what is left without the marks.

    Empty where nothing is left.
    """
    if _SAFE_KEY.fullmatch(key):
        return key
    bare = unicodedata.normalize("NFKD", key.replace("ß", "ss").replace("ø", "o").replace("ł", "l"))
    bare = _NOT_IN_KEYS.sub("", bare.encode("ascii", "ignore").decode())
    return re.sub(r"([:./+-])[:./+-]+", r"\1", bare).strip(":./+-")


def propose(paper: Bibliography) -> str:
    """Return the key that the paper would have in an empty library."""
    author = ascii_letters(surname(paper.authors[0])).lower() if paper.authors else ""
    words = [re.sub(r"[^A-Za-z0-9]", "", ascii_letters(word)) for word in re.split(r"[\s–—/:;]+", plain(paper.title))]
    chosen = [word for word in words if word and word.lower() not in _SMALL_WORDS][:_TITLE_WORDS]
    title = "".join(word[0].upper() + word[1:] for word in chosen)
    if not author:
        title = title[:1].lower() + title[1:]
    return f"{author}{title}{paper.year or ''}" if author or title else f"untitled{paper.year or ''}"


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
