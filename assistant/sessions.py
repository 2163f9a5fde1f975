"""Conversations, kept in the catalogue: every turn with its evidence, the numbers of its sources, and what wrote it.

A turn is written each time a statement has passed its check, before the statement is shown, so that a kill loses
nothing that was said.
"""

import difflib
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from assistant import schema
from assistant.errors import UsageError
from assistant.records import Answer, Draft, Frozen
from assistant.terms import content_words

Kind = Literal["answer", "comparison", "draft"]
Ended = Literal["open", "stopped", "whole"]
_NAME_WORDS, _NAME_LENGTH = 5, 40


class Conflict(Frozen):
    """A statement that contradicts one that was made earlier in the conversation.

    Attributes:
        statement: its place in the answer, from 0.
        turn: the earlier statement's turn.
        text: the earlier statement.
        key: the paper that the earlier statement cites.
        why: what differs, in words.
    """

    statement: int
    turn: int
    text: str
    key: str
    why: str


class Exchange(Frozen):
    """One turn of a conversation: what was asked, and what was said with its evidence.

    Attributes:
        n: its place in the conversation, from 1.
        at: when it was asked, UTC, ISO 8601.
        kind: what was asked for.
        answer: the statements with the exact words behind them, what was dropped, the model and its sha256.
        ended: `whole`, `stopped` by the user, or `open` where the program was killed while it answered.
        prompts: the sha256 of each prompt that was used, by name.
        seed: the seed of the sampling.
        conflicts: statements that contradict earlier ones.
    """

    n: int
    at: str
    kind: Kind
    answer: Draft | Answer
    ended: Ended
    prompts: dict[str, str]
    seed: int
    conflicts: tuple[Conflict, ...] = ()


class Scope(Frozen):
    """What a conversation looks at.

    Attributes:
        filter: conditions on the papers, as the user wrote them; empty for none.
        only: keys of the papers to which it is confined; empty for all.
        dropped: keys of papers that are left out.
        pinned: keys of papers that every answer has to look at.
    """

    filter: str = ""
    only: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()
    pinned: tuple[str, ...] = ()


class Session(Frozen):
    """A conversation as it stands in a list.

    Attributes:
        id: its number in the catalogue.
        name: unique, whatever the case.
        started: when it was begun, UTC, ISO 8601.
        touched: when it was last written to.
        turns: how many turns it has.
        scope: what it looks at.
    """

    id: int
    name: str
    started: str
    touched: str
    turns: int
    scope: Scope = Scope()


