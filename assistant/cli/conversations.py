"""Commands about conversations: chat, sessions list, show, export, delete."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from assistant.cli.run import Run, command, screen, show, show_json, tell

if TYPE_CHECKING:
    from assistant.chat import Conversation, Parts
    from assistant.chat.transcript import Form as TranscriptForm
    from assistant.sessions import Sessions

Name = Annotated[str, typer.Argument(help="A conversation's name; `sessions list` shows them.")]


class Form(StrEnum):
    """What a conversation is exported as."""

    markdown = "markdown"
    json = "json"
    bibtex = "bibtex"


def register(app: typer.Typer) -> None:
    """Register the commands."""
    command(app)(chat)
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
    sessions = _sessions(run)
    if last:
        kept = sessions.all()
        if not kept:
            raise UsageError("there is no conversation to go on with", "Begin one: assistant chat.")
        name = kept[0].name
    conversation = Conversation(run.library, sessions, RulesJudge(), tell, name)
    lines: Lines = PlainLines(sys.stdin)
    if sys.stdin.isatty() and (sys.stdout.isatty() or sys.stderr.isatty()):
        lines = EditedLines(conversation, run.settings.home / "history", _model_names)
        tell(f"{len(run.library)} papers. Ask a question; /help shows the commands, /quit leaves.")
    talk = Chat(conversation, _parts(run), lambda wanted: _parts(run.with_model(wanted)), screen(), lines)
    talk.tell_where()
    talk.loop()


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
