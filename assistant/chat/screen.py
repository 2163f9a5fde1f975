"""Where a conversation is shown: results, talk, and the line that says what is going on."""

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Protocol

from assistant import render


class Status(Protocol):
    """Says what is going on while somebody waits."""

    def say(self, text: str) -> None:
        """Show what is going on from now on."""

    def clear(self) -> None:
        """Take the line away, before something else is printed."""


class Silent:
    """Says nothing: for pipes and dumb terminals."""

    def say(self, text: str) -> None:
        """Do nothing."""

    def clear(self) -> None:
        """Do nothing."""


@dataclass(frozen=True)
class Screen:
    """Where a conversation is shown.

    Attributes:
        print_result: prints a piece of the result.
        print_talk: prints a line of talk.
        columns: how wide the terminal is now.
        status: the line that says what is going on.
        colour: whether marks and keys are set apart by colour.
    """

    print_result: Callable[[str], None]
    print_talk: Callable[[str], None]
    columns: Callable[[], int]
    status: Status = field(default_factory=Silent)
    colour: bool = False

    def show(self, text: str, indent: str = "", keep: Collection[str] = (), first: str | None = None) -> None:
        """Print text of whatever origin as a result: harmless, wrapped, with keys and marks whole.

        Args:
            text: the text.
            indent: stands before each line.
            keep: words that are never cut.
            first: stands before the first line instead.
        """
        self.status.clear()
        out = render.wrapped(render.visible(text), self.columns(), indent=indent, keep=keep, first=first)
        self.print_result(_coloured(out, keep) if self.colour else out)

    def tell(self, text: str) -> None:
        """Print text of whatever origin as talk."""
        self.status.clear()
        self.print_talk(render.wrapped(render.visible(text), self.columns()))


def _coloured(text: str, keys: Collection[str]) -> str:
    """Return a text with its marks in colour and the keys dimmed; `visible` has left no sequence of another's in it."""
    text = re.sub(r"\[\d+\]", "\x1b[36m\\g<0>\x1b[39m", text)
    if keys:
        names = "|".join(map(re.escape, sorted(keys, key=len, reverse=True)))
        text = re.sub(rf"(?<![\w\x1b\[])(?:{names})(?!\w)", "\x1b[2m\\g<0>\x1b[22m", text)
    return text
