"""Commands that fill the library, look at it and manage it: add, papers."""

import io
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperCommand

from assistant.cli.run import Run, command, complain, show, show_json, tell, width

if TYPE_CHECKING:
    from assistant.ingest import AddReport
    from assistant.library import Library
    from assistant.records import Paper, Problem, Record

_SHOWN_PROBLEMS = 20


def register(app: typer.Typer) -> None:
    """Register the commands."""
    command(app)(add)
    group = typer.Typer(help="Look at the papers of the library and manage them.", no_args_is_help=True)
    app.add_typer(group, name="papers")
    command(group, "list")(list_papers)
    command(group, "show")(show_paper)
    command(group, "remove")(remove_papers)
    command(group, "split")(split_paper)
    command(group, "tag")(tag_paper)
    group.registered_commands[-1].cls = _TagCommand
    command(group, "stats")(show_stats)
    command(group, "export")(export_papers)


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
    place = _Place(paths)
    items = place.follow(ingest.read_files(paths))
    first, problems = _split_at_first_record(items)
    if first is None:
        # Nothing but problems: the home is left as it was.
        if len(problems) == 1:
            raise ReadError(*_two_lines(problems[0]))
        reason = problems[0].message.splitlines()[0] if problems else "nothing in them"
        raise ReadError(f"none of the {len(paths)} inputs holds a paper ({reason})", "Check the files.")
    with Library.create(settings.catalogue) as library:
        waiting = lambda: tell("Another process is adding papers; waiting for it to end …")  # noqa: E731
        with write_lock(settings.write_lock, waiting=waiting), _Progress(place) as progress:
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


class _Place:
    """How far the reading has come, in lines: of all that can be counted beforehand."""

    def __init__(self, paths: list[Path]) -> None:
        files = [each for path in paths for each in (sorted(path.rglob("*")) if path.is_dir() else [path])]
        self._starts: dict[str, int] = {}
        self._total = self._now = 0
        for path in files:
            if not path.is_file():
                continue
            self._starts[str(path)] = self._total
            with suppress(OSError), path.open("rb") as file:
                while block := file.read(1 << 20):
                    self._total += block.count(b"\n")

    def follow(self, items: "Iterator[Record | Problem]") -> "Iterator[Record | Problem]":
        """Yield the items, and note the place of each."""
        from assistant.records import Record

        for item in items:
            file, line = (item.source.file, item.source.line) if isinstance(item, Record) else (item.file, item.line)
            if file in self._starts:
                self._now = max(self._now, self._starts[file] + line)
            yield item

    def left(self, seconds: float) -> str:
        """Return how long the rest will take if it goes on as in these seconds; empty where nothing tells."""
        if not 0 < self._now <= self._total:
            return ""
        rest = round(seconds * (self._total - self._now) / self._now)
        return f", about {rest // 60}:{rest % 60:02} min left"


class _Progress:
    """Progress of adding: a live line in a terminal, else a plain line every few seconds."""

    def __init__(self, place: _Place, every: float = 5.0) -> None:
        self._place = place
        self._every = every
        self._live: Callable[[int], Any] | None = None
        self._bar: Any = None

    def __enter__(self) -> Callable[[int], None]:
        self._start = self._last = time.monotonic()
        if sys.stderr.isatty():
            from rich.console import Console
            from rich.progress import Progress, SpinnerColumn, TextColumn

            self._bar = Progress(
                SpinnerColumn(), TextColumn("{task.description}"), console=Console(stderr=True), transient=True
            )
            self._bar.start()
            task = self._bar.add_task("")
            self._live = lambda done: self._bar.update(task, description=self._line(done))
        return self

    def __call__(self, done: int) -> None:
        """Show that so many records are taken."""
        if self._live is not None:
            self._live(done)
        elif time.monotonic() - self._last >= self._every:
            self._last = time.monotonic()
            tell(self._line(done))

    def _line(self, done: int) -> str:
        seconds = time.monotonic() - self._start
        return f"{done:,} records, {done / max(seconds, 1e-6):.0f} a second{self._place.left(seconds)}"

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()


# ---------------------------------------------------------------------- papers list, show

_Year = Annotated[int | None, typer.Option("--year", help="Only papers of this year.")]
_Since = Annotated[int | None, typer.Option("--since", help="Only papers of this year or later.")]
_Until = Annotated[int | None, typer.Option("--until", help="Only papers of this year or earlier.")]
_Category = Annotated[list[str] | None, typer.Option("--category", help="Only this category; may be repeated.")]
_Source = Annotated[list[str] | None, typer.Option("--source", help="Only from files with this in their path.")]
_HasAbstract = Annotated[
    bool | None, typer.Option("--has-abstract/--no-abstract", help="Only papers with, or without, an abstract.")
]
_HasCode = Annotated[bool, typer.Option("--has-code", help="Only papers that are marked to have code.")]
_Tag = Annotated[list[str] | None, typer.Option("--tag", help="Only with this tag; may be repeated.")]
_Text = Annotated[str, typer.Option("--text", help="Only papers in whose fields all these words stand.")]


