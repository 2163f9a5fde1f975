"""Question sets of one's own: questions over the user's library, or with the abstract that each is asked of.

A file has one JSON object a line. `question` is needed; `id`, `kind`, `answerable`, `gold` (cite keys), `facts` (texts,
or lists of alternative wordings) and `label` (`yes`, `no` or `maybe`) are used where they are there. A row with
`abstract`, or with `contexts` as in PubMedQA, is asked of that text alone; one without is asked of the library.
PubMedQA's rows (`pubid` or `pmid`, `final_decision`, `context`) are read as they are.
"""

import json
import tempfile
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from pydantic import AliasChoices, AliasPath, BaseModel, ConfigDict, Field, ValidationError, field_validator

from assistant import ingest
from assistant.conditions import Asked as Conditioned
from assistant.config import Settings
from assistant.embed import Embedder
from assistant.errors import ReadError
from assistant.eval import dataset, scoring
from assistant.eval.metrics import Checker
from assistant.eval.recording import Journal, record
from assistant.eval.report import Case, Report, figures, polarity_figures
from assistant.eval.run import ALL, Progress, Sizes, Tools, kept, measure_judges, sample, unasked
from assistant.eval.scoring import Asked
from assistant.eval.shown import Told
from assistant.judge.base import Evidence
from assistant.library import Library
from assistant.records import Answer, Polarity, Record, Source
from assistant.retrieve import Result, Retriever
from assistant.store import Store, write_lock

_WANTED = "Give answers as `assistant ask -f FILE --json` prints them."


class Row(BaseModel):
    """One question of a user's set; further fields are ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore", coerce_numbers_to_str=True)

    id: str = Field(default="", validation_alias=AliasChoices("id", "pubid", "pmid"))
    question: str = Field(validation_alias=AliasChoices("question", "QUESTION"))
    kind: str | None = None
    answerable: bool | None = None
    gold: tuple[str, ...] = ()
    facts: tuple[tuple[str, ...], ...] = ()
    label: Polarity | None = Field(default=None, validation_alias=AliasChoices("label", "final_decision"))
    title: str = ""
    contexts: tuple[str, ...] = Field(
        default=(),
        validation_alias=AliasChoices("contexts", "abstract", AliasPath("context", "contexts"), "CONTEXTS"),
    )
    """The text that the question is asked of; none where that is the library."""

    @field_validator("contexts", mode="before")
    @classmethod
    def _listed(cls, value: Any) -> Any:
        return [value] if isinstance(value, str) else value

    @field_validator("facts", mode="before")
    @classmethod
    def _alternatives(cls, value: Any) -> Any:
        return [[fact] if isinstance(fact, str) else fact for fact in value or ()]

    @property
    def text(self) -> str:
        """The text that the question is asked of; empty where that is the library."""
        return " ".join(part.strip() for part in self.contexts)


def read(path: Path) -> list[Row]:
    """Return the questions of a file, each with an id of its own: the row's, or its line number.

    Raises:
        ReadError: it can't be read, a line isn't a question, or two have the same id.
    """
    rows = [
        row if row.id else row.model_copy(update={"id": str(place)})
        for place, row in enumerate(dataset.read(path, Row), start=1)
    ]
    dataset.distinct(path, [row.id for row in rows])
    if not rows:
        raise ReadError(f"{path}: no questions", "Give a JSON lines file with one question a line.")
    return rows


def read_answers(path: Path) -> dict[str, Told]:
    """Return the answers of a file by their questions: lines as `ask --json` prints, or a saved run.

    Raises:
        ReadError: it can't be read, or a line isn't an answer.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ReadError(f"{path}: can't be read", _WANTED) from error
    told = {}
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            data = json.loads(line)
            found = (
                [case["result"] for case in data["cases"] if case["part"] == "answers"] if "cases" in data else [data]
            )
            told.update({answer.question: answer for answer in map(Told.model_validate, found)})
        except (ValueError, TypeError, KeyError, AttributeError, ValidationError) as error:
            raise ReadError(f"{path}:{number}: not an answer", _WANTED) from error
    return told


class GivenRetriever(Retriever):
    """Finds one paper only: the one that a question is asked of."""

    key = ""

    def read(self, question: str) -> Conditioned:
        """Return the question as it is: which paper is meant is known, so no words of it choose among papers."""
        return self.take(question)

    def find(self, asked: Conditioned, limit: int = 10, only: Collection[str] | None = None) -> Result:
        """Return the paper, whatever the question."""
        return super().find(asked, limit, (self.key,))


