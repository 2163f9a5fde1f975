"""PDF files: a record from what the file says of itself, with its text by section and page.

Nothing is guessed. The title and the authors are those of the file's own metadata, the DOI or arXiv id is one that
the file gives, and the abstract is the text between the headings that say where it begins and ends. A file without a
title that gives an id is a record without a title: its text can be attached to the paper of that id.
"""

import io
import logging
import re
from collections.abc import Iterator, Sequence

from assistant.readers import build, clean, dates, identifiers, people
from assistant.readers.base import Document, Reader
from assistant.records import Problem, Record, Section

_MAX_PAGES = 500
_MAX_CHARS = 5_000_000
_HEADING = re.compile(
    r"^\s*(?:(?:\d{1,2}(?:\.\d{1,2}){0,2}|[IVX]{1,4})\.?\s+)?"
    r"(abstract|introduction|background|related work|preliminaries|methods?|methodology|approach|model|data|datasets?|"
    r"experiments?|experimental setup|evaluation|results?|analysis|discussion|limitations?|conclusions?|"
    r"conclusions? and future work|future work|acknowledge?ments?|references|appendix|keywords)\s*[:.—-]?\s*$",
    re.IGNORECASE,
)
_NUMBERED = re.compile(r"^\s*\d{1,2}(?:\.\d{1,2}){0,2}\.?\s+[A-Z][^.]{2,70}$")
_ABSTRACT = re.compile(
    r"^\s*abstract\s*[:.—-]?\s*\n?(.{100,6000}?)\n\s*(?:(?:1|I)\.?\s+)?(?:introduction|keywords?|index terms)\b",
    re.IGNORECASE | re.DOTALL | re.MULTILINE,
)
# What word processors write where no title was given.
_NO_TITLE = re.compile(
    r"^(?:microsoft word\b.*|untitled.*|.*\.(?:docx?|dvi|tex|pdf|indd|ps)|paper|title|document\d*)$", re.I
)


def accepts(document: Document) -> bool:
    """Accept a file with the mark of a PDF near its start."""
    return b"%PDF-" in document.opening[:1024]


def read(document: Document) -> Iterator[Record | Problem]:
    """Yield the one record of the file, or why there is none."""
    try:
        import pypdf
    except ImportError:
        yield document.problem(1, "PDF files need an extra part: pip install 'literature-assistant[pdf]'")
        return
    del pypdf
    try:
        information, pages = _opened(document)
    except _UnreadableError as error:
        yield document.problem(1, f"a PDF that can't be read ({error})")
        return
    first = pages[0] if pages else ""
    title = clean.title(information.get("Title", ""))
    title = "" if _NO_TITLE.match(title) else title
    head = first[:3000]
    arxiv = identifiers.arxiv_in(head, *information.values())
    # An identifier further down may be that of a cited paper.
    doi = (
        identifiers.doi(information.get("doi", ""))
        or identifiers.doi(information.get("Subject", ""))
        or (identifiers.doi(head) if not arxiv else None)
    )
    if not title and not arxiv and not doi:
        yield document.problem(
            1, "a PDF that gives neither a title nor an id; add its record from a reference manager instead"
        )
        return
    text = _sections(pages)
    if not text:
        yield document.problem(1, "a PDF without text in it, perhaps scanned; only what it says of itself is kept")
    if not title:
        if text:
            yield build.record(document, 1, title="", doi=doi or "", arxiv=arxiv or "", full_text=text)
        return
    authors, truncated = people.split_list(information.get("Author", ""))
    abstract = _ABSTRACT.search(first)
    yield build.record(
        document,
        1,
        title=title,
        abstract=clean.without_notice(_unwrapped(abstract[1])) if abstract else "",
        authors=authors,
        truncated=truncated,
        # The file's own dates are those of its last compilation.
        when=dates.parse(identifiers.arxiv_month(arxiv)),
        doi=doi or "",
        arxiv=arxiv or "",
        url=f"https://arxiv.org/abs/{arxiv}" if arxiv else "",
        full_text=text,
    )


def _sections(pages: Sequence[str]) -> list[Section]:
    """Return the text of some pages by section and page; a section that runs over pages has a part on each.

    The part before the first heading has an empty one.
    """
    found: list[Section] = []
    heading = ""
    for number, page in enumerate(pages, start=1):
        lines: list[str] = []
        for line in page.split("\n"):
            if _HEADING.match(line) or _NUMBERED.match(line):
                found.append(Section(heading=heading, page=number, text=_unwrapped("\n".join(lines))))
                heading, lines = clean.one_line(line), []
            else:
                lines.append(line)
        found.append(Section(heading=heading, page=number, text=_unwrapped("\n".join(lines))))
    return [section for section in found if section.text]


def _unwrapped(text: str) -> str:
    """Join wrapped lines, and words that were parted at a line's end."""
    return clean.one_line(re.sub(r"(?<=[a-z])-\n(?=[a-z])", "", text))


class _UnreadableError(Exception):
    """A PDF that pypdf can't take apart."""


def _opened(document: Document) -> tuple[dict[str, str], list[str]]:
    """Return the metadata and the text of each page, of the first ones where there are very many."""
    import pypdf

    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    try:
        reader = pypdf.PdfReader(io.BytesIO(document.data), strict=False)
        if reader.is_encrypted and not reader.decrypt(""):
            raise _UnreadableError("it is locked with a password")
        entries = dict(reader.metadata or {})
        information = {str(name).lstrip("/"): clean.one_line(str(value)) for name, value in entries.items()}
        texts: list[str] = []
        for page in reader.pages[:_MAX_PAGES]:
            texts.append(page.extract_text()[:_MAX_CHARS])
            if sum(map(len, texts)) > _MAX_CHARS:
                break
    except _UnreadableError:
        raise
    except Exception as error:  # pypdf meets damaged files with errors of many kinds
        raise _UnreadableError(type(error).__name__) from None
    return information, texts


READER = Reader("PDF", accepts, read)
