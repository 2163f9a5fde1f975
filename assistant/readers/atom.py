"""Atom feeds of arXiv's interface (`export.arxiv.org/api/query`), one entry at a time."""

import html
import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator

from assistant.readers import build, clean, dates, identifiers
from assistant.readers.base import Document, Reader
from assistant.records import Problem, Record

_NAMESPACE = re.compile(r'\sxmlns:([A-Za-z][\w-]*)="([^"<>]*)"')
_XML_ENTITIES = frozenset(("amp", "lt", "gt", "quot", "apos"))
_NAMED_ENTITY = re.compile(r"&([A-Za-z]\w{1,30});")


def accepts(document: Document) -> bool:
    """Accept an Atom feed."""
    return "<feed" in document.head and "www.w3.org/2005/Atom" in document.head


def read(document: Document) -> Iterator[Record | Problem]:
    """Yield a record for each entry; an entry that is not well-formed costs only itself."""
    text = document.text
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        yield document.problem(1, "an Atom feed with a document type declaration; such a file is not read")
        return
    prefixes = dict(_NAMESPACE.findall(text))
    line, counted = 1, 0
    at = text.find("<entry")
    while at >= 0:
        line, counted = line + text.count("\n", counted, at), at
        following = text.find("<entry", at + 6)
        end = text.find("</entry>", at, following if following >= 0 else len(text))
        if end < 0:
            yield document.problem(line, "an entry without its end; the file may be cut")
        else:
            yield _entry(document, line, text[at : end + 8], prefixes)
        at = following


def _entry(document: Document, line: int, text: str, prefixes: dict[str, str]) -> Record | Problem:
    # The feed's own declarations stand outside the entry.
    used = {name: uri for name, uri in prefixes.items() if f"{name}:" in text and f"xmlns:{name}=" not in text}
    opening = "<feed " + " ".join(f'xmlns:{name}="{uri}"' for name, uri in used.items()) + ">"
    plain = _NAMED_ENTITY.sub(lambda found: found[0] if found[1] in _XML_ENTITIES else html.unescape(found[0]), text)
    try:
        entry = ElementTree.fromstring(f"{opening}{plain}</feed>")[0]
    except (ElementTree.ParseError, ValueError, IndexError) as error:
        return document.problem(line, f"an entry that is not well-formed ({error})")
    title = clean.one_line(_text(entry, "title"))
    if not title:
        return document.problem(line, "an entry without a title")
    address = _text(entry, "id")
    return build.record(
        document,
        line,
        title=title,
        abstract=clean.one_line(_text(entry, "summary")),
        authors=[_text(author, "name") for author in _all(entry, "author")],
        affiliations=[_text(author, "affiliation") for author in _all(entry, "author")],
        when=dates.parse(_text(entry, "published")),
        venue=_text(entry, "journal_ref"),
        doi=_text(entry, "doi"),
        arxiv=identifiers.arxiv_in(address) or "",
        url=address if address.strip().startswith("http") else "",
        categories=[element.get("term", "") for element in _all(entry, "category")],
    )


def _all(element: ElementTree.Element, name: str) -> list[ElementTree.Element]:
    return [child for child in element if str(child.tag).rsplit("}", 1)[-1] == name]


def _text(element: ElementTree.Element, name: str) -> str:
    found = _all(element, name)
    return "".join(found[0].itertext()) if found else ""


READER = Reader("arXiv Atom", accepts, read)
