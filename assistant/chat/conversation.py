"""A conversation: its turns, the numbers that its sources keep for ever, and what it looks at."""

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from assistant.answer import Answerer, Turn
from assistant.chat.consistency import contradicted
from assistant.errors import AssistantError, HomeError, UsageError
from assistant.filters import Filter
from assistant.judge import Judge
from assistant.library import Library
from assistant.records import Answer, SourceMark, Statement, Timings
from assistant.sessions import Conflict, Exchange, Kind, Scope, Session, Sessions, name_of

_MARK = re.compile(r"\[(\d+)\]")


class Conversation:
    """One conversation over a library; it is written to the catalogue as it goes."""

    def __init__(
        self, library: Library, sessions: Sessions, judge: Judge, warn: Callable[[str], None], name: str | None = None
    ) -> None:
        """Begin a conversation, or go on with the one of a name where there is one.

        Args:
            library: knows the papers.
            sessions: keeps the conversation.
            judge: tells whether a statement contradicts an earlier one.
            warn: prints a line where the conversation can't be kept.
            name: its name; by default its first question gives it one.
        """
        self.library = library
        self.sessions = sessions
        self.judge = judge
        self._warn = warn
        self._kept = True
        self.begin(name)

    def begin(self, name: str | None = None) -> None:
        """Begin anew, or go on with the conversation of a name where there is one."""
        self.name = name
        self.session: Session | None = self.sessions.known(name) if name else None
        self.exchanges: list[Exchange] = self.sessions.exchanges(self.session) if self.session else []
        self.numbers: dict[str, int] = self.sessions.numbers(self.session) if self.session else {}
        self.scope: Scope = self.session.scope if self.session else Scope()

    # ------------------------------------------------------------------ what was said

    @property
    def last(self) -> Exchange:
        """The last turn.

        Raises:
            UsageError: nothing was asked yet.
        """
        if not self.exchanges:
            raise UsageError("nothing was asked yet in this conversation", "Ask a question first.")
        return self.exchanges[-1]

    def number(self, key: str) -> int:
        """Return the number of a source; a paper keeps its number for the whole conversation."""
        return self.numbers.setdefault(key, len(self.numbers) + 1)

    def sources(self) -> list[SourceMark]:
        """Return every source that has a number, in the order of the numbers."""
        titles = {source.key: source for exchange in self.exchanges for source in exchange.answer.sources}
        marks = []
        for key, n in self.numbers.items():
            source = titles.get(key)
            paper = None if source else self.library.paper(key)
            found = source or paper
            assert found is not None
            marks.append(SourceMark(n=n, key=key, title=found.title, year=found.year))
        return marks

    def key_of(self, text: str) -> str:
        """Return the key that a number or a key leads to.

        Raises:
            UsageError: no source has that number, or no paper that key.
        """
        plain = text.strip("[], ")
        if plain.isdigit():
            found = next((key for key, n in self.numbers.items() if n == int(plain)), None)
            if found is None:
                raise UsageError(f"no source has the number {plain}", "/sources lists them.")
            return found
        return self.library.paper(plain).key

    def citing(self, key: str) -> Exchange | None:
        """Return the last turn that cites a paper."""
        return next(
            (exchange for exchange in reversed(self.exchanges) if key in {s.key for s in exchange.answer.sources}), None
        )

    def history(self, question: str, before: int | None = None) -> list[Turn]:
        """Return the turns that a follow-up leans on; `[3]` in it means source 3 of the conversation.

        Args:
            question: the follow-up.
            before: leave out this turn and those after it.

        Raises:
            UsageError: no source has a number that the question names.
        """
        marks = _MARK.findall(question)
        for mark in marks:
            self.key_of(mark)
        turns = [
            Turn(exchange.answer.question, tuple(source.key for source in exchange.answer.sources))
            for exchange in self.exchanges
            if exchange.answer.sources and (before is None or exchange.n < before)
        ]
        if marks:
            return [Turn(turns[-1].question if turns else "", tuple(self.numbers))]
        return turns

    # ------------------------------------------------------------------ what it looks at

    def among(self) -> frozenset[str] | None:
        """Return the keys of the papers that may be looked at; None for all."""
        scope = self.scope
        if not (scope.filter or scope.only or scope.dropped):
            return None
        wanted = parse_filter(scope.filter)
        return frozenset(
            paper.key
            for paper in self.library.papers()
            if wanted.accepts(paper) and (not scope.only or paper.key in scope.only) and paper.key not in scope.dropped
        )

    def look_at(self, **changes: object) -> None:
        """Change what the conversation looks at."""
        self.scope = self.scope.model_copy(update=changes)
        if self.session is not None:
            self._keep(lambda session: self.sessions.set_scope(session, self.scope))

    # ------------------------------------------------------------------ keeping it

    def take_back(self) -> Exchange:
        """Take the last turn back and return it."""
        last = self.last
        self._keep(lambda session: self.sessions.take_back(session, last.n))
        return self.exchanges.pop()

    def rename(self, name: str) -> None:
        """Give the conversation a name.

        Raises:
            UsageError: another one has it.
        """
        if self.session is None:
            if self.sessions.known(name):
                raise UsageError(f"another conversation is called {name}", "Choose another name.")
            self.name = name
        else:
            self.session = self.sessions.rename(self.session, name)

    def put(self, exchange: Exchange) -> None:
        """Write a turn; when this returns it is on the disk, or it was said that it can't be."""
        new = not self.exchanges or self.exchanges[-1].n != exchange.n
        if self.session is None and self._kept:
            try:
                self.session = self.sessions.start(self.name or name_of(exchange.answer.question), self.scope)
            except HomeError as error:
                self._not_kept(error)
        self._keep(lambda session: self.sessions.put(session, exchange, self.numbers, new=new))
        if new:
            self.exchanges.append(exchange)
        else:
            self.exchanges[-1] = exchange

    def _keep(self, write: Callable[[Session], None]) -> None:
        if self.session is None or not self._kept:
            return
        try:
            write(self.session)
        except HomeError as error:
            self._not_kept(error)

    def _not_kept(self, error: AssistantError) -> None:
        """Say once that the conversation isn't kept, and go on without."""
        self._kept = False
        self._warn(f"From here on this conversation is not kept: {error.what}.")


