"""The command that writes related work: draft."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from assistant.cli.conditions import Diverse, with_conditions
from assistant.cli.run import Run, command, show, show_json, tell, width

if TYPE_CHECKING:
    from assistant.draft import Drafted
    from assistant.plan import Brief, Plan


class Form(StrEnum):
    """What a draft is written in."""

    latex = "latex"
    markdown = "markdown"
    text = "text"


class Cite(StrEnum):
    """The citation commands of a draft in LaTeX."""

    cite = "cite"
    natbib = "natbib"
    biblatex = "biblatex"


class Order(StrEnum):
    """How a draft tells its papers."""

    thematic = "thematic"
    compare = "compare"
    chronological = "chronological"


def register(app: typer.Typer) -> None:
    """Register the command."""
    command(app)(with_conditions(draft))


def draft(
    run: Run,
    topic: Annotated[str, typer.Argument(help="What the section is about.", show_default=False)] = "",
    abstract: Annotated[
        Path | None, typer.Option("--abstract", help="Your own abstract, a text file.", show_default=False)
    ] = None,
    title: Annotated[str, typer.Option("--title", help="The title of your own paper.", show_default=False)] = "",
    contribution: Annotated[
        list[str] | None, typer.Option("--contribution", help="What your own paper adds, a sentence; again for more.")
    ] = None,
    must_cite: Annotated[list[str] | None, typer.Option("--must-cite", help="Key that has to be cited.")] = None,
    must_not_cite: Annotated[list[str] | None, typer.Option("--must-not-cite", help="Key to leave out.")] = None,
    diverse: Diverse = False,
    words: Annotated[int, typer.Option("--words", min=40, max=5000, help="About how long.")] = 200,
    paragraphs: Annotated[
        int | None, typer.Option("--paragraphs", min=1, max=40, help="At most how many paragraphs.", show_default=False)
    ] = None,
    style: Annotated[Order, typer.Option("--style", help="How the papers are told.")] = Order.thematic,
    plan_file: Annotated[
        Path | None, typer.Option("--plan", help="Follow this plan instead of making one.", show_default=False)
    ] = None,
    plan_only: Annotated[bool, typer.Option("--plan-only", help="Make the plan and stop.")] = False,
    form: Annotated[Form, typer.Option("--format", help="What the text is written in.")] = Form.markdown,
    cite_style: Annotated[Cite, typer.Option("--cite-style", help="The citation commands in LaTeX.")] = Cite.cite,
    bib: Annotated[
        Path | None, typer.Option("--bib", help="Write the bibliography to this file.", show_default=False)
    ] = None,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Write the text, or the plan, here.", show_default=False)
    ] = None,
    report: Annotated[
        Path | None,
        typer.Option("--report", help="Write a page with the evidence of each sentence.", show_default=False),
    ] = None,
    lock_file: Annotated[
        Path | None, typer.Option("--lock", help="Keep what the draft was made of here.", show_default=False)
    ] = None,
    redraft: Annotated[
        str,
        typer.Option("--redraft", help="Tell this sentence (2.3) or paragraph (2) of --lock anew.", show_default=False),
    ] = "",
    strict: Annotated[bool, typer.Option("--strict", help="End with 4 where a claim of the plan isn't told.")] = False,
) -> None:
    """Draft a related-work section with the bibliography of just what it cites."""
    from assistant import evidence, lock, render
    from assistant.errors import BelowThresholdError, UsageError
    from assistant.files import write_whole
    from assistant.plan import Brief, make, to_yaml

    if redraft and lock_file is None:
        raise UsageError("there is no draft to change", "Give the lock file of the draft: --lock FILE.")
    brief = Brief(
        topic=topic,
        title=title,
        abstract=_read(abstract, "--abstract") if abstract else "",
        contributions=tuple(contribution or ()),
        must_cite=tuple(must_cite or ()),
        must_not_cite=tuple(must_not_cite or ()),
        words=words,
        paragraphs=paragraphs,
        style=style.value,
    )
    run.diverse = diverse
    if plan_only:
        made = make(brief, run.retriever)[0]
        text = to_yaml(made)
        if output is not None:
            write_whole(output, text)
            tell(f"plan: {output}")
        if run.as_json:
            show_json(made)
        elif output is None:
            show(text.rstrip())
        return
    if redraft and lock_file is not None:
        kept = lock.read(lock_file)
        brief = kept.brief
        stale = lock.changed(kept, [run.library.paper(key) for key in kept.abstracts])
        if stale:
            tell(f"the abstracts of {', '.join(stale)} have changed since the draft was checked")
        drafted = run.drafter.again(kept, redraft, form.value, cite_style.value)
    else:
        drafted = _drafted(run, brief, _ready(plan_file), form, cite_style)
    result = drafted.draft
    if lock_file is not None and result.statements:
        lock.write(lock_file, run.drafter.lock(brief, drafted))
        tell(f"lock: {lock_file}")
    if report is not None and result.statements:
        write_whole(report, evidence.page(result, drafted.section, run.library.paper))
        tell(f"report: {report}")
    if bib is not None and result.statements:
        write_whole(bib, result.bibliography)
        tell(f"bibliography: {bib}")
    if output is not None and result.statements:
        write_whole(output, result.text + "\n")
        tell(f"text: {output}")
    if run.as_json:
        show_json(result)
    elif result.abstained:
        nothing = result.model_copy(update={"answer": "The library has nothing to draft this from."})
        show(render.abstention(nothing, width()))
    else:
        if output is None:
            show(result.text)
        if bib is None and output is None:
            show("\n" + result.bibliography.rstrip())
        tell(account(drafted))
    if strict and (result.abstained or result.report.dropped):
        raise BelowThresholdError(
            f"{result.report.dropped} claims of the plan could not be told and checked",
            "Change them in the plan (--plan-only, then --plan FILE), or leave them out.",
        )


def _drafted(run: Run, brief: "Brief", ready: "Plan | None", form: Form, cite_style: Cite) -> "Drafted":
    """Return the draft, each sentence told on standard error as it passes."""
    import sys

    from assistant import render
    from assistant.answer import Retrieved, Said
    from assistant.draft import Drafted

    for event in run.drafter.stream(brief, form.value, cite_style.value, ready=ready):
        if isinstance(event, Retrieved) and event.notice:
            tell(render.visible(event.notice))
        if isinstance(event, Said) and sys.stderr.isatty():
            tell(f"  checked: {render.visible(event.statement.text)}")
        if isinstance(event, Drafted):
            return event
    raise AssertionError("a stream ends with Drafted")


def account(drafted: "Drafted") -> str:
    """Return the report on a draft, for people."""
    report, coverage = drafted.draft.report, drafted.draft.coverage
    lines = [
        f"{report.sentences} sentences, {report.supported} supported, {report.repaired} repaired; "
        f"{report.dropped} claims of the plan not told; {report.used} of {report.planned} planned papers cited; "
        f"longest run of words in common with an abstract: {drafted.draft.longest_copied_run}."
    ]
    lines += [f"not used: {item.key}: {item.why}" for item in coverage.unused]
    return "\n".join(lines)


def _ready(file: Path | None) -> "Plan | None":
    from assistant.plan import from_yaml

    return from_yaml(_read(file, "--plan"), str(file)) if file else None


def _read(file: Path, option: str) -> str:
    """Return the text of a file.

    Raises:
        ReadError: it can't be read.
    """
    from assistant.errors import ReadError

    try:
        return file.read_text(encoding="utf-8-sig").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not UTF-8"
        raise ReadError(f"{file}: can't be read ({reason})", f"Give {option} a text file in UTF-8.") from error
