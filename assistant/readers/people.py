"""Personal names in the form "First Last", whatever form a source writes them in."""

import re

from assistant.readers.clean import one_line

_SUFFIX = re.compile(r"^(?:jr|sr|ii|iii|iv)\.?$", re.IGNORECASE)
_DEGREE = re.compile(r"^(?:ph\.?\s?d|m\.?d|m\.?sc|dr|prof)\.?$", re.IGNORECASE)
# DBLP tells namesakes apart by a number, Scopus by its author id.
_NUMBER = re.compile(r"\s+(?:\d{4}|\(\d{5,}\))$")
_INITIALS = re.compile(r"^(?:[^\W\d_]\.?[\s-]?){1,4}$")
_ET_AL = re.compile(r"(?:[,;]|\band\b)?\s*(?:\bet\s+al\b\.?|\band others\b|…|\.\.\.)\s*$", re.IGNORECASE)
_NO_NAME = re.compile(r"^\[no author", re.IGNORECASE)
# "Quill A", "van der Berg C.B.": only where a whole list is written so.
_LAST_FIRST = re.compile(r"^([^\W\d_][^\d_,.]*[^\W\d_A-Z]) ((?:[A-Z]\.?-?){1,3})$")
_MAX_CHARS = 200_000


def person(text: str) -> str:
    """Return one name as "First Last"; a name without a comma is left as it is."""
    text = _NUMBER.sub("", one_line(text)).strip(" ,;")
    parts = [part.strip() for part in text.split(",") if part.strip()]
    while len(parts) > 1 and _DEGREE.match(parts[-1]):
        parts.pop()
    if len(parts) == 1:
        return parts[0]
    if len(parts) == 2 and _SUFFIX.match(parts[1]):
        return " ".join(parts)
    if len(parts) >= 3 and _SUFFIX.match(parts[1]):
        return " ".join([*parts[2:], parts[0], parts[1]])
    if len(parts) >= 3 and _SUFFIX.match(parts[-1]):
        return " ".join([*parts[1:-1], parts[0], parts[-1]])
    return " ".join([*parts[1:], parts[0]]) if parts else ""


def joined(*parts: object) -> str:
    """Return a name put together from its parts, empty ones left out."""
    return " ".join(part for part in map(one_line, parts) if part)


def split_list(text: str) -> tuple[tuple[str, ...], bool]:
    """Take apart a list of names in one cell.

    Names stand between semicolons, "and", bars or line ends, else between commas. Commas also part last and first
    names, so a list with commas alone is read as pairs only where every second part is initials or where it is two
    single words.

    Returns:
        The names, and whether the list ends in "et al.".
    """
    text = text[:_MAX_CHARS].strip()
    truncated = bool(_ET_AL.search(text[-40:]))
    if truncated:
        text = text[:-40] + _ET_AL.sub("", text[-40:])
    if ";" in text or "|" in text or "\n" in text.strip():
        entries = re.split(r"[;|\n]", text)
    elif re.search(r"\s(?:and|&)\s", text):
        entries = [name for part in re.split(r",?\s(?:and|&)\s", text) for name in _commas(part)]
    else:
        entries = _commas(text)
    names = [name for name in map(person, entries) if name and not _NO_NAME.match(name)]
    if names and all(map(_LAST_FIRST.match, names)):
        names = [_LAST_FIRST.sub(r"\2 \1", name) for name in names]
    return tuple(names), truncated


def _commas(text: str) -> list[str]:
    """Part a list in which only commas stand."""
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if len(parts) == 3 and _SUFFIX.match(parts[2]) and " " not in parts[0]:
        return [", ".join(parts)]
    pairs = list(zip(parts[::2], parts[1::2], strict=False))
    if len(parts) % 2 == 0 and pairs and all(_INITIALS.match(first) for _, first in pairs):
        return [f"{last}, {first}" for last, first in pairs]
    if len(parts) == 2 and (" " not in parts[0] or " " not in parts[1]):
        return [", ".join(parts)]
    return parts