def list_papers(
    run: Run, year: _Year = None, since: _Since = None, until: _Until = None, category: _Category = None,
    source: _Source = None, has_abstract: _HasAbstract = None, has_code: _HasCode = False, tag: _Tag = None,
    text: _Text = "",
) -> None:  # fmt: skip
    """List the papers, all of them or those that fit the filters.

    JSON: `papers:[{key, title, authors, authors_truncated, year, date, categories, has_code, score, affiliations,
    tags, sources:[{file, line}], abstract}]`.
    """
    from assistant.filters import Filter

    first, last = _years(year, since, until)
    wanted = Filter(
        first, last, tuple(category or ()), tuple(source or ()), has_abstract, has_code, tuple(tag or ()), text
    )
    papers = [paper for paper in run.library.papers() if wanted.accepts(paper)]
    if run.as_json:
        show_json({"papers": [_contract(paper) for paper in papers]})
        return
    if not papers:
        tell("No paper fits." if len(run.library) else "The library is empty.")
    from assistant.render import byline, visible

    keys = max((len(paper.key) for paper in papers), default=0)
    for paper in papers:
        line = f"{paper.key:<{keys}}  {visible(paper.title)}  {visible(byline(paper))}".rstrip()
        show(line if not sys.stdout.isatty() else line[: max(width(), keys + 20)])


def _years(year: int | None, since: int | None, until: int | None) -> tuple[int | None, int | None]:
    from assistant.errors import UsageError

    if year is not None and (since is not None or until is not None):
        raise UsageError("--year stands alone", "Use --year, or --since and --until.")
    return (year, year) if year is not None else (since, until)


def _contract(paper: "Paper") -> dict[str, Any]:
    """Return the fields that `papers list --json` promises, in their order."""
    fields = (
        "key", "title", "authors", "authors_truncated", "year", "date", "categories", "has_code", "score",
        "affiliations", "tags", "sources", "abstract",
    )  # fmt: skip
    data = paper.model_dump(mode="json")
    return {name: data[name] for name in fields}


def show_paper(
    run: Run,
    key: Annotated[str, typer.Argument(help="The paper's cite key.")],
    full_text: Annotated[
        bool, typer.Option("--full-text", help="Show the text of its PDF too, by section and page.")
    ] = False,
) -> None:
    """Show one paper: its fields, its abstract, the sections of its PDF, and every record that it was merged from.

    JSON: `paper:{every field of the paper}, records:[{every field of the record, source:{file, line}, raw}],
    full_texts:[{file, sections:[{heading, page, text}]}]`.
    """
    from assistant import render

    paper, records, texts = run.library.paper(key), run.library.records(key), run.library.full_texts(key)
    if run.as_json:
        show_json(
            {
                "paper": paper.model_dump(mode="json"),
                "records": [record.model_dump(mode="json") for record in records],
                "full_texts": [text.model_dump(mode="json") for text in texts],
            }
        )
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
        "tags": ", ".join(paper.tags),
        "from": ", ".join(f"{source.file}:{source.line}" for source in paper.sources),
    }
    show(render.wrapped(render.visible(paper.title), width()))
    for name, value in fields.items():
        if value:
            show(f"{name:>12}  {render.visible(str(value))}")
    show("\n" + render.wrapped(render.visible(paper.abstract or "(no abstract)"), width()))
    for text in texts:
        show(f"\nFull text, {render.visible(text.file)} (search it: assistant search --full-text …):")
        for section in text.sections:
            place = f"page {section.page}: {render.visible(section.heading or '(before the first heading)')}"
            show(f"  {place}  ({len(section.text.split()):,} words)")
            if full_text:
                show(render.wrapped(render.visible(section.text), width(), indent="      ") + "\n")
    if len(records) > 1:
        show(f"\nMerged from {len(records)} records (undo: assistant papers split {paper.key}):")
        for record in records:
            about = render.visible(f"{record.source.file}:{record.source.line}  {record.title}")
            length = f"{len(record.abstract.split())} words of abstract" if record.abstract else "no abstract"
            show(f"  {about}  ({length})")


# ---------------------------------------------------------------------- papers remove, split, tag


@contextmanager
def _writing(run: Run) -> "Iterator[Library]":
    """Open the library to change it, as the one writer; the index follows the change."""
    from assistant.store import Store, write_lock

    library = run.library
    waiting = lambda: tell("Another process is changing the library; waiting for it to end …")  # noqa: E731
    with write_lock(run.settings.write_lock, waiting=waiting):
        yield library
        Store(library, run.settings.index, run.settings.write_lock, tell).sync()


