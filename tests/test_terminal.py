"""The chat in a real pseudo-terminal: prompt, history, completion, Ctrl-C, kill, narrow windows, pipes."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pexpect
import pytest

from assistant.sessions import Sessions
from tests.test_answers import PAPERS
from tests.test_chat import LAMPS, SHEEP, fill

ROOT = Path(__file__).parent.parent
COMMAND = ["-m", "tests.chat_stand_in"]

Start = Callable[..., "pexpect.spawn[str]"]


@pytest.fixture
def filled(tmp_path: Path) -> Path:
    """A home with the small library."""
    fill(tmp_path / "home", PAPERS)
    return tmp_path / "home"


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start the program in a pseudo-terminal."""
    children: list[pexpect.spawn[str]] = []

    def spawn(*arguments: str, columns: int = 80, **environment: str) -> "pexpect.spawn[str]":
        child = pexpect.spawn(
            sys.executable,
            [*COMMAND, "--home", str(tmp_path / "home"), *arguments],
            cwd=str(ROOT),
            env=os.environ
            | {"TERM": "xterm", "LC_ALL": "C.UTF-8", "NO_COLOR": "1", "PROMPT_TOOLKIT_NO_CPR": "1"}
            | environment,
            dimensions=(40, columns),
            encoding="utf-8",
            timeout=180,
            use_poll=True,  # select() can't watch a file descriptor above 1,023
        )
        children.append(child)
        return child

    yield spawn
    for child in children:
        child.close(force=True)


def plain(text: str) -> str:
    """Return what a terminal would show of a text: its sequences taken out."""
    return re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]|\x1b[=>]|\r", "", text)


def ready(child: "pexpect.spawn[str]") -> str:
    """Wait for the prompt; return what came before it."""
    child.expect(r"\x1b\[\?2004h")  # bracketed paste is switched on with each prompt
    return plain(child.before or "")


def questions(home: Path, name: str) -> list[tuple[str, str, int]]:
    """Return what is kept of a conversation: each question, how it ended, and how many statements it has."""
    with Sessions(home / "catalogue.sqlite3") as sessions:
        kept = sessions.exchanges(sessions.find(name))
    return [(exchange.answer.question, exchange.ended, len(exchange.answer.statements)) for exchange in kept]


def test_a_conversation_in_a_terminal(start: Start, filled: Path) -> None:
    """A question is answered with a mark and a key, /why opens it, and Ctrl-D leaves with code 0."""
    child = start("chat", "--session", "talk")
    assert "4 papers" in ready(child)
    child.send(SHEEP + "\r")
    child.expect(r"\[1\] countingSheepDeep2022")
    child.expect("statements? checked")
    ready(child)
    child.send("/why 1\r")
    child.expect("> The net misses 3% of the sheep on hill farms.")
    ready(child)
    child.sendeof()
    child.expect(pexpect.EOF)
    child.wait()
    assert child.exitstatus == 0
    assert [question for question, _, _ in questions(filled, "talk")] == [SHEEP]


def test_what_is_going_on_is_said_with_seconds(start: Start, filled: Path) -> None:
    """While somebody waits, a line says what is done and for how long, and goes when a statement comes."""
    child = start("chat", ASSISTANT_TEST_DELAY_S="0.4")
    ready(child)
    child.send(SHEEP + "\r")
    child.expect(r"reading 1 abstract: wording and checking \d sentences · \d+\.\d s")
    child.expect("statements? checked")


def test_ctrl_c_in_the_middle_of_a_statement(start: Start, filled: Path) -> None:
    """Ctrl-C stops the answer, keeps what was checked, and returns to the prompt; the chat goes on."""
    child = start("chat", "--session", "stop", ASSISTANT_TEST_DELAY_S="0.5")
    ready(child)
    child.send("Which papers count sheep on hills from the air?\r")
    child.expect(r"\[1\]")
    child.expect(r"wording and checking")
    child.sendintr()
    child.expect("stopped; what is above was checked and is kept")
    ready(child)
    assert [(ended, said) for _, ended, said in questions(filled, "stop")] == [("stopped", 1)]
    child.send("/sources\r")
    child.expect(r"\[1\] ")
    ready(child)


def test_ctrl_c_at_the_prompt(start: Start, filled: Path) -> None:
    """At the prompt Ctrl-C clears the line, and a second one soon after leaves."""
    child = start("chat")
    ready(child)
    child.send("half a question")
    child.expect("half a question")
    child.sendintr()
    child.expect("again")
    child.sendintr()
    child.expect(pexpect.EOF)
    child.wait()
    assert child.exitstatus == 0, plain(child.before or "")


def test_kill_between_two_turns(start: Start, filled: Path) -> None:
    """After kill -9 the conversation goes on with everything that was said, its numbers included."""
    child = start("chat", "--session", "killed")
    ready(child)
    for question in (SHEEP, LAMPS):
        child.send(question + "\r")
        child.expect("statements? checked")
        ready(child)
    child.kill(signal.SIGKILL)
    child.expect(pexpect.EOF)
    again = start("chat", "-c")
    assert "Conversation killed: 2 turns, 2 sources." in ready(again)
    again.send("/show 2\r")
    again.expect("Lantern: Seeing by Little Light")
    assert [question for question, _, _ in questions(filled, "killed")] == [SHEEP, LAMPS]


