"""An author's listing page: three lines a paper.

The first line glues an optional score, a two-letter category, a date and an optional code mark
(`93.7CVMay 7`, `CVJun 13, 2023Code`). The second glues the title to the authors with nothing between, then an
optional "et al." and affiliations after " · ". The third is the abstract.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from assistant.readers.base import Document, Reader, looks_cut
from assistant.records import Problem, Record, Source

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

_HEAD = re.compile(
    r"^(?P<score>\d{1,3}(?:\.\d+)?)?(?P<category>[A-Z]{2})"
    rf"(?P<month>{'|'.join(MONTHS)}) (?P<day>\d{{1,2}})(?:, (?P<year>\d{{4}}))?(?P<code>Code)?$"
)

# Lower-case words that stand inside names: "Ludwig van Beethoven", "Ana de la Cruz".
_PARTICLES = frozenset("""al bin da das de del della den der di do dos du el la le ter van von y""".split())
# Openings of a name word after which a second capital belongs to the same word: "McKinzie", "DeVries", "LeCun".
_INNER_CAPITAL = re.compile(r"(?:^|[\s-])(?:Mc|Mac|De|Di|Da|Du|La|Le|Van|Von|Fitz|O['’]|D['’]|L['’])$")
_NAME_WORD = re.compile(r"^[^\W\d_][^\W\d_'’.-]*(?:[-'’.][^\W\d_]*)*$")
_MAX_NAME_WORDS = 5


@dataclass(frozen=True)
class Byline:
    """The second line, taken apart."""

    title: str
    authors: tuple[str, ...]
    truncated: bool
    affiliations: tuple[str, ...]


def split_byline(line: str) -> Byline | None:
    """Separate title and authors, which stand together with nothing between.

    The authors are a comma-separated list of personal names that runs to the end, so the title can only end where
    a capital letter follows without a space and where everything after it reads as such a list. Of the places that
    fit, the last one wins: an earlier one would leave a glued word (`DataSachin`) inside a first name.

    Returns:
        The parts, or None where no place fits.
    """
    body, *tail = line.split(" · ")
    affiliations = tuple(part.strip() for part in ",".join(tail).split(",") if part.strip())
    body = body.rstrip()
    truncated = body.endswith(" et al.")
    if truncated:
        body = body.removesuffix(" et al.").rstrip(" ,")
    for at in range(len(body) - 1, 0, -1):
        if not _may_start_name(body, at):
            continue
        authors = tuple(name.strip() for name in re.split(r", (?:and )?| and ", body[at:]))
        if all(_is_name(name) for name in authors):
            return Byline(body[:at].rstrip(), authors, truncated, affiliations)
    return None


def _may_start_name(body: str, at: int) -> bool:
    """Tell whether a name may begin at this character, glued to the title before it."""
    before, here, after = body[at - 1], body[at], body[at + 1 : at + 2]
    if not here.isupper() or before.isspace() or before in "-–—'’/.(" or not (after.islower() or after in ".'’-"):
        return False
    return not _INNER_CAPITAL.search(body[:at])


def _is_name(name: str) -> bool:
    """Tell whether the text reads as a personal name of at least two words."""
    words = name.split()
    if not 2 <= len(words) <= _MAX_NAME_WORDS or not words[-1][0].isupper():
        return False
    return all(
        _NAME_WORD.match(word) and (word[0].isupper() or word in _PARTICLES) and not _is_acronym(word) for word in words
    )


def _is_acronym(word: str) -> bool:
    """Tell `LLM` or `CLIP` from a name's word; initials (`V.`, `JJ`) are not acronyms."""
    return len(word) > 2 and word.isupper() and "." not in word


def accepts(document: Document) -> bool:
    """Accept a text in which a head line is followed by a byline."""
    lines = [line for line in document.lines[:200] if line.strip()]
    return any(_HEAD.match(line.strip()) for line in lines)


def read(document: Document) -> Iterator[Record | Problem]:
    """Yield a record for each head line that is followed by a byline and an abstract."""
    lines = document.lines
    heads = [i for i, line in enumerate(lines) if _HEAD.match(line.strip())]
    for head, end in zip(heads, [*heads[1:], len(lines)], strict=True):
        body = [line.strip() for line in lines[head + 1 : end] if line.strip()]
        last = end == len(lines)
        if len(body) < 2:
            yield document.problem(head + 1, "a record without " + ("an abstract" if body else "a title"))
            continue
        byline = split_byline(body[0])
        if byline is None:
            yield document.problem(head + 2, f"no place where the title ends and the authors begin: {body[0][:60]!r}")
            continue
        if last and looks_cut(body[1]):
            yield document.problem(head + 1, f"the file ends in the middle of this record: {byline.title[:60]!r}")
            continue
        yield _record(document, head, byline, body[1])


def _record(document: Document, head: int, byline: Byline, abstract: str) -> Record:
    found = _HEAD.match(document.lines[head].strip())
    assert found is not None  # the caller chose the line by this pattern
    month_day = f"{MONTHS.index(found['month']) + 1:02d}-{int(found['day']):02d}"
    year = int(found["year"]) if found["year"] else None
    return Record(
        title=byline.title,
        authors=byline.authors,
        authors_truncated=byline.truncated,
        year=year,
        date=f"{year}-{month_day}" if year else f"--{month_day}",
        categories=(found["category"],),
        has_code=found["code"] is not None,
        score=float(found["score"]) if found["score"] else None,
        affiliations=byline.affiliations,
        abstract=abstract,
        source=Source(file=document.name, line=head + 1),
    )


READER = Reader("author page", accepts, read)
