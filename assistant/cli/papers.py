"""Commands that fill the library and look at it: add, papers."""

import sys
import time
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from assistant.cli.run import Run, command, complain, show, show_json, tell, width

if TYPE_CHECKING:
    from assistant.ingest import AddReport
    from assistant.records import Paper, Problem, Record

_SHOWN_PROBLEMS = 20


def register(app: typer.Typer) -> None:
    """Register the commands."""
    command(app)(add)
    group = typer.Typer(help="Look at the papers of the library.", no_args_is_help=True)
    app.add_typer(group, name="papers")
    command(group, "list")(list_papers)
    command(group, "show")(show_paper)


def add(
    run: Run,
    paths: Annotated[list[Path], typer.Argument(metavar="PATH...", help="Files or folders of paper listings.")],
) -> None:
    """Read papers from files, merge duplicates, and store them. Safe to repeat."""
    from assistant import ingest
    from assistant.errors import ReadError
    from assistant.library import Library
    from assistant.store import Store, write_lock

    settings = run.settings
    items = ingest.read_files(paths)
    first, problems = _split_at_first_record(items)
    if first is None:
        # Nothing but problems: the home is left as it was.
        if len(problems) == 1:
            raise ReadError(*_two_lines(problems[0]))
        reason = problems[0].message.splitlines()[0] if problems else "nothing in them"
        raise ReadError(f"none of the {len(paths)} inputs holds a paper ({reason})", "Check the files.")
    with Library.create(settings.catalogue) as library:
        waiting = lambda: tell("Another process is adding papers; waiting for it to end …")  # noqa: E731
        with write_lock(settings.write_lock, waiting=waiting), _Progress() as progress:
            report = ingest.add(
                chain(problems, [first], items),
                library,
                run.embedder,
                stored=(lambda key: tell(f"stored {key}")) if run.verbose else (lambda key: None),
                progress=progress,
            )
            Store(library, settings.index, settings.write_lock, tell).sync()
        total = len(library)
    for problem in report.problems[:_SHOWN_PROBLEMS]:
        if problem.line == 0:
            complain(*_two_lines(problem))
        else:
            tell(f"{problem.file}:{problem.line}: {problem.message}")
    if len(report.problems) > _SHOWN_PROBLEMS:
        tell(f"… and {len(report.problems) - _SHOWN_PROBLEMS} more problems (all of them with --json)")
    if run.as_json:
        show_json(report)
    else:
        show(_summary(report, total))
    if report.failed_files:
        raise typer.Exit(1)


def _split_at_first_record(items: "Iterator[Record | Problem]") -> "tuple[Record | None, list[Problem]]":
    """Read on to the first record; return it, or None, with the problems that came before it."""
    from assistant.records import Problem

    problems: list[Problem] = []
    for item in items:
        if not isinstance(item, Problem):
            return item, problems
        problems.append(item)
    return None, problems


def _two_lines(problem: "Problem") -> tuple[str, str]:
    what, _, cure = problem.message.partition("\n")
    where = f"{problem.file}:{problem.line}: " if problem.line else ""
    return where + what, cure or "Check the file."


def _summary(report: "AddReport", total: int) -> str:
    if report.read and report.unchanged == report.read:
        return f"Nothing new: all {report.read} records are in the library already ({total} papers)."
    parts = [f"{report.added} papers added", f"{report.merged} merged with papers that were there"]
    if report.unchanged:
        parts.append(f"{report.unchanged} unchanged")
    if report.without_abstract:
        parts.append(f"{report.without_abstract} without an abstract")
    if report.problems:
        parts.append(f"{len(report.problems)} problems")
    return f"Read {report.read} records: {', '.join(parts)}. The library has {total} papers."


class _Progress:
    """Progress of adding: a live line in a terminal, else a plain line every few seconds."""

    def __init__(self, every: float = 5.0) -> None:
        self._every = every
        self._live: Callable[[int], Any] | None = None
        self._bar: Any = None

    def __enter__(self) -> Callable[[int], None]:
        self._start = self._last = time.monotonic()
        if sys.stderr.isatty():
            from rich.console import Console
            from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

            self._bar = Progress(
                SpinnerColumn(), TextColumn("{task.completed} records"), TextColumn("{task.fields[rate]}"),
                TimeElapsedColumn(), console=Console(stderr=True), transient=True,
            )  # fmt: skip
            self._bar.start()
            task = self._bar.add_task("add", total=None, rate="")
            self._live = lambda done: self._bar.update(task, completed=done, rate=f"{self._rate(done):.0f}/s")
        return self

    def __call__(self, done: int) -> None:
        """Show that so many records are taken."""
        if self._live is not None:
            self._live(done)
        elif time.monotonic() - self._last >= self._every:
            self._last = time.monotonic()
            tell(f"{done} records, {self._rate(done):.0f} a second")

    def _rate(self, done: int) -> float:
        return done / max(time.monotonic() - self._start, 1e-6)

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()


def list_papers(run: Run) -> None:
    """List all papers."""
    papers = list(run.library.papers())
    if run.as_json:
        show_json({"papers": [_contract(paper) for paper in papers]})
        return
    from assistant.render import byline, visible

    keys = max((len(paper.key) for paper in papers), default=0)
    for paper in papers:
        line = f"{paper.key:<{keys}}  {visible(paper.title)}  {visible(byline(paper))}".rstrip()
        show(line if not sys.stdout.isatty() else line[: max(width(), keys + 20)])


def _contract(paper: "Paper") -> dict[str, Any]:
    """Return the fields that `papers list --json` promises, in their order."""
    fields = (
        "key", "title", "authors", "authors_truncated", "year", "date", "categories", "has_code", "score",
        "affiliations", "tags", "sources", "abstract",
    )  # fmt: skip
    data = paper.model_dump(mode="json")
    return {name: data[name] for name in fields}


def show_paper(run: Run, key: Annotated[str, typer.Argument(help="The paper's cite key.")]) -> None:
    """Show one paper: its fields, its abstract, and every place it came from."""
    from assistant import render

    paper = run.library.paper(key)
    if run.as_json:
        show_json({"paper": paper.model_dump(mode="json")})
        return
    fields = {
        "key": ", ".join([paper.key, *paper.aliases]),
        "authors": ", ".join(paper.authors) + (" et al." if paper.authors_truncated else ""),
        "date": paper.date,
        "venue": paper.venue,
        "category": ", ".join(paper.categories),
        "affiliation": ", ".join(paper.affiliations),
        "code": {True: "yes", False: "not marked", None: None}[paper.has_code],
        "doi": paper.doi,
        "arXiv": paper.arxiv_id,
        "from": ", ".join(f"{source.file}:{source.line}" for source in paper.sources),
    }
    show(render.wrapped(render.visible(paper.title), width()))
    for name, value in fields.items():
        if value:
            show(f"{name:>12}  {render.visible(str(value))}")
    show("\n" + render.wrapped(render.visible(paper.abstract or "(no abstract)"), width()))
