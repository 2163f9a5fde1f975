"""Exports of reference managers and databases: each fixture gives its records, its problems and nothing else."""

import gzip
import http.server
import io
import json
import os
import sys
import threading
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from assistant.errors import ReadError
from assistant.readers import choose, clean, dates, latex, load, people, read_document, read_path, zotero
from assistant.readers.base import Document
from assistant.records import Problem, Record

EXPORTS = Path(__file__).parent / "fixtures" / "exports"
EXPECTED: dict[str, Any] = json.loads((EXPORTS / "expected" / "records.json").read_text(encoding="utf-8"))


def parted(items: Iterator[Record | Problem]) -> tuple[list[Record], list[Problem]]:
    found = list(items)
    return [i for i in found if isinstance(i, Record)], [i for i in found if isinstance(i, Problem)]


def of_text(text: str | bytes, name: str = "x") -> tuple[list[Record], list[Problem]]:
    data = text if isinstance(text, bytes) else text.encode()
    return parted(read_document(Document.of(name, data)))


def test_every_fixture_is_described_and_expected() -> None:
    """Each fixture has an expectation, and the README says which exporter it imitates."""
    names = {path.name for path in EXPORTS.iterdir() if path.is_file()} - {"README.md"}
    assert names == set(EXPECTED)
    assert len(names) >= 25
    readme = (EXPORTS / "README.md").read_text(encoding="utf-8")
    assert [name for name in sorted(names) if f"`{name}`" not in readme] == []


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_each_export(name: str) -> None:
    """A fixture is told by its content and gives exactly the expected records and problems, each at its line."""
    path = EXPORTS / name
    assert choose(load(path)).name == EXPECTED[name]["reader"]
    records, problems = parted(read_path(path))
    found = [
        {**record.model_dump(mode="json", exclude_defaults=True, exclude={"source", "raw"}), "line": record.source.line}
        for record in records
    ]
    assert found == EXPECTED[name]["records"]
    assert [[problem.line, problem.message] for problem in problems] == EXPECTED[name]["problems"]
    assert {item.file for item in problems} | {record.source.file for record in records} == {str(path)}


@pytest.mark.parametrize("name", sorted(name for name in EXPECTED if not name.endswith((".pdf", ".gz"))))
def test_the_name_does_not_matter(name: str, tmp_path: Path) -> None:
    """Under another name, packed with gzip, and with Windows line ends a fixture gives the same records."""
    data = (EXPORTS / name).read_bytes()
    plain, packed, windows = tmp_path / "a", tmp_path / "b.txt", tmp_path / "c.pdf"
    plain.write_bytes(data)
    packed.write_bytes(gzip.compress(data))
    windows.write_bytes(data if data.startswith(b"\xff\xfe") else data.replace(b"\n", b"\r\n"))
    same = [
        [(r.title, r.abstract, r.authors, r.date, r.source.line) for r in parted(read_path(path))[0]]
        for path in (EXPORTS / name, plain, packed, windows)
    ]
    assert same[1:] == same[:1] * 3


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (
            r"{\'e}t{\'{e}} \'{\i}\^o \c{c}\c c \v{S} {\aa} \o re \ss{} \H{o} \k{a} \.z \u{g}",
            "été íô çç Š å øre ß ő ą ż ğ",
        ),
        (r"100% of $x_{1}^{2} \leq 5\%$ and \% \& \_ \# \{a\}", r"100% of $x_{1}^{2} \leq 5\%$ and % & _ # {a}"),
        (r"``so'' --- he said -- it's~fine", "“so” — he said – it's fine"),
        (r"\emph{a} \textbf{b {C}} \foo{d} \alpha", r"a b C \foo{d} \alpha"),
        (r"it costs $5 alone", "it costs $5 alone"),
        (r"\href{https://x.org}{here}, \url{https://y.org/a_b}", "here, https://y.org/a_b"),
        ("\\", "\\"),
        ("{{{", ""),
        (r"Nguy{\~{\^e}}n", "Nguyễn"),
        (r"\(a^2\) stays", r"\(a^2\) stays"),
    ],
)
def test_latex(written: str, meant: str) -> None:
    """Accents and braces are resolved; mathematics, bare percent signs and unknown commands stay."""
    assert latex.decode(written) == meant


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("<jats:title>Abstract</jats:title><jats:p>A &lt; B.</jats:p>", "A < B."),
        ("Abstract Meaning Representation is a graph.", "Abstract Meaning Representation is a graph."),
        ("ABSTRACT We pose it.", "We pose it."),
        ("Abstract\nWe pose\nit.", "We pose it."),
        ("Abstract: We pose it.", "We pose it."),
        ("We use <unk> and <s>, a < b > c & R&D.", "We use <unk> and <s>, a < b > c & R&D."),
        ("H<sub>2</sub>O &amp;lt;i&amp;gt;x&amp;lt;/i&amp;gt;", "H2O x"),
        ("It works. © 2020 The Authors. Published by Elsevier Ltd.", "It works."),
        ("It works. Copyright (C) 2020 IEEE. All rights reserved.", "It works."),
        ("We study the © sign. It is common.", "We study the © sign. It is common."),
        (
            "The law of copyright. Copyright is old and so is piracy.",
            "The law of copyright. Copyright is old and so is piracy.",
        ),
        ("red\x1b[31m text", "red\u241a[31m text"),
    ],
)
def test_abstracts_are_cleaned(written: str, meant: str) -> None:
    """Markup, a leading "Abstract" and the publisher's notice go; the authors' own words stay."""
    assert clean.abstract(written) == meant


