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
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

from assistant import citekeys, identity
from assistant.errors import HomeError, NewerHomeError, NoLibraryError, UsageError
from assistant.records import Bibliography, Chunk, Paper, Record, Source

if TYPE_CHECKING:
    import numpy as np

SCHEMA_VERSION = 2
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
CREATE TABLE issued(key TEXT PRIMARY KEY COLLATE NOCASE, hash TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX issued_by_hash ON issued(hash);
CREATE TABLE apart(hash TEXT NOT NULL, other TEXT NOT NULL, PRIMARY KEY (hash, other)) WITHOUT ROWID;
CREATE VIRTUAL TABLE lexical USING fts5(title, abstract, tokenize = 'porter unicode61 remove_diacritics 2');
"""

# What version 2 added: keys that were ever given, with a hash of whom they were given to, so that a paper that comes
# back gets its key back and no other paper does; and the records that the user split, which never merge again.
_TO_VERSION_2 = """
CREATE TABLE issued(key TEXT PRIMARY KEY COLLATE NOCASE, hash TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX issued_by_hash ON issued(hash);
CREATE TABLE apart(hash TEXT NOT NULL, other TEXT NOT NULL, PRIMARY KEY (hash, other)) WITHOUT ROWID;
"""

# A block that so many papers share tells nothing; identifiers and whole titles are followed however many they are.
_CROWDED = 60


class Filter(NamedTuple):
    """Which papers to list; what is None or empty asks for nothing."""

    since: int | None = None
    until: int | None = None
    categories: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    has_abstract: bool | None = None
    has_code: bool = False
    tags: tuple[str, ...] = ()
    text: str = ""

    def accepts(self, paper: Paper) -> bool:
        """Tell whether a paper is asked for.

        Several categories or sources ask for any of them, several tags for all; a source is a part of a file's path;
        every word of the text must stand in the title, the abstract, the authors, the venue or the key.
        """
        year = paper.year
        if self.since is not None and (year is None or year < self.since):
            return False
        if self.until is not None and (year is None or year > self.until):
            return False
        if self.has_abstract is not None and bool(paper.abstract.strip()) != self.has_abstract:
            return False
        if self.has_code and not paper.has_code:
            return False
        categories = {category.lower() for category in paper.categories}
        if self.categories and not any(wanted.lower() in categories for wanted in self.categories):
            return False
        if self.sources and not any(part in source.file for part in self.sources for source in paper.sources):
            return False
        if not set(self.tags) <= set(paper.tags):
            return False
        if not self.text:
            return True
        fields = (paper.title, paper.abstract, *paper.authors, paper.venue or "", paper.key)
        words = identity.normalise(" ".join(fields))
        return all(word in words for word in identity.normalise(self.text).split())


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
        if version < SCHEMA_VERSION:
            try:
                library._migrate()
            except BaseException:
                library.close()
                raise
        return library

    def _migrate(self) -> None:
        """Bring a library of format 1 to this format, in one transaction, after a copy beside it.

        Raises:
            HomeError: the home can't be written; the library is left as it was.
        """
        if not (os.access(self.path, os.W_OK) and os.access(self.path.parent, os.W_OK)):
            raise HomeError(
                f"the library {self.path} is of an older format and can't be written",
                "Make the home writable for one command; the library is copied first.",
            )
        with self.transaction():
            version = self._pragma("user_version")
            if version >= SCHEMA_VERSION:
                return  # another process was first
            self._copy(self.path.with_name(f"{self.path.stem}.format-{version}{self.path.suffix}"))
            for statement in filter(str.strip, _TO_VERSION_2.split(";")):
                self._db.execute(statement)
            self._db.execute("DELETE FROM blocks")
            rows = self._db.execute("SELECT id, paper, file, line, data FROM records ORDER BY id").fetchall()
            for record_id, paper_id, file, line, data in rows:
                record = Record.model_validate({**json.loads(data), "source": {"file": file, "line": line}})
                self._db.execute("UPDATE records SET hash = ? WHERE id = ?", (_digest(record), record_id))
                self._note_blocks(paper_id, record)
            for paper_id, key in self._db.execute(
                "SELECT id, key FROM papers UNION ALL SELECT paper, key FROM aliases"
            ).fetchall():
                records = self._records(paper_id)
                name = _name_hash(records[0][1]) if records else ""
                self._db.execute("INSERT OR IGNORE INTO issued VALUES (?, ?)", (key, name))
            self._db.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")

    def _copy(self, target: Path) -> None:
        """Copy what is committed to another file, whole or not at all."""
        part = target.with_name(f".{target.name}.part")
        part.unlink(missing_ok=True)
        with closing(sqlite3.connect(self.path)) as source, closing(sqlite3.connect(part)) as copy:
            source.backup(copy)
        with part.open("rb+") as file:
            os.fsync(file.fileno())
        os.replace(part, target)

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
        return self._paper(self._id(key))

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
        digest = _digest(record)
        known = self._db.execute(
            "SELECT paper FROM records WHERE hash = ? AND file = ? AND line = ?",
            (digest, record.source.file, record.source.line),
        ).fetchone()
        if known:
            return "unchanged", self._paper(known[0]), False
        paper_id = self._match(record, digest)
        if paper_id is None:
            paper_id = self._insert(record)
            outcome: Outcome = "added"
            stale = bool(record.abstract or record.title)
        else:
            stale = self._merge(paper_id, record)
            outcome = "merged"
        self._db.execute(
            "INSERT INTO records(paper, file, line, hash, data) VALUES (?, ?, ?, ?, ?)",
            (paper_id, record.source.file, record.source.line, digest, _content(record)),
        )
        self._note_blocks(paper_id, record)
        return outcome, self._paper(paper_id), stale

    def _note_blocks(self, paper_id: int, record: Bibliography) -> None:
        self._db.executemany(
            "INSERT OR IGNORE INTO blocks VALUES (?, ?)", [(block, paper_id) for block in identity.blocks(record)]
        )

    def _match(self, record: Record, digest: str) -> int | None:
        """Return the paper that a record belongs to: the one with the very same record, else one with a like record."""
        row = self._db.execute("SELECT paper FROM records WHERE hash = ? ORDER BY id LIMIT 1", (digest,)).fetchone()
        if row:
            return int(row[0])
        candidates: set[int] = set()
        for block in identity.blocks(record):
            telling = block.startswith(("doi:", "arxiv:", "title:"))
            rows = self._db.execute(
                "SELECT paper FROM blocks WHERE block = ? LIMIT ?", (block, -1 if telling else _CROWDED + 1)
            ).fetchall()
            if telling or len(rows) <= _CROWDED:
                candidates.update(paper_id for (paper_id,) in rows)
        for paper_id in sorted(candidates):
            # Each record of the paper is held against the new one: a merged paper keeps only one of its titles.
            records = self._records(paper_id)
            if any(identity.same_paper(known, record) for _, known in records) and not self._parted(
                digest, {known for known, _ in records}
            ):
                return paper_id
        return None

    def _parted(self, digest: str, others: Iterable[str]) -> bool:
        rows = self._db.execute("SELECT other FROM apart WHERE hash = ?", (digest,))
        return not {str(other) for (other,) in rows}.isdisjoint(others)

    def _records(self, paper_id: int) -> list[tuple[str, Record]]:
        """Return the records of a paper with their hashes, in the order in which they came."""
        rows = self._db.execute("SELECT hash, file, line, data FROM records WHERE paper = ? ORDER BY id", (paper_id,))
        return [
            (str(digest), Record.model_validate({**json.loads(data), "source": {"file": file, "line": line}}))
            for digest, file, line, data in rows
        ]

    def records(self, key: str) -> list[Record]:
        """Return the records that a paper was merged from, in the order in which they came.

        Raises:
            UsageError: no paper has that key.
        """
        return [record for _, record in self._records(self._id(key))]

    def _insert(self, record: Record) -> int:
        """Make a new paper of a record."""
        cursor = self._db.execute("INSERT INTO papers(key, data) VALUES (?, ?)", (self._new_key(record), _data(record)))
        paper_id = cursor.lastrowid
        assert paper_id is not None
        self._db.execute(
            "INSERT INTO lexical(rowid, title, abstract) VALUES (?, ?, ?)", (paper_id, record.title, record.abstract)
        )
        self._alias(paper_id, record)
        return paper_id

    def _new_key(self, record: Record) -> str:
        """Return the key for a new paper and note it as given; a paper that was here before gets its key back."""
        name = _name_hash(record)
        own = citekeys.safe(record.key) if record.key else ""
        if own:
            key = citekeys.unique(own, self._in_use)
        else:
            given = self._db.execute("SELECT key FROM issued WHERE hash = ? ORDER BY key", (name,)).fetchall()
            free = next((str(key) for (key,) in given if self._find_key(key) is None), None)
            key = free or citekeys.unique(citekeys.propose(record), self._was_given)
        self._db.execute("INSERT OR REPLACE INTO issued VALUES (?, ?)", (key, name))
        return key

    def _was_given(self, key: str) -> bool:
        """Tell whether a key was ever given, in whatever case: BibTeX takes `Quill20` and `quill20` for one."""
        return self._db.execute("SELECT 1 FROM issued WHERE key = ?", (key,)).fetchone() is not None

    def _in_use(self, key: str) -> bool:
        """Tell whether a key leads to a paper now, in whatever case."""
        row = self._db.execute("SELECT key FROM issued WHERE key = ?", (key,)).fetchone()
        return row is not None and self._find_key(row[0]) is not None

    def _alias(self, paper_id: int, record: Record) -> None:
        """Let a user's own key lead to a paper too, as it is written and as LaTeX can take it, where it is free."""
        own = record.key or ""
        for key in dict.fromkeys((citekeys.safe(own), own)):
            if key and not self._in_use(key):
                self._db.execute("INSERT OR REPLACE INTO issued VALUES (?, ?)", (key, _name_hash(record)))
                self._db.execute("INSERT INTO aliases VALUES (?, ?)", (key, paper_id))

    def _merge(self, paper_id: int, record: Record) -> bool:
        """Take over what the record knows better; return whether the chunks have to be made again."""
        paper = self._paper(paper_id)
        self._alias(paper_id, record)
        return self._rewrite(paper_id, paper, merge(paper, record))

    def _rewrite(self, paper_id: int, old: Paper, new: Paper) -> bool:
        """Store a paper's fields anew; return whether its chunks have to be made again."""
        self._db.execute("UPDATE papers SET data = ? WHERE id = ?", (_data(new), paper_id))
        if (new.title, new.abstract) == (old.title, old.abstract):
            return False
        self._db.execute(
            "UPDATE lexical SET title = ?, abstract = ? WHERE rowid = ?", (new.title, new.abstract, paper_id)
        )
        return True

    # ------------------------------------------------------------------ managing papers

    def _id(self, key: str) -> int:
        paper_id = self._find_key(key)
        if paper_id is None:
            raise UsageError(f"no paper has the key {key}", "See the keys with: assistant papers list.")
        return paper_id

    def remove(self, keys: Iterable[str]) -> list[Paper]:
        """Remove papers with everything that was made from them; return what they were.

        Their records, chunks, vectors, tags, further keys and lexical entries go; the ids of the chunks are noted, so
        that the Chroma index drops them when it next catches up. The keys stay given: they come back only with the
        same record. Call inside a transaction.

        Raises:
            UsageError: no paper has one of the keys; nothing was removed.
        """
        ids = list(dict.fromkeys(self._id(key) for key in keys))
        papers = [self._paper(paper_id) for paper_id in ids]
        for paper_id in ids:
            self._db.execute("INSERT OR IGNORE INTO removed SELECT id FROM chunks WHERE paper = ?", (paper_id,))
            self._db.execute("DELETE FROM lexical WHERE rowid = ?", (paper_id,))
            self._db.execute("DELETE FROM papers WHERE id = ?", (paper_id,))
        # The index notes up to which chunk it has written; if that one is gone, it has written all that are left.
        last = self.last_seq()
        self._db.execute(
            "UPDATE meta SET value = ? WHERE name = 'index_seq' AND CAST(value AS INTEGER) > ?", (str(last), last)
        )
        return papers

    def split(self, key: str) -> list[Paper]:
        """Undo a merge: give each record of a paper a paper of its own, and never merge those records again.

        Records with the same content stay together. The first paper keeps the key; each other takes its record's own
        key, or a new one; tags are kept by all. The papers' chunks have to be made again. Call inside a transaction.

        Raises:
            UsageError: no paper has that key, or it has only one record.
        """
        paper_id = self._id(key)
        before = self._paper(paper_id)
        groups: dict[str, list[Record]] = {}
        for digest, record in self._records(paper_id):
            groups.setdefault(digest, []).append(record)
        if len(groups) < 2:
            raise UsageError(
                f"{before.key} was not merged from different records",
                f"See where it came from with: assistant papers show {before.key}.",
            )
        for one in groups:
            self._db.executemany("INSERT OR IGNORE INTO apart VALUES (?, ?)", [(one, o) for o in groups if o != one])
        first, *others = groups.items()
        self._db.execute("DELETE FROM blocks WHERE paper = ?", (paper_id,))
        self._rewrite(paper_id, before, before.model_copy(update=_fields(first[1][0])))
        self._note_blocks(paper_id, first[1][0])
        ids = [paper_id]
        for digest, records in others:
            own = records[0].key
            names = {own, citekeys.safe(own)} if own else set()
            for name in names:
                self._db.execute("DELETE FROM aliases WHERE key = ? AND paper = ?", (name, paper_id))
            new = self._insert(records[0])
            self._db.execute("UPDATE records SET paper = ? WHERE paper = ? AND hash = ?", (new, paper_id, digest))
            self._db.execute("INSERT INTO tags SELECT ?, tag FROM tags WHERE paper = ?", (new, paper_id))
            self._note_blocks(new, records[0])
            ids.append(new)
        return [self._paper(each) for each in ids]

    def tag(self, key: str, *, add: Iterable[str] = (), drop: Iterable[str] = ()) -> Paper:
        """Add tags to a paper and take others off; return the paper as it is then. Call inside a transaction.

        Raises:
            UsageError: no paper has that key.
        """
        paper_id = self._id(key)
        self._db.executemany("INSERT OR IGNORE INTO tags VALUES (?, ?)", [(paper_id, tag) for tag in add])
        self._db.executemany("DELETE FROM tags WHERE paper = ? AND tag = ?", [(paper_id, tag) for tag in drop])
        return self._paper(paper_id)

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


def _content(record: Record) -> str:
    return record.model_dump_json(exclude={"source"})


def _digest(record: Record) -> str:
    """Return the hash of what a record says; fields that are not set don't count, so that new ones change nothing."""
    content = record.model_dump_json(exclude={"source"}, exclude_defaults=True)
    return hashlib.sha256(content.encode()).hexdigest()


def _name_hash(record: Bibliography) -> str:
    """Return a hash of what names a paper in a key: its title, its first author and its year."""
    author = identity.name_of(record.authors[0]) if record.authors else ("", "")
    name = "\n".join((identity.normalise(record.title), *author, str(record.year or "")))
    return hashlib.sha256(name.encode()).hexdigest()


def _fields(record: Bibliography) -> dict[str, object]:
    return {name: getattr(record, name) for name in Bibliography.model_fields}


def _union(one: tuple[str, ...], other: tuple[str, ...]) -> tuple[str, ...]:
    return one + tuple(value for value in other if value not in one)


def _data(paper: Bibliography) -> str:
    """Return the fields that a paper's row holds; keys, sources, tags and aliases have tables of their own."""
    return paper.model_dump_json(exclude={"key", "source", "sources", "tags", "aliases", "raw"})


def _marks(values: Sequence[object]) -> str:
    return ",".join("?" * len(values))
