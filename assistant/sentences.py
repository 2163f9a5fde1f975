"""Sentences of scientific prose, with exact offsets.

Abstracts are full of full stops that end nothing: "e.g.", "et al.", "3.5", "GPT-3.5", initials, addresses. A stop
ends a sentence when white space and something that can open a sentence follow, and the word before it is not a known
abbreviation.
"""

import re
from typing import NamedTuple


class Span(NamedTuple):
    """A piece of a text: its words, and character offsets with the end exclusive."""

    text: str
    start: int
    end: int


_ABBREVIATIONS = frozenset(
    """al approx ca cf ch dept dr e.g eg eq eqs esp etc fig figs i.e ie inc mr mrs ms no nos p pp prof ref
    refs resp sec st tab u.k u.s viz vol vs w.r.t wrt incl dist""".split()
)
# Abbreviations after which a sentence may well end; there a capital letter decides.
_OFTEN_FINAL = frozenset({"al", "etc", "inc", "u.s", "u.k"})
_STOP = re.compile(r"[.!?…]+[\"'”’)\]}]*(?=\s+|$)")
_OPENING = re.compile(r"\s+[\"'“‘(\[{$]*[A-Z0-9À-Þα-ωΑ-Ω]|\s+[a-z]+[A-Z0-9]|\s*$|\s+[^\x00-\x7f]")
_LAST_WORD = re.compile(r"([\w.]+)$")


def split(text: str) -> list[Span]:
    """Return the sentences of a text, without the white space around them.

    Every character that isn't white space belongs to exactly one sentence, and `text[start:end]` is the sentence.
    """
    spans: list[Span] = []
    start = 0
    for stop in _STOP.finditer(text):
        if _ends_sentence(text, stop.start(), stop.end()):
            _append(spans, text, start, stop.end())
            start = stop.end()
    _append(spans, text, start, len(text))
    return spans


def _append(spans: list[Span], text: str, start: int, end: int) -> None:
    piece = text[start:end]
    stripped = piece.strip()
    if stripped:
        start += len(piece) - len(piece.lstrip())
        spans.append(Span(stripped, start, start + len(stripped)))


def _ends_sentence(text: str, stop: int, after: int) -> bool:
    if not _OPENING.match(text, after):
        return False
    if text[stop] != ".":
        return True
    found = _LAST_WORD.search(text, max(0, stop - 40), stop)
    word = found.group(1).lower() if found else ""
    if word in _OFTEN_FINAL:
        return bool(re.match(r"\s+[A-Z]|\s*$", text[after : after + 2]))
    is_initial = (
        len(word) == 1
        and word.isalpha()
        and text[stop - 1].isupper()
        and bool(re.match(r"\s+[A-Z][a-z]+[\s,]", text[after : after + 30]))
    )
    return word not in _ABBREVIATIONS and not is_initial
