"""What a conversation looks like, held by whole transcripts at 80 and 40 columns, in UTF-8 and in ASCII.

After a change that is meant, `python -m tests.test_transcripts` writes them anew; read the difference.
"""

import contextlib
import io
import re
import tempfile
from pathlib import Path

import pytest
from wcwidth import wcswidth

from assistant import ingest
from assistant.chat import Screen
from assistant.cli.run import show, tell
from assistant.config import Settings, data_path
from assistant.library import Library
from assistant.store import write_lock
from assistant.testing import HashingEmbedder
from tests.test_chat import Talk

GOLDEN = Path(__file__).parent / "golden"
LINES = (
    "What is XNLI?",
    "/why 1",
    "Which papers present data sets for dialogue?",
    "And what does [1] say about Swahili?",
    "What is the melting point of tungsten?",
    "/sources",
    "/show 2",
    "/drop 2",
    "/sorces",
    "/why 9",
    "/set",
    "/help",
)
WORDINGS = (
    "Most systems learn from data that is annotated in a single language, usually English.",
    "The authors build XNLI, which extends MultiNLI to 44 languages.",
    "The authors build XNLI, an evaluation set that extends MultiNLI to 14 languages.",
)
KINDS = [(width, encoding) for width in (80, 40) for encoding in ("utf-8", "ascii")]


def fill(home: Path) -> None:
    """Put the sample library into a home."""
    with Library.create(Settings(home=home).catalogue) as library, write_lock(Settings(home=home).write_lock):
        ingest.add(ingest.read_files([data_path("eval") / "library.jsonl"]), library, HashingEmbedder())


def transcript(home: Path, width: int, encoding: str) -> str:
    """Return a whole conversation as a terminal of some width and encoding shows it."""
    buffer = io.BytesIO()
    stream = io.TextIOWrapper(buffer, encoding=encoding, newline="\n")
    talk = Talk(home, *WORDINGS, width=width)
    talk.chat._screen = Screen(show, tell, lambda: width)
    with contextlib.redirect_stdout(stream), contextlib.redirect_stderr(stream):
        for line in LINES:
            print(f"> {line}")
            talk.chat.take(line)
            print()
    talk.close()
    stream.flush()
    return re.sub(r"\d+\.\d s\)", "0.0 s)", buffer.getvalue().decode(encoding))


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with the sample library."""
    home = tmp_path_factory.mktemp("sample") / "home"
    fill(home)
    return home


@pytest.mark.parametrize(("width", "encoding"), KINDS)
def test_a_conversation_looks_like_this(sample: Path, width: int, encoding: str) -> None:
    """The whole transcript is as it was; no line is wider than the terminal, but for a key that is."""
    text = transcript(sample, width, encoding)
    assert text == (GOLDEN / f"chat-{width}-{encoding}.txt").read_bytes().decode(encoding)
    wide = [line for line in text.splitlines() if wcswidth(line) > width]
    assert [line for line in wide if len(line.split()) > 1 and not line.startswith("> ")] == []


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        fill(Path(folder) / "home")
        for kind in KINDS:
            (GOLDEN / f"chat-{kind[0]}-{kind[1]}.txt").write_bytes(
                transcript(Path(folder) / "home", *kind).encode(kind[1])
            )