@pytest.mark.parametrize(
    ("written", "date"),
    [
        ("2021-03-04", "2021-03-04"),
        ("2021/03//", "2021-03"),
        ("2021 Mar 4", "2021-03-04"),
        ("4 March 2021", "2021-03-04"),
        ("March 4, 2021", "2021-03-04"),
        ("2021 Mar-Apr", "2021-03"),
        ("Mon, 2 Apr 2007 19:18:42 GMT", "2007-04-02"),
        ("2021-02-31", "2021-02"),
        ("2021 Spring", "2021"),
        ("04/03/2021", "2021"),
        ("in press", None),
        ("", None),
    ],
)
def test_dates(written: str, date: str | None) -> None:
    """A date is as exact as it is written, and no more."""
    assert dates.parse(written).date == date


@pytest.mark.parametrize(
    ("written", "names"),
    [
        ("Quill, Ada; Marsh, Bo", ("Ada Quill", "Bo Marsh")),
        ("Quill, A., Marsh, B.", ("A. Quill", "B. Marsh")),
        ("Ada Quill, Bo Marsh and Fen Hare", ("Ada Quill", "Bo Marsh", "Fen Hare")),
        ("Quill, Ada", ("Ada Quill",)),
        ("Quill A; van der Berg C.B.", ("A Quill", "C.B. van der Berg")),
        ("Quill, Ada, Jr.", ("Ada Quill Jr.",)),
        ("[No author name available]", ()),
        ("", ()),
    ],
)
def test_lists_of_names(written: str, names: tuple[str, ...]) -> None:
    """A cell of names is taken apart into names of the form "First Last"."""
    assert people.split_list(written) == (names, False)


def test_an_entry_keeps_its_own_text() -> None:
    """A BibTeX record carries the user's entry as it was written."""
    text = "@misc{k,\n  title = {A {B}},\n  note  = {50% \\'e}\n}"
    records, _ = of_text(f"\n{text}\n\n@misc{{l, title = {{C}}}}\n")
    assert records[0].raw == text


def test_a_folder_is_read_through(tmp_path: Path) -> None:
    """A folder gives the records of all files below it; hidden ones are passed over, foreign ones are problems."""
    (tmp_path / "deep" / "er").mkdir(parents=True)
    (tmp_path / ".git").mkdir()
    for name in ("deep/er/a.bib", ".git/b.bib"):
        (tmp_path / name).write_bytes((EXPORTS / "google_scholar.bib").read_bytes())
    (tmp_path / "picture.png").write_bytes(b"\x89PNG\r\n\x1a\n\0\0\0")
    records, problems = parted(read_path(tmp_path))
    assert len(records) == 2
    assert [Path(problem.file).name for problem in problems] == ["picture.png"]


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    """`-` reads standard input, packed or not."""
    data = gzip.compress((EXPORTS / "zotero.ris").read_bytes())
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
    records, problems = parted(read_path(Path("-")))
    assert ([record.source.file for record in records], problems) == (["-", "-"], [])


