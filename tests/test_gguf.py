"""The GGUF header reader: what it reads, and that garbage neither fools nor stalls it."""

import contextlib
import struct
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.errors import ModelDamagedError
from assistant.gguf import check_complete, read_header, read_tensors

F32, Q4_1 = 0, 3


def text(value: str) -> bytes:
    """Return a string as GGUF writes it."""
    data = value.encode()
    return struct.pack("<Q", len(data)) + data


def tiny_gguf() -> bytes:
    """A whole GGUF file: three metadata values, two tensors of 128 and 20 bytes, the second at offset 128."""
    pairs = [
        text("general.architecture") + struct.pack("<I", 8) + text("llama"),
        text("llama.context_length") + struct.pack("<II", 4, 2048),
        text("tokenizer.ggml.tokens") + struct.pack("<IIQ", 9, 8, 3) + text("a") + text("b") + text("é"),
    ]
    tensors = [
        text("one") + struct.pack("<IQQIQ", 2, 8, 4, F32, 0),
        text("two") + struct.pack("<IQIQ", 1, 32, Q4_1, 128),
    ]
    header = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(pairs)) + b"".join(pairs + tensors)
    header += b"\0" * (-len(header) % 32)
    return header + bytes(128 + 20)


def written(folder: Path, content: bytes) -> Path:
    """Return a file of this content."""
    path = folder / "model.gguf"
    path.write_bytes(content)
    return path


def test_header_says_what_the_file_holds(tmp_path: Path) -> None:
    """The header gives the metadata without arrays, the number of tensors and the exact size needed."""
    content = tiny_gguf()
    header = check_complete(written(tmp_path, content))
    assert header.metadata == {"general.architecture": "llama", "llama.context_length": 2048}
    assert (header.tensors, header.required, header.actual) == (2, len(content), len(content))


def test_tensors_are_found_where_they_lie(tmp_path: Path) -> None:
    """Names, shapes with the slowest dimension first, types, and places counted from the file's beginning."""
    content = tiny_gguf()
    tensors = read_tensors(written(tmp_path, content))
    weights = len(content) - 148
    assert tensors["one"] == ("one", (4, 8), F32, weights)
    assert tensors["two"] == ("two", (32,), Q4_1, weights + 128)


def test_every_cut_is_noticed(tmp_path: Path) -> None:
    """A file cut at any byte is refused, and the message carries its size."""
    content = tiny_gguf()
    for length in range(1, len(content)):
        with pytest.raises(ModelDamagedError) as caught:
            check_complete(written(tmp_path, content[:length]))
        if length >= 4:
            assert f"cut short: {length} bytes" in caught.value.what


def test_bytes_after_the_weights_are_no_damage(tmp_path: Path) -> None:
    """Padding after the last tensor is accepted, as llama.cpp does."""
    check_complete(written(tmp_path, tiny_gguf() + bytes(100)))


PREFIX = b"GGUF" + struct.pack("<I", 3)
KEY = text("k")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is an empty file"),
        (b"PK\x03\x04 a zip", "is not a GGUF file"),
        (b"GGUF" + struct.pack("<IQQ", 9, 0, 0), "unknown version (9)"),
        (b"GGUF" + struct.pack(">IQQ", 3, 0, 0), "big-endian"),
        (PREFIX + struct.pack("<QQ", 0, 0), "without weights"),
        (PREFIX + struct.pack("<QQ", 1, 1) + struct.pack("<Q", 2**63), "makes no sense"),
        (PREFIX + struct.pack("<QQ", 1, 1) + KEY + struct.pack("<I", 77), "unknown type (77)"),
        (PREFIX + struct.pack("<QQ", 1, 1) + KEY + struct.pack("<IIQ", 9, 10, 2**60), "makes no sense"),
        (PREFIX + struct.pack("<QQ", 1, 1) + KEY + struct.pack("<I", 9) * 9 + bytes(99), "cut short"),
        (PREFIX + struct.pack("<QQ", 2**60, 0), "cut short"),
        (PREFIX + struct.pack("<QQ", 1, 0) + KEY + struct.pack("<I", 2**31), "dimensions"),
        (PREFIX + struct.pack("<QQ", 1, 0) + KEY + struct.pack("<IQIQ", 1, 2**62, F32, 0), "no sense"),
    ],
)
def test_nonsense_is_named(tmp_path: Path, content: bytes, said: str) -> None:
    """Each kind of nonsense is refused with words that say what is wrong."""
    with pytest.raises(ModelDamagedError, match="is") as caught:
        check_complete(written(tmp_path, content))
    assert said in caught.value.what


def test_endless_vocabulary_is_bounded(tmp_path: Path) -> None:
    """A file of a hundred million empty strings is given up on, not read to its end."""
    path = tmp_path / "model.gguf"
    with path.open("wb") as file:
        file.write(PREFIX + struct.pack("<QQ", 1, 1) + KEY + struct.pack("<IIQ", 9, 8, 10**8))
        file.truncate(10**9)  # sparse: zeros, so each string is empty
    with pytest.raises(ModelDamagedError, match="header of more than"):
        check_complete(path)


@settings(max_examples=300, deadline=2000)
@given(st.lists(st.tuples(st.integers(0, 500), st.integers(0, 255)), max_size=6), st.binary(max_size=40))
def test_changed_bytes_never_break_the_reader(
    tmp_path_factory: pytest.TempPathFactory, changes: list[tuple[int, int]], tail: bytes
) -> None:
    """Whatever bytes change, the answer is a header or the one error, quickly."""
    content = bytearray(tiny_gguf() + tail)
    for place, value in changes:
        content[place % len(content)] = value
    path = written(tmp_path_factory.getbasetemp(), bytes(content))
    with contextlib.suppress(ModelDamagedError):
        assert read_header(path).version in (2, 3)


@given(st.binary(max_size=200))
def test_garbage_behind_the_magic_is_refused(tmp_path_factory: pytest.TempPathFactory, garbage: bytes) -> None:
    """Random bytes after a right magic and version never pass as a whole file with many tensors."""
    path = written(tmp_path_factory.getbasetemp(), PREFIX + struct.pack("<QQ", 1000, 1000) + garbage)
    with pytest.raises(ModelDamagedError):
        check_complete(path)
