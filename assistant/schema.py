"""The tables of the catalogue, how an older catalogue becomes one of this version, and what SQLite's errors mean."""

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from assistant import identity, merging
from assistant.errors import HomeError, NewerHomeError

SCHEMA_VERSION = 4
# "LitA": marks the file as ours, so that a foreign SQLite file is never written to.
APPLICATION_ID = 0x4C697441

_TABLES = """
CREATE TABLE meta(name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE papers(id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, data TEXT NOT NULL);
CREATE TABLE aliases(key TEXT PRIMARY KEY, paper INTEGER NOT NULL REFERENCES papers ON DELETE CASCADE);
CREATE TABLE tags(paper INTEGER NOT NULL REFERENCES papers ON DELETE CASCADE, tag TEXT NOT NULL,
    PRIMARY KEY (paper, tag));
CREATE TABLE records(id INTEGER PRIMARY KEY, paper INTEGER NOT NULL REFERENCES papers ON DELETE CASCADE,
    file TEXT NOT NULL, line INTEGER NOT NULL, hash TEXT NOT NULL, data TEXT NOT NULL);
CREATE INDEX records_by_hash ON records(hash);
CREATE INDEX records_by_paper ON records(paper);
CREATE TABLE blocks(block TEXT NOT NULL, paper INTEGER NOT NULL REFERENCES papers ON DELETE CASCADE,
    PRIMARY KEY (block, paper)) WITHOUT ROWID;
CREATE TABLE chunks(seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE,
    paper INTEGER NOT NULL REFERENCES papers ON DELETE CASCADE,
    start INTEGER NOT NULL, "end" INTEGER NOT NULL, text TEXT NOT NULL, vector BLOB NOT NULL);
CREATE INDEX chunks_by_paper ON chunks(paper);
CREATE TABLE removed(id TEXT PRIMARY KEY);
CREATE TABLE issued(key TEXT PRIMARY KEY COLLATE NOCASE, hash TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX issued_by_hash ON issued(hash);
CREATE TABLE apart(hash TEXT NOT NULL, other TEXT NOT NULL, PRIMARY KEY (hash, other)) WITHOUT ROWID;
CREATE VIRTUAL TABLE lexical USING fts5(title, abstract, tokenize = 'porter unicode61 remove_diacritics 2');
"""

_CONVERSATIONS = """
CREATE TABLE sessions(id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE COLLATE NOCASE,
    started TEXT NOT NULL, touched TEXT NOT NULL, scope TEXT NOT NULL);
CREATE TABLE turns(session INTEGER NOT NULL REFERENCES sessions ON DELETE CASCADE, n INTEGER NOT NULL,
    data TEXT NOT NULL, PRIMARY KEY (session, n)) WITHOUT ROWID;
CREATE TABLE numbered(session INTEGER NOT NULL REFERENCES sessions ON DELETE CASCADE, n INTEGER NOT NULL,
    key TEXT NOT NULL, PRIMARY KEY (session, n), UNIQUE (session, key)) WITHOUT ROWID;
"""

_FULL_TEXTS = """
CREATE TABLE sections(id INTEGER PRIMARY KEY, record INTEGER NOT NULL REFERENCES records ON DELETE CASCADE,
    n INTEGER NOT NULL, heading TEXT NOT NULL, page INTEGER NOT NULL, text TEXT NOT NULL, UNIQUE (record, n));
CREATE TABLE passages(id INTEGER PRIMARY KEY, section INTEGER NOT NULL REFERENCES sections ON DELETE CASCADE,
    start INTEGER NOT NULL, "end" INTEGER NOT NULL);
CREATE INDEX passages_by_section ON passages(section);
CREATE VIRTUAL TABLE full_text USING fts5(text, tokenize = 'porter unicode61 remove_diacritics 2');
"""


@contextmanager
def clear_errors(path: Path) -> Iterator[None]:
    """Turn what SQLite raises about the file itself into errors with a cure."""
    try:
        yield
    except sqlite3.OperationalError as error:
        text = str(error)
        if "full" in text:
            raise HomeError(f"the disk is full: {path}", "Free some space and run the command again.") from error
        if "disk I/O" in text:
            raise HomeError(
                f"can't write {path} ({text})", "Free some space or check the disk, and run the command again."
            ) from error
        if "readonly" in text or "unable to open" in text:
            raise HomeError(f"can't write {path} ({text})", "Check the permissions, or use another --home.") from error
        if "locked" in text:
            raise HomeError(f"another process holds {path}", "Wait for it to end and run the command again.") from error
        raise
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.IntegrityError):
            raise
        raise HomeError(
            f"{path} is damaged or not a library ({error})", "Move it away and add the papers again."
        ) from error


@contextmanager
def transaction(db: sqlite3.Connection, path: Path) -> Iterator[None]:
    """Do everything inside, or nothing of it."""
    with clear_errors(path):
        db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            if db.in_transaction:
                db.execute("ROLLBACK")
            raise
        db.execute("COMMIT")


def connect(path: Path) -> sqlite3.Connection:
    """Open the file, without changing it, for reading alone where its folder can't be written.

    Raises:
        HomeError: a change was left unfinished in a folder that can't be written.
        sqlite3.Error: it can't be opened, or isn't a database.
    """
    connection = sqlite3.connect(path, timeout=60, isolation_level=None, check_same_thread=False)
    try:
        connection.execute("SELECT count(*) FROM sqlite_master")
        return connection
    except sqlite3.OperationalError:
        connection.close()
        if _writable(path):
            raise
    if path.with_name(f"{path.name}-wal").exists():
        raise HomeError(
            f"the last change of {path} was left unfinished, and the home can't be written",
            "Make the home writable for one command, which finishes it.",
        )
    # SQLite's log needs files beside the catalogue; without it, this promises that nobody writes.
    return sqlite3.connect(
        f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True, isolation_level=None, check_same_thread=False
    )