def test_kill_in_the_middle_of_an_answer(start: Start, filled: Path) -> None:
    """After kill -9 while it answers, every statement that was shown is kept."""
    child = start("chat", "--session", "cut", ASSISTANT_TEST_DELAY_S="0.5")
    ready(child)
    child.send("Which papers count sheep on hills from the air?\r")
    child.expect(r"\[1\]")
    child.kill(signal.SIGKILL)
    child.expect(pexpect.EOF)
    ((_, ended, said),) = questions(filled, "cut")
    assert (ended, said) == ("open", 1)
    assert "stopped after 1 statement" in " ".join(ready(start("chat", "--session", "cut")).split())


def test_history_completion_and_several_lines(start: Start, filled: Path) -> None:
    """The arrow brings earlier lines, Tab completes commands and keys, Alt-Enter and quotes join lines."""
    first = start("chat")
    ready(first)
    first.send("/help why\r")
    first.expect("last answer")
    ready(first)
    first.sendeof()
    first.expect(pexpect.EOF)
    child = start("chat", "--session", "edit")
    ready(child)
    child.send("\x1b[A")
    child.expect("/help why")
    child.send("\x15/sess\t")
    child.expect("ions")  # what Tab added
    child.send("\r")
    child.expect("No conversation was kept yet")
    ready(child)
    child.send("What share of sheep\x1b\rdoes the net miss on hill farms?\r")
    child.expect("statements? checked")
    ready(child)
    child.send('"""What share of sheep\rdoes the net miss\ron hill farms?"""\r')
    child.expect("statements? checked")
    ready(child)
    child.send("/drop countingS\t")
    child.expect("heepDeep2022")
    child.send("\r")
    child.expect("3 of 4 papers")
    assert [question for question, _, _ in questions(filled, "edit")] == [SHEEP, SHEEP]


def test_a_pasted_abstract_is_one_question(start: Start, filled: Path) -> None:
    """Bracketed paste of several lines is one question, asked with Enter."""
    child = start("chat", "--session", "paste")
    ready(child)
    child.send("\x1b[200~What share of sheep\ndoes the net miss\non hill farms?\x1b[201~\r")
    child.expect("statements? checked")
    ready(child)
    assert [question for question, _, _ in questions(filled, "paste")] == [SHEEP]


def test_edit_opens_the_editor(start: Start, filled: Path, tmp_path: Path) -> None:
    """/edit gives the last question to $EDITOR and asks what it leaves."""
    editor = tmp_path / "editor"
    editor.write_text(f"#!{sys.executable}\nimport sys\nopen(sys.argv[1], 'w').write({LAMPS!r})\n")
    editor.chmod(0o755)
    child = start("chat", "--session", "edit", EDITOR=str(editor))
    ready(child)
    child.send("/edit\r")
    child.expect("Lantern: Seeing by Little Light")
    child.expect("statements? checked")
    ready(child)
    assert [question for question, _, _ in questions(filled, "edit")] == [LAMPS]


def test_a_narrow_ascii_terminal(start: Start, filled: Path) -> None:
    """At 40 columns and in ASCII, no line is longer, keys and marks are whole, and every character is ASCII."""
    child = start("chat", columns=40, LC_ALL="C", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0", ASSISTANT_TEST_DELAY_S="0.2")
    ready(child)
    child.send("What are river names?\r")
    child.expect("statements? checked")
    shown = plain(child.before or "").partition("\n")[2]  # without the question as it is typed
    assert shown.isascii()
    assert "riversNames2023" in shown
    printed = [line for line in re.split(r"\n", shown) if not re.search(r"[|/\\-] \w+ing", line)]
    assert max(map(len, printed)) <= 40


def test_a_window_made_narrower(start: Start, filled: Path) -> None:
    """After the window has become narrower, what comes is wrapped to its new width."""
    child = start("chat")
    ready(child)
    child.send(SHEEP + "\r")
    child.expect("statements? checked")
    assert max(map(len, plain(child.before or "").splitlines())) > 50
    ready(child)
    child.setwinsize(40, 50)
    child.send("/show 1\r")
    child.expect(r"from\s+a\s+drone")  # the abstract's last words
    narrow = plain(child.before or "").rpartition("/show 1")[2]
    assert "Counting Sheep" in narrow
    assert 40 < max(map(len, narrow.splitlines())) <= 50


def test_an_empty_library_offers_three_ways(start: Start, tmp_path: Path) -> None:
    """Without papers the chat offers files, Zotero and the sample, and goes on with what was added."""
    (tmp_path / "mine.jsonl").write_text(
        "".join(json.dumps({"title": title, "abstract": abstract}) + "\n" for title, abstract in PAPERS)
    )
    child = start("chat")
    child.expect("Three ways to fill the library")
    child.expect("1, 2, 3, or a path: ")
    child.send(f"{tmp_path / 'nothing.txt'}\r")
    child.expect("1, 2, 3, or a path: ")
    child.send(f"{tmp_path / 'mine.jsonl'}\r")
    child.expect("4 papers. Ask a question")
    ready(child)
    child.send(SHEEP + "\r")
    child.expect("statements? checked")


def test_in_a_pipe(filled: Path) -> None:
    """In a pipe: no prompt, no sequence, results on standard output and talk on standard error."""
    done = subprocess.run(
        [sys.executable, *COMMAND, "--home", str(filled), "chat"],
        input=f"{SHEEP}\n/sorces\n/why 1\n", capture_output=True, text=True, check=True, cwd=ROOT,
    )  # fmt: skip
    assert "\x1b" not in done.stdout + done.stderr
    assert not re.search(r"^> ", done.stdout, re.MULTILINE)
    assert "[1] countingSheepDeep2022" in done.stdout
    assert "Did you mean /sources?" in done.stderr
    assert "verdict: supported" in done.stdout
