"""The line editor of the chat: history across sessions, completion, several lines, bracketed paste."""

import contextlib
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.chat import commands
from assistant.chat.conversation import Conversation
from assistant.chat.lines import joined

if TYPE_CHECKING:
    from prompt_toolkit.completion import Completer
    from prompt_toolkit.key_binding import KeyBindings

PROMPT = "> "
_MORE = ". "


class EditedLines:
    """Reads lines from a terminal through prompt_toolkit."""

    interactive = True

    def __init__(self, conversation: Conversation, history: Path, models: Callable[[], Iterable[str]]) -> None:
        """Prepare the editor.

        Args:
            conversation: knows what can be completed: numbers, keys, authors, tags, names of conversations.
            history: the file that keeps what was typed; where it can't be written, this run's lines are kept alone.
            models: gives the names that /model takes.
        """
        from prompt_toolkit import PromptSession
        from prompt_toolkit.history import FileHistory, InMemoryHistory
        from prompt_toolkit.output import create_output

        writable = _can_append(history)
        # Talk goes to standard error, so that the answers alone go where standard output leads.
        output = create_output(stdout=sys.stderr if sys.stderr.isatty() else sys.stdout)
        self._session: PromptSession[str] = PromptSession(
            history=FileHistory(str(history)) if writable else InMemoryHistory(),
            completer=_completer(conversation, models),
            complete_while_typing=False,
            key_bindings=_keys(),
            multiline=False,
            output=output,
            prompt_continuation=_MORE,
        )

    def read(self) -> str:
        """Return the next question or command; line ends inside it become spaces."""
        prompts = iter((PROMPT,))
        text = joined(lambda: self._session.prompt(next(prompts, _MORE)))
        return " ".join(text.split())

    def clear(self) -> None:
        """Clear the screen."""
        self._session.output.erase_screen()
        self._session.output.cursor_goto(0, 0)
        self._session.output.flush()


def _can_append(path: Path) -> bool:
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a"):
            path.chmod(0o600)  # what somebody asks is their own affair
        return True
    return False


def _keys() -> "KeyBindings":
    """Return the keys beyond the usual ones: Alt-Enter begins a new line inside a question."""
    from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent

    keys = KeyBindings()

    @keys.add("escape", "enter")
    def _(event: KeyPressEvent) -> None:
        event.current_buffer.insert_text("\n")

    return keys


def _completer(conversation: Conversation, models: Callable[[], Iterable[str]]) -> "Completer":
    from prompt_toolkit.completion import CompleteEvent, Completer, Completion
    from prompt_toolkit.document import Document

    class ChatCompleter(Completer):
        """Completes the word before the cursor."""

        def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterable[Completion]:
            before = document.text_before_cursor
            word = before.rpartition(" ")[2]
            for text, about in candidates(before, conversation, models):
                yield Completion(text, start_position=-len(word), display_meta=about)

    return ChatCompleter()


def candidates(
    before: str, conversation: Conversation, models: Callable[[], Iterable[str]]
) -> Iterable[tuple[str, str]]:
    """Return what the word before the cursor could become, each with a word about it.

    Args:
        before: the line up to the cursor.
        conversation: knows the numbers, keys, authors, tags and names.
        models: gives the names of the models.
    """
    name, space, _ = before.partition(" ")
    word = before.rpartition(" ")[2]
    if name.startswith("/") and not space:
        offered: Iterable[tuple[str, str]] = ((c.name, c.help.partition(";")[0]) for c in commands.COMMANDS)
    else:
        command = commands.find(name) if name.startswith("/") else None
        offered = _arguments(command, word, conversation, models)
    return [(text, about) for text, about in offered if text.casefold().startswith(word.casefold()) and text != word]


def _arguments(
    command: commands.Command | None, word: str, conversation: Conversation, models: Callable[[], Iterable[str]]
) -> Iterable[tuple[str, str]]:
    match command.completes if command else "question":
        case "command":
            return [(each.name[1:], each.help.partition(";")[0]) for each in commands.COMMANDS]
        case "source":
            return [(str(source.n), source.title) for source in conversation.sources()]
        case "paper":
            return [("off", ""), *((str(s.n), s.title) for s in conversation.sources()), *_papers(word, conversation)]
        case "condition":
            return [*((text, "") for text in commands.CONDITIONS), *_tags(conversation)]
        case "model":
            return [(name, "") for name in models()]
        case "setting":
            return commands.SETTINGS.items()
        case "session":
            return [(session.name, f"{session.turns} turns") for session in conversation.sessions.all()]
        case "file":
            return _files(word)
        case "question" if word:
            return [*_papers(word, conversation), *_tags(conversation)]
    return ()


def _papers(word: str, conversation: Conversation) -> Iterable[tuple[str, str]]:
    """Yield cite keys, and the surnames of authors where the word begins with a capital."""
    if not word:
        return
    names: dict[str, str] = {}
    for paper in conversation.library.papers():
        yield paper.key, paper.title
        if word[0].isupper():
            for author in paper.authors:
                surname = author.partition(",")[0] if "," in author else author.rpartition(" ")[2]
                names.setdefault(surname, author)
    yield from sorted(names.items())


def _tags(conversation: Conversation) -> Iterable[tuple[str, str]]:
    tags = {tag for paper in conversation.library.papers() for tag in paper.tags}
    return [(f"tag:{tag}", "tag") for tag in sorted(tags)]


def _files(word: str) -> Iterable[tuple[str, str]]:
    folder = Path(word.rpartition("/")[0] + "/" if "/" in word else ".").expanduser()
    with contextlib.suppress(OSError):
        start = word.rpartition("/")[0] + "/" if "/" in word else ""
        return [(start + path.name + "/" * path.is_dir(), "") for path in sorted(folder.iterdir())]
    return ()
