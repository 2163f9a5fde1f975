"""Papers in the formats of other programs: BibTeX, RIS, CSL-JSON, JSON lines.

Each exporter takes papers with their records and returns a whole file's text. BibTeX gives the user's own entry, word
for word but for the key, where a record brought one and TeX can't be made to run anything by it.
"""

import json
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Literal

from assistant import render
from assistant.identity import name_parts
from assistant.records import Paper, Record

Format = Literal["bibtex", "ris", "csljson", "jsonl"]
Entry = tuple[Paper, Sequence[Record]]

_MEETING = re.compile(r"\b(?:proceedings|conference|workshop|symposium|meeting)\b", re.IGNORECASE)
_ENTRY = re.compile(r"\s*@(?P<kind>[A-Za-z]+)\s*\{\s*[^,\s{}\"]*\s*,")
# Commands by which a bibliography entry could read, write or run something when it is typeset.
_ACTIVE = re.compile(
    r"\\(?:input|include|openin|openout|read|write\d*|immediate|special|catcode|csname|def|edef|gdef|xdef|let|futurelet"
    r"|begin|newcommand|renewcommand|providecommand|directlua|luaexec|ShellEscape|usepackage|RequirePackage|documentclass"
    r"|makeatletter|everypar|afterassignment|aftergroup|expandafter|scantokens|pdf[a-z]+|tex_[a-z]+)(?![A-Za-z])|\^\^"
)  # fmt: skip
_NOT_ENTRIES = frozenset({"comment", "preamble", "string"})


def export(entries: Iterable[Entry], form: Format) -> str:
    """Return papers, each with its records, as the text of a file."""
    return _EXPORTERS[form](list(entries))


# ---------------------------------------------------------------------- BibTeX


def bibtex(entries: Sequence[Entry]) -> str:
    """Return BibTeX: the user's own entries under the library's keys, made ones where there are none."""
    return "".join(f"{_bibtex_entry(paper, records)}\n\n" for paper, records in entries).removesuffix("\n")


def _bibtex_entry(paper: Paper, records: Sequence[Record]) -> str:
    for record in records:
        entry = own_entry(record.raw or "", paper.key)
        if entry:
            return entry
    return render.bibtex(paper)


def own_entry(raw: str, key: str) -> str:
    """Return a BibTeX entry under another key, or nothing where it isn't one whole, harmless entry."""
    raw = raw.strip()
    found = _ENTRY.match(raw)
    if found is None or found["kind"].lower() in _NOT_ENTRIES or not _is_one_entry(raw) or _ACTIVE.search(raw):
        return ""
    if any(ord(char) < 32 and char not in "\n\t\r" for char in raw):
        return ""
    return f"@{found['kind']}{{{key},{raw[found.end() :]}"


def _is_one_entry(raw: str) -> bool:
    """Tell whether the brace that opens the entry closes at its very end."""
    depth = 0
    for place, char in enumerate(raw):
        if char in "{}":  # BibTeX counts a brace behind a backslash too
            depth += 1 if char == "{" else -1
            if depth == 0:
                return place == len(raw) - 1
    return False


# ---------------------------------------------------------------------- RIS


def ris(entries: Sequence[Entry]) -> str:
    """Return RIS as EndNote, Zotero and Mendeley read it."""
    return "".join(map(_ris_entry, (paper for paper, _ in entries)))


def _ris_entry(paper: Paper) -> str:
    kind = {"paper-conference": "CONF", "article-journal": "JOUR"}.get(_kind(paper), "UNPB")
    container = {"CONF": "T2", "JOUR": "JO"}.get(kind, "PB")
    date = (paper.date or "").split("-") if paper.date and not paper.date.startswith("-") else []
    lines = [("TY", kind), ("ID", paper.key), ("TI", paper.title)]
    lines += [("AU", ", ".join(filter(None, name_parts(name)))) for name in paper.authors]
    lines += [
        ("PY", str(paper.year or "")),
        ("DA", "/".join([*date, "", "", ""][:3]) + "/" if date else ""),
        (container, paper.venue or ""),
        ("AB", paper.abstract),
        ("DO", paper.doi or ""),
        ("M1", f"arXiv:{paper.arxiv_id}" if paper.arxiv_id else ""),
        ("UR", paper.url or ""),
    ]
    lines += [("KW", word) for word in (*paper.categories, *paper.tags)]
    text = "".join(f"{tag}  - {_one_line(value)}\r\n" for tag, value in lines if value)
    return text + "ER  - \r\n\r\n"


def _one_line(text: str) -> str:
    return " ".join(render.visible(text).split())


# ---------------------------------------------------------------------- CSL-JSON and JSON lines


def csljson(entries: Sequence[Entry]) -> str:
    """Return CSL-JSON as pandoc and Zotero read it."""
    return json.dumps([_csl_item(paper) for paper, _ in entries], ensure_ascii=False, indent=2) + "\n"


def _csl_item(paper: Paper) -> dict[str, object]:
    date = [int(part) for part in paper.date.split("-")] if paper.date and paper.date[:1].isdigit() else []
    if not date and paper.year:
        date = [paper.year]
    names = [dict(zip(("family", "given"), name_parts(name), strict=True)) for name in paper.authors]
    item: dict[str, object] = {
        "id": paper.key,
        "type": _kind(paper),
        "title": paper.title,
        "author": [name if name["given"] else {"literal": name["family"]} for name in names],
        "issued": {"date-parts": [date]} if date else None,
        "container-title": paper.venue,
        "DOI": paper.doi,
        "number": f"arXiv:{paper.arxiv_id}" if paper.arxiv_id else None,
        "URL": paper.url,
        "abstract": paper.abstract,
        "keyword": ", ".join((*paper.categories, *paper.tags)),
    }
    return {name: value for name, value in item.items() if value}


def _kind(paper: Paper) -> str:
    if not paper.venue:
        return "article"
    return "paper-conference" if _MEETING.search(paper.venue) else "article-journal"


def jsonl(entries: Sequence[Entry]) -> str:
    """Return one JSON object a line, which `assistant add` reads again."""
    fields = (
        "key", "title", "authors", "authors_truncated", "year", "date", "categories", "has_code", "score",
        "affiliations", "venue", "doi", "arxiv_id", "url", "tags", "abstract",
    )  # fmt: skip
    rows = ([(name, getattr(paper, name)) for name in fields] for paper, _ in entries)
    return "".join(
        json.dumps({name: value for name, value in row if value not in (None, "", ())}, ensure_ascii=False) + "\n"
        for row in rows
    )


_EXPORTERS: dict[Format, Callable[[Sequence[Entry]], str]] = {
    "bibtex": bibtex,
    "ris": ris,
    "csljson": csljson,
    "jsonl": jsonl,
}
