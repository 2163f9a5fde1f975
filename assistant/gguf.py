"""What the header of a GGUF file says, and whether the file is long enough for it.

Reads https://github.com/ggml-org/ggml/blob/master/docs/gguf.md, versions 2 and 3, little-endian.
The header is taken as untrusted: every length is held against the file's size before anything is read, the
number of steps is bounded, and long values are skipped, so garbage costs neither time nor memory.
"""

import math
import re
import struct
from pathlib import Path
from typing import BinaryIO, NamedTuple

from assistant.errors import ModelDamagedError, UsageError
from assistant.records import Frozen

MAGIC = b"GGUF"

Value = int | float | bool | str

_STEPS = 2_000_000
"""Bound on the values in one header; large vocabularies have some 300,000 tokens and 600,000 merges."""

_LARGEST = 1 << 50
"""Sizes above this are nonsense, not files that are cut short."""

_LONGEST_STRING = 1 << 20
"""Longest string that is kept, in bytes; chat templates reach some ten thousand."""

_LONGEST_NAME = 256
"""Longest name of a tensor that is kept, in bytes; the format allows 64."""

_KEPT = 1 << 24
"""Bound on the bytes of all strings that are kept."""

_BLOCK = 1 << 20
_MOST_DIMENSIONS = 4
_STRING, _ARRAY = 8, 9

# Value types by number: uint8, int8, uint16, int16, uint32, int32, float32, bool, then (after string and
# array) uint64, int64, float64.
_SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}

# ggml's tensor types by number: (values in a block, bytes of a block); GGML_QUANT_SIZES of the gguf package.
_BLOCKS = {
    0: (1, 4),
    1: (1, 2),
    2: (32, 18),
    3: (32, 20),
    6: (32, 22),
    7: (32, 24),
    8: (32, 34),
    9: (32, 40),
    10: (256, 84),
    11: (256, 110),
    12: (256, 144),
    13: (256, 176),
    14: (256, 210),
    15: (256, 292),
    16: (256, 66),
    17: (256, 74),
    18: (256, 98),
    19: (256, 50),
    20: (32, 18),
    21: (256, 110),
    22: (256, 82),
    23: (256, 136),
    24: (1, 1),
    25: (1, 2),
    26: (1, 4),
    27: (1, 8),
    28: (1, 8),
    29: (256, 56),
    30: (1, 2),
    34: (256, 54),
    35: (256, 66),
    39: (32, 17),
    40: (64, 36),
    41: (128, 18),
}


# Architectures of models that read without writing.
_READERS = re.compile(r"bert|clip|whisper|t5encoder|gemma-embedding|wavtokenizer", re.IGNORECASE)

_FIRST_OF_SEVERAL = re.compile(r"-(\d{5})-of-(\d{5})\.gguf$", re.IGNORECASE)


class Header(Frozen):
    """The header of a GGUF file: its metadata without arrays, and how many bytes its weights need."""

    version: int
    metadata: dict[str, Value]
    tensors: int
    required: int
    """Bytes that the file has at least, when it is whole."""
    actual: int
    """Bytes that the file has."""

    @property
    def architecture(self) -> str:
        """The kind of network, or nothing where the file doesn't say."""
        return str(self.metadata.get("general.architecture", ""))

    @property
    def context_length(self) -> int | None:
        """Tokens that the model was trained to read at once; None where the file doesn't say."""
        length = self.metadata.get(f"{self.architecture}.context_length")
        return length if isinstance(length, int) and length > 0 else None


class Tensor(NamedTuple):
    """Where the weights of one tensor lie in a GGUF file."""

    name: str
    shape: tuple[int, ...]
    """Slowest dimension first, as numpy has it; GGUF files name the fastest first."""
    kind: int
    """ggml's number of the type: 0 for float32, 1 for float16, others for quantised ones."""
    start: int
    """Byte of the file at which it begins."""


class _ForeignError(Exception):
    """The bytes are not a GGUF header; the message says in which way."""


class _ShortError(Exception):
    """The file ends before its header does; carries the bytes that are known to be needed."""

    def __init__(self, needed: int) -> None:
        super().__init__(needed)
        self.needed = needed


