"""BibTeX and BibLaTeX, as Zotero, Better BibTeX, Mendeley, JabRef, Google Scholar, DBLP and the ACL Anthology write it.

bibtexparser parts the entries and their fields. It gets one entry at a time, so that a broken one costs only itself
and a large file no memory. Its LaTeX middleware cuts text at a bare `%`, so fields are decoded in `latex`.
"""

import logging
import re
from collections.abc import Iterator
from typing import NamedTuple

from bibtexparser.model import DuplicateFieldKeyBlock, Entry, ParsingFailedBlock, String
from bibtexparser.splitter import Splitter

from assistant.readers import build, clean, dates, latex, people
from assistant.readers.base import Document, Reader
from assistant.records import Problem, Record

# bibtexparser too lets a block begin wherever this stands at the start of a line, even inside open braces.
_BLOCK = re.compile(r"^\s*@(\w*)[ \t]*[{(]")
_ENTRY = re.compile(r"^[ \t]*@(?:string|comment|preamble|\w+[ \t]*[{(]\s*[^\s,{}\"=]*\s*(?:,|=|\}|$))", re.I | re.M)
_CROSSREF = re.compile(r"crossref\s*=\s*[{\"]\s*([^}\"]+?)\s*[}\"]", re.IGNORECASE)
_NO_KEY = re.compile(r"^(\s*@(?!string\b)\w+\s*[{(])(\s*\w+\s*=)", re.IGNORECASE)
_VALUE_END = re.compile(r"\s*(?:#\s*)?")
_LOST_COMMA = re.compile(r"\s*([A-Za-z][\w-]*)\s*=\s*")
_AND = re.compile(r"\s+and\s+", re.IGNORECASE)
_COMMA = re.compile(r"\s*,\s*")
_MONTH_MACROS = frozenset(("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"))
_COLLECTIONS = frozenset(("proceedings", "mvproceedings", "collection", "mvcollection", "periodical"))
_VENUES = (
    "journaltitle", "journal", "booktitle", "eventtitle", "series", "school", "institution", "organization",
    "howpublished", "publisher",
)  # fmt: skip
# What it logs about broken entries is reported as problems.
logging.getLogger("bibtexparser").setLevel(logging.CRITICAL + 1)
_MAX_VALUE = 4_000_000
_MAX_ENTRY_LINES = 100_000

Fields = dict[str, str]


class _Block(NamedTuple):
    """The lines from one block's start to the next one's."""

    line: int
    kind: str
    text: str


def accepts(document: Document) -> bool:
    """Accept a text in which an entry opens at the start of a line."""
    return bool(_ENTRY.search(document.head)) and document.head.lstrip()[:1] not in ("<", "[")


def read(document: Document) -> Iterator[Record | Problem]:
    """Yield a record for each entry; what an entry inherits by `crossref` is filled in."""
    macros: Fields = {}
    parents = _parents(document)
    for block in _blocks(document):
        entry, problem = _parse(document, block)
        if problem:
            yield problem
        if isinstance(entry, String):
            macros[entry.key.lower()] = _value(str(entry.value), macros)[0][:_MAX_VALUE]
        if not isinstance(entry, Entry):
            continue
        if entry.key in parents and entry.entry_type.lower() in _COLLECTIONS:
            continue
        fields, lost = _fields(entry, macros)
        for field in lost:
            yield document.problem(block.line, f"entry {entry.key!r}: no comma before the field {field!r}")
        parent = parents.get(fields.get("crossref", "").strip())
        yield _record(document, block, entry, {**_inherited(parent), **fields} if parent else fields)


def _blocks(document: Document) -> Iterator[_Block]:
    """Part the file at each block's first line; what stands before the first block is no block."""
    kind, start, lines = "", 1, list[str]()
    for number, line in document.stream():
        found = _BLOCK.match(line)
        if found or len(lines) >= _MAX_ENTRY_LINES:
            if kind:
                yield _Block(start, kind, "\n".join(lines))
            kind, start, lines = (found[1] or "?").lower() if found else "", number, []
        if kind:
            lines.append(line)
    if kind:
        yield _Block(start, kind, "\n".join(lines))


