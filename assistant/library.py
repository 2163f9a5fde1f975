"""The catalogue: one SQLite file that is the truth about a library.

It holds the papers, every record they were merged from, the lexical index, and the chunks with their vectors.
Whatever else is on disk (the Chroma index) can be made again from it. A change is either whole or not there: each
batch is one transaction, synced before anything about it is reported.
"""

import hashlib
import json
import os
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

from assistant import citekeys, identity
from assistant.errors import HomeError, NewerHomeError, NoLibraryError, UsageError
from assistant.records import Bibliography, Chunk, Paper, Record, Source

if TYPE_CHECKING:
    import numpy as np

SCHEMA_VERSION = 1
# "LitA": marks the file as ours, so that a foreign SQLite file is never written to.
_APPLICATION_ID = 0x4C697441

_SCHEMA = """
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
CREATE VIRTUAL TABLE lexical USING fts5(title, abstract, tokenize = 'porter unicode61 remove_diacritics 2');
"""

Outcome = Literal["added", "merged", "unchanged"]


class StoredChunk(NamedTuple):
    """A chunk with its place in the order of writing and its vector."""

    seq: int
    chunk: Chunk
    vector: "np.ndarray[tuple[int], np.dtype[np.float32]]"


@contextmanager
def _clear_errors(path: Path) -> Iterator[None]:
    """Turn what SQLite raises about the file itself into errors with a cure."""
    try:
        yield
    except sqlite3.OperationalError as error:
        text = str(error)
        if "full" in text:
            raise HomeError(f"the disk is full: {path}", "Free some space and run the command again.") from error
        if "readonly" in text or "unable to open" in text or "disk I/O" in text:
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


