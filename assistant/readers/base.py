"""What every reader has in common: lines in, records and problems out, never stopping at one bad entry."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from assistant.records import Problem, Record


@dataclass(frozen=True)
class Document:
    """A decoded input file.

    Attributes:
        name: the path as the user gave it; it appears in sources and problems.
        text: the whole text, line ends normalised to a single newline.
    """

    name: str
    text: str

    @property
    def lines(self) -> list[str]:
        """The lines, without their ends; index 0 is line 1."""
        return self.text.split("\n")

    def problem(self, line: int, message: str) -> Problem:
        """Return a problem at a 1-based line."""
        return Problem(file=self.name, line=line, message=message)


@dataclass(frozen=True)
class Reader:
    """One format.

    Attributes:
        name: the format's name, as shown to the user.
        accepts: tells from the content, not from the file's name, whether this is the format.
        read: yields records and problems in the order of the file.
    """

    name: str
    accepts: Callable[[Document], bool]
    read: Callable[[Document], Iterator[Record | Problem]]


_SENTENCE_END = re.compile(r"[.!?…)\]}\"'”’]\s*$")
_URL_END = re.compile(r"https?://\S+$|\bwww\.\S+$")


def looks_cut(abstract: str) -> bool:
    """Tell whether a file that ends with this abstract was cut off inside it.

    An abstract ends with a sentence, a bracket, a quotation or an address.
    """
    return not (_SENTENCE_END.search(abstract) or _URL_END.search(abstract))
