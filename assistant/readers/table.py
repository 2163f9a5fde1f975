"""Tables: CSV and TSV of Scopus, Zotero, ASReview, Rayyan and of any hand that gives its columns sensible names."""

import csv
import re
from collections import deque
from collections.abc import Iterator
from typing import NamedTuple

from assistant.readers import build, clean, dates, people
from assistant.readers.base import Document, Reader
from assistant.records import Problem, Record

# Column names, in lower case with single blanks; the earlier one wins where a table has several.
_COLUMNS = {
    "title": ("title", "document title", "article title", "paper title", "primary title", "ti", "t1", "papertitle",
              "publication title (article)", "item title"),
    "abstract": ("abstract", "abstract note", "abstract text", "notes abstract", "ab", "n2", "summary",
                 "paper abstract"),
    "authors": ("author full names", "authors", "author", "author(s)", "author names", "first authors", "au",
                "creators", "creator", "author s"),
    "year": ("publication year", "year", "pub year", "py", "year published", "published year", "publicationyear"),
    "date": ("date", "publication date", "published", "date published", "publication date (online)", "pubdate", "da",
             "online date"),
    "venue": ("source title", "journal", "journal/book", "publication title", "venue", "journal name",
              "conference name", "source",
              "secondary title", "booktitle", "publication", "conference", "journal title", "so", "t2"),
    "doi": ("doi", "di", "doi link", "article doi", "digital object identifier"),
    "arxiv": ("arxiv", "arxiv id", "arxiv_id", "eprint"),
    "url": ("url", "link", "urls", "pdf link", "article url", "web link", "ur"),
    "key": ("citation key", "citekey", "cite key", "bibtex key", "key", "bibtexkey"),
    "pmid": ("pmid", "pubmed id", "pubmed_id", "pubmedid"),
    "acl": ("acl_id", "acl id"),
    "categories": ("categories", "arxiv categories", "category"),
}  # fmt: skip
_DELIMITERS = (",", "\t", ";", "|")
# A row that runs over more lines than any abstract has was opened by a stray quotation mark.
_MAX_ROW_LINES = 300
_MAX_ROW_CHARS = 300_000


class _Header(NamedTuple):
    line: int
    delimiter: str
    cells: list[str]
    columns: dict[str, int]


def accepts(document: Document) -> bool:
    """Accept a text whose first line names a title column and at least one other known one."""
    return _header(document.head) is not None


def _header(head: str) -> _Header | None:
    for number, line in enumerate(head.split("\n")[:20], start=1):
        if not line.strip() or re.fullmatch(r"sep=.", line.strip(), re.IGNORECASE) or line.startswith("#"):
            continue
        found = [header for mark in _DELIMITERS if (header := _named(number, line, mark))]
        return max(found, key=lambda header: len(header.columns), default=None)
    return None


def _named(number: int, line: str, delimiter: str) -> _Header | None:
    try:
        cells = next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:
        return None
    names = [_plain_name(cell) for cell in cells]
    columns = {
        field: names.index(next(name for name in known if name in names))
        for field, known in _COLUMNS.items()
        if any(name in names for name in known)
    }
    return _Header(number, delimiter, cells, columns) if "title" in columns and len(columns) >= 2 else None


def _plain_name(cell: str) -> str:
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", cell.strip().strip("\ufeff\"'*"))
    return " ".join(words.replace("_", " ").replace("-", " ").lower().split())


class _Lines:
    """The table's lines for csv, which can be gone back to the line after a row's first."""

    def __init__(self, lines: Iterator[tuple[int, str]]) -> None:
        self._lines = lines
        self._again: deque[tuple[int, str]] = deque()
        self.row: list[tuple[int, str]] = []
        self.over = False

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        if len(self.row) >= _MAX_ROW_LINES or sum(len(line) for _, line in self.row[-1:]) > _MAX_ROW_CHARS:
            self.over = True
            raise StopIteration
        entry = self._again.popleft() if self._again else next(self._lines)
        self.row.append(entry)
        return entry[1] + "\n"

    def back(self) -> None:
        """Give all lines of the row but its first once more."""
        self._again.extendleft(reversed(self.row[1:]))


def read(document: Document) -> Iterator[Record | Problem]:
    """Yield a record for each row."""
    header = _header(document.head)
    if header is None:
        return
    lines = _Lines(document.stream())
    for _ in range(header.line):
        next(lines, None)
    while True:
        lines.row, lines.over = [], False
        try:
            cells = next(csv.reader(lines, delimiter=header.delimiter), None)
        except csv.Error as error:
            yield document.problem(lines.row[0][0], f"a row that can't be read ({error})")
            lines.back()
            continue
        if not lines.row:
            return
        number = lines.row[0][0]
        if lines.over or (len(lines.row) > 1 and cells is not None and _is_open(lines.row)):
            yield document.problem(number, "a quotation mark that is never closed; the row is left out")
            lines.back()
        elif cells and any(cell.strip() for cell in cells):
            yield _record(document, number, header, cells)


def _is_open(row: list[tuple[int, str]]) -> bool:
    """Tell whether a row of several lines ended with the file, not with its closing quotation mark."""
    return sum(line.count('"') for _, line in row) % 2 == 1


def _record(document: Document, number: int, header: _Header, cells: list[str]) -> Record | Problem:
    def cell(field: str) -> str:
        at = header.columns.get(field)
        return cells[at].strip() if at is not None and at < len(cells) else ""

    if len(cells) > len(header.cells) and any(text.strip() for text in cells[len(header.cells) :]):
        return document.problem(number, f"a row of {len(cells)} cells under {len(header.cells)} column names")
    title = clean.title(cell("title"))
    if not title:
        return document.problem(number, "a row without a title")
    if header.columns["title"] == len(cells) - 1 < len(header.cells) - 1 and len(header.columns) > 2:
        return document.problem(number, f"a row that ends after its title: {title[:60]!r}")
    year, date = dates.parse(cell("year")), dates.parse(cell("date"))
    authors, truncated = people.split_list(cell("authors"))
    abstract = clean.abstract(cell("abstract"))
    return build.record(
        document,
        number,
        title=title,
        abstract="" if abstract.lower() in _NO_ABSTRACT else abstract,
        authors=authors,
        truncated=truncated,
        when=date if year.year is None or (date.year == year.year and date.date) else year,
        venue=cell("venue"),
        doi=cell("doi"),
        arxiv=cell("arxiv"),
        url=cell("url"),
        key=cell("key"),
        categories=re.split(r"[;\s]+", cell("categories")),
        ids=[f"pmid:{cell('pmid')}"] * cell("pmid").isdigit() + [f"acl:{cell('acl')}"] * bool(cell("acl")),
    )


_NO_ABSTRACT = frozenset(
    ("[no abstract available]", "no abstract available", "no abstract", "n/a", "na", "nan", "none")
)

READER = Reader("CSV or TSV", accepts, read)
