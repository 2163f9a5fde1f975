"""The conversation in the terminal: questions in, checked statements out one by one, commands in between."""

import contextlib
import re
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

from assistant import render
from assistant.answer import Answerer, Done, Event, Reading, Retrieved, Said, Turn, shown
from assistant.chat import commands, explain, transcript
from assistant.chat.answering import counted, follow, marked, show_sources
from assistant.chat.clipboard import copy
from assistant.chat.conversation import Conversation, Recording, parse_filter
from assistant.chat.lines import Lines
from assistant.chat.screen import Screen
from assistant.draft import Drafter
from assistant.draft import Event as DraftEvent
from assistant.errors import AssistantError, UsageError
from assistant.files import write_whole
from assistant.plan import Brief
from assistant.records import Answer, Dropped
from assistant.sessions import Exchange, Scope

_LEAVE_WITHIN_S = 2.0
_COURTESY = re.compile(
    r"\W*(?:(?:hi|hello|hey|thanks?|thx|ok|okay|great|cool|nice|good|perfect|bye|goodbye)"
    r"(?: (?:there|you|a lot|so much|very much|then|job|work))*\W*)+",
    re.IGNORECASE,
)
_ABOUT = "What does it propose, and what are its main results?"
_LISTED = 20


@dataclass
class Parts:
    """What a chat answers with; `/model` puts others in their place."""

    answerer: Answerer
    drafter: Callable[[], Drafter]