class _Cursor:
    """A place in the file that never moves past the end, and counts its steps."""

    def __init__(self, file: BinaryIO, size: int) -> None:
        self.file = file
        self.size = size
        self.at = 0
        self.steps = 0
        self.kept = 0

    def _advance(self, count: int) -> None:
        self.steps += 1
        if self.steps > _STEPS:
            raise _ForeignError(f"has a header of more than {_STEPS:,} values")
        if count > _LARGEST:
            raise _ForeignError("is not a sound GGUF file: a length in its header makes no sense")
        if self.at + count > self.size:
            raise _ShortError(self.at + count)
        self.at += count

    def take(self, count: int) -> bytes:
        """Read `count` bytes."""
        self._advance(count)
        data = self.file.read(count)
        if len(data) < count:  # the file shrank while it was read
            raise _ShortError(self.at)
        return data

    def skip(self, count: int) -> None:
        """Go `count` bytes on."""
        self._advance(count)
        self.file.seek(self.at)

    def skip_strings(self, count: int) -> None:
        """Go past `count` strings; a vocabulary has hundreds of thousands, so this reads in blocks."""
        start, block = self.at, b""
        for _ in range(count):
            if self.at + 8 > start + len(block):
                self.file.seek(self.at)
                start, block = self.at, self.file.read(_BLOCK)
            if len(block) < self.at + 8 - start:
                raise _ShortError(self.at + 8)
            (length,) = struct.unpack_from("<Q", block, self.at - start)
            self._advance(8 + length)
        self.file.seek(self.at)

    def number(self, code: str) -> Value:
        """Read one scalar of a `struct` type."""
        value: Value = struct.unpack("<" + code, self.take(struct.calcsize("<" + code)))[0]
        return value

    def count(self, code: str = "Q") -> int:
        """Read one unsigned integer."""
        return int(self.number(code))

    def text(self, longest: int = _LONGEST_STRING) -> str | None:
        """Read a string, or go past it and return None when it is longer than `longest` bytes."""
        length = self.count()
        if length > longest or self.kept + length > _KEPT:
            self.skip(length)
            return None
        self.kept += length
        return self.take(length).decode("utf-8", errors="replace")


def read_header(path: Path) -> Header:
    """Return the header of the GGUF file at `path`.

    Raises:
        ModelDamagedError: the file isn't GGUF, or its header makes no sense or is cut short.
        OSError: the file can't be read.
    """
    return _read(path)[0]


def read_tensors(path: Path) -> dict[str, Tensor]:
    """Return the tensors of the GGUF file at `path` by their names, after checking that all its weights are there.

    Raises:
        ModelDamagedError: as `check_complete`.
        OSError: the file can't be read.
    """
    header, tensors = _read(path)
    if header.actual < header.required:
        raise cut_short(path, header.actual, header.required)
    return {tensor.name: tensor for tensor in tensors}


def _read(path: Path) -> tuple[Header, list[Tensor]]:
    size = path.stat().st_size
    try:
        with path.open("rb") as file:
            return _parse(_Cursor(file, size))
    except _ShortError as error:
        raise cut_short(path, size, error.needed) from None
    except _ForeignError as error:
        raise ModelDamagedError(
            f"{path} {error}", "give a GGUF file, or a name that `assistant models list` shows"
        ) from None


def check_complete(path: Path) -> Header:
    """Return the header of the GGUF file at `path`, after checking that all its weights are there.

    Raises:
        ModelDamagedError: as `read_header`, or the file is shorter than its header says.
        OSError: the file can't be read.
    """
    header = read_header(path)
    if header.actual < header.required:
        raise cut_short(path, header.actual, header.required)
    return header


def check_generator(path: Path) -> Header:
    """Return the header of the GGUF file at `path`, after checking that it can write text; of several files, all.

    Raises:
        ModelDamagedError: as `check_complete`, or files of several are missing.
        UsageError: it is a sound file of something else: an adapter, a model that only reads, a later part.
        OSError: the file can't be read.
    """
    header = check_complete(path)
    if header.metadata.get("general.type") == "adapter":
        raise _no_writer(path, "holds an adapter for another model, no model of its own")
    if header.metadata.get("general.type") in ("mmproj", "vocab"):
        raise _no_writer(path, "holds a companion of a model (its eyes or its vocabulary), no model of its own")
    if _READERS.search(header.architecture):
        raise _no_writer(path, f"holds a model that reads and doesn't write ({header.architecture})")
    if found := _FIRST_OF_SEVERAL.search(path.name):
        _check_parts(path, int(found[1]), int(found[2]))
    return header


