"""The conversation in the terminal: questions in, checked statements out one by one, with sources to open."""

import contextlib
import difflib
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TextIO

from assistant import render
from assistant.answer import Answerer, Done, Retrieved, Said, Turn, with_marks
from assistant.errors import AssistantError
from assistant.library import Library
from assistant.records import Answer, SourceMark, Statement

PROMPT = "> "
_LEAVE_WITHIN_S = 2.0


@dataclass(frozen=True)
class Command:
    """One command of the chat; the table drives help and the matching of names."""

    name: str
    arguments: str
    help: str


COMMANDS = (
    Command("/help", "", "what can be typed here"),
    Command("/sources", "", "the papers cited so far, with their numbers"),
    Command("/show", "N", "the abstract of source N and the words that were cited from it"),
    Command("/quit", "", "leave"),
)


def answer_in(
    answerer: Answerer,
    library: Library,
    question: str,
    *,
    show: Callable[[str], None],
    tell: Callable[[str], None],
    width: int,
    history: Iterable[Turn] = (),
    number: Callable[[str], int] | None = None,
) -> Answer:
    """Answer a question on a terminal, each statement shown when its check has passed.

    Args:
        answerer: answers the question.
        library: knows the papers behind the sources.
        question: in the user's words.
        show: prints a piece of the result.
        tell: prints a line of talk.
        width: columns to wrap at.
        history: the conversation so far.
        number: gives a paper its number; by default they count from 1 in this answer.
    """
    marks: dict[str, int] = {}
    for event in answerer.stream(question, tuple(history)):
        if isinstance(event, Retrieved):
            tell(f"(searched {len(library)} papers)")
        elif isinstance(event, Said):
            for citation in event.statement.citations:
                marks.setdefault(citation.key, number(citation.key) if number else len(marks) + 1)
            show(render.wrapped(render.visible(with_marks(event.statement, marks)), width))
        elif isinstance(event, Done):
            answer = event.answer
    if answer.abstained:
        show(render.abstention(answer))
        return answer
    renumbered = tuple(source.model_copy(update={"n": marks[source.key]}) for source in answer.sources)
    show("\n" + _source_list(renumbered, library, width))
    quotes = sum(statement.origin == "quoted" for statement in answer.statements)
    tell(
        f"({len(answer.statements)} statements checked"
        + (f", {quotes} of them in the paper's own words" if quotes else "")
        + f"; {len(answer.dropped)} wordings dropped; {answer.timings.total_s:.1f} s)"
    )
    return answer


def _source_list(sources: Iterable[SourceMark], library: Library, width: int) -> str:
    lines = []
    for source in sources:
        about = render.byline(library.paper(source.key))
        lines.append(f"[{source.n}] {source.title}" + (f" ({about})" if about else "") + f"  {source.key}")
    return "\n".join(render.wrapped(render.visible(line), width) for line in lines)


@dataclass
class Chat:
    """A conversation: its turns, and the numbers that its sources keep to the end."""

    answerer: Answerer
    library: Library
    show: Callable[[str], None]
    tell: Callable[[str], None]
    width: Callable[[], int]
    turns: list[Turn] = field(default_factory=list)
    numbers: dict[str, int] = field(default_factory=dict)
    statements: list[Statement] = field(default_factory=list)

    def loop(self, lines: TextIO, *, interactive: bool) -> None:
        """Read lines until the end of the input or /quit; Ctrl-C stops an answer and keeps what was checked."""
        left_at = float("-inf")
        if interactive:
            _edit_lines()
            self.tell(f"{len(self.library)} papers. Ask a question; /help shows the commands, /quit leaves.")
        while True:
            try:
                line = input(PROMPT) if interactive else lines.readline()
            except EOFError:
                break
            except KeyboardInterrupt:
                # The first clears the line; a second one soon after leaves.
                if time.monotonic() - left_at < _LEAVE_WITHIN_S:
                    break
                left_at = time.monotonic()
                self.tell("")
                continue
            if not interactive and not line:
                break
            if line.strip() and not self.take(line.strip()):
                break

    def take(self, line: str) -> bool:
        """Act on one line; return False when the conversation is over."""
        if line.startswith("/"):
            return self._command(line)
        try:
            answer = answer_in(
                self.answerer,
                self.library,
                line,
                show=self.show,
                tell=self.tell,
                width=self.width(),
                history=self.turns,
                number=self._number,
            )
        except KeyboardInterrupt:
            self.tell("(stopped; what is above was checked)")
            return True
        except (AssistantError, ValueError) as error:
            self.tell(f"Error: {error}")
            return True
        if not answer.abstained:
            self.turns.append(Turn(line, tuple(source.key for source in answer.sources)))
            self.statements += answer.statements
        return True

    def _number(self, key: str) -> int:
        return self.numbers.setdefault(key, len(self.numbers) + 1)

    def _command(self, line: str) -> bool:
        name, _, argument = line.partition(" ")
        match name:
            case "/quit" | "/exit" | "/q":
                return False
            case "/help":
                for command in COMMANDS:
                    self.show(f"{command.name + ' ' + command.arguments:<12} {command.help}")
            case "/sources":
                marks = [
                    SourceMark(n=n, key=key, title=paper.title, year=paper.year)
                    for key, n in self.numbers.items()
                    for paper in [self.library.paper(key)]
                ]
                self.show(_source_list(marks, self.library, self.width()) if marks else "Nothing was cited yet.")
            case "/show":
                self._show(argument.strip().strip("[]"))
            case _:
                near = difflib.get_close_matches(name, [command.name for command in COMMANDS], n=1, cutoff=0.4)
                self.tell(
                    f"There is no command {name}." + (f" Did you mean {near[0]}?" if near else " /help lists them.")
                )
        return True

    def _show(self, argument: str) -> None:
        keys = {str(n): key for key, n in self.numbers.items()}
        if argument not in keys:
            self.tell("Give the number of a source: /show 1. /sources lists them.")
            return
        paper = self.library.paper(keys[argument])
        self.show(render.wrapped(render.visible(f"{paper.title}  {render.byline(paper)}".rstrip()), self.width()))
        self.show(render.wrapped(render.visible(paper.abstract), self.width(), indent="  "))
        for statement in self.statements:
            for citation in statement.citations:
                if citation.key == paper.key:
                    self.show(render.wrapped(render.visible(f"{statement.text}"), self.width()))
                    self.show(
                        render.wrapped(render.visible(f"supported by: “{citation.quote}”"), self.width(), indent="  ")
                    )


def _edit_lines() -> None:
    """Give `input` line editing and history where the platform has them."""
    with contextlib.suppress(ImportError):
        import readline  # noqa: F401
