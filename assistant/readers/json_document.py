"""One JSON document: a list of objects, or a saved response with such a list in it.

The objects are read one by one, so a broken one costs only itself and a file that was cut keeps all before the cut.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

from assistant.readers import shapes
from assistant.readers.base import Document, Reader
from assistant.records import Problem, Record

# Where responses keep their papers: OpenAlex, Semantic Scholar, Crossref, and what people call it themselves.
LISTS = ("results", "data", "items", "papers", "works", "references", "recommendedPapers", "records", "documents")
_WRAPPER = "message"
_DECODER = json.JSONDecoder()
_SPACE = re.compile(r"[ \t\n\r]*")
_SEPARATED = re.compile(r"[ \t\n\r,]*")
_NEXT_OBJECT = re.compile(r"[}\]\"\w][ \t\n\r]*,?[ \t\n\r]*(\{)")
_TITLES = ("title", "display_name", "data")
_MAX_TRIES = 2_000
_MAX_PROBLEMS = 1_000


def accepts(document: Document) -> bool:
    """Accept a text that opens as a list of objects or as an object with a quoted name."""
    return bool(re.match(r"\s*(?:\[\s*(?:\{|\]|$)|\{\s*\")", document.head))


def parts(item: dict[str, Any]) -> list[object]:
    """Return the papers of a response, or the object itself where it is one paper."""
    wrapped = item.get(_WRAPPER)
    inner = wrapped if isinstance(wrapped, dict) else item
    # A paper may have a list of references of its own.
    if not any(name in inner for name in ("title", "display_name", "DOI")):
        for name in LISTS:
            if isinstance(inner.get(name), list):
                return list(inner[name])
    return [inner]


def read(document: Document) -> Iterator[Record | Problem]:
    """Yield a record or a problem for each object of the list."""
    text = document.text.lstrip("\ufeff")
    at = _list_start(text)
    if at is None:
        yield from _single(document, text)
        return
    line, counted = 1, 0
    tries = 0
    while True:
        gap = _SEPARATED.match(text, at)
        at = gap.end() if gap else at
        line, counted = line + text.count("\n", counted, at), at
        if at >= len(text):
            yield document.problem(line, "the file ends before its list does")
            return
        if text[at] == "]":
            return
        item, end = _decoded(text, at)
        if end is None:
            yield document.problem(line, "a record that is not valid JSON; the file may be cut")
            tries += 1
            following = _next_item(text, at + 1) if tries <= _MAX_PROBLEMS else None
            if following is None:
                return
            at = following
            continue
        at = end
        found = shapes.to_record(document, line, item)
        if found is not None:
            yield found


def _single(document: Document, text: str) -> Iterator[Record | Problem]:
    start = len(text) - len(text.lstrip())
    item, end = _decoded(text, start)
    if end is None or not isinstance(item, dict):
        yield document.problem(1 + text.count("\n", 0, start), "not valid JSON; the file may be cut")
        return
    for part in parts(item):
        found = shapes.to_record(document, 1 + text.count("\n", 0, start), part)
        if found is not None:
            yield found


def _list_start(text: str) -> int | None:
    """Return where the list's first object stands; None where the document is no list and holds none."""
    at = _after_space(text, 0)
    if text.startswith("[", at):
        return at + 1
    for _ in range(1000):
        at = _after_space(text, at + 1)  # past `{` or `,`
        name, end = _decoded(text, at)
        if end is None or not isinstance(name, str):
            return None
        at = _after_space(text, end)
        if not text.startswith(":", at):
            return None
        at = _after_space(text, at + 1)
        if name in ("title", "display_name", "DOI"):
            return None
        if name in LISTS and text.startswith("[", at):
            return at + 1
        if name == _WRAPPER and text.startswith("{", at):
            continue
        _, end = _decoded(text, at)
        if end is None:
            return None
        at = _after_space(text, end)
        if not text.startswith(",", at):
            return None
    return None


def _after_space(text: str, at: int) -> int:
    gap = _SPACE.match(text, at)
    return gap.end() if gap else at


def _decoded(text: str, at: int) -> tuple[object, int | None]:
    """Return the value at a place and where it ends; no end where there is no valid one."""
    try:
        return _DECODER.raw_decode(text, at)
    except (ValueError, RecursionError):
        return None, None


def _next_item(text: str, at: int) -> int | None:
    """Return where the next object stands that can be a paper, after a broken one."""
    for _, found in zip(range(_MAX_TRIES), _NEXT_OBJECT.finditer(text, at), strict=False):
        item, end = _decoded(text, found.start(1))
        if end is not None and isinstance(item, dict) and any(name in item for name in _TITLES):
            return found.start(1)
    return None


READER = Reader("JSON (CSL, OpenAlex, Semantic Scholar)", accepts, read)