def _check_parts(path: Path, number: int, count: int) -> None:
    """Check the other files of a model that is split into several."""
    stem = path.name[: -len("-00001-of-00001.gguf")]
    parts = [path.with_name(f"{stem}-{n:05d}-of-{count:05d}{path.suffix}") for n in range(1, count + 1)]
    if number != 1:
        raise UsageError(f"{path} is part {number} of {count} of a model", f"Give the first part: {parts[0].name}")
    if missing := [part.name for part in parts if not part.is_file()]:
        raise ModelDamagedError(
            f"{path} is the first of {count} parts, and {missing[0]} is not beside it", "Copy or download all the parts"
        )
    for part in parts[1:]:
        check_complete(part)


def _no_writer(path: Path, why: str) -> UsageError:
    return UsageError(f"{path} {why}", "Give the GGUF file of a model that writes text, best one tuned for chat")


def cut_short(path: Path, actual: int, required: int) -> ModelDamagedError:
    """Return the error for a file of `actual` bytes that needs `required`."""
    return ModelDamagedError(
        f"{path} is cut short: {actual:,} bytes of at least {required:,}",
        "copy or download the file again; `assistant models list` shows the models with a fixed source",
    )


def _parse(cursor: _Cursor) -> tuple[Header, list[Tensor]]:
    if cursor.size < len(MAGIC) or cursor.take(len(MAGIC)) != MAGIC:
        raise _ForeignError("is not a GGUF file" if cursor.size else "is an empty file")
    version = cursor.count("I")
    if version not in (2, 3):
        swapped = version & 0xFFFF == 0 and version != 0
        raise _ForeignError("is a big-endian GGUF file" if swapped else f"is GGUF of an unknown version ({version})")
    tensors, pairs = cursor.count(), cursor.count()
    metadata: dict[str, Value] = {}
    for _ in range(pairs):
        key, value = cursor.text(), _value(cursor, cursor.count("I"))
        if key is not None and value is not None:
            metadata[key] = value
    table = [_tensor(cursor) for _ in range(tensors)]
    alignment = metadata.get("general.alignment", 32)
    if not isinstance(alignment, int) or not 0 < alignment <= 1 << 20:
        raise _ForeignError("is not a sound GGUF file: its alignment makes no sense")
    if not tensors:
        raise _ForeignError("is a GGUF file without weights")
    weights = _round_up(cursor.at, alignment)
    required = weights + max(end for _, end in table)
    if required > _LARGEST:
        raise _ForeignError("is not a sound GGUF file: the sizes of its weights make no sense")
    header = Header(version=version, metadata=metadata, tensors=tensors, required=required, actual=cursor.size)
    return header, [tensor._replace(start=weights + tensor.start) for tensor, _ in table]


def _round_up(number: int, step: int) -> int:
    return -(-number // step) * step


def _value(cursor: _Cursor, kind: int) -> Value | None:
    """Read one metadata value; arrays and very long strings are passed over and give None."""
    if kind == _STRING:
        return cursor.text()
    if kind == _ARRAY:
        _skip_array(cursor, depth=0)
        return None
    if kind not in _SCALARS:
        raise _ForeignError(f"is not a sound GGUF file: a value of unknown type ({kind})")
    return cursor.number(_SCALARS[kind])


def _skip_array(cursor: _Cursor, depth: int) -> None:
    if depth > 3:
        raise _ForeignError("is not a sound GGUF file: arrays nested without end")
    kind, count = cursor.count("I"), cursor.count()
    if kind in _SCALARS:
        cursor.skip(count * struct.calcsize("<" + _SCALARS[kind]))
        return
    if kind == _STRING:
        cursor.skip_strings(count)
        return
    if kind != _ARRAY:
        raise _ForeignError(f"is not a sound GGUF file: an array of unknown type ({kind})")
    for _ in range(count):
        _skip_array(cursor, depth + 1)


def _tensor(cursor: _Cursor) -> tuple[Tensor, int]:
    """Read one line of the table of tensors; its start, and the end that goes with it, count from the weights."""
    name = cursor.text(longest=_LONGEST_NAME)
    dimensions = cursor.count("I")
    if dimensions > _MOST_DIMENSIONS:
        raise _ForeignError(f"is not a sound GGUF file: a tensor of {dimensions} dimensions")
    shape = [cursor.count() for _ in range(dimensions)]
    kind, offset = cursor.count("I"), cursor.count()
    # A type newer than this table: the tensor's size is unknown, its start still has to be in the file.
    per_block, block_bytes = _BLOCKS.get(kind, (1, 0))
    size = _round_up(math.prod(shape), per_block) // per_block * block_bytes
    return Tensor(name=name or "", shape=tuple(reversed(shape)), kind=kind, start=offset), offset + size
