"""A daily digest page: title, blank line, abstract, blank line, after some lines of page furniture.

Nothing marks a record but its shape: a long block of prose is an abstract and the short block before it is its
title. Short blocks that no abstract follows are furniture (menus, buttons, the date of the digest).
"""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

from assistant.readers.base import Document, Reader, looks_cut
from assistant.records import Problem, Record, Source

# Real abstracts on such pages start at some 1,300 characters; anything of this size that is prose is one.
_MIN_ABSTRACT_CHARS = 200
_MIN_ABSTRACT_WORDS = 30
_MAX_TITLE_CHARS = 300
# A last line is a title without its abstract only when it has this many words; shorter ones are page furniture.
_MIN_DANGLING_TITLE_WORDS = 4


@dataclass(frozen=True)
class _Block:
    line: int
    text: str

    @property
    def is_abstract(self) -> bool:
        return len(self.text) >= _MIN_ABSTRACT_CHARS and len(self.text.split()) >= _MIN_ABSTRACT_WORDS


def _blocks(document: Document) -> list[_Block]:
    """Return the runs of lines between blank lines, wrapped lines joined by a space."""
    blocks: list[_Block] = []
    run: list[str] = []
    for number, line in enumerate([*document.lines, ""], start=1):
        if line.strip():
            run.append(line.strip())
        elif run:
            blocks.append(_Block(number - len(run), " ".join(run)))
            run = []
    return blocks


def accepts(document: Document) -> bool:
    """Accept a text with a title block before an abstract block, and nothing that marks another format."""
    if document.text.lstrip()[:1] in "{[@%<":
        return False
    blocks = _blocks(document)
    return any(
        after.is_abstract and not before.is_abstract and len(before.text) <= _MAX_TITLE_CHARS
        for before, after in itertools.pairwise(blocks)
    )


def read(document: Document) -> Iterator[Record | Problem]:
    """Yield a record for each abstract block; the block before it is its title."""
    blocks = _blocks(document)
    title: _Block | None = None
    for number, block in enumerate(blocks):
        last = number == len(blocks) - 1
        if not block.is_abstract:
            title = block
            if last and len(block.text.split()) >= _MIN_DANGLING_TITLE_WORDS:
                yield document.problem(block.line, f"the file ends after this title: {block.text[:60]!r}")
        elif title is None or len(title.text) > _MAX_TITLE_CHARS:
            yield document.problem(block.line, f"an abstract without a title: {block.text[:60]!r}")
        elif last and looks_cut(block.text):
            yield document.problem(title.line, f"the file ends in the middle of this record: {title.text[:60]!r}")
        else:
            yield Record(
                title=title.text,
                abstract=block.text,
                source=Source(file=document.name, line=title.line),
            )
        if block.is_abstract:
            title = None


READER = Reader("daily page", accepts, read)
