"""The Chroma index: one collection of chunks with their vectors, made from the catalogue.

Chroma keeps no checksums, and a kill while it writes leaves an index that counts right and finds wrong. So the
catalogue is the truth and Chroma an index behind it: a note in the catalogue says "writing" before the first change
and "clean" after the last, and whatever isn't clean, or fails its check, is built again in a new folder from the
stored vectors, without embedding anything. While that isn't possible (another process writes, the home is
read-only), an exact scan over the stored vectors answers instead.
"""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.errors import HomeError
from assistant.library import Library, StoredChunk

if TYPE_CHECKING:
    import numpy as np

    Vector = np.ndarray[tuple[int], np.dtype[np.float32]]

_COLLECTION = "chunks"
# Recall 0.99 against exact search at 100,000 rows, where Chroma's defaults reach 0.79; ef_search can't be changed
# on an index that is open, so it is set here.
_HNSW = {"space": "cosine", "max_neighbors": 32, "ef_construction": 200, "ef_search": 400}
_BATCH = 2048

_STATE, _FOLDER, _SEQ = "index_state", "index_folder", "index_seq"


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
        self._collection: Any = None
        self._seq = -1
        self._exact: tuple[list[str], np.ndarray[tuple[int, int], np.dtype[np.float32]]] | None = None

    # ------------------------------------------------------------------ search

    def query(self, vector: "Vector", limit: int) -> list[tuple[str, float]]:
        """Return the chunks nearest to a unit vector: ids with cosine similarities, best first."""
        total = self._library.count_chunks()
        if total == 0:
            return []
        limit = min(limit, total)
        if self._ready():
            try:
                found = self._collection.query(
                    query_embeddings=[vector.tolist()], n_results=limit, include=["distances"]
                )
            except Exception:  # Chroma raises what its parts raise; any failure means the index can't be trusted.
                self._distrust()
                return self.query_exact(vector, limit)
            return [(i, 1.0 - float(d)) for i, d in zip(found["ids"][0], found["distances"][0], strict=True)]
        return self.query_exact(vector, limit)

    def query_exact(self, vector: "Vector", limit: int) -> list[tuple[str, float]]:
        """Return the same by an exact scan over the catalogue's vectors."""
        import numpy as np

        seq = self._library.last_seq()
        if self._exact is None or self._seq != seq:
            stored = list(_all_chunks(self._library))
            matrix = np.stack([item.vector for item in stored])
            self._exact, self._seq = ([item.chunk.id for item in stored], matrix), seq
        ids, matrix = self._exact
        scores = matrix @ vector
        best = np.argsort(-scores, kind="stable")[:limit]
        return [(ids[i], float(scores[i])) for i in best]

    # ------------------------------------------------------------------ keeping up with the catalogue

    def _ready(self) -> bool:
        """Bring the index up to date if that is needed and possible; return whether it can be asked."""
        if self._is_current():
            return self._collection is not None or self._open_checked() or self._try_sync()
        return self._try_sync()

    def _is_current(self) -> bool:
        return (
            self._library.note(_STATE) == "clean"
            and int(self._library.note(_SEQ) or -1) == self._library.last_seq()
            and not self._library.removed_chunks()
        )

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
            clean = self._library.note(_STATE) == "clean"
            if clean and (self._collection is not None or self._open_checked()):
                self._update()
            else:
                self._rebuild(announce=self._library.note(_STATE) is not None)
        except HomeError:
            raise
        except Exception as error:  # Chroma raises what its parts raise: full disk, permissions, its own damage.
            self._distrust()
            raise HomeError(
                f"can't write the index ({str(error).splitlines()[0] if str(error) else type(error).__name__})",
                "Free some space or check the permissions; the papers are safe, and the next command builds the index.",
            ) from error

    def _open_checked(self) -> bool:
        """Open the current generation and check that it counts and finds as it should."""
        name = self._library.note(_FOLDER)
        if name is None or not (self._folder / name).is_dir():
            return False
        try:
            collection = _client(self._folder / name).get_collection(_COLLECTION, embedding_function=None)
            done = int(self._library.note(_SEQ) or 0)
            # Chunks that were removed since may still stand in the index, so it may hold more than expected.
            if collection.count() < self._library.count_chunks(up_to=done):
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
        self._collection = collection
        return True

    def _update(self) -> None:
        done = int(self._library.note(_SEQ) or 0)
        removed = self._library.removed_chunks()
        if done == self._library.last_seq() and not removed:
            return
        self._library.set_note(_STATE, "writing")
        for start in range(0, len(removed), _BATCH):
            self._collection.delete(ids=removed[start : start + _BATCH])
        self._write(after=done)

    def _rebuild(self, *, announce: bool) -> None:
        if announce:
            self._tell("The search index is missing or was left unfinished; building it again from the catalogue.")
        old = self._library.note(_FOLDER)
        number = int(old.split("-")[1]) + 1 if old else 1
        name = f"chroma-{number}"
        self._collection = None
        shutil.rmtree(self._folder / name, ignore_errors=True)
        (self._folder / name).mkdir(parents=True)
        self._library.set_note(_STATE, "writing")
        self._library.set_note(_FOLDER, name)
        self._collection = _client(self._folder / name).create_collection(
            _COLLECTION, configuration={"hnsw": _HNSW}, embedding_function=None
        )
        self._write(after=0)
        for stale in self._folder.iterdir():
            if stale.name != name and stale.name.startswith("chroma-"):
                shutil.rmtree(stale, ignore_errors=True)

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
        self._library.set_note(_SEQ, str(seq))
        self._library.forget_removed()
        self._library.set_note(_STATE, "clean")

    def _distrust(self) -> None:
        """Note that the index failed, so that the next use builds it again."""
        self._collection = None
        try:
            self._library.set_note(_STATE, "failed")
        except HomeError:
            return


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


def _client(folder: Path) -> Any:
    import chromadb
    from chromadb.config import Settings

    return chromadb.PersistentClient(path=str(folder), settings=Settings(anonymized_telemetry=False))


def _all_chunks(library: Library) -> Iterator[StoredChunk]:
    seq = 0
    while batch := library.chunks_after(seq):
        yield from batch
        seq = batch[-1].seq


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
