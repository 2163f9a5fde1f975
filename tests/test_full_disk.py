"""A full disk and a home that can't be written: two lines that say so, nothing lost, and the next command works.

The disk is full to a process that may write files of a few kilobytes only. Permissions mean nothing to root, unless it
gives up the right to pass them over.
"""

import ctypes
import json
import resource
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from assistant.library import Library
from assistant.records import Paper
from tests.test_answers import PAPERS
from tests.test_chat import SHEEP, fill

ROOT = Path(__file__).parent.parent
BEYOND = 64 * 1024
"""Room for SQLite's own files beside the catalogue: a command begins, and fails while it writes."""
ADDED = 160
"""How many papers an add brings: several transactions."""
_PR_CAPBSET_DROP, _CAP_DAC_OVERRIDE = 24, 1

Command = tuple[str, ...]
ADD, ASK, CHAT, DRAFT = ("add", "{new}"), ("ask", SHEEP), ("chat",), ("draft", "sheep", "-o", "{out}")


@pytest.fixture
def filled(tmp_path: Path) -> Path:
    """A home with the small library."""
    fill(tmp_path / "home", PAPERS)
    lines = (json.dumps({"title": f"On Bell {n}", "abstract": f"Bell {n} rings. " * 40}) + "\n" for n in range(ADDED))
    (tmp_path / "new.jsonl").write_text("".join(lines))
    return tmp_path / "home"


def run(home: Path, command: Command, before: Callable[[], None] | None = None) -> "subprocess.CompletedProcess[str]":
    """Run a command in a process of its own, which does something first; chat is asked one question."""
    names = {"new": str(home.parent / "new.jsonl"), "out": str(home.parent / "draft.md")}
    return subprocess.run(
        [sys.executable, "-m", "tests.chat_stand_in", "--home", str(home), *(part.format(**names) for part in command)],
        preexec_fn=before, input=f"{SHEEP}\n", capture_output=True, text=True, check=False, cwd=ROOT,
    )  # fmt: skip


def papers(home: Path) -> list[Paper]:
    """Return what the library holds; its file is sound."""
    with Library.open(home / "catalogue.sqlite3") as library:
        assert library.broken_pages() == ""
        return list(library.papers())


def full(size: int) -> Callable[[], None]:
    """Let a process write no file beyond a size."""
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


def heed_permissions() -> None:
    """Give up root's right to write what it may not."""
    ctypes.CDLL(None).prctl(_PR_CAPBSET_DROP, _CAP_DAC_OVERRIDE, 0, 0, 0)


@pytest.fixture
def read_only(filled: Path) -> Iterator[Path]:
    """A home in which nothing can be written; skip where that can't be had."""
    every = [filled, *filled.rglob("*")]
    for path in every:
        path.chmod(0o500 if path.is_dir() else 0o400)
    touch = [sys.executable, "-c", f"open({str(filled / 'probe')!r}, 'w')"]
    if subprocess.run(touch, preexec_fn=heed_permissions, capture_output=True, check=False).returncode == 0:
        pytest.skip("this user writes whatever the permissions say")
    yield filled
    make_writable(filled)


def make_writable(home: Path) -> None:
    for path in (home, *home.rglob("*")):
        path.chmod(0o700 if path.is_dir() else 0o600)


def assert_two_lines(done: "subprocess.CompletedProcess[str]", *words: str) -> None:
    """Hold a failed command against the promise: exit 1, two lines, no traceback."""
    assert done.returncode == 1, done
    assert done.stdout == ""
    what, cure = done.stderr.strip().splitlines()
    assert what.startswith("Error: ")
    assert cure.endswith(".")
    for word in words:
        assert word in done.stderr


@pytest.mark.parametrize("command", [ADD, ASK, CHAT, DRAFT], ids=lambda command: command[0])
def test_no_room_at_all(filled: Path, command: Command) -> None:
    """Where not even the catalogue can be opened, each command says so, and works once there is room."""
    before = papers(filled)
    assert_two_lines(run(filled, command, full(4096)), "can't write", "space")
    assert papers(filled) == before
    assert run(filled, command).returncode == 0
    assert papers(filled)[: len(before)] == before