class Recording:
    """One turn while it is being answered: each statement is written before it is shown."""

    def __init__(
        self,
        conversation: Conversation,
        question: str,
        answerer: Answerer,
        kind: Kind = "answer",
        *,
        instead: Exchange | None = None,
    ) -> None:
        """Begin a turn.

        Args:
            conversation: it belongs to this one.
            question: what is asked.
            answerer: who answers.
            kind: what is asked for.
            instead: the last turn, where this one takes its place.
        """
        self._conversation = conversation
        earlier = [exchange for exchange in conversation.exchanges if exchange is not instead]
        self._earlier = [(exchange.n, statement) for exchange in earlier for statement in exchange.answer.statements]
        self.exchange = Exchange(
            n=earlier[-1].n + 1 if earlier else 1,
            at=datetime.now(UTC).isoformat(timespec="seconds"),
            kind=kind,
            answer=Answer(
                question=question,
                answer="",
                abstained=False,
                reason=None,
                statements=(),
                dropped=(),
                sources=(),
                nearest=(),
                model=answerer.model,
                timings=Timings(
                    retrieve_s=0.0, first_statement_s=None, total_s=0.0, prompt_tokens=0, completion_tokens=0
                ),
            ),
            ended="open",
            prompts=answerer.prompts,
            seed=answerer.seed,
        )

    def number(self, key: str) -> int:
        """Return the number of a source."""
        return self._conversation.number(key)

    def said(self, statement: Statement) -> Sequence[str]:
        """Write a statement before it is shown; return what it contradicts."""
        sources = {source.key: source for source in self.exchange.answer.sources}
        for citation in statement.citations:
            self.number(citation.key)
            year = self._conversation.library.paper(citation.key).year
            mark = SourceMark(n=len(sources) + 1, key=citation.key, title=citation.title, year=year)
            sources.setdefault(citation.key, mark)
        statements = (*self.exchange.answer.statements, statement)
        found = contradicted(statement, self._earlier, self._conversation.judge)
        conflicts = tuple(
            Conflict(statement=len(statements) - 1, turn=turn, text=earlier.text, key=earlier.citations[0].key, why=why)
            for turn, earlier, why in found
        )
        answer = self.exchange.answer.model_copy(update={"statements": statements, "sources": tuple(sources.values())})
        self._put(answer=answer, conflicts=self.exchange.conflicts + conflicts)
        return [conflict_line(conflict, self.number) for conflict in conflicts]

    def done(self, answer: Answer) -> None:
        """Write the whole answer before it is shown as done."""
        self._put(answer=answer, ended="whole")

    def stopped(self) -> None:
        """Write that the answer was stopped, if anything was said."""
        if self.exchange.answer.statements and self.exchange.ended == "open":
            self._put(ended="stopped")

    def _put(self, **changes: object) -> None:
        self.exchange = self.exchange.model_copy(update=changes)
        self._conversation.put(self.exchange)


def conflict_line(conflict: Conflict, number: Callable[[str], int]) -> str:
    """Return what is shown beside a statement that contradicts an earlier one."""
    return f"contradicts turn {conflict.turn}: {conflict.text} [{number(conflict.key)}] ({conflict.why})"


def parse_filter(text: str) -> Filter:
    """Return the conditions of /filter.

    Raises:
        UsageError: a condition isn't known, or a year isn't one.
    """
    fields: dict[str, object] = {}
    lists: dict[str, list[str]] = {"category": [], "source": [], "tag": []}
    words = []
    for word in text.split():
        name, colon, value = word.partition(":")
        if not colon:
            words.append(word)
        elif name in ("since", "until") and re.fullmatch(r"\d{4}", value):
            fields[name] = int(value)
        elif name in lists and value:
            lists[name].append(value)
        elif word == "has:code":
            fields["has_code"] = True
        elif word == "has:abstract":
            fields["has_abstract"] = True
        else:
            raise UsageError(f"{word} isn't a condition", "For instance: /filter since:2023 category:CV has:code.")
    return Filter(
        **fields,  # type: ignore[arg-type]
        categories=tuple(lists["category"]),
        sources=tuple(lists["source"]),
        tags=tuple(lists["tag"]),
        text=" ".join(words),
    )
