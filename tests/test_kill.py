"""Kills: `assistant add -v` is killed while its `stored KEY` lines flow, and nothing that it reported is lost.

The processes are real, and so are SQLite and Chroma; only the embedder is a stand-in, so that a hundred of them end
in minutes. A kill is aimed either at a random moment of the adding, or at a moment when Chroma has begun to write the
files of its index and hasn't ended.
"""

import contextlib
import json
import os
import random
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import Literal

import numpy as np
import pytest

from assistant.config import Settings
from assistant.store import write_lock
from assistant.testing import HashingEmbedder

ROOT = Path(__file__).parent.parent
ASSISTANT = [sys.executable, "-u", "-m", "tests.stand_in"]
# Chroma writes the files of its index each time that a thousand more rows have come; so many come just before.
SOON = 960
LISTED = 160
Aim = Literal["while adding", "inside an index write"]


def environment(home: Path) -> dict[str, str]:
    return {**os.environ, "ASSISTANT_HOME": str(home), "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}


def assistant(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*ASSISTANT, *arguments], env=environment(home), capture_output=True, text=True, cwd=ROOT, check=False
    )


def papers(path: Path, first: int, count: int) -> Path:
    """Write made-up papers, each with words of its own, so that its title finds it."""
    with path.open("w", encoding="utf-8") as file:
        for number in range(first, first + count):
            words = [f"w{value:x}" for value in np.random.default_rng(number).integers(0, 1 << 40, 14)]
            paper = {"title": " ".join(words[:6]).capitalize(), "abstract": " ".join(words[6:]) + "."}
            file.write(json.dumps(paper) + "\n")
    return path


def index_sizes(settings: Settings) -> dict[Path, int]:
    """Return the size of each file of the vector index."""
    found = {}
    for path in settings.index.glob("*/*/*"):
        with contextlib.suppress(FileNotFoundError):
            found[path] = path.stat().st_size
    return found


def note(settings: Settings, name: str) -> str | None:
    with closing(sqlite3.connect(settings.catalogue)) as db:
        row = db.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
    return row[0] if row else None


def killed(settings: Settings, listing: Path, aim: Aim, dice: random.Random) -> tuple[list[str], bool]:
    """Add a listing and kill the process; return the keys that it reported, and whether the kill hit its aim."""
    before = index_sizes(settings)
    process = subprocess.Popen(
        [*ASSISTANT, "add", "-v", str(listing)],
        env=environment(settings.home), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, cwd=ROOT,
    )  # fmt: skip
    assert process.stderr is not None
    keys: list[str] = []
    last = dice.randrange(1, LISTED) if aim == "while adding" else LISTED
    for line in process.stderr:
        if line.startswith("stored "):
            keys.append(line.split()[1])
        if len(keys) == last:
            break
    if aim == "while adding":
        time.sleep(dice.random() * 0.3)
    else:
        # All of them are stored; what comes now is the index.
        while index_sizes(settings) == before and process.poll() is None:
            pass
        # The files are written one after the other, in some milliseconds.
        time.sleep(dice.choice((0, 0, 0.001)))
    process.send_signal(signal.SIGKILL)
    keys += [line.split()[1] for line in process.stderr if line.startswith("stored ") and line.endswith("\n")]
    process.stderr.close()
    return keys, process.wait() == -signal.SIGKILL and (
        aim == "while adding" or note(settings, "index_state") == "writing"
    )


def vectors_in_chroma(settings: Settings) -> dict[str, list[float]]:
    """Return every vector that Chroma holds, by the id of its chunk, as a process that only knows Chroma sees it."""
    code = (
        "import sys, json, chromadb\n"
        "from chromadb.config import Settings\n"
        "c = chromadb.PersistentClient(sys.argv[1], Settings(anonymized_telemetry=False))\n"
        "got = c.get_collection('chunks', embedding_function=None).get(include=['embeddings'])\n"
        "print(json.dumps(dict(zip(got['ids'], got['embeddings'].tolist()))))"
    )
    folder = settings.index / str(note(settings, "index_folder"))
    done = subprocess.run([sys.executable, "-c", code, str(folder)], capture_output=True, text=True, check=True)
    vectors: dict[str, list[float]] = json.loads(done.stdout)
    return vectors


def assert_nothing_lost(settings: Settings, new: Sequence[str], keys: Sequence[str], tmp_path: Path) -> str:
    """Hold each reported key against `papers list` and Chroma, and each new one against `search`, which runs first.

    Returns:
        What the search said on standard error.
    """
    with closing(sqlite3.connect(settings.catalogue)) as db:
        titles = dict(db.execute("SELECT key, json_extract(data, '$.title') FROM papers"))
        stored = dict(db.execute("SELECT id, vector FROM chunks"))
    questions = tmp_path / "questions.txt"
    questions.write_text("".join(f"{titles[key]}\n" for key in new), encoding="utf-8")
    found = assistant(settings.home, "search", "-f", str(questions), "-k", "1", "--json")
    assert found.returncode == 0, found.stderr
    assert [json.loads(line)["hits"][0]["key"] for line in found.stdout.splitlines()] == list(new)
    listed = json.loads(assistant(settings.home, "papers", "list", "--json").stdout)["papers"]
    assert set(keys) <= {paper["key"] for paper in listed}
    in_chroma = vectors_in_chroma(settings)
    assert set(in_chroma) == set(stored)
    for key in keys:
        assert np.allclose(in_chroma[f"{key}#0"], np.frombuffer(stored[f"{key}#0"], dtype="<f4"), atol=1e-6)
    return found.stderr


