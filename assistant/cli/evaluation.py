"""The evaluation commands: eval and those below it."""

import json
import time
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from assistant.cli.run import EVALUATOR, GATE, JUDGES, Run, command, default_command, show, show_json, tell

if TYPE_CHECKING:
    from assistant.eval.report import Report
    from assistant.eval.run import Tools

JudgeName = Annotated[str, typer.Option("--judge", help=f"The judge: {', '.join(JUDGES)}.")]

Sampled = Annotated[
    int | None, typer.Option("--n", min=1, help="How many questions; all by default.", show_default=False)
]

Quick = Annotated[bool, typer.Option("--quick", help="A small sample.")]

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
    command(group, "answers")(answers)
    command(group, "judge")(judge)
    command(group, "retrieval")(retrieval)
    command(group, "validate")(validate)
    command(group, "compare")(compare)
    command(group, "baseline")(baseline)


def evaluate(
    run: Run,
    parts: Annotated[
        list[PartName] | None,
        typer.Option("--part", help="Only this part; may be given several times.", show_default=False),
    ] = None,
    n: Sampled = None,
    quick: Quick = False,
    name: JudgeName = EVALUATOR,
) -> None:
    """Measure how faithful the answers and their citations are, on the bundled evaluation set."""
    from assistant.eval import report as reports

    report = _measured(run, parts, n, quick, name)
    if run.as_json:
        show_json(report)
        return
    show("\n".join(reports.table(report)))


def _measured(run: Run, parts: list[PartName] | None, n: int | None, quick: bool, judge: str) -> "Report":
    from assistant.eval.run import PARTS, QUICK, Sizes
    from assistant.eval.run import evaluate as measure

    return measure(
        tools(run, judge),
        parts=[part.value for part in parts] if parts else PARTS,
        sizes=Sizes.sample(n) if n else QUICK if quick else Sizes(),
        seed=run.settings.seed,
        journals=run.settings.journals,
        progress=Progress(),
    )


def answers(
    run: Run,
    data: Annotated[
        Path | None,
        typer.Option("--data", help="Questions, JSON lines; the bundled ones by default.", show_default=False),
    ] = None,
    given: Annotated[
        Path | None,
        typer.Option("--answers", help="Score these answers instead of asking.", show_default=False),
    ] = None,
    n: Sampled = None,
    name: JudgeName = EVALUATOR,
) -> None:
    """Ask the questions of a set of your own, or take the answers of a file, and score the answers."""
    from assistant.eval import own
    from assistant.eval import report as reports
    from assistant.eval.run import Sizes
    from assistant.eval.run import evaluate as measure

    told = own.read_answers(given) if given else None
    sizes = Sizes.sample(n) if n else Sizes()
    shared: dict[str, Any] = {
        "answers": told,
        "sizes": sizes,
        "seed": run.settings.seed,
        "journals": run.settings.journals,
        "progress": Progress(),
    }
    measured = tools(run, name)
    if data:
        report = own.evaluate(measured, own.read(data), data=data, home=lambda: run.retriever, **shared)
    else:
        report = measure(measured, parts=("answers", "refusal"), **shared)
    if run.as_json:
        show_json(report)
        return
    show("\n".join(reports.table(report)))