def evaluate(
    tools: Tools,
    rows: Sequence[Row],
    *,
    data: Path,
    home: Callable[[], Retriever],
    answers: Mapping[str, Told] | None = None,
    sizes: Sizes = ALL,
    seed: int = 0,
    journals: Path | None = None,
    progress: Progress = lambda what, done, total: None,
) -> Report:
    """Ask, or take the answers of a file, and score them.

    Args:
        tools: what is measured, and what measures it.
        rows: the questions.
        data: the file that they are from, for the record.
        home: opens the user's library; called when a question is asked of it.
        answers: answers by question, instead of asking.
        sizes: how many questions, spread over kinds and labels; and how many claims the judges are measured on.
        seed: draws the sample and the resamples, and seeds the sampling.
        journals: folder in which to keep what is done, so that a run that was cut goes on; nowhere by default.
        progress: told how far the run is.
    """
    rows = sample(rows, sizes.questions, seed, lambda row: f"{row.kind} {row.label}")
    model, adapter = tools.model() if answers is None else (None, None)
    run = record(
        judge=tools.judge.name,
        data=[data],
        seed=seed,
        n=len(rows),
        model=model,
        adapter=adapter,
        path=tools.path() if model else None,
    )
    journal = Journal(journals, "own", run) if journals else None
    given = [row for row in rows if row.text]
    cases: list[Case] = []
    with _texts(given, tools.embedder if answers is None else None) as texts:
        retriever = home() if len(given) < len(rows) else None
        papers = {_key(row): Evidence(text=row.text, title=_title(row)) for row in given}
        if retriever:
            papers |= {p.key: Evidence(text=p.abstract, title=p.title) for p in retriever.library.papers()}
        checker = Checker(tools.judge, papers)
        for done, row in enumerate(rows, start=1):
            told = _told(row, tools, texts if row.text else retriever, answers, journal)
            if told:
                cases.append(_case(row, told, checker, papers))
            progress("answers", done, len(rows))
    if not cases:
        raise unasked()
    told_all = [Told.model_validate(case.result) for case in cases]
    agreement = measure_judges([tools.gate, tools.judge], sizes.claims, seed, journal, progress)
    report = Report(
        run=run,
        metrics=figures(cases, seed) | polarity_figures(cases, seed) | scoring.gate_figures(told_all, checker, seed),
        agreement={name: found["balanced_accuracy"] for name, found in agreement.items()},
        risk_coverage=scoring.risk_coverage(told_all, checker),
        cases=tuple(cases),
    )
    if journal:
        journal.finish()
    return report


def _told(
    row: Row, tools: Tools, retriever: Retriever | None, answers: Mapping[str, Told] | None, journal: Journal | None
) -> Told | None:
    """Return the answer to a question: the given one, if any are given, or what the program says."""
    if answers is not None:
        return answers.get(row.question)
    assert retriever is not None
    if isinstance(retriever, GivenRetriever):
        retriever.key = _key(row)
    answer = kept(journal, row.id, Answer, partial(tools.answerer(retriever).ask, row.question))
    return Told.model_validate(answer.model_dump(by_alias=True))


def _case(row: Row, told: Told, checker: Checker, papers: Mapping[str, Evidence]) -> Case:
    gold = (_key(row),) if row.text else row.gold
    answerable = bool(gold) or None if row.answerable is None else row.answerable
    asked = Asked(id=row.id, question=row.question, kind=row.kind, answerable=answerable, gold=gold, facts=row.facts)
    return Case(
        part="answers",
        id=row.id,
        kind=row.kind,
        gold=gold,
        polarity=row.label,
        scores=scoring.score_answer(asked, told, checker, papers),
        result=told.model_dump(mode="json"),
    )


@contextmanager
def _texts(rows: Sequence[Row], embedder: Embedder | None) -> Iterator[Retriever | None]:
    """Open a temporary library of the rows' own texts; none where nothing is asked of them."""
    if not rows or embedder is None:
        yield None
        return
    with tempfile.TemporaryDirectory(prefix="assistant-eval-") as folder:
        settings = Settings(home=Path(folder))
        with Library.create(settings.catalogue) as library:
            with write_lock(settings.write_lock):
                ingest.add(_records(rows), library, embedder)
            store = Store(library, settings.index, settings.write_lock, lambda line: None)
            yield GivenRetriever(library, store, embedder)


def _records(rows: Sequence[Row]) -> Iterable[Record]:
    for line, row in enumerate(rows, start=1):
        yield Record(key=_key(row), title=_title(row), abstract=row.text, source=Source(file="questions", line=line))


def _key(row: Row) -> str:
    return f"given-{row.id}"


def _title(row: Row) -> str:
    # Rows without a title still have to be told apart.
    return row.title or f"Text of question {row.id}"