def _parse(document: Document, block: _Block) -> tuple[object, Problem | None]:
    """Let bibtexparser take one block apart."""
    if block.kind in ("comment", "preamble"):
        return None, None
    text = _NO_KEY.sub(r"\1,\2", block.text)
    try:
        found = Splitter(text).split().blocks
    except Exception as error:  # it promises none, but a mutated file must not end the reading
        return None, document.problem(block.line, f"an entry that can't be read ({type(error).__name__})")
    for part in found:
        if isinstance(part, DuplicateFieldKeyBlock):
            return part.ignore_error_block, None
        if isinstance(part, ParsingFailedBlock):
            reason = str(getattr(part.error, "abort_reason", part.error)).strip().rstrip(".")
            return None, document.problem(block.line, f"an entry that can't be read: {_opening(text)} ({reason})")
        if isinstance(part, Entry | String):
            return part, None
    return None, None


def _opening(text: str) -> str:
    return repr(clean.one_line(text[:60]))


def _parents(document: Document) -> dict[str, Fields]:
    """Return the fields of the entries that others refer to by `crossref`."""
    wanted = {found[1] for _, line in document.stream() if (found := _CROSSREF.search(line))}
    parents: dict[str, Fields] = {}
    if wanted:
        for block in _blocks(document):
            entry, _ = _parse(document, block)
            if isinstance(entry, Entry) and entry.key in wanted:
                parents[entry.key] = _fields(entry, {})[0]
    return parents


def _inherited(parent: Fields) -> Fields:
    fields: Fields = {name: parent[name] for name in ("year", "month", "date", "publisher", "series") if name in parent}
    venue = parent.get("booktitle") or parent.get("title")
    if venue:
        fields["booktitle"] = venue
    return fields


def _fields(entry: Entry, macros: Fields) -> tuple[Fields, list[str]]:
    """Return the raw text of each field, and the fields whose separating comma was missing."""
    fields: Fields = {}
    lost: list[str] = []
    for field in entry.fields:
        name, rest = field.key, str(field.value)
        for _ in range(50):
            value, rest = _value(rest, macros)
            if value.strip():
                fields.setdefault(name.lower(), value)
            following = _LOST_COMMA.match(rest)
            if following is None:
                break
            name, rest = following[1], rest[following.end() :]
            lost.append(name)
    return fields, lost


def _value(text: str, macros: Fields) -> tuple[str, str]:
    """Return the value at the start of a text, its parts put together, and what stands after it."""
    parts: list[str] = []
    at, size = len(text) - len(text.lstrip()), 0
    while at < len(text):
        char = text[at]
        if char in '{"':
            end = _closing(text, at)
            part, at = text[at + 1 : end], end + 1
        else:
            bare = re.compile(r"[^\s#{}\",]+").match(text, at)
            if bare is None:
                break
            name = bare[0].lower()
            part, at = macros.get(name, bare[0]), bare.end()
        size += len(part)
        if size <= _MAX_VALUE:
            parts.append(part)
        gap = _VALUE_END.match(text, at)
        if gap is None or "#" not in gap[0]:
            break
        at = gap.end()
    return "".join(parts), text[at:]


def _closing(text: str, at: int) -> int:
    """Return where the brace or the quotation mark at this place is closed; the end where it isn't."""
    depth = 0
    for found in re.compile(r'\\.|[{}"]', re.DOTALL).finditer(text, at + 1):
        mark = found[0]
        if mark == "{":
            depth += 1
        elif mark == "}":
            if depth == 0 and text[at] == "{":
                return found.start()
            depth = max(0, depth - 1)
        elif mark == '"' and depth == 0 and text[at] == '"':
            return found.start()
    return len(text)


def _record(document: Document, block: _Block, entry: Entry, fields: Fields) -> Record | Problem:
    def text(*names: str) -> str:
        return next((clean.one_line(latex.decode(fields[name])) for name in names if fields.get(name)), "")

    title = clean.title(text("title", "booktitle", "maintitle", "shorttitle"))
    if not title:
        return document.problem(block.line, f"entry {entry.key!r} has no title")
    if subtitle := text("subtitle"):
        title = f"{title}{'' if title[-1] in '?!:.' else ':'} {clean.title(subtitle)}"
    authors, truncated = names(fields.get("author") or fields.get("editor") or "")
    abstract = clean.abstract(latex.decode(fields.get("abstract") or fields.get("annote") or ""))
    eprint = text("eprint")
    archive = text("archiveprefix", "eprinttype").lower()
    arxiv = eprint if archive in ("", "arxiv") else ""
    where = text(*_VENUES)
    return build.record(
        document,
        block.line,
        title=title,
        abstract=abstract,
        authors=authors,
        truncated=truncated,
        when=_when(fields),
        venue=where,
        doi=fields.get("doi", "").replace("\\", "").strip("{} "),
        arxiv=arxiv or text("arxivid", "arxiv") or _arxiv_note(where, text("note"), text("volume")),
        url=_address(fields.get("url") or fields.get("howpublished") or ""),
        key=entry.key,
        ids=_ids(fields),
        categories=text("primaryclass", "eprintclass").split(),
        raw=entry.raw,
    )