def remove_papers(
    run: Run,
    keys: Annotated[list[str], typer.Argument(metavar="KEY...", help="Cite keys of the papers.")],
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask, even on a terminal.")] = False,
) -> None:
    """Remove papers with everything that was made from them.

    JSON: `removed:[{key, title, sources:[{file, line}]}]`.
    """
    from assistant.render import visible

    papers = list({paper.key: paper for paper in map(run.library.paper, keys)}.values())
    tell(f"To be removed, with their records, chunks, vectors and tags: {len(papers)} of {len(run.library)} papers")
    for paper in papers:
        merged = f", merged from {len(paper.sources)} records" if len(paper.sources) > 1 else ""
        tell(f"  {paper.key}  {visible(paper.title)}{merged}")
    if sys.stdin.isatty() and not yes and not typer.confirm("Remove?", err=True):
        tell("Nothing was removed.")
        raise typer.Exit(1)
    with _writing(run) as library, library.transaction():
        removed = library.remove(paper.key for paper in papers)
    if run.as_json:
        show_json({"removed": [paper.model_dump(mode="json", include=_BRIEF) for paper in removed]})
    else:
        show(f"{_papers(len(removed))} removed. The library has {_papers(len(library))}.")


_BRIEF = {"key", "title", "sources"}


def split_paper(run: Run, key: Annotated[str, typer.Argument(help="The paper's cite key.")]) -> None:
    """Undo a merge: make each record of a paper a paper of its own again, for good.

    JSON: `papers:[{key, title, sources:[{file, line}]}]`, the first with the key that was split.
    """
    from assistant.chunks import chunk_paper, embedded_text
    from assistant.ingest import check_embedder
    from assistant.render import visible

    run.library.paper(key)
    embedder = run.embedder
    check_embedder(run.library, embedder)
    with _writing(run) as library, library.transaction():
        papers = library.split(key)
        for paper in papers:
            chunks = chunk_paper(paper, embedder.count_tokens)
            library.replace_chunks(paper.key, chunks, embedder.embed([embedded_text(chunk) for chunk in chunks]))
    if run.as_json:
        show_json({"papers": [paper.model_dump(mode="json", include=_BRIEF) for paper in papers]})
        return
    for paper in papers:
        places = ", ".join(f"{source.file}:{source.line}" for source in paper.sources)
        show(visible(f"{paper.key}  {paper.title}  {places}"))


class _TagCommand(TyperCommand):
    """A command whose arguments may begin with a hyphen: `papers tag KEY +read -later`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Hide the hyphen of everything that isn't an option from the parser; `-v` stays an option."""
        seen_key = False
        for place, argument in enumerate(args):
            if argument == "--":
                break
            if seen_key and len(argument) > 2 and argument[0] == "-" != argument[1]:
                args[place] = _MINUS + argument[1:]
            seen_key = seen_key or argument[0:1] != "-"
        return super().parse_args(ctx, args)


_MINUS = "\N{MINUS SIGN}"


def tag_paper(
    run: Run,
    key: Annotated[str, typer.Argument(help="The paper's cite key.")],
    tags: Annotated[
        list[str] | None, typer.Argument(metavar="[+TAG|-TAG]...", help="Tags to add, tags to drop.")
    ] = None,
) -> None:
    """Add tags to a paper (`+read`) and take others off (`-later`); without any, show those it has.

    JSON: `key, tags`.
    """
    from assistant.errors import UsageError
    from assistant.render import visible

    changes = [change.replace(_MINUS, "-", 1) if change.startswith(_MINUS) else change for change in tags or ()]
    for change in changes:
        if change[:1] not in ("+", "-") or not change[1:].strip():
            raise UsageError(f"{change} is neither +TAG nor -TAG", "Write for instance: papers tag KEY +read -later.")
    if changes:
        with _writing(run) as library, library.transaction():
            paper = library.tag(
                key,
                add=[change[1:].strip() for change in changes if change[0] == "+"],
                drop=[change[1:].strip() for change in changes if change[0] == "-"],
            )
    else:
        paper = run.library.paper(key)
    if run.as_json:
        show_json({"key": paper.key, "tags": list(paper.tags)})
    else:
        show(visible(f"{paper.key}: {', '.join(paper.tags) or 'no tags'}"))


# ---------------------------------------------------------------------- papers stats, export

_SHOWN_VENUES = 10