def tools(run: Run, judge: str) -> "Tools":
    """Return what the evaluation measures, and what measures it."""
    from assistant.eval.run import Tools

    return Tools(
        embedder=run.embedder,
        answerer=run.answerer_over,
        drafter=run.drafter_over,
        model=lambda: (run.generator.model, run.adapter),
        judge=run.judge(judge),
        gate=run.judge(GATE),
        path=lambda: run.path,
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
        progress=partial(Progress(), "claims"),
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

    report, rankings = measuring.measure(data, run.embedder, seed=run.settings.seed, progress=Progress())
    if ranking:
        write_whole(ranking, "".join(measuring.trec_lines(rankings)))
    if run.as_json:
        show_json(report)
        return
    show("\n".join(measuring.table(report)))


def validate(
    run: Run,
    data: Annotated[
        Path | None,
        typer.Option("--data", help="Folder of the set; the bundled one by default.", show_default=False),
    ] = None,
) -> None:
    """Hold the evaluation set against what it promises; exit 4 where it doesn't keep that."""
    from assistant.errors import BelowThresholdError
    from assistant.eval import validate as checks

    found = checks.validate(data, run.settings.seed)
    if run.as_json:
        show_json(found)
    else:
        show("\n".join(checks.table(found)))
    if found.faults:
        raise BelowThresholdError(
            f"the evaluation set has {len(found.faults)} faults", "Mend the items that are named, and validate again."
        )


RunFile = Annotated[Path, typer.Argument(metavar="RUN", help="What `assistant eval --json` printed.")]


def compare(run: Run, first: RunFile, second: RunFile) -> None:
    """Compare two runs item by item: the change of each figure with its interval and a paired test."""
    from assistant.eval import comparison

    found = comparison.differences(comparison.read(first), comparison.read(second), run.settings.seed)
    if run.as_json:
        show_json(found)
        return
    show("\n".join(comparison.table(found)))


def baseline(
    run: Run,
    given: Annotated[
        Path | None,
        typer.Argument(metavar="[RUN]", help="What `assistant eval --json` printed; by default it is run now."),
    ] = None,
    against: Annotated[
        Path | None, typer.Option("--against", help="The committed figures.", show_default=False)
    ] = None,
    write: Annotated[bool, typer.Option("--write", help="Make this run's figures the committed ones.")] = False,
    n: Sampled = None,
    quick: Quick = False,
    name: JudgeName = EVALUATOR,
) -> None:
    """Hold a run against the committed figures; exit 4 where one is worse by more than the interval."""
    from assistant.config import data_path
    from assistant.errors import BelowThresholdError, UsageError
    from assistant.eval import comparison
    from assistant.eval.report import Report
    from assistant.files import write_whole

    path = against or data_path("eval") / comparison.BASELINE
    committed = None if write else comparison.read_baseline(path)
    report = comparison.read(given) if given else _measured(run, None, n, quick, name)
    if not isinstance(report, Report):
        raise UsageError(f"{given} is a run of `eval judge`", "Give a run of `assistant eval`.")
    if committed is None:
        kept = {key: metric for key, metric in report.metrics.items() if comparison.held(key)}
        figures = comparison.Baseline(run=report.run, metrics=kept)
        write_whole(path, figures.model_dump_json(indent=1) + "\n")
        tell(f"committed figures: {path}")
        return
    found = comparison.drops(report, committed)
    if run.as_json:
        show_json({"run": report.run.model_dump(mode="json"), "drops": [drop.model_dump() for drop in found]})
    else:
        for drop in found:
            show(f"{drop.name}: {drop.value:.3f}, committed {drop.baseline:.3f}, more than {drop.margin:.3f} worse")
    if found:
        raise BelowThresholdError(
            f"{len(found)} figures are below the committed ones", "assistant eval compare shows two runs item by item."
        )
    if not run.as_json:
        show("No figure is below the committed ones by more than the interval.")


class Progress:
    """Tells every few seconds how far each part of a run is and how long it will take."""

    def __init__(self) -> None:
        self._what = ""
        self._start = self._last = time.monotonic()
        self._from = 0

    def __call__(self, what: str, done: int, total: int) -> None:
        """Take note that some items are done."""
        now = time.monotonic()
        if what != self._what:
            # What was done before the run was cut comes at once; the rate is that of the rest.
            self._what, self._start, self._last, self._from = what, self._last, now, done - 1
        if now - self._last >= _EVERY_S or done == total:
            self._last = now
            left = (now - self._start) / max(done - self._from, 1) * (total - done)
            tell(f"{done} of {total} {what}" + (f", about {left:.0f} s left" if done < total else ""))
