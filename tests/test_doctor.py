"""The doctor: each kind of damage is found, mended, and found no more; with the real SQLite and the real Chroma."""

import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from assistant import doctor, ingest
from assistant.config import Settings
from assistant.doctor import Finding
from assistant.errors import NotReadyError
from assistant.library import Library
from assistant.store import Store, write_lock
from assistant.testing import HashingEmbedder
from tests.test_library import fill, record, words


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A home with eight papers, one of them without an abstract."""
    settings = Settings(home=tmp_path / "home")
    papers = [record(f"Paper number {n} on lamps", words(n), n + 1, key=f"lamps{n}") for n in range(7)]
    fill(settings, *papers, record("A title alone", line=9))
    return settings


def examine(settings: Settings, embedder: HashingEmbedder | None = None, repair: bool = False) -> dict[str, Finding]:
    with Library.open(settings.catalogue) as library, write_lock(settings.write_lock):
        store = Store(library, settings.index, settings.write_lock, lambda line: None)
        found = doctor.examine(library, store, embedder or HashingEmbedder(), repair=repair)
        return {finding.check: finding for finding in found}


def change(settings: Settings, statement: str, *values: object) -> None:
    connection = sqlite3.connect(settings.catalogue)
    connection.execute(statement, values)
    connection.commit()
    connection.close()


def remove_vectors(settings: Settings) -> None:
    change(settings, "DELETE FROM chunks WHERE id = 'lamps2#0'")


def zero_a_vector(settings: Settings) -> None:
    vector = np.zeros(64, dtype="<f4").tobytes()
    change(settings, "UPDATE chunks SET vector = ? WHERE id = 'lamps2#0'", vector)


def make_two_vectors_alike(settings: Settings) -> None:
    change(
        settings,
        "UPDATE chunks SET vector = (SELECT vector FROM chunks WHERE id = 'lamps1#0') WHERE id = 'lamps2#0'",
    )


def leave_orphans(settings: Settings) -> None:
    change(settings, "DELETE FROM papers WHERE key = 'lamps2'")


def lose_a_lexical_row(settings: Settings) -> None:
    change(settings, "DELETE FROM lexical WHERE rowid = 3")


def lose_the_index(settings: Settings) -> None:
    shutil.rmtree(settings.index)


def empty_the_index(settings: Settings) -> None:
    shutil.rmtree(next(settings.index.glob("chroma-*/*-*")), ignore_errors=True)
    next(settings.index.glob("chroma-*/chroma.sqlite3")).write_bytes(b"a foreign file\n" * 100)


def change_a_vector_in_chroma(settings: Settings) -> None:
    import chromadb
    from chromadb.config import Settings as ChromaSettings

    folder = next(settings.index.glob("chroma-*"))
    client = chromadb.PersistentClient(str(folder), ChromaSettings(anonymized_telemetry=False))
    collection = client.get_collection("chunks", embedding_function=None)
    collection.update(ids=["lamps2#0"], embeddings=[[1.0] * 64])
    client.close()


@pytest.mark.parametrize(
    ("damage", "check"),
    [
        (remove_vectors, "vectors"),
        (zero_a_vector, "vectors"),
        (make_two_vectors_alike, "identical"),
        (leave_orphans, "orphans"),
        (lose_a_lexical_row, "words"),
        (lose_the_index, "index"),
        (empty_the_index, "index"),
        (change_a_vector_in_chroma, "index"),
    ],
)
def test_damage_is_found_and_mended(settings: Settings, damage: Callable[[Settings], None], check: str) -> None:
    """Each damage is named by its check with the cure, mended by a repair, and gone after it."""
    damage(settings)
    found = examine(settings)[check]
    assert (found.state, "--repair" in found.cure) == ("problem", True)
    assert examine(settings, repair=True)[check].state == "repaired"
    assert {finding.state for finding in examine(settings).values()} <= {"ok", "note"}


def test_a_sound_library_is_left_alone(settings: Settings) -> None:
    """In a sound library everything is in order, nothing is embedded, and a missing abstract is a note."""
    embedder = HashingEmbedder()
    found = examine(settings, embedder, repair=True)
    assert {check: finding.state for check, finding in found.items() if finding.state != "ok"} == {"abstracts": "note"}
    assert found["abstracts"].keys == ("titleAlone",)
    assert embedder.embedded == 0


class Other(HashingEmbedder):
    """Another model, with vectors of another length, which stops the program after some texts."""

    id = "other:1"

    def __init__(self, stop_after: int) -> None:
        super().__init__(dimensions=32)
        self._stop_after = stop_after

    def embed(self, texts, progress=None):  # type: ignore[no-untyped-def]
        if self.embedded >= self._stop_after:
            raise KeyboardInterrupt
        return super().embed(texts, progress)


def test_a_changed_embedder_embeds_again_and_resumes(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """With another model everything is embedded again; an interruption keeps what is done, and nothing mixes."""
    monkeypatch.setattr(ingest, "BATCH_RECORDS", 2)
    assert examine(settings, Other(100))["embedder"].state == "problem"
    first = Other(4)
    with pytest.raises(KeyboardInterrupt):
        examine(settings, first, repair=True)
    with Library.open(settings.catalogue) as library, pytest.raises(NotReadyError, match="left unfinished"):
        ingest.check_embedder(library, first)
    second = Other(100)
    assert examine(settings, second, repair=True)["embedder"].state == "repaired"
    assert (first.embedded, second.embedded) == (4, 4)
    assert {finding.state for finding in examine(settings, second).values()} <= {"ok", "note"}
    with Library.open(settings.catalogue) as library:
        store = Store(library, settings.index, settings.write_lock, print)
        assert store.query(second.embed([f"Paper number 3 on lamps. {words(3)}"])[0], 1)[0][0] == "lamps3#0"


def test_a_damaged_file_is_named(settings: Settings) -> None:
    """A catalogue whose pages are damaged is named with a cure, and nothing else is tried."""
    content = bytearray(settings.catalogue.read_bytes())
    content[8192 : len(content) // 2] = b"\xa5" * (len(content) // 2 - 8192)
    settings.catalogue.write_bytes(bytes(content))
    found = examine(settings, repair=True)
    assert list(found) == ["file"]
    assert (found["file"].state, "copy" in found["file"].cure) == ("problem", True)