class Library:
    """An open catalogue. Use as a context manager, or close it."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self.path = path
        self._db = connection

    # ------------------------------------------------------------------ opening

    @classmethod
    def open(cls, path: Path) -> "Library":
        """Open a library that is there.

        Raises:
            NoLibraryError: nothing was added yet.
            NewerHomeError: a newer version of the program wrote it.
            HomeError: it can't be read, or isn't a library.
        """
        try:
            there = path.is_file() and path.stat().st_size > 0
        except OSError as error:
            raise HomeError(
                f"can't read {path} ({error.strerror})", "Check the permissions, or use another --home."
            ) from error
        if not there:
            raise NoLibraryError(
                "there is no library yet", "Add papers first: assistant add FILE… (or try: assistant demo)."
            )
        library = cls._connect(path)
        with _clear_errors(path):
            if library._pragma("application_id") != _APPLICATION_ID:
                library.close()
                raise HomeError(f"{path} is not a library of this program", "Choose another --home.")
            version = library._pragma("user_version")
        if version > SCHEMA_VERSION:
            library.close()
            raise NewerHomeError(
                f"the library was written by a newer version (format {version}, this program knows {SCHEMA_VERSION})",
                "Update: pip install --upgrade literature-assistant.",
            )
        return library

    @classmethod
    def create(cls, path: Path) -> "Library":
        """Open the library, made empty first where there is none.

        Raises:
            HomeError: the home can't be written.
        """
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise HomeError(
                f"can't write {path.parent} ({error.strerror})",
                "Check the permissions, or use another --home.",
            ) from error
        if path.exists() and path.stat().st_size > 0:
            return cls.open(path)
        library = cls._connect(path)
        with _clear_errors(path):
            library._db.executescript(
                f"BEGIN IMMEDIATE; {_SCHEMA} PRAGMA application_id = {_APPLICATION_ID};"
                f" PRAGMA user_version = {SCHEMA_VERSION}; COMMIT;"
            )
        return library

    @classmethod
    def _connect(cls, path: Path) -> "Library":
        with _clear_errors(path):
            connection = sqlite3.connect(path, timeout=60, isolation_level=None, check_same_thread=False)
            try:
                connection.execute("PRAGMA journal_mode = WAL")
                connection.execute("PRAGMA synchronous = FULL")
                connection.execute("PRAGMA foreign_keys = ON")
            except sqlite3.OperationalError:
                # A read-only home: reading goes on without a write-ahead log.
                if os.access(path, os.W_OK) and os.access(path.parent, os.W_OK):
                    raise
                connection.close()
                connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True)
        return cls(path, connection)

    def close(self) -> None:
        """Close the file; what was committed stays."""
        self._db.close()

    def __enter__(self) -> "Library":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _pragma(self, name: str) -> int:
        return int(self._db.execute(f"PRAGMA {name}").fetchone()[0])

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Do everything inside, or nothing of it."""
        with _clear_errors(self.path):
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    # ------------------------------------------------------------------ notes about the library itself

    def note(self, name: str) -> str | None:
        """Return a note about the library (which embedder, which index), or None."""
        row = self._db.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        return str(row[0]) if row else None

    def set_note(self, name: str, value: str) -> None:
        """Write a note about the library."""
        with _clear_errors(self.path):
            self._db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, value))

    # ------------------------------------------------------------------ papers

    def __len__(self) -> int:
        return int(self._db.execute("SELECT count(*) FROM papers").fetchone()[0])

    def papers(self) -> Iterator[Paper]:
        """Yield all papers in the order in which they were added."""
        for (paper_id,) in self._db.execute("SELECT id FROM papers ORDER BY id").fetchall():
            yield self._paper(paper_id)

    def paper(self, key: str) -> Paper:
        """Return the paper of a cite key, former keys included.

        Raises:
            UsageError: no paper has that key.
        """
        paper_id = self._find_key(key)
        if paper_id is None:
            raise UsageError(f"no paper has the key {key}", "See the keys with: assistant papers list.")
        return self._paper(paper_id)

    def _find_key(self, key: str) -> int | None:
        row = self._db.execute(
            "SELECT id FROM papers WHERE key = ? UNION ALL SELECT paper FROM aliases WHERE key = ?",
            (key, key),
        ).fetchone()
        return int(row[0]) if row else None

    def _paper(self, paper_id: int) -> Paper:
        key, data = self._db.execute("SELECT key, data FROM papers WHERE id = ?", (paper_id,)).fetchone()
        sources = self._db.execute("SELECT file, line FROM records WHERE paper = ? ORDER BY id", (paper_id,))
        tags = self._db.execute("SELECT tag FROM tags WHERE paper = ? ORDER BY tag", (paper_id,))
        aliases = self._db.execute("SELECT key FROM aliases WHERE paper = ? ORDER BY rowid", (paper_id,))
        return Paper(
            **json.loads(data),
            key=key,
            sources=tuple(Source(file=file, line=line) for file, line in sources),
            tags=tuple(tag for (tag,) in tags),
            aliases=tuple(alias for (alias,) in aliases),
        )

    def put(self, record: Record) -> tuple[Outcome, Paper, bool]:
        """Add one record: a new paper, one more source of a paper that is there, or nothing new.

        Call inside a transaction.

        Returns:
            What happened, the paper, and whether its chunks have to be made (again).
        """
        content = record.model_dump_json(exclude={"source"})
        digest = hashlib.sha256(content.encode()).hexdigest()
        known = self._db.execute(
            "SELECT paper FROM records WHERE hash = ? AND file = ? AND line = ?",
            (digest, record.source.file, record.source.line),
        ).fetchone()
        if known:
            return "unchanged", self._paper(known[0]), False
        paper_id = self._match(record)
        if paper_id is None:
            paper_id = self._insert(record)
            outcome: Outcome = "added"
            stale = bool(record.abstract or record.title)
        else:
            stale = self._merge(paper_id, record)
            outcome = "merged"
        self._db.execute(
            "INSERT INTO records(paper, file, line, hash, data) VALUES (?, ?, ?, ?, ?)",
            (paper_id, record.source.file, record.source.line, digest, content),
        )
        self._db.executemany(
            "INSERT OR IGNORE INTO blocks VALUES (?, ?)",
            [(block, paper_id) for block in identity.blocks(record)],
        )
        return outcome, self._paper(paper_id), stale

    def _match(self, record: Record) -> int | None:
        blocks = sorted(identity.blocks(record))
        rows = self._db.execute(
            f"SELECT DISTINCT paper FROM blocks WHERE block IN ({_marks(blocks)}) ORDER BY paper", blocks
        ).fetchall()
        for (paper_id,) in rows:
            if identity.same_paper(self._paper(paper_id), record):
                return int(paper_id)
        return None

    def _insert(self, record: Record) -> int:
        def taken(key: str) -> bool:
            return self._find_key(key) is not None

        wanted = citekeys.ascii_letters(record.key) if record.key else citekeys.propose(record)
        key = citekeys.unique(wanted or citekeys.propose(record), taken)
        cursor = self._db.execute("INSERT INTO papers(key, data) VALUES (?, ?)", (key, _data(record)))
        paper_id = cursor.lastrowid
        assert paper_id is not None
        self._db.execute(
            "INSERT INTO lexical(rowid, title, abstract) VALUES (?, ?, ?)",
            (paper_id, record.title, record.abstract),
        )
        return paper_id

    def _merge(self, paper_id: int, record: Record) -> bool:
        """Take over what the record knows better; return whether the chunks have to be made again."""
        paper = self._paper(paper_id)
        merged = merge(paper, record)
        self._db.execute("UPDATE papers SET data = ? WHERE id = ?", (_data(merged), paper_id))
        if record.key and record.key != paper.key and self._find_key(record.key) is None:
            self._db.execute("INSERT INTO aliases VALUES (?, ?)", (citekeys.ascii_letters(record.key), paper_id))
        if (merged.title, merged.abstract) == (paper.title, paper.abstract):
            return False
        self._db.execute(
            "UPDATE lexical SET title = ?, abstract = ? WHERE rowid = ?",
            (merged.title, merged.abstract, paper_id),
        )
        return True

    # ------------------------------------------------------------------ chunks

    def replace_chunks(
        self, key: str, chunks: Sequence[Chunk], vectors: "np.ndarray[tuple[int, int], np.dtype[np.float32]]"
    ) -> None:
        """Put a paper's chunks and their vectors in the place of those it had. Call inside a transaction."""
        paper_id = self._find_key(key)
        self._db.execute("INSERT OR IGNORE INTO removed SELECT id FROM chunks WHERE paper = ?", (paper_id,))
        self._db.execute("DELETE FROM chunks WHERE paper = ?", (paper_id,))
        for chunk, vector in zip(chunks, vectors, strict=True):
            self._db.execute("DELETE FROM removed WHERE id = ?", (chunk.id,))
            self._db.execute(
                'INSERT INTO chunks(id, paper, start, "end", text, vector) VALUES (?, ?, ?, ?, ?, ?)',
                (chunk.id, paper_id, chunk.start, chunk.end, chunk.text, vector.astype("<f4").tobytes()),
            )

    def count_chunks(self, up_to: int | None = None) -> int:
        """Return the number of chunks in the library, or of those up to a place in the order of writing."""
        if up_to is None:
            return int(self._db.execute("SELECT count(*) FROM chunks").fetchone()[0])
        return int(self._db.execute("SELECT count(*) FROM chunks WHERE seq <= ?", (up_to,)).fetchone()[0])

    def last_seq(self) -> int:
        """Return the largest place in the order of writing, 0 in an empty library."""
        return int(self._db.execute("SELECT coalesce(max(seq), 0) FROM chunks").fetchone()[0])

    def chunks_after(self, seq: int, limit: int = 4096) -> list[StoredChunk]:
        """Return up to `limit` chunks written after a place in the order of writing."""
        return self._chunks("WHERE c.seq > ? ORDER BY c.seq LIMIT ?", (seq, limit))

    def chunks(self, ids: Iterable[str]) -> dict[str, StoredChunk]:
        """Return chunks by their ids; ids that are gone are left out."""
        wanted = list(ids)
        return {stored.chunk.id: stored for stored in self._chunks(f"WHERE c.id IN ({_marks(wanted)})", wanted)}

    def chunks_of(self, keys: Iterable[str]) -> list[StoredChunk]:
        """Return all chunks of some papers, in the order of the abstracts."""
        wanted = list(keys)
        return self._chunks(f"WHERE p.key IN ({_marks(wanted)}) ORDER BY c.paper, c.start", wanted)

    def _chunks(self, where: str, values: Sequence[object]) -> list[StoredChunk]:
        import numpy as np

        rows = self._db.execute(
            "SELECT c.seq, c.id, p.key, json_extract(p.data, '$.title'), c.text, c.start, c.\"end\", c.vector"
            f" FROM chunks c JOIN papers p ON p.id = c.paper {where}",
            tuple(values),
        )
        return [
            StoredChunk(
                seq,
                Chunk(id=chunk_id, key=key, title=title, text=text, start=start, end=end),
                np.frombuffer(vector, dtype="<f4"),
            )
            for seq, chunk_id, key, title, text, start, end, vector in rows
        ]

    def removed_chunks(self) -> list[str]:
        """Return the ids of chunks that left the library and may still stand in the index."""
        return [str(row[0]) for row in self._db.execute("SELECT id FROM removed")]

    def forget_removed(self) -> None:
        """Note that the index no longer holds any removed chunk."""
        with _clear_errors(self.path):
            self._db.execute("DELETE FROM removed")

    # ------------------------------------------------------------------ the lexical index

    def match(self, expression: str, weights: tuple[float, float], limit: int) -> list[tuple[str, float]]:
        """Return the best papers for an FTS5 expression: keys with their BM25 scores, higher is better."""
        rows = self._db.execute(
            "SELECT p.key, -bm25(lexical, ?, ?) AS score FROM lexical JOIN papers p ON p.id = lexical.rowid"
            " WHERE lexical MATCH ? ORDER BY score DESC, p.id LIMIT ?",
            (*weights, expression, limit),
        )
        return [(str(key), float(score)) for key, score in rows]

    def document_frequency(self, terms: Sequence[str]) -> dict[str, int]:
        """Return in how many papers each term (a word or phrase, as the user wrote it) occurs."""
        counts = {}
        for term in terms:
            quoted = quote_term(term)
            row = self._db.execute("SELECT count(*) FROM lexical WHERE lexical MATCH ?", (quoted,)).fetchone()
            counts[term] = int(row[0])
        return counts


