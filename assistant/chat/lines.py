"""Where the lines of a chat come from: a plain stream here, a line editor in `editor`."""

from collections.abc import Callable
from typing import Protocol, TextIO

FENCE = '"""'


class Lines(Protocol):
    """Gives what the user types, one question or command at a time."""

    @property
    def interactive(self) -> bool:
        """Whether somebody sits there."""

    def read(self) -> str:
        """Return the next question or command.

        Raises:
            EOFError: there is no more.
            KeyboardInterrupt: the user pressed Ctrl-C.
        """

    def clear(self) -> None:
        """Clear the screen."""


class PlainLines:
    """Reads lines from a stream, without a prompt; several lines between triple quotes are one question."""

    interactive = False

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def read(self) -> str:
        """Return the next question or command."""
        return joined(self._line)

    def clear(self) -> None:
        """Do nothing: there is no screen."""

    def _line(self) -> str:
        line = self._stream.readline()
        if not line:
            raise EOFError
        return line


def joined(line: Callable[[], str]) -> str:
    """Return the next line; where it opens triple quotes, everything up to those that close them, on one line."""
    text = line().strip()
    if not text.startswith(FENCE):
        return text
    text = text.removeprefix(FENCE)
    while FENCE not in text:
        try:
            text += "\n" + line()
        except EOFError:
            break
    return " ".join(text.partition(FENCE)[0].split())
