"""Read listing files of every supported format; the format is told from the content, never from the name."""

from collections.abc import Iterator
from pathlib import Path

from assistant.errors import ReadError
from assistant.readers import author_page, daily_page, jsonl
from assistant.readers.base import Document, Reader
from assistant.records import Problem, Record

# The order matters: the formats with an unmistakable mark come first, the one known by its shape alone last.
READERS: tuple[Reader, ...] = (jsonl.READER, author_page.READER, daily_page.READER)

_MAX_BYTES = 512 * 1024 * 1024
_ENCODINGS = (b"\xff\xfe", b"\xfe\xff")


def read_path(path: Path) -> Iterator[Record | Problem]:
    """Yield the records of a file, or of all files below a folder, and the problems met on the way.

    Raises:
        ReadError: nothing can be read from a file at all.
    """
    if path.is_dir():
        for child in sorted(path.rglob("*")):
            if child.is_file() and not child.name.startswith("."):
                try:
                    yield from read_path(child)
                except ReadError as error:
                    yield Problem(file=str(child), line=1, message=f"{error.what}. {error.cure}")
        return
    document, problem = load(path)
    if problem is not None:
        yield problem
    yield from choose(document).read(document)


def choose(document: Document) -> Reader:
    """Return the reader that accepts the content.

    Raises:
        ReadError: no reader does.
    """
    for reader in READERS:
        if reader.accepts(document):
            return reader
    known = ", ".join(reader.name for reader in READERS)
    raise ReadError(
        f"{document.name}: no paper records found in this file",
        f"Formats that are read: {known}. Check the file.",
    )


def load(path: Path) -> tuple[Document, Problem | None]:
    """Read and decode a file.

    Returns:
        The document, and a warning where the encoding had to be guessed.

    Raises:
        ReadError: there is no such file, it may not be read, it is empty, binary, or too large for a listing.
    """
    name = str(path)
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise ReadError(f"{name}: larger than {_MAX_BYTES >> 20} MiB", "Split the file and add the parts.")
        data = path.read_bytes()
    except FileNotFoundError:
        raise ReadError(
            f"{name}: no such file", "Check the path; patterns like *.txt are expanded by the shell."
        ) from None
    except OSError as error:
        raise ReadError(f"{name}: can't be read ({error.strerror})", "Check the file and its permissions.") from None
    text, problem = _decode(name, data)
    if not text.strip():
        raise ReadError(f"{name}: the file is empty", "Save the listing again and add it.")
    return Document(name, text.replace("\r\n", "\n").replace("\r", "\n")), problem


def _decode(name: str, data: bytes) -> tuple[str, Problem | None]:
    if data.startswith(_ENCODINGS):
        return data.decode("utf-16", errors="replace"), None
    if b"\0" in data:
        raise ReadError(f"{name}: a binary file, not a listing", "Save the listing as text and add that file.")
    try:
        return data.decode("utf-8-sig"), None
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        text = data.decode("cp1252", errors="replace")
        controls = sum(1 for char in text if not char.isprintable() and char not in "\r\n\t")
        if controls > len(text) // 100:
            raise ReadError(
                f"{name}: a binary file, not a listing", "Save the listing as text and add that file."
            ) from None
        return text, Problem(file=name, line=line, message="not UTF-8 from here on; read as Windows-1252")
