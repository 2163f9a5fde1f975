"""The evaluation commands: eval, eval judge."""

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from assistant.cli.run import GATE, JUDGES, Run, command, default_command, show, show_json, tell

if TYPE_CHECKING:
    from assistant.eval.run import Report

JudgeName = Annotated[str, typer.Option("--judge", help=f"The judge: {', '.join(JUDGES)}.")]

_QUICK = 16
_EVERY_S = 10.0


def register(app: typer.Typer) -> None:
    """Register the commands."""
    group = typer.Typer(help="Measure how faithful the answers, the citations and the judges are.")
    app.add_typer(group, name="eval")
    default_command(group)(evaluate)
    command(group, "judge")(judge)


def evaluate(
    run: Run,
    n: Annotated[
        int | None, typer.Option("--n", min=1, help="How many questions; all by default.", show_default=False)
    ] = None,
    quick: Annotated[bool, typer.Option("--quick", help=f"A sample of {_QUICK} questions.")] = False,
) -> None:
    """Measure how faithful the answers and their citations are, on the bundled evaluation set."""
    from assistant.eval.run import evaluate as measure

    report = measure(
        run.generator,
        run.embedder,
        n=n or (_QUICK if quick else None),
        seed=run.settings.seed,
        progress=_Progress("questions"),
    )
    if run.as_json:
        show_json(report)
        return
    show(table(report))


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
        progress=_Progress("claims"),
    )
    if scores:
        rows = ({"id": case.id, "score": case.support, "verdict": case.verdict} for case in report.cases)
        write_whole(scores, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))
    if run.as_json:
        show_json(report)
        return
    show("\n".join(judging.table(report)))


class _Progress:
    """Tells every few seconds how far a run is and how long it will take."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._start = self._last = time.monotonic()
        self._first: int | None = None
        """Items that were done when the run went on."""

    def __call__(self, done: int, total: int) -> None:
        now = time.monotonic()
        if self._first is None:
            self._first = done - 1
        if now - self._last >= _EVERY_S or (done == total and now - self._start >= _EVERY_S):
            self._last = now
            left = (now - self._start) / (done - self._first) * (total - done)
            tell(f"{done} of {total} {self._what}, about {left:.0f} s left")


def table(report: "Report") -> str:
    """Return the metrics as lines: name, value, 95% interval, number of items."""
    model = report.run.model.name if report.run.model else "none"
    lines = [
        f"model {model}, {report.run.n} questions, seed {report.run.seed}",
        f"scored by {report.run.judge}",
        "",
    ]
    for name, metric in report.metrics.items():
        if metric.value is None:
            lines.append(f"{name:<36}    -")
            continue
        interval = f"  [{metric.low:.3f}, {metric.high:.3f}]" if metric.low is not None else ""
        lines.append(f"{name:<36} {metric.value:7.3f}{interval}  n={metric.n}")
    return "\n".join(lines)
