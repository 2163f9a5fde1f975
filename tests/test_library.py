"""The library: merging, keys, chunks, durability; with the real SQLite and the real Chroma."""

import os
import sqlite3
from pathlib import Path

import numpy as np
import pytest

from assistant import ingest
from assistant.chunks import chunk_paper, embedded_text
from assistant.config import Settings
from assistant.embed import MiniLM
from assistant.errors import HomeError, NewerHomeError, NoLibraryError, NotReadyError, UsageError
from assistant.library import Library
from assistant.records import Paper, Record, Source
from assistant.schema import SCHEMA_VERSION
from assistant.store import Store, write_lock
from assistant.testing import HashingEmbedder
from tests.conftest import shared


def record(title: str, abstract: str = "", line: int = 1, file: str = "a.txt", **fields: object) -> Record:
    return Record.model_validate(
        {"title": title, "abstract": abstract, "source": Source(file=file, line=line), **fields}
    )


def words(seed: int, count: int = 60) -> str:
    """Prose of a kind, different for each seed."""
    chosen = np.random.default_rng(seed).integers(0, 10_000, count)
    return " ".join(f"word{number}" for number in chosen) + "."


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home")


def fill(settings: Settings, *records: Record) -> tuple[ingest.AddReport, list[str]]:
    stored: list[str] = []
    with Library.create(settings.catalogue) as library, write_lock(settings.write_lock):
        report = ingest.add(records, library, HashingEmbedder(), stored=stored.append)
        Store(library, settings.index, settings.write_lock, print).sync()
    return report, stored


# ---------------------------------------------------------------------- merging and keys


def test_the_same_abstract_on_two_pages_is_one_paper(settings: Settings) -> None:
    """A paper met twice is merged, lists both places, and takes the richer fields."""
    text = words(1)
    report, _ = fill(
        settings,
        record("Rivers: A Study", text, 9),
        record("Rivers: A Study", text, 4, "b.txt", authors=("Ada Quill",), year=2021, date="2021-06-03"),
    )
    assert (report.read, report.added, report.merged) == (2, 1, 1)
    with Library.open(settings.catalogue) as library:
        (paper,) = library.papers()
    assert paper.key == "riversStudy"
    assert (paper.authors, paper.date) == (("Ada Quill",), "2021-06-03")
    assert [(source.file, source.line) for source in paper.sources] == [("a.txt", 9), ("b.txt", 4)]


def test_a_slightly_changed_title_merges(settings: Settings) -> None:
    """Two wordings of a title merge when the abstracts agree, and the longer abstract wins."""
    text = words(2, 120)
    report, _ = fill(
        settings,
        record("Lamps: An Efficient Family with Open Training and Inference", text),
        record("Lamps: An Efficient Family with Open-source Training and Inference", text + " More.", 2),
    )
    assert (report.added, report.merged) == (1, 1)
    with Library.open(settings.catalogue) as library:
        assert next(library.papers()).abstract.endswith("More.")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (record("Lamps", words(3)), record("Lamps: Tech Report 2025", words(4), 2)),
        (record("On Lamps, Part I", words(3)), record("On Lamps, Part II", words(3), 2)),
        (record("Lamps", words(3)), record("Lamps", words(4), 2)),
        (record("Lamps", authors=("Ada Quill",)), record("Lamps", line=2, authors=("Bo Marsh",))),
    ],
)
def test_neighbours_stay_apart(settings: Settings, one: Record, other: Record) -> None:
    """Reports, parts and namesakes are papers of their own."""
    assert fill(settings, one, other)[0].added == 2


def test_adding_again_changes_nothing(settings: Settings) -> None:
    """The same records again are all unchanged, and nothing is embedded."""
    records = [record(f"Paper {n}", words(n), n + 1) for n in range(5)]
    fill(settings, *records)
    embedder = HashingEmbedder()
    with Library.create(settings.catalogue) as library, write_lock(settings.write_lock):
        before = list(library.papers())
        report = ingest.add(records, library, embedder)
        assert list(library.papers()) == before
    assert (report.read, report.unchanged, report.chunks, embedder.embedded) == (5, 5, 0, 0)


def test_keys_are_unique_and_kept(settings: Settings) -> None:
    """Two papers that would share a key get different ones; a user's own key is kept and leads on after a merge."""
    fill(
        settings,
        record("Old Lamps Shine", words(1), authors=("Ada Quill",), year=2020),
        record("Old Lamps Shine", words(2), 2, authors=("Cy Quill",), year=2020),
        record("Old Lamps Shine", words(1), 3, "mine.bib", key="quill:lamps"),
    )
    with Library.open(settings.catalogue) as library:
        assert [paper.key for paper in library.papers()] == ["quillOldLampsShine2020", "quillOldLampsShine2020a"]
        assert library.paper("quill:lamps").key == "quillOldLampsShine2020"
        with pytest.raises(UsageError):
            library.paper("nobody")


