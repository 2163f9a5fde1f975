"""Managing papers: filters, remove, split, tag, stats, export, and libraries of an older format."""

import json
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from assistant import ingest, schema
from assistant.cli import main
from assistant.cli.run import Run
from assistant.config import Settings
from assistant.errors import HomeError, UsageError
from assistant.export import own_entry
from assistant.library import Library
from assistant.readers import read_path
from assistant.records import Record, Source
from assistant.schema import SCHEMA_VERSION
from assistant.store import Store, write_lock
from assistant.testing import HashingEmbedder

TEXT = (
    "Offices waste light because lamps are switched as one group. We let every lamp learn a policy of its own from "
    "occupancy and daylight. In a trial of a year with many lamps it saved a third of the energy without complaints."
)
RIVERS = (
    "Rivers carry sand to the sea and nobody counts the grains. We count them with a camera under a bridge, and find "
    "that a single storm moves more of it than all the calm days of a year together."
)
RAW = "@article{quill2020,\n  title = {Lamps that {LEARN}},\n  note = {my copy},\n}"


def record(title: str, abstract: str = "", line: int = 1, file: str = "a.bib", **fields: object) -> Record:
    return Record.model_validate(
        {"title": title, "abstract": abstract, "source": Source(file=file, line=line), **fields}
    )


LAMPS = record(
    "Lamps that Learn", TEXT, 1, "mine/a.bib", key="quill2020", authors=("Ada Quill",), year=2020, raw=RAW,
    venue="Journal of Light", doi="10.1/lamps", categories=("CV",),
)  # fmt: skip
LAMPS_PREPRINT = record(
    "Lamps that Learn", TEXT + " More is to come.", 7, "page.txt", authors=("Ada Quill",), year=2019,
    arxiv_id="1901.00001", has_code=True, key="q19",
)  # fmt: skip
SAND = record("Counting Sand & Silt", RIVERS, 3, "page.txt", authors=("Bo de la Marsh", "Cy Dell"), year=2022)
BARE = record("An Untold Story", "", 5, "other.txt", authors=("Di Vale",))
ALL = (LAMPS, LAMPS_PREPRINT, SAND, BARE)


@pytest.fixture
def settings(home: Path) -> Settings:
    return Settings(home=home)


def fill(settings: Settings, *records: Record) -> dict[str, str]:
    """Add records; return the key of each paper by the file and line of its first record."""
    with Library.create(settings.catalogue) as opened, write_lock(settings.write_lock):
        ingest.add(records, opened, HashingEmbedder())
        Store(opened, settings.index, settings.write_lock, print).sync()
        return {f"{paper.sources[0].file}:{paper.sources[0].line}": paper.key for paper in opened.papers()}


class Result(NamedTuple):
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, object]:
        return dict(json.loads(self.out))


Papers = Callable[..., Result]