def test_a_cut_archive_keeps_what_came_before(tmp_path: Path) -> None:
    """A gzip file that was cut gives its whole lines, and a problem."""
    lines = "".join(json.dumps({"title": f"T{n}", "abstract": os.urandom(40).hex()}) + "\n" for n in range(2000))
    data = gzip.compress(lines.encode())
    path = tmp_path / "cut.jsonl.gz"
    path.write_bytes(data[: len(data) // 2])
    records, problems = parted(read_path(path))
    assert len(records) > 500
    assert any("compressed" in problem.message for problem in problems)


@pytest.mark.parametrize("packed", [False, True])
def test_large_files_are_streamed(tmp_path: Path, packed: bool) -> None:
    """A file of lines costs no more memory when it is ten times as large."""
    line = json.dumps(
        {"id": "2101.00001", "title": "T", "abstract": "word " * 400, "versions": [], "categories": "cs.CL"}
    )
    path = tmp_path / "snapshot"
    with gzip.open(path, "wt", compresslevel=1) if packed else path.open("w") as file:
        for _ in range(3_000):
            file.write(line + "\n")
    tracemalloc.start()
    count = sum(1 for _ in read_path(path))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == 3_000
    assert peak < 3_000_000  # the file has 6 MB


def test_macros_can_not_blow_up() -> None:
    """Strings of strings of strings, each twice the one before, end at a bound."""
    text = '@string{a0 = "' + "x" * 1000 + '"}\n'
    text += "".join(f"@string{{a{n} = a{n - 1} # a{n - 1}}}\n" for n in range(1, 60))
    records, _ = of_text(text + "@misc{k, title = a59 # {T}}")
    assert all(len(record.title) < 10_000_000 for record in records)


def test_a_feed_with_a_document_type_is_refused() -> None:
    """Declarations of entities, which can blow up, are not read."""
    feed = '<!DOCTYPE x [<!ENTITY a "b">]>\n<feed xmlns="http://www.w3.org/2005/Atom"><entry><title>&a;</title></entry></feed>'
    records, problems = of_text(feed)
    assert (records, len(problems)) == ([], 1)


def test_pdf_text_by_section_and_page() -> None:
    """The text of a PDF comes by section, with the page on which it stands."""
    ((record,), _) = parted(read_path(EXPORTS / "latex.pdf"))
    found = record.full_text
    assert [(section.heading, section.page) for section in found] == [
        ("", 1),
        ("Abstract", 1),
        ("1 Introduction", 1),
        ("2 Results", 1),
    ]
    assert found[-1].text == "They burn."


# ---------------------------------------------------------------------- Zotero's local interface


class Imitation(http.server.BaseHTTPRequestHandler):
    """Answers as Zotero 7 does: pages of items, at most a hundred each."""

    items: list[dict[str, Any]] = []  # noqa: RUF012 (set by each test)
    status = 200

    def do_GET(self) -> None:
        address = urlsplit(self.path)
        query = parse_qs(address.query)
        assert address.path == "/api/users/0/items"
        assert query["format"] == ["json"]
        start, limit = int(query["start"][0]), int(query["limit"][0])
        body = json.dumps(self.items[start : start + limit]).encode()
        self.send_response(self.status)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Total-Results", str(len(self.items)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Keep the test's output clean."""


@pytest.fixture
def imitation() -> Iterator[str]:
    """The address of a local imitation of Zotero."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Imitation)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def test_zotero_pages(imitation: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """All pages are read, attachments are passed over, a bad item is a problem, and a source is the item's key."""
    paper = json.loads((EXPORTS / "zotero_api.json").read_text())[0]
    items = [{**paper, "key": f"K{n}"} for n in range(230)]
    items[3] = {"key": "ATT", "data": {"itemType": "attachment", "title": "PDF"}}
    items[7] = {"key": "BAD", "data": {"itemType": "book"}}
    monkeypatch.setattr(Imitation, "items", items)
    records, problems = parted(zotero.read(imitation))
    assert len(records) == 228
    assert (records[0].source.file, records[0].key) == ("zotero:K0", "quillBaskets")
    assert [problem.file for problem in problems] == ["zotero:BAD"]


def test_zotero_that_refuses(imitation: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A Zotero that lets no program in is named, with the setting that does."""
    monkeypatch.setattr(Imitation, "status", 403)
    with pytest.raises(ReadError, match="403") as caught:
        list(zotero.read(imitation))
    assert "Settings" in caught.value.cure


def test_no_zotero() -> None:
    """Where no Zotero runs, the error says so."""
    with pytest.raises(ReadError, match="no Zotero answers"):
        list(zotero.read("http://127.0.0.1:9"))