def test_stored_is_told_after_the_commit(settings: Settings) -> None:
    """A key is reported only once another connection can see its paper, chunks and vectors."""
    seen: list[tuple[str, int]] = []

    def look(key: str) -> None:
        with Library.open(settings.catalogue) as other:
            seen.append((other.paper(key).key, len(other.chunks_of([key]))))

    with Library.create(settings.catalogue) as library, write_lock(settings.write_lock):
        ingest.add([record("Rivers Flow Down", words(1))], library, HashingEmbedder(), stored=look)
    assert seen == [("riversFlowDown", 1)]


def test_a_failing_batch_leaves_nothing(settings: Settings) -> None:
    """A batch that fails while embedding leaves no trace of its papers."""

    class Broken(HashingEmbedder):
        def embed(self, texts, progress=None):  # type: ignore[no-untyped-def]
            raise RuntimeError("out of memory")

    with Library.create(settings.catalogue) as library:
        with pytest.raises(RuntimeError):
            ingest.add([record("Rivers", words(1))], library, Broken())
        assert (len(library), library.count_chunks()) == (0, 0)


def test_another_embedder_is_refused(settings: Settings) -> None:
    """Vectors of two embedders never meet in one library."""
    fill(settings, record("Rivers", words(1)))

    class Other(HashingEmbedder):
        id = "other:1"

    with Library.open(settings.catalogue) as library, pytest.raises(NotReadyError, match="hashing:1"):
        ingest.add([record("Stones", words(2), 2)], library, Other())


# ---------------------------------------------------------------------- chunks


def test_chunks_cover_the_abstract_at_sentence_ends() -> None:
    """Chunks are exact pieces, hold whole sentences, and together hold every word."""
    abstract = " ".join(
        f"Sentence {n} says, e.g., that {n}.5 lamps of type v{n}.2 burn for {n} hours." for n in range(40)
    )
    paper = Paper(key="k", title="On Lamps", abstract=abstract)
    chunks = chunk_paper(paper, HashingEmbedder().count_tokens)
    assert len(chunks) > 2
    assert all(abstract[chunk.start : chunk.end] == chunk.text for chunk in chunks)
    assert all(chunk.text.endswith("hours.") for chunk in chunks)
    assert " ".join(chunk.text for chunk in chunks) == abstract


def test_a_paper_without_abstract_has_its_title() -> None:
    """A paper without an abstract is one chunk that is embedded as its title."""
    (chunk,) = chunk_paper(Paper(key="k", title="On Lamps"), HashingEmbedder().count_tokens)
    assert (embedded_text(chunk), chunk.text, chunk.start, chunk.end) == ("On Lamps", "", 0, 0)


@pytest.mark.models
def test_nothing_is_cut_off_by_the_embedder(embedder: MiniLM) -> None:
    """No chunk of the sample library, title included, is longer than what the embedder reads."""
    from assistant.config import data_path
    from assistant.readers import read_path

    longest = 0
    for item in read_path(data_path("eval") / "library.jsonl"):
        assert isinstance(item, Record)
        paper = Paper(key="k", title=item.title, abstract=item.abstract * 3)
        for chunk in chunk_paper(paper, embedder.count_tokens):
            longest = max(longest, embedder.count_tokens(embedded_text(chunk)))
    assert 150 < longest <= 200


# ---------------------------------------------------------------------- the index behind the catalogue


def opened(settings: Settings) -> tuple[Library, Store, list[str]]:
    told: list[str] = []
    library = Library.open(settings.catalogue)
    return library, Store(library, settings.index, settings.write_lock, told.append), told


def test_chroma_finds_what_an_exact_scan_finds(settings: Settings) -> None:
    """The nearest chunks through Chroma are those of an exact scan over the catalogue."""
    fill(settings, *[record(f"Paper {n}", words(n), n + 1) for n in range(40)])
    library, store, _ = opened(settings)
    vector = HashingEmbedder().embed([words(7)])[0]
    through = store.query(vector, 10)
    exact = store.query_exact(vector, 10)
    assert [chunk for chunk, _ in through] == [chunk for chunk, _ in exact]
    assert np.allclose([score for _, score in through], [score for _, score in exact], atol=1e-5)
    library.close()


@pytest.mark.parametrize("damage", ["folder gone", "killed while writing", "rows lost"])
def test_a_damaged_index_is_built_again(settings: Settings, damage: str) -> None:
    """A missing, unfinished or emptied index is noticed, told in one line, and built again without embedding."""
    import shutil

    fill(settings, *[record(f"Paper {n}", words(n), n + 1) for n in range(12)])
    library, store, _ = opened(settings)
    vector = HashingEmbedder().embed([words(3)])[0]
    before = store.query_exact(vector, 5)
    if damage == "folder gone":
        shutil.rmtree(settings.index)
    elif damage == "killed while writing":
        library.set_note("index_state", "writing")
    else:
        library.set_note("index_seq", "0")
        library.set_note("index_state", "clean")
        folder = library.note("index_folder")
        shutil.rmtree(settings.index / str(folder))
    library.close()
    library, store, told = opened(settings)
    assert [chunk for chunk, _ in store.query(vector, 5)] == [chunk for chunk, _ in before]
    assert len(told) == 1
    assert library.note("index_state") == "clean"
    library.close()


