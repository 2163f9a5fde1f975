"""The commands of the chat: one table for help, completion, dispatch and the documents."""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Completes = Literal["", "command", "source", "condition", "model", "file", "setting", "session", "paper"]


@dataclass(frozen=True)
class Command:
    """One command.

    Attributes:
        name: as it is typed, with its slash.
        arguments: as help shows them; what may be left out stands in brackets.
        help: what it does.
        completes: what its arguments are.
    """

    name: str
    arguments: str
    help: str
    completes: Completes = ""


COMMANDS = (
    Command("/help", "[COMMAND]", "what can be typed here", "command"),
    Command("/sources", "", "the papers cited in this conversation, with their numbers"),
    Command("/show", "N", "the abstract of source N, with what was made of it", "source"),
    Command(
        "/why",
        "[N]",
        "why what cites [N] may be believed: the exact words in their context, the verdict, the checks, and what was "
        "dropped; without N, the whole last answer",
        "source",
    ),
    Command(
        "/filter",
        "[CONDITION...]",
        "answer from papers that meet conditions (since:2023 until:2024 category:CV tag:x source:file has:code, or "
        "plain words); off lifts them",
        "condition",
    ),
    Command("/only", "[N or KEY...]", "answer from these papers alone; off lifts it", "paper"),
    Command("/drop", "[N or KEY...]", "leave papers out from here on; off brings them back", "paper"),
    Command("/pin", "[N or KEY...]", "look at these papers for every answer; off lets go of them", "paper"),
    Command("/draft", "[TOPIC]", "a related-work paragraph; without a topic, on the last question"),
    Command(
        "/compare",
        "N M [QUESTION]",
        "what two papers say to a question; without one, what each proposes and finds",
        "paper",
    ),
    Command("/save", "NAME", "give this conversation a name (it is kept in any case)"),
    Command("/export", "FILE", "write the conversation to FILE: .md with its bibliography, .json, or .bib", "file"),
    Command("/copy", "", "put the last answer with its sources on the clipboard"),
    Command("/model", "[NAME]", "the model that words the answers; with NAME, another one from here on", "model"),
    Command("/set", "[NAME VALUE]", "the settings of this chat; with NAME VALUE, change one", "setting"),
    Command("/retry", "", "answer the last question again with another seed, in the place of the last answer"),
    Command("/more", "", "further papers on the last question"),
    Command("/clear", "", "begin a new conversation; this one is kept"),
    Command("/edit", "", "change the last question in $EDITOR and ask it"),
    Command("/undo", "", "take the last turn back; the numbers of its sources stay theirs"),
    Command("/sessions", "", "the conversations that are kept"),
    Command("/resume", "[NAME]", "go on with another conversation; without NAME, the one before this", "session"),
    Command("/quit", "", "leave"),
)

SETTINGS = {
    "seed": "seed of the sampling",
    "width": "columns to wrap at; 0 follows the terminal",
}
"""What /set can change, with what it means."""

CONDITIONS = ("since:", "until:", "category:", "tag:", "source:", "has:code", "has:abstract", "off")
"""How the conditions of /filter begin."""

_SHORT = {"/q": "/quit", "/exit": "/quit", "/?": "/help", "/h": "/help"}


def find(name: str) -> Command | None:
    """Return the command of a name, a short form included, or None."""
    wanted = _SHORT.get(name, name)
    return next((command for command in COMMANDS if command.name == wanted), None)


def nearest(name: str, names: Iterable[str]) -> str | None:
    """Return the name that one mistyped most probably meant, or None."""
    return next(iter(difflib.get_close_matches(name, list(names), n=1, cutoff=0.4)), None)
