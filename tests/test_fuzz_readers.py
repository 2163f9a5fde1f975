"""Mutated files: whatever is done to an export, a reader neither crashes nor hangs nor blows up."""

import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assistant.errors import ReadError
from assistant.readers import check, read_document
from assistant.readers.base import Document
from assistant.records import Problem, Record

EXPORTS = Path(__file__).parent / "fixtures" / "exports"
FIXTURES = {path.name: path.read_bytes() for path in sorted(EXPORTS.iterdir()) if path.is_file()}
# Pieces that mean something to one format or another.
TOKENS = [
    b"{", b"}", b'"', b"@article{", b"@", b"\\", b"\\'", b"$", b"%", b"\n", b"\r", b"\0", b"\xff", b"\xef\xbb\xbf",
    b"TY  - ", b"ER  - ", b"AB  - ", b"PMID- ", b"<entry>", b"</entry>", b"&amp;", b"&#0;", b"[", b"]", b",", b";",
    b"\t", b'{"title":', b"null", b"1e999", b"-1", b"9" * 5000, b"\\ud800", b"[" * 5000, b"{" * 5000, b"(" * 5000,
    b"\\\\\n", b"arXiv:", b"\xe2\x80\xa8", b"\x1b[31m", b" and " * 200, b" " * 5000, b"<p " * 500, b"\\'{" * 500,
]  # fmt: skip
SECONDS = 5.0


def read_all(data: bytes) -> list[Record | Problem]:
    """Read bytes as a file; a refusal of the whole file is an answer too."""
    document = Document.of("fuzz", data)
    started = time.monotonic()
    try:
        check(document)
        items = list(read_document(document))
    except ReadError:
        return []
    assert time.monotonic() - started < SECONDS
    records = [item for item in items if isinstance(item, Record)]
    size = sum(
        len(item.abstract) + len(item.title) + sum(len(part.text) for part in item.full_text) for item in records
    )
    assert size <= 40 * len(document.data) + 100_000
    lines = document.text.count("\n") + 1
    for item in items:
        if isinstance(item, Record):
            assert item.title.strip() or item.full_text
            assert all(part.text.encode("utf-8") and part.page >= 1 for part in item.full_text)
            item.model_dump_json().encode("utf-8")
            assert item.source.line >= 1
        else:
            assert 1 <= item.line <= lines + 1
            assert item.message
    return items


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A fixture with pieces cut out, doubled, swapped, overwritten or put in."""
    data = bytearray(FIXTURES[draw(st.sampled_from(sorted(FIXTURES)))])
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, len(data)))
        size = draw(st.integers(0, 200))
        match draw(st.integers(0, 4)):
            case 0:
                del data[at : at + size]
            case 1:
                data[at:at] = data[at : at + size] * 3
            case 2:
                data[at:at] = draw(st.sampled_from(TOKENS))
            case 3:
                data[at : at + 4] = draw(st.binary(max_size=8))
            case _:
                del data[at:]
    return bytes(data)


@settings(max_examples=300, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(mutated())
def test_mutated_exports(data: bytes) -> None:
    """A mutated export gives records and problems, in time, of bounded size."""
    read_all(data)


@pytest.mark.long
@settings(max_examples=20_000, deadline=None, suppress_health_check=list(HealthCheck))
@given(mutated())
def test_mutated_exports_at_length(data: bytes) -> None:
    """The same, twenty thousand times with fresh seeds."""
    read_all(data)


@pytest.mark.parametrize("name", sorted(FIXTURES))
def test_cut_anywhere(name: str) -> None:
    """A file cut at any of sixty places is read up to there."""
    data = FIXTURES[name]
    for at in range(0, len(data), max(1, len(data) // 60)):
        read_all(data[:at])


@pytest.mark.parametrize("name", sorted(FIXTURES))
@pytest.mark.parametrize(
    "token", [b"{", b'"', b"<entry>", b"TY  - \n", b"[", b"\\'{", b"@a{", b"(", b"\n\\\\\narXiv:1\n"]
)
def test_a_flood_after_an_export(name: str, token: bytes) -> None:
    """A fixture followed by forty thousand bytes of one piece is read in time."""
    read_all(FIXTURES[name] + token * (40_000 // len(token)))
