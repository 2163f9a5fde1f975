"""Which of the JSON formats an object is in: told from its own fields, object by object."""

from collections.abc import Callable
from typing import Any, NamedTuple

from assistant.readers import arxiv_snapshot, csl_json, openalex, plain_json, semantic_scholar, zotero_items
from assistant.readers.base import Document
from assistant.records import Problem, Record


class Shape(NamedTuple):
    """One kind of JSON object: how it is told, and how it becomes a record."""

    is_item: Callable[[dict[str, Any]], bool]
    record: Callable[[Document, int, dict[str, Any]], Record]


# The shapes with the most telling fields come first; any object with a title is of the last.
SHAPES = (
    Shape(zotero_items.is_item, zotero_items.record),
    Shape(openalex.is_item, openalex.record),
    Shape(semantic_scholar.is_item, semantic_scholar.record),
    Shape(arxiv_snapshot.is_item, arxiv_snapshot.record),
    Shape(csl_json.is_item, csl_json.record),
    Shape(plain_json.is_item, plain_json.record),
)


def to_record(document: Document, line: int, item: object) -> Record | Problem | None:
    """Return the record of a JSON object, or the problem; None for what is no paper and no mistake (an attachment)."""
    if not isinstance(item, dict):
        return document.problem(line, "not a JSON object")
    if zotero_items.is_aside(item):
        return None
    shape = next(shape for shape in SHAPES if shape.is_item(item))
    try:
        found = shape.record(document, line, item)
    except (TypeError, ValueError, AttributeError, KeyError, RecursionError) as error:
        # The objects come from outside: a field of an unforeseen type costs this record only.
        return document.problem(line, f"a record with fields of an unknown form ({type(error).__name__})")
    return found if found.title else document.problem(line, "a record without a title")
