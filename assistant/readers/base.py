"""What every reader has in common: bytes in, records and problems out, never stopping at one bad entry."""

import codecs
import gzip
import io
import re
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property

from assistant.errors import ReadError
from assistant.records import Problem, Record

_HEAD_BYTES = 256 * 1024
# A record is far smaller than this; a longer line is a foreign file, and holding it would cost memory for nothing.
_MAX_LINE = 32 * 1024 * 1024
# Only formats that can't be read line by line hold a whole file, and none of them comes in larger files.
_MAX_TEXT = 512 * 1024 * 1024
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_GZIP = b"\x1f\x8b"
_BROKEN_GZIP = (EOFError, gzip.BadGzipFile, zlib.error)


@dataclass(frozen=True)
class Document:
    """An input file, unpacked and decoded as it is read.

    Attributes:
        name: the path as the user gave it; it appears in sources and problems.
        opened: opens the file's bytes from the start.
        warnings: what was noticed about the file as a whole while it was read (a guessed encoding, a cut archive).
    """

    name: str
    opened: Callable[[], io.BufferedIOBase]
    warnings: list[Problem] = field(default_factory=list)

    @classmethod
    def of(cls, name: str, data: bytes) -> "Document":
        """Return a document that holds these bytes."""
        return cls(name, lambda: io.BytesIO(data))

    @cached_property
    def opening(self) -> bytes:
        """The first bytes, unpacked."""
        with self._stream() as stream:
            return self._read(stream, _HEAD_BYTES)

    @cached_property
    def head(self) -> str:
        """The opening of the text: enough to tell the format, never the whole of a large file."""
        if self._is_utf16:
            return _newlines(self.opening.decode("utf-16", errors="ignore"))
        return _newlines("\n".join(_decoded(line)[0] for line in self.opening.split(b"\n"))).lstrip("\ufeff")

    @cached_property
    def text(self) -> str:
        """The whole text, line ends normalised to a single newline.

        Raises:
            ReadError: it is too large to be held.
        """
        data = self.data
        if self._is_utf16:
            return _newlines(data.decode("utf-16", errors="replace"))
        try:
            return _newlines(data.decode("utf-8-sig"))
        except UnicodeDecodeError as error:
            self._warn_encoding(data.count(b"\n", 0, error.start) + 1)
            return _newlines("\n".join(_decoded(line)[0] for line in data.split(b"\n"))).lstrip("\ufeff")

    @cached_property
    def data(self) -> bytes:
        """All bytes, unpacked.

        Raises:
            ReadError: they are too many to be held.
        """
        with self._stream() as stream:
            data = self._read(stream, _MAX_TEXT + 1)
        if len(data) > _MAX_TEXT:
            raise ReadError(f"{self.name}: larger than {_MAX_TEXT >> 20} MiB", "Split the file and add the parts.")
        return data

    @cached_property
    def lines(self) -> list[str]:
        """All lines, without their ends; index 0 is line 1."""
        return self.text.split("\n")

    def stream(self) -> Iterator[tuple[int, str]]:
        """Yield the 1-based number and the text of each line, holding one line at a time."""
        number = 0
        with self._stream() as stream:
            for raw in self._raw_lines(stream):
                for line in raw.split("\r"):
                    number += 1
                    yield number, line

    @property
    def looks_binary(self) -> bool:
        """True where the opening holds what no text holds."""
        if self._is_utf16:
            return False
        if b"\0" in self.opening:
            return True
        controls = sum(1 for char in self.head if not char.isprintable() and char not in "\r\n\t")
        return controls > len(self.head) // 100 and any(_decoded(line)[1] for line in self.opening.split(b"\n"))

    def problem(self, line: int, message: str) -> Problem:
        """Return a problem at a 1-based line."""
        return Problem(file=self.name, line=line, message=message)

    @property
    def _is_utf16(self) -> bool:
        return self.opening.startswith(_UTF16)

    def _stream(self) -> io.BufferedIOBase:
        stream = self.opened()
        magic = stream.read(2)
        stream.seek(0)
        return _Gunzipped(stream) if magic == _GZIP else stream

    def _read(self, stream: io.BufferedIOBase, limit: int) -> bytes:
        """Read up to a limit, and what there is where the packed data is damaged."""
        parts: list[bytes] = []
        size = 0
        try:
            while size < limit and (part := stream.read1(min(1 << 20, limit - size))):
                parts.append(part)
                size += len(part)
        except _BROKEN_GZIP:
            so_far = b"".join(parts)
            wide = so_far.startswith(_UTF16)
            self._warn_cut(1 + (so_far.decode("utf-16", "replace").count("\n") if wide else so_far.count(b"\n")))
        return b"".join(parts)

    def _raw_lines(self, stream: io.BufferedIOBase) -> Iterator[str]:
        number = 0
        try:
            if self._is_utf16:
                yield from _utf16_lines(stream)
                return
            while raw := stream.readline(_MAX_LINE):
                number += 1
                line, guessed = _decoded(raw)
                if guessed:
                    self._warn_encoding(number)
                yield line.removesuffix("\n").removesuffix("\r").lstrip("\ufeff")
        except _BROKEN_GZIP:
            self._warn_cut(number + 1)

    def _warn_encoding(self, line: int) -> None:
        self._warn(line, "not UTF-8 from here on; read as Windows-1252")

    def _warn_cut(self, line: int) -> None:
        self._warn(line, "the compressed file is cut or damaged here")

    def _warn(self, line: int, message: str) -> None:
        # A document may be read more than once: each warning is given once, at its first place.
        if all(warning.message != message for warning in self.warnings):
            self.warnings.append(self.problem(line, message))


class _Gunzipped(gzip.GzipFile):
    """A gzip stream that closes what it was made from."""

    def __init__(self, packed: io.BufferedIOBase) -> None:
        super().__init__(fileobj=packed, mode="rb")
        self._packed = packed

    def close(self) -> None:
        super().close()
        self._packed.close()


def _decoded(line: bytes) -> tuple[str, bool]:
    """Decode a line as UTF-8, else as Windows-1252; also tell whether that had to be guessed."""
    try:
        return line.decode("utf-8"), False
    except UnicodeDecodeError:
        return line.decode("cp1252", errors="replace"), True


def _utf16_lines(stream: io.BufferedIOBase) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder("utf-16")("replace")
    pending = ""
    while chunk := stream.read1(1 << 16):
        *whole, pending = (pending + decoder.decode(chunk)).split("\n")
        for line in whole:
            yield line.removesuffix("\r")
        if len(pending) > _MAX_LINE:
            yield pending
            pending = ""
    if pending:
        yield pending.removesuffix("\r")


def _newlines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


@dataclass(frozen=True)
class Reader:
    """One format.

    Attributes:
        name: the format's name, as shown to the user.
        accepts: tells from the content, not from the file's name, whether this is the format.
        read: yields records and problems in the order of the file.
    """

    name: str
    accepts: Callable[[Document], bool]
    read: Callable[[Document], Iterator[Record | Problem]]


_SENTENCE_END = re.compile(r"[.!?…)\]}\"'”’]\s*$")
_URL_END = re.compile(r"https?://\S+$|\bwww\.\S+$")


def looks_cut(abstract: str) -> bool:
    """Tell whether a file that ends with this abstract was cut off inside it.

    An abstract ends with a sentence, a bracket, a quotation or an address.
    """
    return not (_SENTENCE_END.search(abstract) or _URL_END.search(abstract))
