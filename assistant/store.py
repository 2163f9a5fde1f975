"""The Chroma index: one collection of chunks with their vectors, made from the catalogue.

Chroma keeps no checksums, and a kill while it writes leaves an index that counts right and finds wrong. So the
catalogue is the truth and Chroma an index behind it: a note in the catalogue says "writing" before the first change
and "clean" after the last, with the sizes and checksums of the index's files. Whatever isn't clean, or isn't what was
noted, is built again in a new folder from the stored vectors, without embedding anything. While that isn't possible
(another process writes, the home is read-only), an exact scan over the stored vectors answers instead.
"""

import json
import math
import os
import shutil
import weakref
import zlib
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from assistant.errors import HomeError
from assistant.library import Library, StoredChunk

if TYPE_CHECKING:
    import numpy as np

    Vector = np.ndarray[tuple[int], np.dtype[np.float32]]

_COLLECTION = "chunks"
# Recall 0.99 against exact search at 100,000 rows, where Chroma's defaults reach 0.79; ef_search can't be changed
# on an index that is open, so it is set here.
_HNSW = {"space": "cosine", "max_neighbors": 32, "ef_construction": 200, "ef_search": 400}
# Of more rows more are looked at, one in so many: recall at 500,000 is then 0.95 to 0.97, and 0.85 to 0.89 without.
_LOOKED_AT = 250
_BATCH = 2048
# A filter that keeps at least this share of the papers is met by asking Chroma for more, half as many again as should
# do; one that keeps so few papers, by reading their vectors.
_BROAD, _SPARE, _FEW = 0.25, 1.5, 2000

_STATE, _FOLDER, _SEQ, _FILES = "index_state", "index_folder", "index_seq", "index_files"