@pytest.fixture(scope="session")
def homes(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Homes whose index Chroma will write to its files soon: for the first time, and over files that are there."""
    made = []
    for name, counts in (("first", (SOON,)), ("over", (1100, SOON))):
        folder = tmp_path_factory.mktemp(name)
        for number, count in enumerate(counts, start=5_000):
            listing = papers(folder / "papers.jsonl", first=number * 2_000, count=count)
            done = assistant(folder / "home", "add", str(listing))
            assert done.returncode == 0, done.stderr
        made.append(folder / "home")
    return made


def kill_often(tmp_path: Path, homes: list[Path], aims: Iterable[Aim], seed: int) -> Iterator[Aim]:
    """Kill once for each aim and hold the home against the promise after each; yield the aims that were hit.

    Kills while adding hit one home again and again, those inside an index write a copy of a home that was prepared.
    """
    dice = random.Random(seed)
    grown: list[str] = []
    for number, aim in enumerate(aims):
        listing = papers(tmp_path / f"{number}.jsonl", first=number * LISTED, count=LISTED)
        if aim == "while adding":
            settings = Settings(home=tmp_path / f"home-{number // 20}")
            grown = grown if settings.home.exists() else []
            keys, hit = killed(settings, listing, aim, dice)
            grown += keys
            assert_nothing_lost(settings, keys, grown, tmp_path)
        else:
            settings = Settings(home=tmp_path / f"copy-{number}")
            shutil.copytree(dice.choice(homes), settings.home)
            keys, hit = killed(settings, listing, aim, dice)
            said = assert_nothing_lost(settings, keys, keys, tmp_path)
            assert not hit or (len(said.splitlines()) == 1 and "building it again from the catalogue" in said)
            shutil.rmtree(settings.home)
        if hit:
            yield aim


def test_kills_lose_nothing_that_was_reported(tmp_path: Path, homes: list[Path]) -> None:
    """Killed while adding and inside an index write, the library holds every key that was reported."""
    # An index is written within milliseconds, and a kill that is meant for them can come too late.
    aims: list[Aim] = ["while adding", *["inside an index write"] * 12]
    assert list(islice(kill_often(tmp_path, homes, aims, seed=1), 2)) == ["while adding", "inside an index write"]


@pytest.mark.long
def test_a_hundred_kills_lose_nothing_that_was_reported(tmp_path: Path, homes: list[Path]) -> None:
    """A hundred kills that hit, at least thirty of them inside an index write, lose no key that was reported."""
    aims: list[Aim] = ["inside an index write", "while adding", "while adding"] * 36
    hits = list(kill_often(tmp_path, homes, aims, seed=2))
    assert hits.count("inside an index write") >= 30
    assert len(hits) >= 100


def test_progress_says_the_rate_and_the_time_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """While papers are added, a line says how many, how many a second, and how long the rest will take."""
    from assistant.cli import Run, main
    from assistant.cli import papers as commands

    monkeypatch.setattr(Run, "embedder", HashingEmbedder())
    monkeypatch.setattr(commands._Progress.__init__, "__defaults__", (0.0,))
    listing = papers(tmp_path / "papers.jsonl", first=0, count=130)
    with pytest.raises(SystemExit):
        main(["--home", str(tmp_path / "home"), "add", str(listing)])
    lines = [line for line in capsys.readouterr().err.splitlines() if "a second" in line]
    assert [line.split()[0] for line in lines] == ["64", "128", "130"]
    assert all(re.fullmatch(r"\d+ records, \d+ a second, about \d+:\d\d min left", line) for line in lines)
    assert lines[-1].endswith("about 0:00 min left")


def test_ctrl_c_keeps_what_is_stored_and_the_next_add_goes_on(tmp_path: Path) -> None:
    """Ctrl-C ends with exit code 130; the next add takes the reported papers for unchanged, and search finds all."""
    settings = Settings(home=tmp_path / "home")
    listing = papers(tmp_path / "papers.jsonl", first=0, count=1000)
    process = subprocess.Popen(
        [*ASSISTANT, "add", "-v", str(listing)],
        env=environment(settings.home), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, cwd=ROOT,
    )  # fmt: skip
    assert process.stderr is not None
    process.stderr.readline()
    process.send_signal(signal.SIGINT)
    keys = [line for line in process.stderr if line.startswith("stored ")]
    process.stderr.close()
    assert process.wait() == 130
    assert len(keys) < 999
    report = json.loads(assistant(settings.home, "add", "--json", str(listing)).stdout)
    assert report["unchanged"] >= len(keys) + 1
    assert report["added"] == 1000 - report["unchanged"]


def test_a_second_writer_waits_and_readers_go_on(tmp_path: Path) -> None:
    """While one process holds the home, a search answers, and an add waits with a message and then does its work."""
    settings = Settings(home=tmp_path / "home")
    assistant(settings.home, "add", str(papers(tmp_path / "first.jsonl", first=0, count=20)))
    second = papers(tmp_path / "second.jsonl", first=100, count=5)
    with write_lock(settings.write_lock):
        process = subprocess.Popen(
            [*ASSISTANT, "add", str(second)],
            env=environment(settings.home), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, cwd=ROOT,
        )  # fmt: skip
        assert process.stderr is not None
        assert "waiting" in process.stderr.readline()
        found = assistant(settings.home, "search", "--json", "anything at all")
        assert len(json.loads(found.stdout)["hits"]) == 10
        assert process.poll() is None
    process.communicate()
    assert process.returncode == 0
    assert len(json.loads(assistant(settings.home, "papers", "list", "--json").stdout)["papers"]) == 25
