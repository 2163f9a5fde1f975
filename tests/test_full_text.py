"""Full texts: what a PDF says by section and page, attached to its record, searched and shown as such."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from assistant.chunks import MAX_TOKENS, chunk_section
from assistant.cli import main
from assistant.cli.run import Run
from assistant.library import Library
from assistant.testing import HashingEmbedder

BIBLIOGRAPHY = """@article{quill2021,
  title = {Candles: A Bright Study}, author = {Quill, Ada}, year = {2021}, eprint = {2105.00123},
  archiveprefix = {arXiv}, abstract = {Candles burn at both ends. We light forty of them.}
}
@article{marsh2022, title = {Sand under Bridges}, author = {Marsh, Bo}, year = {2022}, doi = {10.1234/sand.7},
  abstract = {A camera counts the grains that a river carries.}}
"""
CANDLES = (
    ("arXiv:2105.00123v1 [cs.CL] 1 May 2021", "Candles: A Bright Study", "1 Introduction", "Candles are old."),
    ("They were made of tallow.", "2 Results", "Wicks of hemp smoke in a draught.", "Beeswax drips less than tallow."),
    ("No candle lasted nine hours.", "References", "B. Marsh. Hemp and its smoke. 1999."),
)


def pdf_of(*pages: tuple[str, ...], title: str = "", author: str = "") -> bytes:
    """Return a PDF with these lines on its pages."""
    kids = " ".join(f"{4 + 2 * at} 0 R" for at in range(len(pages)))
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    for at, lines in enumerate(pages):
        shown = " T* ".join(f"({line}) Tj" for line in lines)
        stream = f"BT /F1 10 Tf 50 780 Td 14 TL {shown} ET"
        objects += [
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents {5 + 2 * at} 0 R"
            " /Resources << /Font << /F1 3 0 R >> >> >>",
            f"<< /Length {len(stream)} >>\nstream\n{stream}\nendstream",
        ]
    objects.append(f"<< /Title ({title}) /Author ({author}) >>")
    body, places = "%PDF-1.4\n", []
    for number, each in enumerate(objects, start=1):
        places.append(len(body))
        body += f"{number} 0 obj\n{each}\nendobj\n"
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    end = f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}"
    trailer = f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R /Info {len(objects)} 0 R >>\n"
    return f"{body}{end}{trailer}startxref\n{len(body)}\n%%EOF\n".encode("latin-1")


Assistant = Callable[..., tuple[int, str, str]]


@pytest.fixture
def assistant(home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Assistant:
    """Run a command over the test's home; return its exit code, its output and its talk."""
    monkeypatch.setattr(Run, "embedder", HashingEmbedder())

    def run(*arguments: object) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            main([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return int(ended.value.code or 0), captured.out, captured.err

    return run


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A bibliography of two papers with the PDF of one, which gives its arXiv id and no title."""
    path = tmp_path / "papers"
    path.mkdir()
    (path / "a.pdf").write_bytes(pdf_of(*CANDLES))
    (path / "mine.bib").write_text(BIBLIOGRAPHY, encoding="utf-8")
    return path


def found(assistant: Assistant, *query: str) -> list[dict[str, Any]]:
    """Return the hits of a search in the full texts."""
    code, out, _ = assistant("search", "--full-text", "--json", *query)
    assert code == 0
    return list(json.loads(out)["hits"])


def test_a_pdf_is_attached_to_the_paper_of_its_id(assistant: Assistant, folder: Path) -> None:
    """A PDF without a title goes to the paper that has its id, whichever of the two files comes first."""
    code, out, err = assistant("add", folder, "--json")
    assert (code, err) == (0, "")
    report = json.loads(out)
    assert (report["read"], report["added"], report["merged"], report["problems"]) == (3, 2, 1, [])
    shown = json.loads(assistant("papers", "show", "quill2021", "--json")[1])
    assert shown["paper"]["title"] == "Candles: A Bright Study"
    assert shown["paper"]["abstract"].startswith("Candles burn")
    (text,) = shown["full_texts"]
    assert text["file"] == str(folder / "a.pdf")
    assert [(part["heading"], part["page"]) for part in text["sections"]] == [
        ("", 1), ("1 Introduction", 1), ("1 Introduction", 2), ("2 Results", 2), ("2 Results", 3), ("References", 3),
    ]  # fmt: skip
    assert json.loads(assistant("papers", "show", "marsh2022", "--json")[1])["full_texts"] == []


def test_a_passage_opens_the_exact_words(assistant: Assistant, folder: Path) -> None:
    """A passage names file, section and page, and is exactly that piece of what is stored."""
    assistant("add", folder)
    (hit,) = found(assistant, "hemp wicks in a draught")
    assert (hit["key"], hit["rank"]) == ("quill2021", 1)
    passage = hit["passages"][0]
    assert (passage["section"], passage["page"]) == ("2 Results", 2)
    assert "Wicks of hemp smoke in a draught." in passage["text"]
    (text,) = json.loads(assistant("papers", "show", "quill2021", "--json")[1])["full_texts"]
    part = text["sections"][passage["part"] - 1]
    assert part["text"][passage["start"] : passage["end"]] == passage["text"]
    assert (part["heading"], part["page"]) == (passage["section"], passage["page"])


def test_the_list_of_references_is_not_searched(assistant: Assistant, folder: Path) -> None:
    """What stands under "References" is about other papers: it is kept and not found."""
    assistant("add", folder)
    assert found(assistant, "Marsh 1999") == []
    assert "Hemp and its smoke" in assistant("papers", "show", "quill2021", "--full-text")[1]


def test_search_shows_section_and_page(assistant: Assistant, folder: Path) -> None:
    """On a terminal each passage of a full text stands under its file, page and section."""
    assistant("add", folder)
    _, out, _ = assistant("search", "--full-text", "nine hours")
    assert "a.pdf, page 3, 2 Results\n" in out
    assert "No candle lasted nine hours." in out


def test_search_without_the_option_and_citations_know_abstracts_only(assistant: Assistant, folder: Path) -> None:
    """A text changes neither the chunks nor what plain search shows: offsets into the abstract."""
    assistant("add", folder / "mine.bib")
    before = assistant("search", "hemp wicks", "--json")[1]
    assistant("add", folder)
    assert assistant("search", "hemp wicks", "--json")[1] == before


def test_conditions_choose_among_the_texts(assistant: Assistant, folder: Path) -> None:
    """Filters hold for the full texts too."""
    assistant("add", folder)
    assert found(assistant, "tallow", "--since", "2022") == []
    assert [hit["key"] for hit in found(assistant, "tallow", "--since", "2021")] == ["quill2021"]


def test_no_full_text_says_how_to_add_one(assistant: Assistant, folder: Path) -> None:
    """Where no PDF was added the search says so."""
    assistant("add", folder / "mine.bib")
    code, out, err = assistant("search", "--full-text", "tallow")
    assert (code, out) == (0, "Nothing found.\n")
    assert "assistant add FILE.pdf" in err


def test_adding_again_changes_nothing_and_a_new_text_replaces_the_old(assistant: Assistant, folder: Path) -> None:
    """The same PDF is unchanged, also under another name; another text of the same record takes its place."""
    assistant("add", folder)
    assert json.loads(assistant("add", folder, "--json")[1])["unchanged"] == 3
    (folder / "copy.pdf").write_bytes((folder / "a.pdf").read_bytes())
    assistant("add", folder)
    assert len(found(assistant, "tallow")[0]["passages"]) == 2
    (folder / "copy.pdf").unlink()
    (folder / "a.pdf").write_bytes(pdf_of(CANDLES[0], ("2 Results", "Paraffin is cheap.")))
    assert json.loads(assistant("add", folder, "--json")[1])["merged"] == 1
    assert found(assistant, "tallow") == []
    assert found(assistant, "paraffin")[0]["passages"][0]["page"] == 2


def test_an_id_that_no_paper_has_is_a_problem(assistant: Assistant, folder: Path) -> None:
    """A PDF without a title makes no paper by itself, and what to do is said."""
    code, out, err = assistant("add", folder / "a.pdf", "--json")
    report = json.loads(out)
    assert (code, report["read"], report["added"]) == (0, 0, 0)
    assert "2105.00123" in report["problems"][0]["message"]
    assert "2105.00123" in err


def test_two_files_without_titles_are_not_taken_for_one(assistant: Assistant, folder: Path) -> None:
    """Having no title is nothing in common."""
    (folder / "sand.pdf").write_bytes(pdf_of(("doi:10.1234/sand.7", "1 Introduction", "Grains roll.")))
    report = json.loads(assistant("add", folder, "--json")[1])
    assert (report["added"], report["merged"], report["problems"]) == (2, 2, [])
    assert [hit["key"] for hit in found(assistant, "grains roll")] == ["marsh2022"]


def test_a_pdf_with_a_title_is_a_paper_by_itself(assistant: Assistant, tmp_path: Path) -> None:
    """Its own metadata make the record, and its text is searched."""
    path = tmp_path / "lamps.pdf"
    path.write_bytes(pdf_of(("1 Introduction", "Lamps learn at dusk."), title="Lamps that Learn", author="Ada Quill"))
    assistant("add", path)
    (hit,) = found(assistant, "dusk")
    assert hit["title"] == "Lamps that Learn"


def test_a_scanned_pdf_is_reported(assistant: Assistant, tmp_path: Path) -> None:
    """A PDF of pictures keeps its metadata, and the lack of text is said."""
    path = tmp_path / "scan.pdf"
    path.write_bytes(pdf_of((), title="Lamps that Learn"))
    _, out, err = assistant("add", path)
    assert "1 papers added" in out
    assert "without text" in err


def test_removing_a_paper_removes_its_text(assistant: Assistant, folder: Path, home: Path) -> None:
    """Nothing of a text is left behind, in the index either."""
    assistant("add", folder)
    assert assistant("papers", "remove", "quill2021")[0] == 0
    assert found(assistant, "tallow") == []
    with Library.open(home / "catalogue.sqlite3") as library:
        assert not library.has_full_text()
        assert library.orphans(drop=False) == 0
        assert library.match_text('"tallow"', 10) == []


def test_a_text_stays_with_the_paper_that_is_split(assistant: Assistant, folder: Path, tmp_path: Path) -> None:
    """Splitting gives each record a paper of its own, but for a text that was attached by its id."""
    other = tmp_path / "other.bib"
    other.write_text(BIBLIOGRAPHY.replace("quill2021", "q21").replace("forty", "fifty"), encoding="utf-8")
    assistant("add", folder, other)
    code, out, _ = assistant("papers", "split", "quill2021", "--json")
    assert (code, len(json.loads(out)["papers"])) == (0, 2)
    assert [hit["key"] for hit in found(assistant, "tallow")] == ["quill2021"]


def test_chunks_of_a_section_are_pieces_that_the_embedder_could_read() -> None:
    """A long section is cut at sentence ends into exact pieces of at most 200 tokens; a blank one into none."""
    count = HashingEmbedder().count_tokens
    text = " ".join(f"Sentence {n} says that the lamp of room {n} is out." for n in range(60))
    spans = chunk_section(text, count)
    assert len(spans) > 2
    assert " ".join(text[start:end].strip() for start, end in spans) == text
    assert all(count(text[start:end]) <= MAX_TOKENS for start, end in spans)
    assert chunk_section(" ", count) == []
