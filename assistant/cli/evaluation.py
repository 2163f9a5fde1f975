"""The evaluation commands: eval, eval judge."""

import json
import time
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from assistant.cli.run import EVALUATOR, GATE, JUDGES, Run, command, default_command, show, show_json, tell

if TYPE_CHECKING:
    from assistant.eval.run import Tools

JudgeName = Annotated[str, typer.Option("--judge", help=f"The judge: {', '.join(JUDGES)}.")]

_EVERY_S = 10.0


class PartName(StrEnum):
    """A part of the evaluation."""

    retrieval = "retrieval"
    answers = "answers"
    refusal = "refusal"
    drafts = "drafts"
    judge = "judge"


def register(app: typer.Typer) -> None:
    """Register the commands."""
    group = typer.Typer(help="Measure how faithful the answers, the citations and the judges are.")
    app.add_typer(group, name="eval")
    default_command(group)(evaluate)
    command(group, "judge")(judge)
    command(group, "retrieval")(retrieval)


def evaluate(
    run: Run,
    parts: Annotated[
        list[PartName] | None,
        typer.Option("--part", help="Only this part; may be given several times.", show_default=False),
    ] = None,
    n: Annotated[
        int | None, typer.Option("--n", min=1, help="How many questions; all by default.", show_default=False)
    ] = None,
    quick: Annotated[bool, typer.Option("--quick", help="A small sample, under two minutes.")] = False,
    name: JudgeName = EVALUATOR,
) -> None:
    """Measure how faithful the answers and their citations are, on the bundled evaluation set."""
    from assistant.eval import report as reports
    from assistant.eval.run import PARTS, QUICK, Sizes
    from assistant.eval.run import evaluate as measure

    sizes = Sizes.sample(n) if n else QUICK if quick else Sizes()
    report = measure(
        _tools(run, name),
        parts=[part.value for part in parts] if parts else PARTS,
        sizes=sizes,
        seed=run.settings.seed,
        journals=run.settings.journals,
        progress=_Progress(),
    )
    if run.as_json:
        show_json(report)
        return
    show("\n".join(reports.table(report)))


def _tools(run: Run, judge: str) -> "Tools":
    from assistant.eval.run import Tools

    return Tools(
        embedder=run.embedder,
        answerer=run.answerer_over,
        drafter=run.drafter_over,
        model=lambda: (run.generator.model, run.adapter),
        judge=run.judge(judge),
        gate=run.judge(GATE),
    )


def judge(
    run: Run,
    data: Annotated[
        Path | None,
        typer.Option("--data", help="Labelled claims, JSON lines; the bundled ones by default.", show_default=False),
    ] = None,
    scores: Annotated[
        Path | None, typer.Option("--scores", help="Write id, score and verdict of each claim.", show_default=False)
    ] = None,
    name: JudgeName = GATE,
) -> None:
    """Measure a support judge on labelled claims, beside the token-overlap baseline."""
    from assistant.config import data_path
    from assistant.errors import ReadError
    from assistant.eval import dataset, judging
    from assistant.files import write_whole

    pairs = dataset.pairs(data) if data else dataset.bundled_pairs()
    if not pairs:
        raise ReadError(f"{data}: no rows", "Give a JSON lines file with one labelled claim a line.")
    report = judging.judge_pairs(
        run.judge(name),
        pairs,
        data=[data] if data else [data_path("eval") / name for name in ("library.jsonl", "claims.jsonl")],
        seed=run.settings.seed,
        journals=run.settings.journals,
        progress=partial(_Progress(), "claims"),
    )
    if scores:
        rows = ({"id": case.id, "score": case.support, "verdict": case.verdict} for case in report.cases)
        write_whole(scores, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))
    if run.as_json:
        show_json(report)
        return
    show("\n".join(judging.table(report)))


def retrieval(
    run: Run,
    data: Annotated[Path, typer.Option("--data", help="Folder with corpus.jsonl, queries.jsonl and qrels.tsv.")],
    ranking: Annotated[
        Path | None, typer.Option("--run", help="Write the ranking as lines of a TREC run.", show_default=False)
    ] = None,
) -> None:
    """Measure retrieval on a set of documents, queries and judgements, stage by stage."""
    from assistant.eval import retrieval as measuring
    from assistant.files import write_whole

    report, rankings = measuring.measure(data, run.embedder, seed=run.settings.seed, progress=_Progress())
    if ranking:
        write_whole(ranking, "".join(measuring.trec_lines(rankings)))
    if run.as_json:
        show_json(report)
        return
    show("\n".join(measuring.table(report)))


class _Progress:
    """Tells every few seconds how far each part of a run is and how long it will take."""

    def __init__(self) -> None:
        self._what = ""
        self._start = self._last = time.monotonic()
        self._from = 0

    def __call__(self, what: str, done: int, total: int) -> None:
        now = time.monotonic()
        if what != self._what:
            # What was done before the run was cut comes at once; the rate is that of the rest.
            self._what, self._start, self._last, self._from = what, self._last, now, done - 1
        if now - self._last >= _EVERY_S or done == total:
            self._last = now
            left = (now - self._start) / max(done - self._from, 1) * (total - done)
            tell(f"{done} of {total} {what}" + (f", about {left:.0f} s left" if done < total else ""))