def test_a_reader_beside_a_writer_answers(settings: Settings) -> None:
    """While another process holds the write lock and the index lags, the exact scan answers."""
    fill(settings, *[record(f"Paper {n}", words(n), n + 1) for n in range(6)])
    with Library.create(settings.catalogue) as library:
        ingest.add([record("Newest", words(99), 50)], library, HashingEmbedder())
    library, store, _ = opened(settings)
    with write_lock(settings.write_lock):
        vector = HashingEmbedder().embed(["Newest. " + words(99)])[0]
        assert store.query(vector, 1)[0][0] == "newest#0"
        assert int(library.note("index_seq") or 0) < library.last_seq()
    library.close()


def test_a_changed_abstract_replaces_its_chunks_everywhere(settings: Settings) -> None:
    """After a merge with a longer abstract, the index holds the new chunks and none of the old."""
    text = words(5, 400)
    fill(settings, record("Rivers", text[: len(text) // 2]))
    fill(settings, record("Rivers", text, 2))
    library, store, _ = opened(settings)
    found = store.query(HashingEmbedder().embed([text])[0], 50)
    assert sorted(chunk for chunk, _ in found) == sorted(item.chunk.id for item in library.chunks_of(["rivers"]))
    assert len(found) > 1
    library.close()


# ---------------------------------------------------------------------- homes that can't be used


def test_no_library_yet(settings: Settings) -> None:
    """Without a library the error names the command that makes one."""
    with pytest.raises(NoLibraryError) as caught:
        Library.open(settings.catalogue)
    assert "assistant add" in caught.value.cure


def test_a_newer_home_is_refused(settings: Settings) -> None:
    """A library of a newer version is refused and left alone."""
    fill(settings, record("Rivers", words(1)))
    with sqlite3.connect(settings.catalogue) as connection:
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    with pytest.raises(NewerHomeError):
        Library.open(settings.catalogue)


@pytest.mark.parametrize(
    "content", [b"SQLite format 3\0 but not really" + b"x" * 5000, b"plain text, much of it\n" * 300]
)
def test_a_foreign_file_is_refused(settings: Settings, content: bytes) -> None:
    """A file that isn't a library is refused and keeps its content."""
    settings.home.mkdir(parents=True)
    settings.catalogue.write_bytes(content)
    with pytest.raises(HomeError):
        Library.open(settings.catalogue)
    assert settings.catalogue.read_bytes() == content


def test_a_foreign_database_is_refused(settings: Settings) -> None:
    """A database of another program is not taken for a library."""
    settings.home.mkdir(parents=True)
    with sqlite3.connect(settings.catalogue) as connection:
        connection.execute("CREATE TABLE theirs(x)")
    content = settings.catalogue.read_bytes()
    with pytest.raises(HomeError, match="not a library"):
        Library.create(settings.catalogue)
    assert settings.catalogue.read_bytes() == content


def test_a_file_that_a_kill_left_without_tables(settings: Settings) -> None:
    """A catalogue that was opened for the first time and got no further is taken for none, and made whole by `add`."""
    settings.home.mkdir(parents=True)
    with sqlite3.connect(settings.catalogue) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
    connection.close()
    assert settings.catalogue.stat().st_size > 0
    with pytest.raises(NoLibraryError):
        Library.open(settings.catalogue)
    assert fill(settings, record("Rivers", words(1)))[0].added == 1


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes everywhere")
def test_a_home_that_cannot_be_written(tmp_path: Path) -> None:
    """A home below a read-only folder is refused with a cure."""
    tmp_path.chmod(0o500)
    with pytest.raises(HomeError):
        Library.create(Settings(home=tmp_path / "home").catalogue)


def test_a_home_that_is_a_file(tmp_path: Path) -> None:
    """A home that is a file is refused with a cure."""
    (tmp_path / "home").write_text("in the way")
    with pytest.raises(HomeError):
        Library.create(Settings(home=tmp_path / "home").catalogue)


# ---------------------------------------------------------------------- the real pages


def test_the_real_pages_make_388_papers(settings: Settings) -> None:
    """The five pages' 401 records become 388 papers; those that occur twice list every place."""
    paths = sorted(shared("papers").glob("*.txt"))
    with Library.create(settings.catalogue) as library, write_lock(settings.write_lock):
        report = ingest.add(ingest.read_files(paths), library, HashingEmbedder())
        again = ingest.add(ingest.read_files(paths), library, HashingEmbedder())
        papers = list(library.papers())
    assert (report.read, report.added, report.merged, len(papers)) == (401, 388, 13, 388)
    assert report.problems == ()
    assert (again.unchanged, again.added, again.chunks) == (401, 0, 0)
    assert sorted(len(paper.sources) for paper in papers if len(paper.sources) > 1) == [2] * 11 + [3]
    reports = [
        paper.title for paper in papers if paper.title.startswith("Apple Intelligence Foundation Language Models")
    ]
    assert len(reports) == 2
    assert sum(paper.date is None for paper in papers) == 337