class Sessions:
    """The conversations of one catalogue. Use as a context manager, or close it."""

    def __init__(self, path: Path) -> None:
        """Open the conversations of a catalogue that is there.

        Raises:
            HomeError: the catalogue can't be used.
        """
        self.path = path
        with schema.clear_errors(path):
            self._db = schema.connect(path)
            try:
                schema.bring_up(self._db, path)
                schema.prepare(self._db)
            except BaseException:
                self._db.close()
                raise

    def close(self) -> None:
        """Close the file; what was committed stays."""
        self._db.close()

    def __enter__(self) -> "Sessions":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # ------------------------------------------------------------------ conversations

    def all(self) -> list[Session]:
        """Return all conversations, the last one first."""
        return self._select("ORDER BY touched DESC, id DESC")

    def find(self, name: str) -> Session:
        """Return the conversation of a name.

        Raises:
            UsageError: there is none; the nearest name is told.
        """
        found = self.known(name)
        if found is None:
            near = difflib.get_close_matches(name, [session.name for session in self.all()], n=1, cutoff=0.5)
            raise UsageError(
                f"no conversation is called {name}",
                f"Did you mean {near[0]}?" if near else "See the names with: assistant sessions list.",
            )
        return found

    def known(self, name: str) -> Session | None:
        """Return the conversation of a name, or None."""
        return next(iter(self._select("WHERE name = ?", name)), None)

    def start(self, name: str, scope: Scope) -> Session:
        """Begin a conversation; a name that is taken gets a number."""
        now = _now()
        with schema.transaction(self._db, self.path):
            taken = {str(row[0]).casefold() for row in self._db.execute("SELECT name FROM sessions")}
            number = 1
            unique = name
            while unique.casefold() in taken:
                number += 1
                unique = f"{name}-{number}"
            self._db.execute(
                "INSERT INTO sessions(name, started, touched, scope) VALUES (?, ?, ?, ?)",
                (unique, now, now, scope.model_dump_json()),
            )
        return self.find(unique)

    def rename(self, session: Session, name: str) -> Session:
        """Give a conversation another name.

        Raises:
            UsageError: another conversation has it.
        """
        other = self.known(name)
        if other is not None and other.id != session.id:
            raise UsageError(f"another conversation is called {name}", "Choose another name.")
        with schema.transaction(self._db, self.path):
            self._db.execute("UPDATE sessions SET name = ? WHERE id = ?", (name, session.id))
        return self.find(name)

    def delete(self, names: Iterable[str]) -> list[Session]:
        """Delete conversations with everything in them; return what they were.

        Raises:
            UsageError: there is none of one of the names; nothing was deleted.
        """
        found = [self.find(name) for name in names]
        with schema.transaction(self._db, self.path):
            self._db.executemany("DELETE FROM sessions WHERE id = ?", [(session.id,) for session in found])
        return found

    def set_scope(self, session: Session, scope: Scope) -> None:
        """Note what a conversation looks at."""
        with schema.transaction(self._db, self.path):
            self._db.execute("UPDATE sessions SET scope = ? WHERE id = ?", (scope.model_dump_json(), session.id))

    # ------------------------------------------------------------------ turns

    def exchanges(self, session: Session) -> list[Exchange]:
        """Return the turns of a conversation, in order."""
        rows = self._db.execute("SELECT data FROM turns WHERE session = ? ORDER BY n", (session.id,))
        return [Exchange.model_validate_json(data) for (data,) in rows]

    def numbers(self, session: Session) -> dict[str, int]:
        """Return the number of each source of a conversation, by its key."""
        rows = self._db.execute("SELECT key, n FROM numbered WHERE session = ? ORDER BY n", (session.id,))
        return {str(key): int(n) for key, n in rows}

    def put(self, session: Session, exchange: Exchange, numbers: Mapping[str, int], *, new: bool) -> None:
        """Write a turn, and the numbers that its sources have; when this returns, both are on the disk.

        Args:
            session: the conversation.
            exchange: the turn as it stands.
            numbers: the number of each source so far.
            new: whether the turn is written for the first time.

        Raises:
            UsageError: another process went on with this conversation meanwhile.
            HomeError: the home can't be written.
        """
        with schema.transaction(self._db, self.path):
            there = self._db.execute(
                "SELECT EXISTS (SELECT 1 FROM turns WHERE session = ? AND n = ?)", (session.id, exchange.n)
            ).fetchone()[0]
            self._db.executemany(
                "INSERT OR IGNORE INTO numbered VALUES (?, ?, ?)", [(session.id, n, key) for key, n in numbers.items()]
            )
            if new == bool(there) or self.numbers(session) != dict(numbers):
                raise UsageError(
                    f"the conversation {session.name} was changed by another chat",
                    f"Go on with it as it is now: /resume {session.name}.",
                )
            self._db.execute(
                "INSERT OR REPLACE INTO turns VALUES (?, ?, ?)", (session.id, exchange.n, exchange.model_dump_json())
            )
            self._db.execute("UPDATE sessions SET touched = ? WHERE id = ?", (_now(), session.id))

    def take_back(self, session: Session, n: int) -> None:
        """Remove a turn and those after it; the numbers of its sources stay given."""
        with schema.transaction(self._db, self.path):
            self._db.execute("DELETE FROM turns WHERE session = ? AND n >= ?", (session.id, n))

    def _select(self, where: str, *values: object) -> list[Session]:
        rows = self._db.execute(
            "SELECT id, name, started, touched, (SELECT count(*) FROM turns WHERE session = sessions.id), scope"
            f" FROM sessions {where}",
            values,
        )
        return [
            Session(
                id=number,
                name=name,
                started=started,
                touched=touched,
                turns=turns,
                scope=Scope.model_validate_json(scope),
            )
            for number, name, started, touched, turns, scope in rows
        ]


def name_of(question: str) -> str:
    """Return a name for a conversation out of its first question: `xnli-languages-cover`."""
    words = [re.sub(r"[^a-z0-9]+", "", word.lower()) for word in content_words(question)]
    name = "-".join(list(filter(None, words))[:_NAME_WORDS])[:_NAME_LENGTH].strip("-")
    return name or "conversation"


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="microseconds")
