"""The bundled evaluation set: questions and claim-citation pairs over the sample library."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

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


class Draft(Frozen):
    """A topic for a related-work paragraph, with the papers that it has to cite."""

    id: str
    topic: str
    must_cite: tuple[str, ...]
    """Source ids."""
    note: str = ""


class LibraryPaper(BaseModel):
    """What the evaluation needs of a paper of the sample library."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: str
    title: str
    abstract: str


class Pair(BaseModel):
    """One claim with the evidence that it is held against, from a file of the user's; further fields are ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: str
    source: str = ""
    """The set that the pair is from; figures are given by source."""
    claim: str
    title: str = ""
    evidence: str | tuple[str, ...]
    """A text, or its sentences."""
    label: Label
    error_type: str | None = None
    sentence: str | None = None
    """The sentence of the evidence that decides, exactly, where it is known."""

    @property
    def supported(self) -> bool:
        """Whether the evidence supports the claim, in binary figures: of the labels, `support` alone does."""
        return self.label == "support"

    @property
    def text(self) -> str:
        """The evidence as one text."""
        return self.evidence if isinstance(self.evidence, str) else " ".join(self.evidence)


Item = TypeVar("Item", bound=BaseModel)


def questions(folder: Path | None = None) -> list[Question]:
    """Return the bundled questions."""
    return read((folder or data_path("eval")) / "questions.jsonl", Question)


def claims(folder: Path | None = None) -> list[Claim]:
    """Return the bundled claim-citation pairs."""
    return read((folder or data_path("eval")) / "claims.jsonl", Claim)


def drafts(folder: Path | None = None) -> list[Draft]:
    """Return the bundled drafting tasks."""
    return read((folder or data_path("eval")) / "drafts.jsonl", Draft)


def papers(folder: Path | None = None) -> dict[str, LibraryPaper]:
    """Return the papers of the sample library by their source ids."""
    return {paper.id: paper for paper in read((folder or data_path("eval")) / LIBRARY, LibraryPaper)}


def pairs(path: Path) -> list[Pair]:
    """Return the claim-evidence pairs of a file.

    Raises:
        ReadError: it can't be read, a line isn't a pair, or two have the same id.
    """
    found = read(path, Pair)
    distinct(path, [pair.id for pair in found])
    return found


def distinct(path: Path, ids: Sequence[str]) -> None:
    """Hold that no two rows of a file have the same id.

    Raises:
        ReadError: two have.
    """
    for twice in (identifier for identifier, times in Counter(ids).items() if times > 1):
        raise ReadError(f"{path}: two rows have the id {twice}", "Give each row an id of its own.")


def bundled_pairs() -> list[Pair]:
    """Return the bundled claims as pairs with the whole abstract that each cites."""
    library = papers()
    return [
        Pair(
            id=claim.id,
            source="bundled",
            claim=claim.claim,
            title=library[claim.paper].title,
            evidence=library[claim.paper].abstract,
            label=claim.label,
            error_type=claim.error_type,
            sentence=claim.sentence,
        )
        for claim in claims()
    ]


def read(path: Path, kind: type[Item]) -> list[Item]:
    """Return the items of a JSON lines file; blank lines are passed over.

    Raises:
        ReadError: it can't be read, or a line isn't such an item; says which.
    """
    try:
        # Only line feeds end a row: JSON strings may hold what else Python takes for a line's end.
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ReadError(f"{path}: can't be read ({reason})", "Give a JSON lines file in UTF-8.") from error
    items = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            items.append(kind.model_validate_json(line))
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"])
            reason = f"{where}: {first['msg']}" if where else first["msg"]
            raise ReadError(f"{path}:{number}: not a valid row ({reason})", "Mend the line.") from error
    return items
