"""The evaluation command: eval."""

import time
from typing import TYPE_CHECKING, Annotated

import typer

from assistant.cli.run import Run, command, show, show_json, tell

if TYPE_CHECKING:
    from assistant.eval.run import Report

_QUICK = 16
_EVERY_S = 10.0


def register(app: typer.Typer) -> None:
    """Register the commands."""
    command(app, "eval")(evaluate)


def evaluate(
    run: Run,
    n: Annotated[
        int | None, typer.Option("--n", min=1, help="How many questions; all by default.", show_default=False)
    ] = None,
    quick: Annotated[bool, typer.Option("--quick", help=f"A sample of {_QUICK} questions.")] = False,
) -> None:
    """Measure how faithful the answers and their citations are, on the bundled evaluation set."""
    from assistant.eval.run import evaluate as measure

    start = last = time.monotonic()

    def progress(done: int, total: int) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last >= _EVERY_S or done == total:
            last = now
            left = (now - start) / done * (total - done)
            tell(f"{done} of {total} questions, about {left:.0f} s left")

    report = measure(
        run.generator, run.embedder, n=n or (_QUICK if quick else None), seed=run.settings.seed, progress=progress
    )
    if run.as_json:
        show_json(report)
        return
    show(table(report))


def table(report: "Report") -> str:
    """Return the metrics as lines: name, value, 95% interval, number of items."""
    lines = [
        f"model {report.run.model.name}, {report.run.n} questions, seed {report.run.seed}",
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
