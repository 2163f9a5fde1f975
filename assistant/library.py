"""The catalogue: one SQLite file that is the truth about a library.

It holds the papers, every record they were merged from, the lexical index, and the chunks with their vectors.
Whatever else is on disk (the Chroma index) can be made again from it. A change is either whole or not there: each
batch is one transaction, synced before anything about it is reported.
"""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

from assistant import citekeys, fulltext, identity, merging, schema
from assistant.errors import HomeError, NoLibraryError, UsageError
from assistant.records import Bibliography, Chunk, FullText, Paper, Record, Source
from assistant.schema import clear_errors

if TYPE_CHECKING:
    import numpy as np

NO_LIBRARY = (
    "there is no library yet",
    "Add papers: assistant add FILE…, or assistant add zotero:. To look around first: assistant demo.",
)
# A block that so many papers share tells nothing; identifiers and whole titles are followed however many they are.
_CROWDED = 60

# A list of any length as one value, where SQLite bounds the number of values.
_AMONG = "(SELECT value FROM json_each(?))"

Outcome = Literal["added", "merged", "unchanged"]


class StoredChunk(NamedTuple):
    """A chunk with its place in the order of writing and its vector."""

    seq: int
    chunk: Chunk
    vector: "np.ndarray[tuple[int], np.dtype[np.float32]]"


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
            raise NoLibraryError(*NO_LIBRARY)
        library = cls._connect(path)
        if library is None:
            raise NoLibraryError(*NO_LIBRARY)
        return library

    @classmethod
    def create(cls, path: Path) -> "Library":
        """Open the library, made empty first where there is none.

        Raises:
            NewerHomeError: a newer version of the program wrote it.
            HomeError: the home can't be written, or another file stands there.
        """
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise HomeError(
                f"can't write {path.parent} ({error.strerror})",
                "Check the permissions, or use another --home.",
            ) from error
        library = cls._connect(path, make=True)
        assert library is not None
        return library

    @classmethod
    def _connect(cls, path: Path, *, make: bool = False) -> "Library | None":
        """Open the file; where it is still empty, make the tables or return None."""
        with clear_errors(path):
            connection = schema.connect(path)
            try:
                if schema.is_empty(connection):
                    if not make:
                        connection.close()
                        return None
                    schema.make(connection, path)
                schema.bring_up(connection, path)
                schema.prepare(connection)
            except BaseException:
                connection.close()
                raise
        return cls(path, connection)

    def close(self) -> None:
        """Close the file; what was committed stays."""
        self._db.close()

    def __enter__(self) -> "Library":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def transaction(self) -> AbstractContextManager[None]:
        """Do everything inside, or nothing of it."""
        return schema.transaction(self._db, self.path)

    # ------------------------------------------------------------------ notes about the library itself

    def note(self, name: str) -> str | None:
        """Return a note about the library (which embedder, which index), or None."""
        row = self._db.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        return str(row[0]) if row else None

    def set_note(self, name: str, value: str | None) -> None:
        """Write a note about the library, or take it away."""
        with clear_errors(self.path):
            if value is None:
                self._db.execute("DELETE FROM meta WHERE name = ?", (name,))
            else:
                self._db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, value))

    # ------------------------------------------------------------------ papers

    def __len__(self) -> int:
        return int(self._db.execute("SELECT count(*) FROM papers").fetchone()[0])

    def papers(self) -> Iterator[Paper]:
        """Yield all papers in the order in which they were added."""
        sources: dict[int, list[Source]] = {}
        tags: dict[int, list[str]] = {}
        aliases: dict[int, list[str]] = {}
        for paper_id, file, line in self._db.execute("SELECT paper, file, line FROM records ORDER BY id"):
            sources.setdefault(paper_id, []).append(Source(file=file, line=line))
        for paper_id, tag in self._db.execute("SELECT paper, tag FROM tags ORDER BY tag"):
            tags.setdefault(paper_id, []).append(tag)
        for paper_id, key in self._db.execute("SELECT paper, key FROM aliases ORDER BY rowid"):
            aliases.setdefault(paper_id, []).append(key)
        for paper_id, key, data in self._db.execute("SELECT id, key, data FROM papers ORDER BY id").fetchall():
            yield Paper(
                **json.loads(data),
                key=key,
                sources=tuple(sources.get(paper_id, ())),
                tags=tuple(tags.get(paper_id, ())),
                aliases=tuple(aliases.get(paper_id, ())),
            )

    def version(self) -> tuple[int, int]:
        """Return what changes whenever this process or another one changes the library."""
        return int(self._db.execute("PRAGMA data_version").fetchone()[0]), self._db.total_changes

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
        digest = merging.digest(record)
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
            (paper_id, record.source.file, record.source.line, digest, merging.content(record)),
        )
        self._note_blocks(paper_id, record)
        return outcome, self._paper(paper_id), stale

    def knows(self, record: Record) -> bool:
        """Tell whether a record would be one more source of a paper that is there."""
        return self._match(record, merging.digest(record)) is not None

    def attach_text(self, record: Record, cut: fulltext.Cut) -> bool:
        """Store the full text of a record that was put; return whether it is new. Call inside a transaction.

        Args:
            record: it and its text, which takes the place of what the same record had.
            cut: cuts a text into the passages that can be searched.
        """
        (found,) = self._db.execute(
            "SELECT id FROM records WHERE hash = ? AND file = ? AND line = ?",
            (merging.digest(record), record.source.file, record.source.line),
        ).fetchone()
        return fulltext.attach(self._db, int(found), record.full_text, cut)

    def full_texts(self, key: str) -> list[FullText]:
        """Return the full texts of a paper, one a file.

        Raises:
            UsageError: no paper has that key.
        """
        return fulltext.of_paper(self._db, self._id(key))

    def has_full_text(self) -> bool:
        """Tell whether any paper has its full text here."""
        return bool(self._db.execute("SELECT EXISTS (SELECT 1 FROM sections)").fetchone()[0])

    def match_text(self, expression: str, limit: int, only: Iterable[str] | None = None) -> list[fulltext.Matched]:
        """Return the best passages of the full texts for an FTS5 expression, by BM25, among some keys or all."""
        return fulltext.match(self._db, expression, limit, only)

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
        return [(str(digest), merging.restored(data, file, line)) for digest, file, line, data in rows]

    def records(self, key: str) -> list[Record]:
        """Return the records that a paper was merged from, in the order in which they came.

        Raises:
            UsageError: no paper has that key.
        """
        return [record for _, record in self._records(self._id(key))]

    def _insert(self, record: Record) -> int:
        """Make a new paper of a record."""
        cursor = self._db.execute(
            "INSERT INTO papers(key, data) VALUES (?, ?)", (self._new_key(record), merging.paper_data(record))
        )
        paper_id = cursor.lastrowid
        assert paper_id is not None
        self._db.execute(
            "INSERT INTO lexical(rowid, title, abstract) VALUES (?, ?, ?)", (paper_id, record.title, record.abstract)
        )
        self._alias(paper_id, record)
        return paper_id

    def _new_key(self, record: Record) -> str:
        """Return the key for a new paper and note it as given; a paper that was here before gets its key back."""
        name = merging.name_hash(record)
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
                self._db.execute("INSERT OR REPLACE INTO issued VALUES (?, ?)", (key, merging.name_hash(record)))
                self._db.execute("INSERT INTO aliases VALUES (?, ?)", (key, paper_id))

    def _merge(self, paper_id: int, record: Record) -> bool:
        """Take over what the record knows better; return whether the chunks have to be made again."""
        paper = self._paper(paper_id)
        self._alias(paper_id, record)
        return self._rewrite(paper_id, paper, merging.merge(paper, record))

    def _rewrite(self, paper_id: int, old: Paper, new: Paper) -> bool:
        """Store a paper's fields anew; return whether its chunks have to be made again."""
        self._db.execute("UPDATE papers SET data = ? WHERE id = ?", (merging.paper_data(new), paper_id))
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
            fulltext.forget(self._db, paper_id)
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
            if not record.title:
                continue  # a text that was attached by its id can't be a paper of its own
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
        self._rewrite(paper_id, before, before.model_copy(update=merging.fields(first[1][0])))
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
        return {stored.chunk.id: stored for stored in self._chunks(f"WHERE c.id IN {_AMONG}", (json.dumps(list(ids)),))}

    def chunks_of(self, keys: Iterable[str]) -> list[StoredChunk]:
        """Return all chunks of some papers, in the order of the abstracts."""
        return self._chunks(f"WHERE p.key IN {_AMONG} ORDER BY c.paper, c.start", (json.dumps(list(keys)),))

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

    def vectors(self) -> "tuple[list[str], np.ndarray[tuple[int, int], np.dtype[np.float32]]]":
        """Return the ids of all chunks, in the order of writing, and their vectors, (n, dimensions)."""
        import numpy as np

        rows = self._db.execute("SELECT id, vector FROM chunks ORDER BY seq").fetchall()
        matrix = np.frombuffer(b"".join(vector for _, vector in rows), dtype="<f4")
        return [str(chunk_id) for chunk_id, _ in rows], matrix.reshape(len(rows), -1)

    def removed_chunks(self) -> list[str]:
        """Return the ids of chunks that left the library and may still stand in the index."""
        return [str(row[0]) for row in self._db.execute("SELECT id FROM removed")]

    def forget_removed(self) -> None:
        """Note that the index no longer holds any removed chunk."""
        with clear_errors(self.path):
            self._db.execute("DELETE FROM removed")

    # ------------------------------------------------------------------ soundness

    def broken_pages(self) -> str:
        """Return what SQLite finds wrong with the file itself, one line; empty where it is sound."""
        try:
            found = [str(line) for (line,) in self._db.execute("PRAGMA quick_check(3)")]
        except sqlite3.DatabaseError as error:
            return str(error)
        return "" if found == ["ok"] else found[0].splitlines()[0]

    def orphans(self, *, drop: bool) -> int:
        """Return how many rows belong to papers that are gone; with `drop` they are deleted."""
        rows = self._db.execute("PRAGMA foreign_key_check").fetchall()
        with self.transaction() if drop else nullcontext():
            words = "FROM lexical WHERE rowid NOT IN (SELECT id FROM papers)"
            count = int(self._db.execute(f"SELECT count(*) {words}").fetchone()[0])
            if drop:
                self._db.execute(f"DELETE {words}")
                for table in sorted({str(row[0]) for row in rows if row[2] == "papers"}):
                    if table == "chunks":
                        self._db.execute(
                            "INSERT OR IGNORE INTO removed SELECT id FROM chunks"
                            " WHERE paper NOT IN (SELECT id FROM papers)"
                        )
                    self._db.execute(f"DELETE FROM {table} WHERE paper NOT IN (SELECT id FROM papers)")
            count += fulltext.orphans(self._db, drop=drop)
        return len(rows) + count

    def unlike_lexical(self) -> list[str]:
        """Return the keys of papers that the lexical index lacks, or has with another title or abstract."""
        rows = self._db.execute(
            "SELECT p.key FROM papers p LEFT JOIN lexical l ON l.rowid = p.id WHERE l.rowid IS NULL"
            " OR l.title != json_extract(p.data, '$.title') OR l.abstract != json_extract(p.data, '$.abstract')"
        )
        return [str(key) for (key,) in rows]

    def write_lexical(self) -> None:
        """Write the lexical index anew from the papers."""
        with self.transaction():
            self._db.execute("DELETE FROM lexical")
            self._db.execute(
                "INSERT INTO lexical(rowid, title, abstract)"
                " SELECT id, json_extract(data, '$.title'), json_extract(data, '$.abstract') FROM papers"
            )

    def titles(self) -> dict[str, str]:
        """Return the title of each paper by its key."""
        return dict(self._db.execute("SELECT key, json_extract(data, '$.title') FROM papers"))

    def chunks_by_paper(self) -> "Iterator[tuple[str, str, list[tuple[str, int, int, bytes]]]]":
        """Yield each paper's key and abstract with its chunks: text, start, end, vector as it is stored."""
        rows = self._db.execute(
            "SELECT p.key, json_extract(p.data, '$.abstract'), c.text, c.start, c.\"end\", c.vector"
            " FROM papers p LEFT JOIN chunks c ON c.paper = p.id ORDER BY p.id, c.start"
        )
        for (key, abstract), group in groupby(rows, key=lambda row: (str(row[0]), str(row[1]))):
            yield key, abstract, [(text, start, end, vector) for _, _, text, start, end, vector in group if vector]

    def count_papers(self, up_to: int) -> int:
        """Return the number of papers with chunks up to a place in the order of writing."""
        query = "SELECT count(DISTINCT paper) FROM chunks WHERE seq <= ?"
        return int(self._db.execute(query, (up_to,)).fetchone()[0])

    def keys_with_chunks(self, up_to: int, limit: int) -> list[str]:
        """Return the keys of some papers with chunks up to a place in the order of writing."""
        rows = self._db.execute(
            "SELECT DISTINCT p.key FROM chunks c JOIN papers p ON p.id = c.paper WHERE c.seq <= ? LIMIT ?",
            (up_to, limit),
        )
        return [str(key) for (key,) in rows]

    # ------------------------------------------------------------------ the lexical index

    def match(
        self, expression: str, weights: tuple[float, float], limit: int, only: Iterable[str] | None = None
    ) -> list[tuple[str, float]]:
        """Return the best papers for an FTS5 expression: keys with their BM25 scores, higher is better.

        Args:
            expression: in FTS5's syntax.
            weights: of title and abstract.
            limit: how many papers at most.
            only: search among these keys alone.
        """
        # Sorted before the papers are looked up: most of what matches is never read.
        ranked = self._db.execute(
            "SELECT rowid, -bm25(lexical, ?, ?) AS score FROM lexical WHERE lexical MATCH ? ORDER BY score DESC, rowid"
            + (" LIMIT ?" if only is None else ""),
            (*weights, expression, *([limit] if only is None else [])),
        )
        wanted = None if only is None else frozenset(only)
        best: list[tuple[str, float]] = []
        while len(best) < limit and (rows := ranked.fetchmany(max(limit, 256))):
            keys = self._keys([paper_id for paper_id, _ in rows])
            best += [(keys[i], float(score)) for i, score in rows if wanted is None or keys[i] in wanted]
        return best[:limit]

    def _keys(self, ids: Sequence[int]) -> dict[int, str]:
        """Return the keys of papers by their ids."""
        return dict(self._db.execute(f"SELECT id, key FROM papers WHERE id IN {_AMONG}", (json.dumps(ids),)))

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
