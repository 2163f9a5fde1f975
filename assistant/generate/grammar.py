"""Grammars that hold what a model writes, in the notation of llama.cpp (GBNF), and the same as JSON schemas.

llama.cpp doesn't refuse a malformed grammar, it crashes. So nothing but numbers and escaped words goes into these.
"""

import json
import re
from collections.abc import Sequence
from typing import Any

from assistant.generate.base import Sampling

NOTHING = "The papers do not say."
"""What a model may write instead of statements."""

# One sentence has no line end, no bracket (those are for marks), no marks of a chat template, and no stop inside but
# before a letter or a digit, as in 3.5 or T.5.
_PLAIN = r"""plain ::= [^.?!\[\]{}<>|\x00-\x1f\x7f] | [.?!] [A-Za-z0-9]"""


def of(sampling: Sampling) -> str:
    """Return the grammar of what may be written."""
    if sampling.among:
        return one_of(sampling.among)
    return cited(sampling.marks, sampling.statements) if sampling.marks else sentence(sampling.opening)


def schema_of(sampling: Sampling) -> dict[str, Any]:
    """Return the JSON schema of what may be written."""
    if sampling.among:
        return one_of_schema(sampling.among)
    return cited_schema(sampling.marks, sampling.statements) if sampling.marks else sentence_schema()


def sentence(opening: str = "") -> str:
    """Return the grammar of one sentence that ends with a full stop and begins with some words."""
    return f'root ::= {_literal(opening)} plain{{8,400}} "."\n{_PLAIN}\n'


def one_of(texts: Sequence[str]) -> str:
    """Return the grammar of one of some texts."""
    return f"root ::= {' | '.join(_literal(text) for text in texts)}\n"


def cited(marks: Sequence[int], most: int) -> str:
    """Return the grammar of up to `most` sentences, each with marks `[n]` of the given numbers, or of `NOTHING`."""
    _hold(marks, most)
    allowed = " | ".join(_literal(f"[{mark}]") for mark in marks)
    return (
        f"root ::= statement more{{0,{most - 1}}} | {_literal(NOTHING)}\n"
        'more ::= " " statement\n'
        'statement ::= [A-Z0-9] plain{12,300} " " mark{1,3} "."\n'
        f"mark ::= {allowed}\n{_PLAIN}\n"
    )


def sentence_schema() -> dict[str, Any]:
    """Return the JSON schema of one sentence."""
    return _object({"sentence": {"type": "string", "maxLength": 400}})


def one_of_schema(texts: Sequence[str]) -> dict[str, Any]:
    """Return the JSON schema of one of some texts."""
    return _object({"sentence": {"type": "string", "enum": list(texts)}})


def cited_schema(marks: Sequence[int], most: int) -> dict[str, Any]:
    """Return the JSON schema of up to `most` sentences with the numbers of the papers that each cites."""
    _hold(marks, most)
    papers = {"type": "array", "items": {"type": "integer", "enum": list(marks)}, "minItems": 1, "maxItems": 3}
    statement = _object({"sentence": {"type": "string", "maxLength": 320}, "papers": papers})
    return _object({"statements": {"type": "array", "items": statement, "maxItems": most}})


def from_json(text: str) -> str:
    """Return what a model wrote under one of the schemas as it would have written it under the grammar.

    Raises:
        ValueError: the text isn't of such a schema.
    """
    try:
        data = json.loads(text)
        if "sentence" in data:
            return _one_line(data["sentence"])
        return (
            " ".join(
                f"{_one_line(item['sentence']).rstrip(' .')} {''.join(f'[{int(n)}]' for n in item['papers'])}."
                for item in data["statements"]
            )
            or NOTHING
        )
    except (TypeError, KeyError, AttributeError) as error:
        raise ValueError(f"not of the schema: {text[:80]}") from error


def _one_line(text: str) -> str:
    return " ".join(re.sub(r"\[[\d, ]*\]", "", text).split())


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _hold(marks: Sequence[int], most: int) -> None:
    if not marks or min(marks) < 1 or most < 1:
        raise ValueError(f"no grammar for the marks {list(marks)} and {most} statements")


def _literal(text: str) -> str:
    """Return a text as a literal of the notation; what isn't printable ASCII is written by its number."""

    def escaped(char: str) -> str:
        if char in '"\\':
            return "\\" + char
        if " " <= char <= "~":
            return char
        return f"\\u{ord(char):04X}" if ord(char) <= 0xFFFF else f"\\U{ord(char):08X}"

    return '"' + "".join(map(escaped, text)) + '"'
