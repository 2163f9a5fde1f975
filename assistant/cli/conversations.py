"""Commands about conversations: chat, sessions list, show, export, delete."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from assistant.cli.conditions import with_conditions
from assistant.cli.papers import add
from assistant.cli.run import Run, command, screen, show, show_json, tell

if TYPE_CHECKING:
    from assistant.chat import Conversation, Parts
    from assistant.chat.transcript import Form as TranscriptForm
    from assistant.errors import NoLibraryError
    from assistant.sessions import Sessions

Name = Annotated[str, typer.Argument(help="A conversation's name; `sessions list` shows them.")]


class Form(StrEnum):
    """What a conversation is exported as."""

    markdown = "markdown"
    json = "json"
    bibtex = "bibtex"


def register(app: typer.Typer) -> None:
    """Register the commands."""
    command(app)(with_conditions(chat))
    group = typer.Typer(help="The conversations that are kept.", no_args_is_help=True)
    app.add_typer(group, name="sessions")
    command(group, "list")(list_sessions)
    command(group, "show")(show_session)
    command(group, "export")(export_session)
    command(group, "delete")(delete_sessions)


def chat(
    run: Run,
    last: Annotated[bool, typer.Option("-c", "--continue", help="Go on with the last conversation.")] = False,
    name: Annotated[
        str | None,
        typer.Option(
            "--session", metavar="NAME", help="Go on with this conversation, or begin it.", show_default=False
        ),
    ] = None,
) -> None:
    """Talk about the papers; follow-up questions use what was said before, and every turn is kept."""
    from assistant.chat import Chat, Conversation
    from assistant.chat.editor import EditedLines
    from assistant.chat.lines import Lines, PlainLines
    from assistant.errors import UsageError
    from assistant.judge.rules import RulesJudge

    if last and name:
        raise UsageError("-c and --session exclude each other", "Give one of them.")
    interactive = sys.stdin.isatty() and (sys.stdout.isatty() or sys.stderr.isatty())
    _need_papers(run, interactive=interactive)
    sessions = _sessions(run)
    if last:
        kept = sessions.all()
        if not kept:
            raise UsageError("there is no conversation to go on with", "Begin one: assistant chat.")
        name = kept[0].name
    # Of twelve contradictions between single sentences the rules find all, the gate, which knows abstracts, eight.
    conversation = Conversation(run.library, sessions, RulesJudge(), tell, name)
    lines: Lines = PlainLines(sys.stdin)
    if interactive:
        lines = EditedLines(conversation, run.settings.home / "history", _model_names)
        tell(f"{len(run.library)} papers. Ask a question; /help shows the commands, /quit leaves.")
    talk = Chat(conversation, _parts(run), lambda wanted: _parts(run.with_model(wanted)), screen(), lines)
    talk.tell_where()
    talk.loop()


_WAYS = """There are no papers yet. Three ways to fill the library:
  1  your files: exports of a reference manager, saved pages, a folder of them (also: assistant add PATH…)
  2  the Zotero that runs on this machine (also: assistant add zotero:)
  3  the bundled sample library of 124 papers, to look around; `papers remove` takes papers out again"""


def _need_papers(run: Run, *, interactive: bool) -> None:
    """Make sure that there is something to talk about; on a terminal, offer to fill an empty library.

    Raises:
        NoLibraryError: there are no papers, and nobody to ask or no wish to add any.
    """
    from assistant.config import data_path
    from assistant.errors import AssistantError

    missing = _no_papers(run)
    if missing is None:
        return
    if not interactive:
        raise missing
    tell(_WAYS)
    while _no_papers(run):
        answer = _asked("1, 2, 3, or a path: ")
        if answer == "1":
            answer = _asked("File or folder: ")
        if not answer:
            raise missing
        paths = {"2": Path("zotero:"), "3": data_path("eval") / "library.jsonl"}
        try:
            add(run, [paths.get(answer, Path(answer).expanduser())])
        except AssistantError as error:
            tell(f"{error.what}. {error.cure}")
        except typer.Exit:
            tell("Choose another way.")


def _no_papers(run: Run) -> "NoLibraryError | None":
    """Return what is wrong where the library has no papers."""
    from assistant.errors import NoLibraryError
    from assistant.library import NO_LIBRARY

    try:
        return None if len(run.library) else NoLibraryError("the library has no papers", NO_LIBRARY[1])
    except NoLibraryError as error:
        return error


def _asked(prompt: str) -> str:
    """Return what the user types, nothing at the end of the input."""
    print(prompt, end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().strip("'\"")


def _parts(run: Run) -> "Parts":
    from assistant.chat import Parts

    return Parts(run.answerer, lambda: run.drafter)


def _kept(run: Run, name: str) -> "Conversation":
    """Return a conversation that is kept.

    Raises:
        UsageError: there is none of that name.
    """
    from assistant.chat import Conversation
    from assistant.judge.rules import RulesJudge

    sessions = _sessions(run)
    return Conversation(run.library, sessions, RulesJudge(), tell, sessions.find(name).name)


def _sessions(run: Run) -> "Sessions":
    from assistant.sessions import Sessions

    return Sessions(run.library.path)


def _model_names() -> list[str]:
    from assistant.model_catalogue import CATALOGUE

    return [entry.name for entry in CATALOGUE if entry.role == "generator"]


def list_sessions(run: Run) -> None:
    """List the conversations, the last one first."""
    from assistant.chat.answering import counted

    kept = _sessions(run).all()
    if run.as_json:
        show_json({"sessions": [session.model_dump(mode="json", exclude={"id"}) for session in kept]})
        return
    for session in kept:
        when = session.touched[:16].replace("T", " ")
        show(f"{session.name:<40}  {when}  {counted(session.turns, 'turn')}")
    if not kept:
        show("No conversation was kept yet.")


def show_session(run: Run, name: Name) -> None:
    """Show a conversation: every question with its statements and sources."""
    from assistant.chat.answering import show_sources, show_statement

    if run.as_json:
        _show_export(run, name, "json", None)
        return
    conversation = _kept(run, name)
    on = screen()
    for exchange in conversation.exchanges:
        on.show(f"> {exchange.answer.question}")
        for statement in exchange.answer.statements:
            show_statement(statement, conversation.number, on)
        if exchange.answer.abstained:
            on.show(exchange.answer.answer)
        on.show("")
    show_sources(conversation.sources(), run.library, on, conversation.number)


def export_session(
    run: Run,
    name: Name,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="The file; by default standard output.", show_default=False)
    ] = None,
    form: Annotated[
        Form | None, typer.Option("--format", help="What to write; by default what the file's name says.")
    ] = None,
) -> None:
    """Write a conversation as Markdown with its bibliography, as JSON, or as its bibliography alone."""
    from assistant.chat.transcript import form_of

    by_name = form_of(output) if output and form is None else "json" if run.as_json else "markdown"
    _show_export(run, name, form.value if form else by_name, output)


def _show_export(run: Run, name: str, form: "TranscriptForm", output: Path | None) -> None:
    from assistant.chat.transcript import transcript
    from assistant.files import write_whole

    conversation = _kept(run, name)
    session = conversation.session
    text = transcript(session, conversation.exchanges, conversation.sources(), run.library, form)
    if output is None:
        sys.stdout.write(text)
    else:
        write_whole(output, text)
        tell(f"{name}: {output}")


def delete_sessions(
    run: Run,
    names: Annotated[list[str], typer.Argument(metavar="NAME...", help="Names of conversations.")],
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask.")] = False,
) -> None:
    """Delete conversations with everything in them; asks on a terminal."""
    from assistant.chat.answering import counted

    sessions = _sessions(run)
    for session in [sessions.find(name) for name in names]:
        tell(f"  {session.name}  {counted(session.turns, 'turn')}")
    if not yes and sys.stdin.isatty():
        typer.confirm("Delete these?", abort=True, err=True)
    gone = sessions.delete(names)
    if run.as_json:
        show_json({"deleted": [session.name for session in gone]})
    else:
        show(f"{counted(len(gone), 'conversation')} deleted.")