class Chat:
    """Takes lines, answers questions, and obeys commands; `do_NAME` is what `/NAME` does."""

    def __init__(
        self, conversation: Conversation, parts: Parts, open_model: Callable[[str], Parts], screen: Screen, lines: Lines
    ) -> None:
        """Prepare a chat.

        Args:
            conversation: the one to go on with.
            parts: what answers.
            open_model: opens another model by its name.
            screen: where everything is shown.
            lines: where the lines come from.
        """
        self.conversation = conversation
        self._parts = parts
        self._open_model = open_model
        self._screen = screen
        self._columns = screen.columns
        self._lines = lines
        self._over = False
        self._before: str | None = None

    # ------------------------------------------------------------------ lines

    def loop(self) -> None:
        """Take lines until their end or /quit; Ctrl-C stops an answer and keeps what was checked."""
        with contextlib.suppress(KeyboardInterrupt):  # a second one while the first is being told
            self._loop()

    def _loop(self) -> None:
        cleared_at = float("-inf")
        while not self._over:
            try:
                line = self._lines.read().strip()
                if line:
                    self.take(line)
            except EOFError:
                return
            except KeyboardInterrupt:
                # The first clears the line; a second one soon after leaves.
                if time.monotonic() - cleared_at < _LEAVE_WITHIN_S:
                    return
                cleared_at = time.monotonic()
                if self._lines.interactive:
                    self._screen.tell("(Ctrl-C again, or /quit, leaves)")

    def take(self, line: str) -> None:
        """Act on a question or a command; what fails is told, and the chat goes on."""
        try:
            if line.startswith("/"):
                self._command(line)
            elif _COURTESY.fullmatch(line):
                self._screen.tell("Ask a question about the papers; /help shows the commands, /quit leaves.")
            else:
                self._ask(line)
        except KeyboardInterrupt:
            self._screen.tell("(stopped; what is above was checked and is kept)")
        except AssistantError as error:
            self._screen.tell(f"{error.what[:1].upper()}{error.what[1:]}. {error.cure}")
        except ValueError as error:
            self._screen.tell(f"That can't be answered: {error}")

    def _command(self, line: str) -> None:
        name, _, rest = line.partition(" ")
        command = commands.find(name)
        if command is None:
            near = commands.nearest(name, (each.name for each in commands.COMMANDS))
            hint = f"Did you mean {near}?" if near else "/help lists them."
            raise UsageError(f"there is no command {name}", hint)
        getattr(self, f"do_{command.name[1:]}")(rest.strip())

    # ------------------------------------------------------------------ questions

    def _ask(self, question: str, *, among: frozenset[str] | None = None, instead: Exchange | None = None) -> None:
        """Answer a question.

        Args:
            question: in the user's words.
            among: keys of the papers to answer from; by default what the conversation looks at.
            instead: the last turn, where the answer takes its place.
        """
        conversation, answerer = self.conversation, self._parts.answerer
        if instead is not None:
            answerer = answerer.with_seed(instead.seed + 1)
        history = conversation.history(question, before=instead.n if instead else None)
        wanted = conversation.among() if among is None else among
        events = answerer.stream(question, history, among=wanted, pinned=conversation.scope.pinned)
        self._record(Recording(conversation, question, answerer, instead=instead), events)

    def _record(self, recording: Recording, events: Iterable[Event | DraftEvent]) -> None:
        try:
            follow(events, self.conversation.library, self._screen, recording)
        finally:
            recording.stopped()

    def do_retry(self, _: str) -> None:
        """Answer the last question again with another seed."""
        last = self.conversation.last
        self._ask(last.answer.question, instead=last)

    def do_more(self, _: str) -> None:
        """Answer the last question from papers that weren't cited for it."""
        question = self.conversation.last.answer.question
        cited = {
            source.key
            for exchange in self.conversation.exchanges
            if exchange.answer.question == question
            for source in exchange.answer.sources
        }
        wanted = self.conversation.among()
        keys = wanted if wanted is not None else frozenset(paper.key for paper in self.conversation.library.papers())
        self._ask(question, among=keys - cited)

    def do_edit(self, _: str) -> None:
        """Change the last question in the user's editor and ask it."""
        import click

        if not self._lines.interactive:
            raise UsageError("/edit needs a terminal", "Type the question instead.")
        exchanges = self.conversation.exchanges
        text = click.edit(exchanges[-1].answer.question if exchanges else "", extension=".txt")
        question = " ".join((text or "").split())
        if not question:
            self._screen.tell("(nothing asked)")
            return
        self._screen.tell(f"> {question}")
        self.take(question)

    def do_compare(self, rest: str) -> None:
        """Answer a question from each of two papers in turn."""
        words = rest.split(maxsplit=2)
        if len(words) < 2:
            raise UsageError("/compare needs two sources", "For instance: /compare 1 2.")
        keys = [self.conversation.key_of(word) for word in words[:2]]
        question = words[2] if len(words) == 3 else None
        answerer = self._parts.answerer
        recording = Recording(self.conversation, question or _ABOUT, answerer, "comparison")
        for key in keys:
            self.conversation.number(key)
        self._record(recording, self._comparison(question, keys))

    def _comparison(self, question: str | None, keys: Sequence[str]) -> Iterator[Event]:
        """Yield the answers of several papers to a question as one; one that has none says what it is about."""
        answers: list[Answer] = []
        yield Retrieved(())
        answerer = self._parts.answerer
        for key in keys:
            only = frozenset((key,))
            answer = None
            if question:
                answer = yield from _told(answerer.stream(question, among=only, pinned=(key,)))
            if answer is None or answer.abstained:
                answer = yield from _told(answerer.stream(_ABOUT, [Turn(_ABOUT, (key,))], among=only))
            answers.append(answer)
        statements = tuple(chain.from_iterable(answer.statements for answer in answers))
        dropped: tuple[Dropped, ...] = tuple(chain.from_iterable(answer.dropped for answer in answers))
        marks = [source for answer in answers for source in answer.sources]
        sources = tuple(mark.model_copy(update={"n": n}) for n, mark in enumerate(marks, start=1))
        times = [answer.timings for answer in answers]
        total = times[0].model_copy(
            update={
                name: round(sum(getattr(time, name) for time in times), 3)
                for name in ("retrieve_s", "total_s", "prompt_tokens", "completion_tokens")
            }
        )
        yield Done(
            answers[0].model_copy(
                update={
                    "answer": shown(statements, sources) if statements else answers[0].answer,
                    "abstained": not statements,
                    "reason": None if statements else answers[0].reason,
                    "statements": statements,
                    "dropped": dropped,
                    "sources": sources,
                    "nearest": () if statements else tuple(chain.from_iterable(a.nearest for a in answers)),
                    "timings": total,
                }
            )
        )

    def do_draft(self, topic: str) -> None:
        """Draft a related-work section; without a topic, on the last question, and citing what its answer cited."""
        cited = () if topic else tuple(source.key for source in self.conversation.last.answer.sources)
        topic = topic or self.conversation.last.answer.question
        scope = self.conversation.scope
        must = tuple(dict.fromkeys(key for key in (*cited, *scope.pinned) if key not in scope.dropped))
        recording = Recording(self.conversation, topic, self._parts.answerer, "draft")
        events = self._parts.drafter().stream(Brief(topic=topic, must_cite=must), only=self.conversation.among())
        self._record(recording, events)

    # ------------------------------------------------------------------ looking

    def do_help(self, rest: str) -> None:
        """Show the commands, or one."""
        wanted = commands.find("/" + rest.lstrip("/")) if rest else None
        for command in (wanted,) if wanted else commands.COMMANDS:
            usage = f"{command.name} {command.arguments}".rstrip()
            if self._screen.columns() < 70 or len(usage) > 22:
                self._screen.show(usage)
                self._screen.show(command.help, indent="    ")
            else:
                first, *others = self._wrapped_help(command.help)
                self._screen.print_result(f"{usage:<23} {first}")
                for line in others:
                    self._screen.print_result(f"{'':<23} {line}")
        if not rest:
            self._screen.tell('Alt-Enter or """ for several lines; Ctrl-C stops an answer; Ctrl-D leaves.')

    def _wrapped_help(self, text: str) -> list[str]:
        return render.wrapped(text, self._screen.columns() - 24).splitlines()

    def do_sources(self, _: str) -> None:
        """Show the sources of the conversation."""
        sources = self.conversation.sources()
        if not sources:
            self._screen.tell("Nothing was cited yet.")
        show_sources(sources, self.conversation.library, self._screen, self.conversation.number)

    def do_show(self, rest: str) -> None:
        """Show a source."""
        if not rest:
            raise UsageError("/show needs the number of a source", "For instance: /show 1. /sources lists them.")
        explain.show_paper(self.conversation, self.conversation.key_of(rest), self._screen)

    def do_why(self, rest: str) -> None:
        """Show why what cites a source may be believed."""
        if not rest:
            explain.show_why(self.conversation, self.conversation.last, None, self._screen)
            return
        key = self.conversation.key_of(rest)
        exchange = self.conversation.citing(key)
        if exchange is None:
            raise UsageError(f"nothing that was said cites {rest}", "/sources lists what was cited.")
        explain.show_why(self.conversation, exchange, key, self._screen)

    # ------------------------------------------------------------------ what to look at

    def do_filter(self, rest: str) -> None:
        """Confine the answers to papers that meet conditions."""
        if rest and rest != "off":
            parse_filter(rest)
        if rest:
            self.conversation.look_at(filter="" if rest == "off" else rest)
        self._tell_scope()

    def do_only(self, rest: str) -> None:
        """Confine the answers to some papers."""
        self._choose("only", rest)

    def do_drop(self, rest: str) -> None:
        """Leave papers out."""
        self._choose("dropped", rest)

    def do_pin(self, rest: str) -> None:
        """Look at papers in every answer."""
        self._choose("pinned", rest)

    def _choose(self, name: str, rest: str) -> None:
        there: tuple[str, ...] = getattr(self.conversation.scope, name)
        if rest == "off":
            self.conversation.look_at(**{name: ()})
        elif rest:
            keys = [self.conversation.key_of(word) for word in rest.replace(",", " ").split()]
            kept = () if name == "only" else there
            self.conversation.look_at(**{name: tuple(dict.fromkeys((*kept, *keys)))})
        self._tell_scope()

    def _tell_scope(self) -> None:
        scope = self.conversation.scope
        among = self.conversation.among()
        total = len(self.conversation.library)
        parts = [f"Looking at {total if among is None else len(among)} of {total} papers"]
        if scope.filter:
            parts.append(f"filter {scope.filter}")
        for label, keys in (("only", scope.only), ("without", scope.dropped), ("always", scope.pinned)):
            if keys:
                parts.append(f"{label} {', '.join(keys)}")
        self._screen.tell("; ".join(parts) + ".")

    # ------------------------------------------------------------------ keeping

    def do_save(self, rest: str) -> None:
        """Give the conversation a name."""
        if not rest:
            raise UsageError("/save needs a name", "For instance: /save rivers.")
        self.conversation.rename("-".join(rest.split()))
        self._screen.tell(
            f"This conversation is called {'-'.join(rest.split())}; go on with it: /resume, or --session."
        )

    def do_export(self, rest: str) -> None:
        """Write the conversation to a file."""
        if not rest:
            raise UsageError("/export needs a file", "For instance: /export notes.md.")
        path = Path(rest).expanduser()
        form = transcript.form_of(path)
        conversation = self.conversation
        session = conversation.session and conversation.sessions.find(conversation.session.name)
        text = transcript.transcript(
            session, conversation.exchanges, conversation.sources(), conversation.library, form
        )
        try:
            write_whole(path, text)
        except OSError as error:
            raise UsageError(f"can't write {path} ({error.strerror})", "Give another file.") from error
        self._screen.tell(f"{counted(len(conversation.exchanges), 'turn')} written to {path}.")

    def do_copy(self, _: str) -> None:
        """Put the last answer with its sources on the clipboard."""
        answer = self.conversation.last.answer
        numbers = self.conversation.numbers
        lines = [marked(statement, numbers) for statement in answer.statements] or [answer.answer]
        lines += [""] * bool(answer.sources)
        lines += [f"[{numbers[source.key]}] {source.title} ({source.key})" for source in answer.sources]
        self._screen.tell(copy("\n".join(lines)))

    def do_undo(self, _: str) -> None:
        """Take the last turn back."""
        self._screen.tell(f"Taken back: {self.conversation.take_back().answer.question}")

    def do_clear(self, _: str) -> None:
        """Begin a new conversation."""
        self._leave_session()
        self.conversation.begin()
        self._lines.clear()
        self._screen.tell(
            "A new conversation." + (f" The other is kept: /resume {self._before}." if self._before else "")
        )

    def do_sessions(self, _: str) -> None:
        """Show the conversations that are kept."""
        kept = self.conversation.sessions.all()
        if not kept:
            self._screen.tell("No conversation was kept yet.")
        for session in kept[:_LISTED]:
            here = "  (this one)" if self.conversation.session and self.conversation.session.id == session.id else ""
            when = session.touched[:16].replace("T", " ")
            self._screen.show(f"{session.name}  {counted(session.turns, 'turn')}, {when}{here}", keep=(session.name,))
        if len(kept) > _LISTED:
            self._screen.tell(f"… and {len(kept) - _LISTED} more: assistant sessions list")

    def do_resume(self, rest: str) -> None:
        """Go on with another conversation."""
        current = self.conversation.session
        others = [s for s in self.conversation.sessions.all() if current is None or s.id != current.id]
        name = rest or self._before or (others[0].name if others else "")
        if not name:
            raise UsageError("there is no other conversation", "/sessions lists them.")
        session = self.conversation.sessions.find(name)
        self._leave_session()
        self.conversation.begin(session.name)
        self.tell_where()

    def _leave_session(self) -> None:
        if self.conversation.session is not None:
            self._before = self.conversation.session.name

    def tell_where(self) -> None:
        """Tell which conversation goes on, and its last question."""
        conversation = self.conversation
        if conversation.session is None:
            return
        turns = conversation.exchanges
        self._screen.tell(
            f"Conversation {conversation.session.name}: {counted(len(turns), 'turn')}, "
            f"{counted(len(conversation.numbers), 'source')}."
        )
        if turns:
            cut = (
                ""
                if turns[-1].ended == "whole"
                else f" (stopped after {counted(len(turns[-1].answer.statements), 'statement')})"
            )
            self._screen.tell(f"Last question: {turns[-1].answer.question}{cut}")
        if conversation.scope != Scope():
            self._tell_scope()

    # ------------------------------------------------------------------ settings

    def do_model(self, rest: str) -> None:
        """Show the model, or take another one."""
        if rest:
            self._screen.status.say(f"opening {rest}")
            seed = self._parts.answerer.seed
            self._parts = self._open_model(rest)
            self._parts.answerer = self._parts.answerer.with_seed(seed)
        model = self._parts.answerer.model
        self._screen.tell(f"Answers are worded by {model.name} (sha256 {model.sha256[:12]}).")

    def do_set(self, rest: str) -> None:
        """Show the settings, or change one."""
        name, _, value = rest.partition(" ")
        if name and name not in commands.SETTINGS:
            near = commands.nearest(name, commands.SETTINGS)
            raise UsageError(f"there is no setting {name}", f"Did you mean {near}?" if near else "/set lists them.")
        if name and not value.strip().isdigit():
            raise UsageError(f"{name} takes a whole number", f"For instance: /set {name} 0.")
        if name == "seed":
            self._parts.answerer = self._parts.answerer.with_seed(int(value))
        elif name == "width":
            columns = int(value)
            self._screen = replace(self._screen, columns=(lambda: max(columns, 20)) if columns else self._columns)
        shown = {"seed": self._parts.answerer.seed, "width": self._screen.columns()}
        for setting, meaning in commands.SETTINGS.items():
            self._screen.show(f"{setting} {shown[setting]}: {meaning}")

    def do_quit(self, _: str) -> None:
        """Leave."""
        self._over = True


def _told(events: Iterable[Event]) -> Generator[Event, None, Answer]:
    """Yield what is told while a question is answered, and return the answer."""
    for event in events:
        if isinstance(event, Reading | Said):
            yield event
        elif isinstance(event, Done):
            return event.answer
    raise AssertionError("a stream ends with Done")
