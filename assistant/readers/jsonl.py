"""JSON lines: one object a line, in any of the shapes of `shapes`; held one line at a time, however large the file."""

import json
from collections.abc import Iterator

from assistant.readers import json_document, shapes
from assistant.readers.base import Document, Reader
from assistant.records import Problem, Record


def accepts(document: Document) -> bool:
    """Accept a text that opens with an object, one of whose first lines is a whole object by itself."""
    if not document.head.lstrip().startswith("{"):
        return False
    lines = [line for line in document.head.split("\n")[:50] if line.strip()]
    # Lines that are indented are parts of one object that is written over several lines.
    return any(line.startswith("{") and isinstance(_parsed(line), dict) for line in lines)


def read(document: Document) -> Iterator[Record | Problem]:
    """Yield a record or a problem for each line that isn't blank; a whole response on a line gives all its papers."""
    for number, line in document.stream():
        if not line.strip():
            continue
        item = _parsed(line)
        if not isinstance(item, dict):
            yield document.problem(number, "not a JSON object (the line may be cut)")
            continue
        for part in json_document.parts(item):
            found = shapes.to_record(document, number, part)
            if found is not None:
                yield found


def _parsed(line: str) -> object:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None


READER = Reader("JSON lines", accepts, read)
