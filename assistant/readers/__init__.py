"""Read papers from files of every supported format; the format is told from the content, never from the name."""

import io
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from assistant.errors import ReadError
from assistant.readers import (
    arxiv_mail,
    atom,
    author_page,
    bibtex,
    daily_page,
    json_document,
    jsonl,
    medline,
    pdf,
    ris,
    table,
    wos,
    zotero,
)
from assistant.readers.base import Document, Reader
from assistant.records import Problem, Record

# The order matters: the formats with an unmistakable mark come first, the one known by its shape alone last.
READERS: tuple[Reader, ...] = (
    pdf.READER,
    jsonl.READER,
    json_document.READER,
    atom.READER,
    medline.READER,
    ris.READER,
    wos.READER,
    arxiv_mail.READER,
    bibtex.READER,
    table.READER,
    author_page.READER,
    daily_page.READER,
)

_STDIN = "-"


def read_path(path: Path) -> Iterator[Record | Problem]:
    """Yield the records of a file, or of all files below a folder, and the problems met on the way.

    `-` is standard input, `zotero:` the library of the Zotero that runs on this machine.

    Raises:
        ReadError: nothing can be read from a file at all.
    """
    if str(path) == zotero.NAME:
        yield from zotero.read()
    elif str(path) == _STDIN:
        yield from _read_standard_input()
    elif path.is_dir():
        yield from _read_folder(path)
    else:
        yield from read_document(load(path))


def _read_folder(folder: Path) -> Iterator[Record | Problem]:
    for child in sorted(folder.rglob("*")):
        hidden = any(part.startswith(".") for part in child.relative_to(folder).parts)
        if child.is_file() and not hidden:
            try:
                yield from read_path(child)
            except ReadError as error:
                yield Problem(file=str(child), line=1, message=f"{error.what}. {error.cure}")


def read_document(document: Document) -> Iterator[Record | Problem]:
    """Yield the records and problems of a document, and at the end what was noticed about it as a whole.

    Raises:
        ReadError: it is in no format that is read.
    """
    yield from choose(document).read(document)
    yield from document.warnings


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


def load(path: Path) -> Document:
    """Open a file.

    Raises:
        ReadError: there is no such file, it may not be read, it is empty or binary.
    """
    name = str(path)
    try:
        path.open("rb").close()
    except FileNotFoundError:
        raise ReadError(
            f"{name}: no such file", "Check the path; patterns like *.txt are expanded by the shell."
        ) from None
    except OSError as error:
        raise ReadError(f"{name}: can't be read ({error.strerror})", "Check the file and its permissions.") from None
    document = Document(name, lambda: path.open("rb"))
    check(document)
    return document


def check(document: Document) -> None:
    """Refuse what can't be a listing by its first bytes.

    Raises:
        ReadError: the document is empty or binary.
    """
    if pdf.READER.accepts(document):
        return
    if not document.head.strip():
        raise ReadError(f"{document.name}: the file is empty", "Save the listing again and add it.")
    if document.looks_binary:
        raise ReadError(f"{document.name}: a binary file, not a listing", "Save the listing as text and add that file.")


def _read_standard_input() -> Iterator[Record | Problem]:
    """Read a copy of standard input: it can be read once, and readers look twice."""
    with tempfile.NamedTemporaryFile(prefix="assistant-") as copy:
        shutil.copyfileobj(sys.stdin.buffer, copy)
        copy.flush()
        document = Document(_STDIN, lambda: io.BufferedReader(io.FileIO(copy.name)))
        check(document)
        yield from read_document(document)
