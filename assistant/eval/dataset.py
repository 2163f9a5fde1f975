"""The bundled evaluation set: questions and claim-citation pairs over the sample library."""

import json
from pathlib import Path
from typing import Literal, TypeVar

from pydantic import ValidationError

from assistant.config import data_path
from assistant.errors import ReadError
from assistant.records import Frozen

Kind = Literal[
    "one", "several", "comparison", "number", "condition", "followup", "missing", "false_premise", "offtopic"
]
Label = Literal["support", "partial", "contradict", "nei", "unsupported"]

LIBRARY = "library.jsonl"


class Question(Frozen):
    """One question with what a right answer cites and contains."""

    id: str
    kind: Kind
    question: str
    answerable: bool
    gold: tuple[str, ...]
    """Source ids of the papers that answer it."""
    facts: tuple[tuple[str, ...], ...]
    """Each fact as alternative wordings, any of which shows it; compared in lower case."""
    follows: str | None
    """The id of the question that this one follows up."""
    note: str = ""


class Claim(Frozen):
    """One sentence attributed to one paper, with whether the paper's abstract supports it."""

    id: str
    paper: str
    claim: str
    label: Label
    error_type: str
    sentence: str | None
    """The abstract's sentence that decides, exactly; None where none does."""
    why: str = ""


Item = TypeVar("Item", bound=Frozen)


def questions(folder: Path | None = None) -> list[Question]:
    """Return the bundled questions."""
    return _read(folder, "questions.jsonl", Question)


def claims(folder: Path | None = None) -> list[Claim]:
    """Return the bundled claim-citation pairs."""
    return _read(folder, "claims.jsonl", Claim)


def _read(folder: Path | None, name: str, kind: type[Item]) -> list[Item]:
    path = (folder or data_path("eval")) / name
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise ReadError(f"{path}: can't be read ({error.strerror})", "Reinstall the package.") from error
    items = []
    for number, line in enumerate(lines, start=1):
        try:
            items.append(kind.model_validate(json.loads(line)))
        except (ValueError, ValidationError) as error:
            reason = str(error).splitlines()[0]
            raise ReadError(f"{path}:{number}: not a valid item ({reason})", "Mend the line.") from error
    return items
