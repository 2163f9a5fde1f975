r"""arXiv's daily mail: submissions, cross-lists and replacements between lines of `\\`."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from assistant.readers import build, clean, dates, identifiers, latex, people
from assistant.readers.base import Document, Reader
from assistant.records import Problem, Record

_RULE = re.compile(r"^\s*(?:\\\\\s*$|\\\\ \(|-{20,}\s*$|%[-%]{5,})")
_ID = re.compile(r"^\s*(?:arXiv|Paper):\s*(\S+)")
_FIELD = re.compile(r"^([A-Z][A-Za-z-]+)(?: \([^)]*\))?:\s?(.*)$")
_END = re.compile(r"^\\\\ \(")
_FROM = re.compile(r"\([^()]*\)")
_MAX_LINES = 5_000


class _Item(NamedTuple):
    line: int
    lines: list[str]


def accepts(document: Document) -> bool:
    """Accept a text in which a line of two backslashes is followed by an arXiv id."""
    return bool(re.search(r"^\\\\\s*\n\s*(?:arXiv|Paper):\s*\S+", document.head, re.MULTILINE))


def read(document: Document) -> Iterator[Record | Problem]:
    """Yield a record for each announcement; a replacement has no abstract in these mails."""
    for item in _items(document):
        yield _record(document, item)


def _items(document: Document) -> Iterator[_Item]:
    item: _Item | None = None
    for number, line in document.stream():
        if _ID.match(line):
            if item:
                yield item
            item = _Item(number, [line])
        elif item and (_END.match(line) or re.match(r"^(?:-{20,}|%-{5,})", line)):
            if _END.match(line):
                item.lines.append(line)
            yield item
            item = None
        elif item and len(item.lines) < _MAX_LINES:
            item.lines.append(line)
    if item:
        yield item


def _record(document: Document, item: _Item) -> Record | Problem:
    fields: dict[str, str] = {}
    abstract: list[str] = []
    name, parts = "", 0
    for line in item.lines[1:]:
        if _RULE.match(line):
            parts += 1
        elif parts:
            abstract.append(line)
        elif found := _FIELD.match(line):
            name = found[1].lower()
            # The first `Date` is the first version's.
            name = name if name not in fields else f"{name} again"
            fields[name] = found[2]
        elif name and line.startswith("  "):
            fields[name] += " " + line.strip()
    title = clean.one_line(fields.get("title", ""))
    if not title:
        return document.problem(item.line, "an announcement without a title")
    whole = parts >= 1 and (parts >= 2 or not abstract)
    if not whole:
        return document.problem(item.line, f"the file ends in the middle of this announcement: {title[:60]!r}")
    found_id = _ID.match(item.lines[0])
    arxiv = identifiers.arxiv_id(found_id[1]) if found_id else None
    authors, truncated = people.split_list(
        _without_affiliations(latex.decode(fields.get("authors", fields.get("author", ""))))
    )
    return build.record(
        document,
        item.line,
        title=title,
        abstract=clean.one_line("\n".join(abstract)),
        authors=authors,
        truncated=truncated,
        when=dates.parse(fields.get("date") or identifiers.arxiv_month(arxiv)),
        venue=fields.get("journal-ref", ""),
        doi=fields.get("doi", ""),
        arxiv=arxiv or "",
        url=f"https://arxiv.org/abs/{arxiv}" if arxiv else "",
        categories=fields.get("categories", "").split(),
    )


def _without_affiliations(text: str) -> str:
    """Return a list of authors without what stands in brackets, nested ones too."""
    for _ in range(4):
        text = _FROM.sub("", text)
    return text


READER = Reader("arXiv mail", accepts, read)