def show_stats(run: Run) -> None:
    """Show what the library holds: papers per year, venues, categories, tags, with and without abstract.

    JSON: `papers, with_abstract, without_abstract, with_code, merged, years:[{year, papers}], venues:[{venue, papers}],
    categories:[{category, papers}], tags:[{tag, papers}]`; a year is null where none is known; venues, categories and
    tags come the most frequent first.
    """
    papers = list(run.library.papers())
    years = Counter(paper.year for paper in papers)
    counted = {
        "venues": Counter(paper.venue for paper in papers if paper.venue),
        "categories": Counter(category for paper in papers for category in paper.categories),
        "tags": Counter(tag for paper in papers for tag in paper.tags),
    }
    figures = {
        "papers": len(papers),
        "with_abstract": sum(bool(paper.abstract.strip()) for paper in papers),
        "without_abstract": sum(not paper.abstract.strip() for paper in papers),
        "with_code": sum(bool(paper.has_code) for paper in papers),
        "merged": sum(len(paper.sources) > 1 for paper in papers),
    }
    in_order = sorted(years.items(), key=lambda item: (item[0] is None, item[0] or 0))
    names = {"venues": "venue", "categories": "category", "tags": "tag"}
    ranked = {name: sorted(counts.items(), key=lambda item: (-item[1], item[0])) for name, counts in counted.items()}
    if run.as_json:
        rows = {n: [{names[n]: value, "papers": count} for value, count in ranked[n]] for n in names}
        show_json({**figures, "years": [{"year": year, "papers": count} for year, count in in_order], **rows})
        return
    show(
        f"{_papers(figures['papers'])}, {figures['with_abstract']} with an abstract,"
        f" {figures['without_abstract']} without; {figures['with_code']} with code, {figures['merged']} merged"
    )
    _bars("Years", [(str(year or "none"), count) for year, count in in_order])
    for name, rows_of in ranked.items():
        _bars(name.capitalize(), [(value, count) for value, count in rows_of[:_SHOWN_VENUES]])
        if len(rows_of) > _SHOWN_VENUES:
            show(f"… and {len(rows_of) - _SHOWN_VENUES} more (all of them with --json)")


def _bars(heading: str, rows: list[tuple[str, int]]) -> None:
    """Show counts as bars of text, scaled so that the longest fits the width."""
    from assistant.render import visible

    if not rows:
        return
    show(f"\n{heading}")
    names = [visible(name) for name, _ in rows]
    space = min(max(map(len, names)), width() // 2)
    most = max(count for _, count in rows)
    room = max(min(width() - space - len(str(most)) - 4, most), 1)
    for name, (_, count) in zip(names, rows, strict=True):
        shown = name if len(name) <= space else name[: space - 1] + "…"
        show(f"{shown:<{space}}  {'#' * max(round(count / most * room), 1)} {count}")


def export_papers(
    run: Run,
    keys: Annotated[list[str] | None, typer.Argument(metavar="[KEY]...", help="Cite keys; all papers without.")] = None,
    form: Annotated[str, typer.Option("--format", help="bibtex, ris, csljson or jsonl.")] = "bibtex",
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Write to this file instead.")] = None,
    year: _Year = None, since: _Since = None, until: _Until = None, category: _Category = None,
    source: _Source = None, has_abstract: _HasAbstract = None, has_code: _HasCode = False, tag: _Tag = None,
    text: _Text = "",
) -> None:  # fmt: skip
    """Write papers in the format of another program, all of them, some by key, or those that fit the filters.

    JSON: `format, papers, text`, or with --output `format, papers, file`.
    """
    from assistant.errors import UsageError
    from assistant.export import export
    from assistant.files import write_whole
    from assistant.filters import Filter

    if form not in ("bibtex", "ris", "csljson", "jsonl"):
        raise UsageError(f"no format {form}", "Choose bibtex, ris, csljson or jsonl.")
    first, last = _years(year, since, until)
    wanted = Filter(
        first, last, tuple(category or ()), tuple(source or ()), has_abstract, has_code, tuple(tag or ()), text
    )
    library = run.library
    chosen = {paper.key: paper for paper in (map(library.paper, keys) if keys else library.papers())}
    papers = [paper for paper in chosen.values() if wanted.accepts(paper)]
    content = export(((paper, library.records(paper.key)) for paper in papers), form)  # type: ignore[arg-type]
    result: dict[str, Any] = {"format": form, "papers": len(papers)}
    if output is not None:
        write_whole(output, content)
        if run.as_json:
            show_json({**result, "file": str(output)})
        else:
            tell(f"{_papers(len(papers))} written to {output}.")
    elif run.as_json:
        show_json({**result, "text": content})
    else:
        if isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(encoding="utf-8", newline="")  # these formats are UTF-8, whatever the terminal is
        sys.stdout.write(content)


def _papers(count: int) -> str:
    return f"{count} paper{'' if count == 1 else 's'}"