def test_add_stops_in_the_middle(filled: Path) -> None:
    """An add that fills the disk keeps what was there and what it reported; the same add then brings the rest."""
    before = papers(filled)
    room = (filled / "catalogue.sqlite3").stat().st_size + BEYOND
    done = run(filled, ("-v", *ADD), full(room))
    stored = [line.removeprefix("stored ") for line in done.stderr.splitlines() if line.startswith("stored ")]
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert done.stderr.splitlines()[-2].startswith("Error: ")
    left = papers(filled)
    assert left[: len(before)] == before
    assert set(stored) <= {paper.key for paper in left}
    assert len(left) < len(before) + ADDED
    assert run(filled, ADD).returncode == 0
    assert len(papers(filled)) == len(before) + ADDED


def test_chat_goes_on_without_being_kept(filled: Path) -> None:
    """A chat on a disk that fills answers all the same, and says that it is kept no longer."""
    with Library.open(filled / "catalogue.sqlite3"):  # holds the log open, so that it only has to grow
        done = run(filled, CHAT, full(32 * 1024))
    assert done.returncode == 0, done.stderr
    assert "[1] countingSheepDeep2022" in done.stdout
    assert "not kept" in done.stderr
    assert "Traceback" not in done.stderr
    assert len(papers(filled)) == len(PAPERS)
    again = run(filled, CHAT)
    assert "not kept" not in again.stderr


def test_a_draft_is_written_whole_or_not_at_all(filled: Path) -> None:
    """A draft that finds no room leaves the file that was there as it was."""
    out = filled.parent / "draft.md"
    out.write_text("mine")
    drafted = run(filled, DRAFT)
    assert drafted.returncode == 0, drafted.stderr
    whole = out.read_text()
    assert len(whole) > 300
    out.write_text("mine")
    with Library.open(filled / "catalogue.sqlite3"):
        done = run(filled, DRAFT, full(200))
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert out.read_text() == "mine"
    assert [path.name for path in filled.parent.iterdir() if path.name.startswith((".", "draft"))] == ["draft.md"]


@pytest.mark.long
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
@pytest.mark.parametrize("command", [ASK, ("search", "sheep"), ("draft", "sheep")], ids=lambda command: command[0])
def test_no_room_for_what_is_printed(filled: Path, command: Command) -> None:
    """A result that is sent into a file on a full disk ends in an error, not in a traceback or in silence."""
    with open("/dev/full", "w") as sink:
        done = subprocess.run(
            [sys.executable, "-m", "tests.chat_stand_in", "--home", str(filled), *command],
            stdout=sink, stderr=subprocess.PIPE, text=True, check=False, cwd=ROOT,
        )  # fmt: skip
    assert done.returncode == 1, done
    assert "No space left" in done.stderr
    assert "Traceback" not in done.stderr


def test_add_to_a_home_that_can_not_be_written(read_only: Path) -> None:
    """Nothing can be added: two lines; once the home is writable it can."""
    assert_two_lines(run(read_only, ADD, heed_permissions), "can't write", "permissions")
    make_writable(read_only)
    assert len(papers(read_only)) == len(PAPERS)
    assert run(read_only, ADD).returncode == 0


@pytest.mark.parametrize("command", [ASK, CHAT, DRAFT], ids=lambda command: command[0])
def test_reading_a_home_that_can_not_be_written(read_only: Path, command: Command) -> None:
    """Questions, chats and drafts need to write nothing; a chat says that it isn't kept."""
    held = {path: path.read_bytes() for path in read_only.rglob("*") if path.is_file()}
    done = run(read_only, command, heed_permissions)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    assert ("not kept" in done.stderr) == (command == CHAT)
    assert {path: path.read_bytes() for path in read_only.rglob("*") if path.is_file()} == held
    make_writable(read_only)
    assert run(read_only, command).returncode == 0


def test_a_home_below_a_folder_that_can_not_be_written(tmp_path: Path) -> None:
    """A new home that can't be made is refused in two lines."""
    place = tmp_path / "locked"
    place.mkdir(mode=0o500)
    (tmp_path / "new.jsonl").write_text(json.dumps({"title": "On Bells", "abstract": "They ring."}) + "\n")
    probe = [sys.executable, "-c", f"open({str(place / 'probe')!r}, 'w')"]
    if subprocess.run(probe, preexec_fn=heed_permissions, capture_output=True, check=False).returncode == 0:
        pytest.skip("this user writes whatever the permissions say")
    done = run(place / "home", ("add", str(tmp_path / "new.jsonl")), heed_permissions)
    assert_two_lines(done, "can't write", "permissions")
    shutil.rmtree(place)