def prepare(db: sqlite3.Connection) -> None:
    """Set how a catalogue is written: readers go on beside the writer, and what is committed is on the disk."""
    db.execute("PRAGMA foreign_keys = ON")
    db.execute("PRAGMA synchronous = FULL")
    with suppress(sqlite3.OperationalError):  # a home that can't be written: there is nothing to set
        db.execute("PRAGMA journal_mode = WAL")


def is_empty(db: sqlite3.Connection) -> bool:
    """Tell whether nothing was written yet: a kill can leave a file without tables."""
    return not _pragma(db, "application_id") and not db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]


def make(db: sqlite3.Connection, path: Path) -> None:
    """Make the tables of an empty catalogue.

    Raises:
        HomeError: the home can't be written.
    """
    with transaction(db, path):
        if is_empty(db):  # else another process was first
            _run(db, _TABLES + _CONVERSATIONS + _FULL_TEXTS)
            db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            db.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")


def bring_up(db: sqlite3.Connection, path: Path) -> None:
    """Make sure that an open file is a catalogue of this version; an older one is copied beside itself and changed.

    Raises:
        NewerHomeError: a newer version of the program wrote it; it was left alone.
        HomeError: it isn't a catalogue, or it is an older one and the home can't be written; it was left alone.
    """
    with clear_errors(path):
        if _pragma(db, "application_id") != APPLICATION_ID:
            raise HomeError(f"{path} is not a library of this program", "Choose another --home.")
        version = _pragma(db, "user_version")
    if version > SCHEMA_VERSION:
        raise NewerHomeError(
            f"the library was written by a newer version (format {version}, this program knows {SCHEMA_VERSION})",
            "Update: pip install --upgrade literature-assistant.",
        )
    if version < SCHEMA_VERSION:
        _migrate(db, path)


def _migrate(db: sqlite3.Connection, path: Path) -> None:
    """Bring an older catalogue to this version, in one transaction, after a copy beside it."""
    if not _writable(path):
        raise HomeError(
            f"the library {path} is of an older format and can't be written",
            "Make the home writable for one command; the library is copied first.",
        )
    with transaction(db, path):
        version = _pragma(db, "user_version")
        if version >= SCHEMA_VERSION:
            return  # another process was first
        _copy(path, path.with_name(f"{path.stem}.format-{version}{path.suffix}"))
        for step in _STEPS[version - 1 :]:
            step(db)
        db.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")


def _to_version_2(db: sqlite3.Connection) -> None:
    """Note each key with whom it was given to, so that a paper that comes back gets its key back and no other does.

    Also makes room for records that the user split, and computes blocks and hashes as this version does.
    """
    _run(
        db,
        """
        CREATE TABLE issued(key TEXT PRIMARY KEY COLLATE NOCASE, hash TEXT NOT NULL) WITHOUT ROWID;
        CREATE INDEX issued_by_hash ON issued(hash);
        CREATE TABLE apart(hash TEXT NOT NULL, other TEXT NOT NULL, PRIMARY KEY (hash, other)) WITHOUT ROWID;
        DELETE FROM blocks
        """,
    )
    names: dict[int, str] = {}
    rows = db.execute("SELECT id, paper, file, line, data FROM records ORDER BY id").fetchall()
    for record_id, paper_id, file, line, data in rows:
        record = merging.restored(data, file, line)
        names.setdefault(paper_id, merging.name_hash(record))
        db.execute("UPDATE records SET hash = ? WHERE id = ?", (merging.digest(record), record_id))
        db.executemany(
            "INSERT OR IGNORE INTO blocks VALUES (?, ?)", [(block, paper_id) for block in identity.blocks(record)]
        )
    keys = db.execute("SELECT id, key FROM papers UNION ALL SELECT paper, key FROM aliases").fetchall()
    db.executemany("INSERT OR IGNORE INTO issued VALUES (?, ?)", [(key, names.get(i, "")) for i, key in keys])


def _to_version_3(db: sqlite3.Connection) -> None:
    """Make room for conversations."""
    _run(db, _CONVERSATIONS)


def _to_version_4(db: sqlite3.Connection) -> None:
    """Make room for full texts."""
    _run(db, _FULL_TEXTS)


# The first step leads from format 1 to format 2, and so on.
_STEPS: tuple[Callable[[sqlite3.Connection], None], ...] = (_to_version_2, _to_version_3, _to_version_4)


def _copy(path: Path, target: Path) -> None:
    """Copy what is committed to another file, whole or not at all."""
    part = target.with_name(f".{target.name}.part")
    part.unlink(missing_ok=True)
    with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(part)) as copy:
        source.backup(copy)
    with part.open("rb+") as file:
        os.fsync(file.fileno())
    os.replace(part, target)


def _writable(path: Path) -> bool:
    return os.access(path, os.W_OK) and os.access(path.parent, os.W_OK)


def _run(db: sqlite3.Connection, statements: str) -> None:
    """Run several statements inside the transaction that is open (executescript would commit it)."""
    for statement in filter(str.strip, statements.split(";")):
        db.execute(statement)


def _pragma(db: sqlite3.Connection, name: str) -> int:
    return int(db.execute(f"PRAGMA {name}").fetchone()[0])
