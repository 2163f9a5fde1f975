"""Show an answer as it is made: each statement when its check has passed, then its sources."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Protocol

from assistant import render
from assistant.answer import Answerer, Done, Event, Reading, Retrieved, Said
from assistant.chat.screen import Screen
from assistant.draft import Drafted
from assistant.draft import Event as DraftEvent
from assistant.errors import UsageError
from assistant.library import Library
from assistant.records import Answer, Paper, SourceMark, Statement


class Listener(Protocol):
    """Hears what is said before it is shown."""

    def said(self, statement: Statement) -> Sequence[str]:
        """Take note of a statement; return what has to be told with it."""

    def done(self, answer: Answer) -> None:
        """Take note that the answer is whole."""

    def number(self, key: str) -> int:
        """Return the number of a source."""


class Counting:
    """Numbers the sources of one answer from 1."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def said(self, statement: Statement) -> Sequence[str]:
        """Tell nothing."""
        return ()

    def done(self, answer: Answer) -> None:
        """Do nothing."""

    def number(self, key: str) -> int:
        """Return the number of a source."""
        return self._numbers.setdefault(key, len(self._numbers) + 1)


def answer_in(answerer: Answerer, library: Library, question: str, screen: Screen) -> Answer:
    """Answer a question that stands alone."""
    return follow(answerer.stream(question), library, screen, Counting())


def follow(events: Iterable[Event | DraftEvent], library: Library, screen: Screen, listener: Listener) -> Answer:
    """Show what happens until the answer is whole, and return it."""
    answer: Answer | None = None
    screen.status.say(f"searching {len(library)} papers")
    try:
        for event in events:
            match event:
                case Retrieved(_, notice):
                    if notice:
                        screen.tell(notice)
                    screen.status.say("choosing sentences")
                case Reading(papers, sentences, denied):
                    if denied:
                        screen.tell(
                            f"The question takes something for granted: “{denied}” The abstract says otherwise:"
                        )
                    abstracts = f"{papers} abstract{'s' * (papers != 1)}"
                    work = f"wording and checking {sentences} sentences" if sentences else "writing and checking"
                    screen.status.say(f"reading {abstracts}: {work}")
                case Said(statement):
                    notes = listener.said(statement)
                    show_statement(statement, listener.number, screen)
                    for note in notes:
                        screen.show(note, indent="    ", first="  ! ")
                    screen.status.say("wording and checking")
                case Done(answer) | Drafted(answer):
                    listener.done(answer)
    finally:
        screen.status.clear()
    assert answer is not None, "a stream ends with the whole answer"
    if answer.abstained:
        screen.print_result(render.abstention(answer, screen.columns()))
        return answer
    screen.show("")
    show_sources(answer.sources, library, screen, listener.number)
    quotes = sum(statement.origin == "quoted" for statement in answer.statements)
    screen.tell(
        f"({counted(len(answer.statements), 'statement')} checked"
        + (f", {quotes} of them in the paper's own words" if quotes else "")
        + f"; {counted(len(answer.dropped), 'wording')} dropped; {answer.timings.total_s:.1f} s)"
    )
    return answer


def show_statement(statement: Statement, number: Callable[[str], int], screen: Screen) -> None:
    """Show a statement with its marks and keys; one that is only partly supported says so."""
    keys = list(dict.fromkeys(citation.key for citation in statement.citations))
    marks = "".join(f" [{number(key)}] {key}" for key in keys)
    partly = " (partly supported)" if statement.verdict == "partial" else ""
    screen.show(statement.text + marks + partly, keep=keys)


def show_sources(sources: Iterable[SourceMark], library: Library, screen: Screen, number: Callable[[str], int]) -> None:
    """Show the list of the sources, each with its number in the conversation."""
    for source in sources:
        paper = paper_of(library, source.key)
        about = render.byline(paper) if paper else "no longer in the library"
        title = f"[{number(source.key)}] {source.title}"
        screen.show(f"{title} ({about}) {source.key}" if about else f"{title} {source.key}", keep=(source.key,))


def paper_of(library: Library, key: str) -> Paper | None:
    """Return the paper of a key, or None where it has left the library."""
    try:
        return library.paper(key)
    except UsageError:
        return None


def counted(number: int, what: str) -> str:
    """Return a number with its noun: `1 statement`, `2 statements`."""
    return f"{number} {what}{'s' * (number != 1)}"


def marked(statement: Statement, numbers: Mapping[str, int]) -> str:
    """Return a statement with its marks, as it stands in running text."""
    keys = dict.fromkeys(citation.key for citation in statement.citations)
    return statement.text + "".join(f" [{numbers[key]}]" for key in keys)