@pytest.fixture
def papers(settings: Settings, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Papers:
    """Run `assistant papers ...` over a library of three papers, one of them merged from two records."""
    fill(settings, *ALL)
    monkeypatch.setattr(Run, "embedder", HashingEmbedder())
    capsys.readouterr()

    def run(*arguments: str) -> Result:
        with pytest.raises(SystemExit) as ended:
            main(["papers", *arguments])
        captured = capsys.readouterr()
        return Result(int(ended.value.code or 0), captured.out, captured.err)

    return run


# ---------------------------------------------------------------------- list and show


@pytest.mark.parametrize(
    ("options", "keys"),
    [
        ([], ["quill2020", "marshCountingSandSilt2022", "valeUntoldStory"]),
        (["--year", "2020"], ["quill2020"]),
        (["--since", "2021"], ["marshCountingSandSilt2022"]),
        (["--until", "2021"], ["quill2020"]),
        (["--category", "cv"], ["quill2020"]),
        (["--source", "page"], ["quill2020", "marshCountingSandSilt2022"]),
        (["--has-abstract"], ["quill2020", "marshCountingSandSilt2022"]),
        (["--no-abstract"], ["valeUntoldStory"]),
        (["--has-code"], ["quill2020"]),
        (["--tag", "read"], []),
        (["--text", "SAND marsh"], ["marshCountingSandSilt2022"]),
        (["--text", "sand", "--year", "2020"], []),
    ],
)
def test_list_filters(papers: Papers, options: list[str], keys: list[str]) -> None:
    """Each filter lets through the papers that fit; several are held together."""
    listed = papers("list", "--json", *options).json["papers"]
    assert isinstance(listed, list)

    assert [paper["key"] for paper in listed] == keys


def test_year_stands_alone(papers: Papers) -> None:
    """--year beside --since is a usage error."""
    assert papers("list", "--year", "2020", "--since", "2019").code == 2


def test_show_names_every_record(papers: Papers) -> None:
    """`papers show` tells from which records a paper was merged, and how to undo it; every key leads there."""
    shown = papers("show", "q19")
    assert "mine/a.bib:1" in shown.out
    assert "page.txt:7" in shown.out
    assert "papers split quill2020" in shown.out
    data = papers("show", "quill2020", "--json").json
    assert isinstance(data["records"], list)
    assert [one["key"] for one in data["records"]] == ["quill2020", "q19"]


# ---------------------------------------------------------------------- remove


def test_remove_leaves_nothing_behind(papers: Papers, settings: Settings) -> None:
    """A removed paper is gone from every table and from Chroma; the rest is found as before."""
    result = papers("remove", "q19", "--json")
    assert (result.code, [paper["key"] for paper in result.json["removed"]]) == (0, ["quill2020"])  # type: ignore[attr-defined]
    assert "merged from 2 records" in result.err
    with Library.open(settings.catalogue) as opened:
        store = Store(opened, settings.index, settings.write_lock, lambda line: pytest.fail(line))
        found = store.query(HashingEmbedder().embed([TEXT])[0], 10)
        assert {chunk.split("#")[0] for chunk, _ in found} == {"marshCountingSandSilt2022", "valeUntoldStory"}
        assert opened.removed_chunks() == []
        assert int(opened.note("index_seq") or 0) == opened.last_seq()
        assert opened.match("lamps", (1.0, 1.0), 5) == []
    with sqlite3.connect(settings.catalogue) as db:
        for table in ("aliases", "records", "blocks", "chunks"):
            assert db.execute(f"SELECT count(*) FROM {table} WHERE paper = 1").fetchone() == (0,)


def test_removing_the_newest_paper_keeps_the_index_current(settings: Settings) -> None:
    """The index of a library whose last paper was removed is clean after one sync, and takes new papers."""
    fill(settings, LAMPS, SAND)
    with Library.open(settings.catalogue) as opened:
        with opened.transaction():
            opened.remove(["marshCountingSandSilt2022"])
        with write_lock(settings.write_lock):
            Store(opened, settings.index, settings.write_lock, print).sync()
        assert int(opened.note("index_seq") or 0) == opened.last_seq()
    fill(settings, BARE)
    with Library.open(settings.catalogue) as opened:
        store = Store(opened, settings.index, settings.write_lock, lambda line: pytest.fail(line))
        assert len(store.query(HashingEmbedder().embed(["story"])[0], 10)) == 2


def test_remove_asks_on_a_terminal(papers: Papers, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a terminal a no keeps everything; --yes doesn't ask."""
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    monkeypatch.setattr("typer.confirm", lambda *_, **__: False)
    assert papers("remove", "quill2020").code == 1
    assert papers("show", "quill2020").code == 0
    assert papers("remove", "quill2020", "--yes").code == 0
    assert papers("show", "quill2020").code == 2


def test_remove_is_all_or_nothing(papers: Papers) -> None:
    """One unknown key among the keys removes nothing."""
    assert papers("remove", "quill2020", "nobody").code == 2
    assert papers("show", "quill2020").code == 0


def test_a_removed_paper_gets_its_key_back_and_no_other_does(settings: Settings) -> None:
    """A generated key belongs to its paper even while the paper is away."""
    one = record("Old Lamps Shine", TEXT, 1, authors=("Ada Quill",), year=2020)
    two = record("Old Lamps Shine", RIVERS, 2, authors=("Cy Quill",), year=2020)
    assert list(fill(settings, one).values()) == ["quillOldLampsShine2020"]
    with Library.open(settings.catalogue) as opened, opened.transaction():
        opened.remove(["quillOldLampsShine2020"])
    assert list(fill(settings, two).values()) == ["quillOldLampsShine2020a"]
    assert fill(settings, one) == {"a.bib:2": "quillOldLampsShine2020a", "a.bib:1": "quillOldLampsShine2020"}


# ---------------------------------------------------------------------- keys


def test_keys_do_not_depend_on_the_order_of_a_second_add(settings: Settings) -> None:
    """Adding the same records again, backwards, changes no key."""
    records = [record("Old Lamps Shine", f"{TEXT} {n}", n, authors=(f"{name} Quill",)) for n, name in
               enumerate(("Ada", "Bo", "Cy"), start=1)]  # fmt: skip
    apart = [one.model_copy(update={"abstract": text}) for one, text in zip(records, (TEXT, RIVERS, ""), strict=True)]
    before = fill(settings, *apart)
    assert len(set(before.values())) == 3
    assert fill(settings, *reversed(apart)) == before


def test_own_keys_are_kept(settings: Settings) -> None:
    """A user's key is the paper's key, as it is written; a clash, even in case, gets a letter; a bad one is cleaned."""
    keys = fill(
        settings,
        record("One", TEXT, 1, key="DBLP:conf/acl/Quill20"),
        record("Two", RIVERS, 2, key="dblp:conf/acl/quill20", authors=("Bo",)),
        record("Three Lamps", "", 3, key="lampé{3}", authors=("Cy",)),
    )
    assert list(keys.values()) == ["DBLP:conf/acl/Quill20", "dblp:conf/acl/quill20a", "lampe3"]
    with Library.open(settings.catalogue) as opened:
        assert opened.paper("lampé{3}").key == "lampe3"


def test_an_own_key_survives_removal_and_correction(settings: Settings) -> None:
    """A user who removes a paper, corrects its entry and adds it again finds it under the same key."""
    fill(settings, LAMPS)
    with Library.open(settings.catalogue) as opened, opened.transaction():
        opened.remove(["quill2020"])
    fixed = LAMPS.model_copy(update={"title": "Lamps that Learn Well", "year": 2021})
    assert list(fill(settings, fixed).values()) == ["quill2020"]


# ---------------------------------------------------------------------- split


def test_split_undoes_a_merge_for_good(papers: Papers, settings: Settings) -> None:
    """After a split each record is a paper with its own key, text and vectors, and adding all again keeps it so."""
    result = papers("split", "quill2020", "--json")
    assert [paper["key"] for paper in result.json["papers"]] == ["quill2020", "q19"]  # type: ignore[attr-defined]
    with Library.open(settings.catalogue) as opened:
        one, other = opened.paper("quill2020"), opened.paper("q19")
        assert (one.abstract, one.arxiv_id, one.has_code) == (TEXT, None, None)
        assert (other.abstract, other.doi, other.year) == (TEXT + " More is to come.", None, 2019)
        assert [item.chunk.text for item in opened.chunks_of(["quill2020"])] == [TEXT]
        before = list(opened.papers())
    fill(settings, *ALL)
    fill(settings, *reversed([one.model_copy(update={"source": Source(file="copy", line=1)}) for one in ALL]))
    with Library.open(settings.catalogue) as opened:
        assert [paper.key for paper in opened.papers()] == [paper.key for paper in before]
        assert len(opened.paper("q19").sources) == 2
        with opened.transaction():
            opened.remove(["q19"])
    fill(settings, *ALL)
    with Library.open(settings.catalogue) as opened:
        assert opened.paper("q19").year == 2019


def test_split_needs_a_merge(papers: Papers) -> None:
    """A paper of one record can't be split."""
    assert papers("split", "valeUntoldStory").code == 2


# ---------------------------------------------------------------------- tag and stats


def test_tags(papers: Papers) -> None:
    """Tags are added and dropped in one go, also behind a single hyphen; a word without a sign is an error."""
    assert papers("tag", "q19", "+read", "+vision").code == 0
    assert papers("tag", "quill2020", "-vision", "+to do", "--json").json["tags"] == ["read", "to do"]
    assert papers("tag", "quill2020").out == "quill2020: read, to do\n"
    assert papers("tag", "quill2020", "later").code == 2
    listed = papers("list", "--tag", "read", "--json").json["papers"]
    assert isinstance(listed, list)
    assert [paper["tags"] for paper in listed] == [["read", "to do"]]


def test_stats(papers: Papers) -> None:
    """`papers stats` counts papers by year with bars, venues, categories, and those without an abstract."""
    data = papers("stats", "--json").json
    assert data["years"] == [
        {"year": 2020, "papers": 1}, {"year": 2022, "papers": 1}, {"year": None, "papers": 1},
    ]  # fmt: skip
    assert (data["papers"], data["with_abstract"], data["without_abstract"], data["merged"]) == (3, 2, 1, 1)
    assert data["venues"] == [{"venue": "Journal of Light", "papers": 1}]
    text = papers("stats").out
    assert "3 papers, 2 with an abstract, 1 without" in text
    assert "2020  # 1" in text
    assert max(map(len, text.splitlines())) <= 80


# ---------------------------------------------------------------------- export


def test_bibtex_keeps_the_users_entry(papers: Papers) -> None:
    """The user's entry stands word for word; papers without one get a made entry."""
    text = papers("export", "--format", "bibtex").out
    assert RAW in text
    assert r"title = {{Counting Sand \& Silt}}" in text
    assert text.count("@") == 3


@pytest.mark.parametrize(
    "raw",
    [
        r"@misc{k, title = {\input{/etc/passwd}}}",
        r"@misc{k, title = {x}} \write18{ls}",
        "@preamble{k, \"\\def\\x{y}\"}",
        "@misc{k, title = {x}",
        "not an entry",
        "@misc{k, title = {\x1b[2J}}",
    ],
)  # fmt: skip
def test_a_dangerous_entry_is_not_passed_on(raw: str) -> None:
    """An entry that isn't one whole entry, or could run something in TeX, is made anew instead."""
    assert own_entry(raw, "new") == ""


def test_an_entry_gets_the_librarys_key() -> None:
    """Only the key of an entry is replaced."""
    assert own_entry("@Article {old , title={A {B} c}}", "new") == "@Article{new, title={A {B} c}}"


def test_ris_and_csljson(papers: Papers) -> None:
    """RIS and CSL-JSON carry names in parts, dates, identifiers and the key."""
    ris = papers("export", "marshCountingSandSilt2022", "--format", "ris").out
    for line in ("TY  - UNPB", "ID  - marshCountingSandSilt2022", "AU  - de la Marsh, Bo", "PY  - 2022", "ER  - "):
        assert line in ris.replace("\r", "").splitlines()
    (item,) = json.loads(papers("export", "quill2020", "--format", "csljson").out)
    assert (item["id"], item["DOI"], item["type"]) == ("quill2020", "10.1/lamps", "article-journal")
    assert item["author"] == [{"family": "Quill", "given": "Ada"}]
    assert item["issued"] == {"date-parts": [[2020]]}


def test_jsonl_is_read_again(papers: Papers, tmp_path: Path) -> None:
    """What `export --format jsonl` writes, `add` reads: the same titles, keys, authors, years and abstracts."""
    file = tmp_path / "out.jsonl"
    assert papers("export", "--format", "jsonl", "--output", str(file), "--has-abstract").code == 0
    read = [item for item in read_path(file) if isinstance(item, Record)]
    assert [(one.key, one.title, one.authors, one.year, one.abstract) for one in read] == [
        ("quill2020", LAMPS.title, LAMPS.authors, 2020, LAMPS_PREPRINT.abstract),
        ("marshCountingSandSilt2022", SAND.title, SAND.authors, 2022, SAND.abstract),
    ]


def test_an_unknown_format(papers: Papers) -> None:
    """A format that isn't there is a usage error that names those that are."""
    result = papers("export", "--format", "docx")
    assert result.code == 2
    assert "csljson" in result.err


# ---------------------------------------------------------------------- an older format


def as_version_1(settings: Settings) -> None:
    """Turn a library into what version 1 of the format was."""
    with sqlite3.connect(settings.catalogue) as db:
        db.executescript(
            "DROP TABLE full_text; DROP TABLE passages; DROP TABLE sections;"
            "DROP TABLE issued; DROP TABLE apart; DROP TABLE turns; DROP TABLE numbered; DROP TABLE sessions;"
            "UPDATE records SET hash = 'old'; DELETE FROM blocks;"
            "INSERT INTO blocks SELECT 'opening:old', id FROM papers; PRAGMA user_version = 1;"
        )
    db.close()


def test_an_older_library_is_migrated_after_a_copy(settings: Settings) -> None:
    """Version 1 becomes the present one with a copy beside it; keys hold and known records are unchanged."""
    fill(settings, *ALL)
    with Library.open(settings.catalogue) as opened:
        before = list(opened.papers())
    as_version_1(settings)
    with Library.open(settings.catalogue) as opened, write_lock(settings.write_lock):
        assert list(opened.papers()) == before
        report = ingest.add(ALL, opened, HashingEmbedder())
        assert (report.unchanged, report.chunks) == (4, 0)
        again = ingest.add([LAMPS.model_copy(update={"abstract": "", "doi": None})], opened, HashingEmbedder())
        assert again.merged == 1
    with sqlite3.connect(settings.home / "catalogue.format-1.sqlite3") as copy:
        assert copy.execute("PRAGMA user_version").fetchone() == (1,)
        assert copy.execute("SELECT count(*) FROM papers").fetchone() == (3,)
    copy.close()
    with sqlite3.connect(settings.catalogue) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (SCHEMA_VERSION,)
    db.close()


def test_a_migration_that_fails_changes_nothing(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """A migration is one transaction: where it fails the library is still of version 1, and the next one succeeds."""
    fill(settings, *ALL)
    as_version_1(settings)

    def fails(db: sqlite3.Connection) -> None:
        db.execute("CREATE TABLE papers(x)")

    with monkeypatch.context() as patch:
        patch.setattr(schema, "_STEPS", (*schema._STEPS, fails))
        with pytest.raises(sqlite3.OperationalError):
            Library.open(settings.catalogue)
    with sqlite3.connect(settings.catalogue) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (1,)
        assert db.execute("SELECT count(*) FROM sqlite_master WHERE name = 'apart'").fetchone() == (0,)
    db.close()
    with Library.open(settings.catalogue) as opened:
        assert len(opened) == 3


def test_an_older_library_that_cannot_be_written(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """An older library in a read-only home is refused with a cure and left alone."""
    fill(settings, LAMPS)
    as_version_1(settings)
    monkeypatch.setattr("os.access", lambda *_: False)
    with pytest.raises(HomeError, match="older format"):
        Library.open(settings.catalogue)


def test_unknown_keys(settings: Settings) -> None:
    """Every way to name a paper that isn't there is a usage error."""
    fill(settings, LAMPS)
    with Library.open(settings.catalogue) as opened, opened.transaction():
        for act in (opened.paper, opened.records, opened.split, opened.tag, lambda key: opened.remove([key])):
            with pytest.raises(UsageError):
                act("nobody")