def _address(text: str) -> str:
    """Return the first address in a `url` or `howpublished` field; Mendeley lists several."""
    found = re.search(r"https?://[^\s}]+", text.replace("{\\_}", "_").replace("{\\%}", "%").replace("{\\&}", "&"))
    return re.sub(r"\\([%&#_$~])", r"\1", found[0]).rstrip(",;") if found else ""


def _arxiv_note(*texts: str) -> str:
    """Return the arXiv id in `journal = {arXiv preprint arXiv:2101.00001}`, as Google Scholar and DBLP write it."""
    for text in texts:
        found = re.search(r"(?:arxiv:|abs/)\s*([\w.-]+(?:/\d{7})?)", text, re.IGNORECASE)
        if found:
            return found[1]
    return ""


def _ids(fields: Fields) -> tuple[str, ...]:
    ids = [f"pmid:{fields['pmid'].strip()}"] if fields.get("pmid", "").strip().isdigit() else []
    anthology = re.search(r"aclanthology\.org/([\w.-]+?)/?$|aclweb\.org/anthology/([\w.-]+?)/?$", fields.get("url", ""))
    if anthology:
        ids.append(f"acl:{anthology[1] or anthology[2]}")
    return tuple(ids)


def _when(fields: Fields) -> dates.When:
    if date := clean.one_line(fields.get("date", "")).strip("{} "):
        return dates.parse(date.split("/")[0] if re.match(r"\d{4}-", date) else date)
    year = dates.parse(clean.one_line(fields.get("year", "")).strip("{} ")).year
    month_text = clean.one_line(latex.decode(fields.get("month", "")))
    words = re.findall(r"[A-Za-z]+|\d+", month_text)
    month = next((number for word in words if (number := dates.month_number(word))), None)
    named = any(word[:3].lower() in _MONTH_MACROS for word in words)
    days = [int(word) for word in words if word.isdigit() and len(word) <= 2] if named else []
    day = days[0] if len(days) == 1 else int(fields["day"]) if re.fullmatch(r"\d{1,2}", fields.get("day", "")) else None
    if named:
        month = next(
            number for word in words if word[:3].lower() in _MONTH_MACROS for number in [dates.month_number(word)]
        )
    return dates.when(year, month, day) if year else dates.When()


def names(text: str) -> tuple[tuple[str, ...], bool]:
    """Take apart an author field; `and others` tells that it is not complete."""
    text = " ".join(text[:_MAX_VALUE].split())
    found: list[str] = []
    truncated = False
    for part in latex.split_outside_braces(text, _AND):
        name = part.strip(" ,")
        if name.lower() in ("others", "et al.", "et al", "{others}"):
            truncated = True
        elif name:
            found.append(_name(name))
    return tuple(name for name in found if name), truncated


def _name(text: str) -> str:
    parts = latex.split_outside_braces(text, _COMMA)
    if any(re.match(r"\s*(?:family|given)\s*=", part) for part in parts):
        return _extended(parts)
    decoded = [clean.one_line(latex.decode(part)) for part in parts]
    if len(decoded) == 1:  # braces may hold commas of a corporate name, which are no separators
        return re.sub(r" \d{4}$", "", decoded[0])
    return people.person(", ".join(decoded))


def _extended(parts: list[str]) -> str:
    """Return a name in BibLaTeX's extended form: `family=Quill, given=Ada, prefix=van`."""
    given = {
        name.strip(): clean.one_line(latex.decode(value.strip(' "')))
        for name, _, value in (part.partition("=") for part in parts)
    }
    return people.joined(*(given.get(name, "") for name in ("given", "prefix", "family", "suffix")))


READER = Reader("BibTeX", accepts, read)