class Store:
    """Dense search over the chunks of a library."""

    def __init__(self, library: Library, folder: Path, lock: Path, tell: Callable[[str], None]) -> None:
        """Prepare a store; nothing is opened before the first use.

        Args:
            library: the open catalogue.
            folder: where the generations of the index live.
            lock: the lock file that writers hold.
            tell: takes one line for the user when the index is built again.
        """
        self._library = library
        self._folder = folder
        self._lock = lock
        self._tell = tell
        self._client: Any = None
        self._release: weakref.finalize[[], Store] | None = None
        self._collection: Any = None
        # What the open collection holds, in the words of the note about its files.
        self._opened: str | None = None
        self._exact: _Exact | None = None

    # ------------------------------------------------------------------ search

    def query(self, vector: "Vector", limit: int, only: Collection[str] | None = None) -> list[tuple[str, float]]:
        """Return the chunks nearest to a unit vector: ids with cosine similarities, best first.

        Chroma's own filters take far longer than its search, so a filter is met otherwise: by asking for more where it
        keeps most papers, else by an exact scan.

        Args:
            vector: of the question.
            limit: how many chunks at most.
            only: search among the chunks of these keys alone.
        """
        total = self._library.count_chunks()
        if total == 0 or limit <= 0:
            return []
        if only is None:
            return self._nearest(vector, min(limit, total), total)
        wanted = frozenset(only)
        share = len(wanted) / max(len(self._library), 1)
        if share < _BROAD:
            return self._few(vector, limit, wanted)
        near = self._nearest(vector, min(math.ceil(_SPARE * limit / share), total), total)
        return [(chunk_id, cosine) for chunk_id, cosine in near if _key_of(chunk_id) in wanted][:limit]

    def _nearest(self, vector: "Vector", limit: int, total: int) -> list[tuple[str, float]]:
        if self._ready():
            try:
                found = self._collection.query(
                    query_embeddings=[vector.tolist()], n_results=max(limit, total // _LOOKED_AT), include=["distances"]
                )
            except Exception:  # Chroma raises what its parts raise; any failure means the index can't be trusted.
                self.distrust()
                return self.query_exact(vector, limit)
            best = zip(found["ids"][0], found["distances"][0], strict=True)
            return [(i, 1.0 - float(d)) for i, d in islice(best, limit)]
        return self.query_exact(vector, limit)

    def _few(self, vector: "Vector", limit: int, only: frozenset[str]) -> list[tuple[str, float]]:
        """Return the nearest chunks of some papers, by an exact scan over theirs alone or over all."""
        if len(only) > _FEW:
            return self.query_exact(vector, limit, only)
        found = [(stored.chunk.id, float(stored.vector @ vector)) for stored in self._library.chunks_of(only)]
        return sorted(found, key=lambda item: (-item[1], item[0]))[:limit]

    def query_exact(self, vector: "Vector", limit: int, only: frozenset[str] | None = None) -> list[tuple[str, float]]:
        """Return the same by an exact scan over the catalogue's vectors."""
        import numpy as np

        state = (self._library.last_seq(), self._library.count_chunks())
        if self._exact is None or self._exact.state != state:
            ids, matrix = self._library.vectors()
            self._exact = _Exact(state, ids, matrix)
        ids, matrix = self._exact.ids, self._exact.matrix
        scores = matrix @ vector
        best: Iterable[int] = np.argsort(-scores, kind="stable")
        if only is not None:
            best = (i for i in best if _key_of(ids[i]) in only)
        return [(ids[i], float(scores[i])) for i in islice(best, limit)]

    # ------------------------------------------------------------------ keeping up with the catalogue

    def _ready(self) -> bool:
        """Bring the index up to date if that is needed and possible; return whether it can be asked."""
        if self._is_current() and (self._is_open() or self._open_checked()):
            return True
        return self._try_sync()

    def _is_current(self) -> bool:
        return (
            self._library.note(_STATE) == "clean"
            and int(self._library.note(_SEQ) or -1) == self._library.last_seq()
            and not self._library.removed_chunks()
        )

    def _is_open(self) -> bool:
        """Tell whether the open collection is what the catalogue notes; else another process wrote it since."""
        return self._collection is not None and self._opened == self._library.note(_FILES)

    def _try_sync(self) -> bool:
        from filelock import Timeout

        try:
            with write_lock(self._lock, timeout=0):
                self.sync()
        except (Timeout, HomeError):
            return False
        return True

    def sync(self) -> None:
        """Bring the index up to date with the catalogue. Call while holding the write lock.

        Raises:
            HomeError: the index can't be written.
        """
        try:
            state = self._library.note(_STATE)
            if state == "clean" and (self._is_open() or self._open_checked()):
                self._update()
            else:
                self._rebuild(announce=state is not None)
        except HomeError:
            raise
        except Exception as error:  # Chroma raises what its parts raise: full disk, permissions, its own damage.
            self.distrust()
            raise HomeError(
                f"can't write the index ({str(error).splitlines()[0] if str(error) else type(error).__name__})",
                "Free some space or check the permissions; the papers are safe, and the next command builds the index.",
            ) from error

    def _open_checked(self) -> bool:
        """Open the current generation and check that its files are those noted and that it counts and finds."""
        self._close()
        name, noted = self._library.note(_FOLDER), self._library.note(_FILES)
        if name is None or noted is None or not _same_files(self._folder / name, json.loads(noted)):
            return False
        try:
            collection = self._connect(name).get_collection(_COLLECTION, embedding_function=None)
            done = int(self._library.note(_SEQ) or 0)
            expected = self._library.count_chunks(up_to=done)
            # Chunks that were removed since may still stand in the index.
            if not expected <= collection.count() <= expected + len(self._library.removed_chunks()):
                return False
            probe = self._library.chunks_after(0, limit=1)
            if probe and probe[0].seq <= done:
                found = collection.query(
                    query_embeddings=[probe[0].vector.tolist()], n_results=1, include=["distances"]
                )
                if not found["ids"][0] or found["distances"][0][0] > 1e-3:
                    return False
        except Exception:  # A damaged index fails in many ways, all of them met by building it again.
            return False
        self._collection, self._opened = collection, noted
        return True

    def _update(self) -> None:
        done = int(self._library.note(_SEQ) or 0)
        removed = self._library.removed_chunks()
        if done == self._library.last_seq() and not removed:
            return
        ahead = self._library.count_chunks() - self._library.count_chunks(up_to=done)
        if ahead > _BATCH:
            self._tell(f"Bringing the search index up to date ({ahead:,} passages) …")
        self._library.set_note(_STATE, "writing")
        for start in range(0, len(removed), _BATCH):
            self._collection.delete(ids=removed[start : start + _BATCH])
        self._write(after=done)

    def _rebuild(self, *, announce: bool) -> None:
        if announce:
            self._tell(
                "The search index is missing, damaged or was left unfinished; building it again from the catalogue"
                f" ({self._library.count_chunks():,} passages) …"
            )
        old = self._library.note(_FOLDER)
        number = int(old.split("-")[1]) + 1 if old else 1
        name = f"chroma-{number}"
        self._close()
        shutil.rmtree(self._folder / name, ignore_errors=True)
        (self._folder / name).mkdir(parents=True)
        with self._library.transaction():
            self._library.set_note(_STATE, "writing")
            self._library.set_note(_FOLDER, name)
        self._collection = self._connect(name).create_collection(
            _COLLECTION, configuration={"hnsw": _HNSW}, embedding_function=None
        )
        try:
            self._write(after=0)
        except BaseException:
            # What was written of it is of no use, and the space may be what is lacking.
            self._close()
            shutil.rmtree(self._folder / name, ignore_errors=True)
            raise
        for stale in self.stale():
            shutil.rmtree(stale, ignore_errors=True)

    def fault(self) -> str:
        """Return what is wrong with the index as it lies on the disk, in words; empty where it is whole.

        Reads all of it: each file's checksum, and each vector beside the catalogue's.
        """
        import numpy as np

        name, noted = self._library.note(_FOLDER), self._library.note(_FILES)
        if not self._library.count_chunks():
            return ""
        if name is None or not (self._folder / name).is_dir():
            return "the search index is missing"
        if not self._is_current() or noted is None:
            return "the search index was left unfinished"
        self._close()
        if not _same_files(self._folder / name, json.loads(noted), read_all=True):
            return "files of the search index are damaged"
        try:
            collection = self._connect(name).get_collection(_COLLECTION, embedding_function=None)
            ids, matrix = self._library.vectors()
            orphans = set(collection.get(include=[])["ids"]) - set(ids)
            missing = different = 0
            for start in range(0, len(ids), _BATCH):
                got = collection.get(ids=ids[start : start + _BATCH], include=["embeddings"])
                place = {chunk_id: row for row, chunk_id in enumerate(got["ids"])}
                rows = [start + i for i, chunk_id in enumerate(ids[start : start + _BATCH]) if chunk_id in place]
                missing += min(_BATCH, len(ids) - start) - len(rows)
                if rows:
                    held = np.asarray(got["embeddings"])[[place[ids[row]] for row in rows]]
                    different += int((np.abs(held - matrix[rows]).max(axis=1) > 1e-5).sum())
        except Exception as error:  # Chroma raises what its parts raise.
            return f"the search index can't be read ({type(error).__name__})"
        found = {
            "missing": missing,
            "different from the catalogue's": different,
            "of passages that are gone": len(orphans),
        }
        return ", ".join(f"{count:,} vectors {what}" for what, count in found.items() if count)

    def stale(self) -> list[Path]:
        """Return the folders of former generations of the index."""
        current = self._library.note(_FOLDER)
        return [path for path in sorted(self._folder.glob("chroma-*")) if path.name != current]

    def _write(self, after: int) -> None:
        """Upsert every chunk written after a place in the order, then note that the index is whole."""
        seq = after
        while batch := self._library.chunks_after(seq, limit=_BATCH):
            self._collection.upsert(
                ids=[item.chunk.id for item in batch],
                embeddings=[item.vector for item in batch],
                metadatas=[_metadata(item) for item in batch],
            )
            seq = batch[-1].seq
        noted = json.dumps(_files(self._folder / str(self._library.note(_FOLDER))))
        with self._library.transaction():
            self._library.set_note(_SEQ, str(seq))
            self._library.set_note(_FILES, noted)
            self._library.forget_removed()
            self._library.set_note(_STATE, "clean")
        self._opened = noted

    def distrust(self) -> None:
        """Note that the index failed, so that the next use builds it again."""
        self._close()
        try:
            self._library.set_note(_STATE, "failed")
        except HomeError:
            return

    def _connect(self, name: str) -> Any:
        import chromadb
        from chromadb.config import Settings

        self._client = chromadb.PersistentClient(
            path=str(self._folder / name), settings=Settings(anonymized_telemetry=False)
        )
        # Chroma keeps its files open until it is told, not until nobody uses it any more.
        self._release = weakref.finalize(self, self._client.close)
        self._release.atexit = False
        return self._client

    def _close(self) -> None:
        """Let go of the open collection: Chroma keeps one client a folder and never looks at its files again."""
        self._client, self._collection, self._opened = None, None, None
        if self._release is not None:
            self._release()


class _Exact(NamedTuple):
    """All vectors of the catalogue, with the state of the catalogue that they were read in."""

    state: tuple[int, int]
    ids: list[str]
    matrix: "np.ndarray[tuple[int, int], np.dtype[np.float32]]"


def _files(folder: Path) -> dict[str, list[int]]:
    """Return size, time of change and checksum of each file of the vector index, once they are safe on the disk.

    Chroma's own database is left out: opening it to read changes it, and SQLite looks after it.
    """
    noted = {}
    for path in _index_files(folder):
        with path.open("rb") as file:
            os.fsync(file.fileno())
        noted[str(path.relative_to(folder))] = [*_stamp(path), _checksum(path)]
    return noted


def _same_files(folder: Path, noted: dict[str, list[int]], *, read_all: bool = False) -> bool:
    """Tell whether a generation's files are those that were noted.

    Chroma reads them unchecked: one that was cut short finds wrong neighbours, and one with garbage ends the process.
    A file whose size and time of change are the same is taken for unchanged, unless all are to be read.
    """
    try:
        if {str(path.relative_to(folder)) for path in _index_files(folder)} != set(noted):
            return False
        for name, (size, changed, checksum) in noted.items():
            now_size, now_changed = _stamp(folder / name)
            if now_size != size:
                return False
            if (read_all or now_changed != changed) and _checksum(folder / name) != checksum:
                return False
    except OSError:
        return False
    return True


def _index_files(folder: Path) -> list[Path]:
    """Return the files of the vector index, which mean nothing, and are made anew by readers too, without a pickle."""
    return sorted(path for last in folder.rglob("*.pickle") for path in last.parent.iterdir())


def _stamp(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_size, found.st_mtime_ns


def _checksum(path: Path) -> int:
    checksum = 0
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            checksum = zlib.crc32(block, checksum)
    return checksum


def _metadata(item: StoredChunk) -> dict[str, str | int]:
    """Return what is needed to cite a chunk without the catalogue at hand."""
    chunk = item.chunk
    return {
        "key": chunk.key,
        "title": chunk.title,
        "start": chunk.start,
        "end": chunk.end,
        "text": chunk.text,
    }


def _key_of(chunk_id: str) -> str:
    """Return the key of the paper that a chunk is of."""
    return chunk_id.rpartition("#")[0]


@contextmanager
def write_lock(path: Path, timeout: float = -1, waiting: Callable[[], None] | None = None) -> Iterator[None]:
    """Hold the one writer's lock of a home.

    Args:
        path: the lock file.
        timeout: seconds to wait for another writer; negative waits for as long as it takes.
        waiting: called once if another process holds the lock.

    Raises:
        filelock.Timeout: another writer still holds it.
        HomeError: the home can't be written.
    """
    from filelock import FileLock, Timeout

    lock = FileLock(path)
    try:
        try:
            lock.acquire(timeout=0)
        except Timeout:
            if timeout == 0:
                raise
            if waiting is not None:
                waiting()
            lock.acquire(timeout=timeout)
    except OSError as error:
        if isinstance(error, Timeout):
            raise
        raise HomeError(
            f"can't write {path} ({error.strerror})", "Check the permissions, or use another --home."
        ) from error
    try:
        yield
    finally:
        lock.release()
