"""The full texts of papers in the catalogue: by section and page, cut into passages that can be searched.

A text belongs to the record that it was read with (a PDF file), so it goes where that record goes. Answers cite
abstracts alone; a passage found here says its file, section and page, and is an exact piece of what is stored.
"""

import json
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from assistant.records import FullText, Section, TextPassage

Cut = Callable[[str], Sequence[tuple[int, int]]]
"""Cuts a text into passages: their starts and ends."""

# A list of references names what other papers are about.
_UNSEARCHED = ("references", "bibliography")
_OF_RECORD = "SELECT p.id FROM passages p JOIN sections s ON s.id = p.section WHERE s.record = ?"
_OF_PAPER = (
    "SELECT p.id FROM passages p JOIN sections s ON s.id = p.section JOIN records r ON r.id = s.record"
    " WHERE r.paper = ?"
)


class Matched(NamedTuple):
    """A passage that a search found, with the key of its paper and its score, higher is better."""

    key: str
    score: float
    passage: TextPassage


def attach(db: sqlite3.Connection, record: int, sections: Sequence[Section], cut: Cut) -> bool:
    """Store the text of a record in the place of what it had; return whether it is new to the record's paper."""
    rows = db.execute(
        "SELECT s.record, s.heading, s.page, s.text FROM sections s JOIN records r ON r.id = s.record"
        " WHERE r.paper = (SELECT paper FROM records WHERE id = ?) ORDER BY s.record, s.n",
        (record,),
    )
    known: dict[int, list[tuple[str, int, str]]] = {}
    for owner, heading, page, text in rows:
        known.setdefault(owner, []).append((heading, page, text))
    if [(section.heading, section.page, section.text) for section in sections] in known.values():
        return False
    db.execute(f"DELETE FROM full_text WHERE rowid IN ({_OF_RECORD})", (record,))
    db.execute("DELETE FROM sections WHERE record = ?", (record,))
    for n, section in enumerate(sections, start=1):
        cursor = db.execute(
            "INSERT INTO sections(record, n, heading, page, text) VALUES (?, ?, ?, ?, ?)",
            (record, n, section.heading, section.page, section.text),
        )
        if section.heading.strip(" .:0123456789").casefold() in _UNSEARCHED:
            continue
        for start, end in cut(section.text):
            place = (cursor.lastrowid, start, end)
            passage = db.execute('INSERT INTO passages(section, start, "end") VALUES (?, ?, ?)', place).lastrowid
            db.execute("INSERT INTO full_text(rowid, text) VALUES (?, ?)", (passage, section.text[start:end]))
    return True


def forget(db: sqlite3.Connection, paper: int) -> None:
    """Take a paper's passages out of the index; its sections go with its records."""
    db.execute(f"DELETE FROM full_text WHERE rowid IN ({_OF_PAPER})", (paper,))


def of_paper(db: sqlite3.Connection, paper: int) -> list[FullText]:
    """Return the texts of a paper, one a file, in the order in which they came."""
    rows = db.execute(
        "SELECT r.id, r.file, s.heading, s.page, s.text FROM sections s JOIN records r ON r.id = s.record"
        " WHERE r.paper = ? ORDER BY r.id, s.n",
        (paper,),
    )
    found: dict[tuple[int, str], list[Section]] = {}
    for record, file, heading, page, text in rows:
        found.setdefault((record, file), []).append(Section(heading=heading, page=page, text=text))
    return [FullText(file=file, sections=tuple(sections)) for (_, file), sections in found.items()]


def match(db: sqlite3.Connection, expression: str, limit: int, only: Iterable[str] | None = None) -> list[Matched]:
    """Return the best passages for an FTS5 expression, by BM25.

    Args:
        db: the open catalogue.
        expression: in FTS5's syntax.
        limit: how many passages at most.
        only: search in the texts of these keys alone.
    """
    among = "" if only is None else " AND papers.key IN (SELECT value FROM json_each(?))"
    rows = db.execute(
        'SELECT papers.key, -bm25(full_text) AS score, full_text.text, p.start, p."end", r.file, s.n, s.heading, s.page'
        " FROM full_text JOIN passages p ON p.id = full_text.rowid JOIN sections s ON s.id = p.section"
        " JOIN records r ON r.id = s.record JOIN papers ON papers.id = r.paper"
        f" WHERE full_text MATCH ?{among} ORDER BY score DESC, p.id LIMIT ?",
        (expression, *([] if only is None else [json.dumps(list(only))]), limit),
    )
    return [
        Matched(
            key,
            score,
            TextPassage(text=text, start=start, end=end, file=file, part=part, section=heading, page=page),
        )
        for key, score, text, start, end, file, part, heading, page in rows
    ]


def orphans(db: sqlite3.Connection, *, drop: bool) -> int:
    """Return how many entries of the index belong to passages that are gone; with `drop` they are deleted."""
    words = "FROM full_text WHERE rowid NOT IN (SELECT id FROM passages)"
    count = int(db.execute(f"SELECT count(*) {words}").fetchone()[0])
    if drop:
        db.execute(f"DELETE {words}")
    return count