def quote_term(term: str) -> str:
    """Return a word or phrase as an FTS5 string: nothing in it is read as syntax."""
    return '"' + term.replace('"', '""').replace("\0", " ") + '"'


def merge(paper: Paper, record: Bibliography) -> Paper:
    """Return the paper with what the record knows better: the longer abstract and the richer fields win."""
    fuller_names = record.authors and (
        not paper.authors
        or (paper.authors_truncated and not record.authors_truncated)
        or (paper.authors_truncated == record.authors_truncated and len(record.authors) > len(paper.authors))
    )
    finer_date = record.date and (
        not paper.date
        or (paper.year is None and record.year is not None)
        or (record.year == paper.year and len(record.date) > len(paper.date))
    )
    return paper.model_copy(
        update={
            "authors": record.authors if fuller_names else paper.authors,
            "authors_truncated": record.authors_truncated if fuller_names else paper.authors_truncated,
            "date": record.date if finer_date else paper.date,
            "year": (record.year if finer_date else paper.year) or paper.year or record.year,
            "categories": _union(paper.categories, record.categories),
            "has_code": paper.has_code if record.has_code is None else bool(paper.has_code) or record.has_code,
            "score": paper.score if paper.score is not None else record.score,
            "affiliations": _union(paper.affiliations, record.affiliations),
            "venue": paper.venue or record.venue,
            "doi": paper.doi or record.doi,
            "arxiv_id": paper.arxiv_id or record.arxiv_id,
            "url": paper.url or record.url,
            "abstract": record.abstract if len(record.abstract) > len(paper.abstract) else paper.abstract,
        }
    )


def _union(one: tuple[str, ...], other: tuple[str, ...]) -> tuple[str, ...]:
    return one + tuple(value for value in other if value not in one)


def _data(paper: Bibliography) -> str:
    """Return the fields that a paper's row holds; keys, sources, tags and aliases have tables of their own."""
    return paper.model_dump_json(exclude={"key", "source", "sources", "tags", "aliases"})


def _marks(values: Sequence[object]) -> str:
    return ",".join("?" * len(values))
