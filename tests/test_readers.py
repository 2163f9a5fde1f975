"""Reading listing pages: by content, whole, with every problem at its line."""

import gzip
from pathlib import Path

import pytest

from assistant.errors import ReadError
from assistant.readers import read_document, read_path
from assistant.readers.author_page import split_byline
from assistant.readers.base import Document
from assistant.records import Problem, Record
from tests.conftest import shared

# Two pages in the manner of the real ones, with content of our own.
AUTHOR_PAGE = """\
93.7CVMay 7
Lanterns: Seeing by Little LightAda Quill, Bo Marsh et al. · north-lab, cmu
We build a lamp that sees. It needs 3.5 watts, e.g. from a small cell.
LGJun 3, 2021Code
Counting Sheep with Deep NetsCleo van der Berg
Sheep are hard to count. We count them with a net of 12 layers.
"""

DAILY_PAGE = """\
new

Get trending papers in your email inbox!

Subscribe

Mar 12

Rivers: A Benchmark for Flow

{long}

Stones without a Colon

{other} It ends here: https://example.org/stones
""".format(
    long="Rivers flow downhill and benchmarks measure how fast they do so, " * 6 + "which is all.",
    other="Stones lie where they fell, and whoever moves one of them moves the whole hill, " * 5 + "in the end.",
)


def read(tmp_path: Path, text: str | bytes) -> tuple[list[Record], list[Problem]]:
    path = tmp_path / "page.txt"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    items = list(read_path(path))
    return [i for i in items if isinstance(i, Record)], [i for i in items if isinstance(i, Problem)]


def test_author_page_fields(tmp_path: Path) -> None:
    """Every field of an author page's record is taken apart."""
    records, problems = read(tmp_path, AUTHOR_PAGE)
    first, second = records
    assert problems == []
    assert (first.title, first.authors, first.authors_truncated) == (
        "Lanterns: Seeing by Little Light",
        ("Ada Quill", "Bo Marsh"),
        True,
    )
    assert (first.score, first.categories, first.date, first.year, first.has_code) == (
        93.7,
        ("CV",),
        "--05-07",
        None,
        False,
    )
    assert first.affiliations == ("north-lab", "cmu")
    assert first.source.line == 1
    assert (second.title, second.authors) == ("Counting Sheep with Deep Nets", ("Cleo van der Berg",))
    assert (second.date, second.year, second.has_code, second.source.line) == ("2021-06-03", 2021, True, 4)
    assert second.abstract == "Sheep are hard to count. We count them with a net of 12 layers."


def test_daily_page_keeps_furniture_out(tmp_path: Path) -> None:
    """Menus, buttons and the digest's date never become papers."""
    records, problems = read(tmp_path, DAILY_PAGE)
    assert [record.title for record in records] == ["Rivers: A Benchmark for Flow", "Stones without a Colon"]
    assert [record.source.line for record in records] == [9, 13]
    assert records[1].abstract.endswith("https://example.org/stones")
    assert problems == []


@pytest.mark.parametrize(
    ("line", "title", "authors"),
    [
        ("RLHF in the WildAda Quill, Bo Marsh", "RLHF in the Wild", ("Ada Quill", "Bo Marsh")),
        ("Better Alignment in RLHFAda Quill, Bo Marsh", "Better Alignment in RLHF", ("Ada Quill", "Bo Marsh")),
        ("Tech Report 2025Ada Quill", "Tech Report 2025", ("Ada Quill",)),
        ("What Is a ConvNet?Ada Quill", "What Is a ConvNet?", ("Ada Quill",)),
        ("On FeedbackBrandon McKinzie, Ada Quill", "On Feedback", ("Brandon McKinzie", "Ada Quill")),
        ("On FeedbackVlad I. Morariu", "On Feedback", ("Vlad I. Morariu",)),
        ("Mixture-of-ExpertsJean-Philippe Fauconnier", "Mixture-of-Experts", ("Jean-Philippe Fauconnier",)),
        (
            "A Study, in Two Parts, of LLMsAda Quill, Bo O'Hara",
            "A Study, in Two Parts, of LLMs",
            ("Ada Quill", "Bo O'Hara"),
        ),
        ("Café NetworksÉmile Zola, José de la Cruz", "Café Networks", ("Émile Zola", "José de la Cruz")),
    ],
)
def test_title_and_authors_part(line: str, title: str, authors: tuple[str, ...]) -> None:
    """The title ends where everything after it reads as a list of names."""
    byline = split_byline(line)
    assert byline is not None
    assert (byline.title, byline.authors) == (title, authors)


def test_no_title_end_is_a_problem(tmp_path: Path) -> None:
    """A line without a place where the authors begin is reported, and reading goes on."""
    page = AUTHOR_PAGE.replace(
        "Lanterns: Seeing by Little LightAda Quill, Bo Marsh et al. · north-lab, cmu", "no names here"
    )
    records, problems = read(tmp_path, page)
    assert [record.title for record in records] == ["Counting Sheep with Deep Nets"]
    assert [problem.line for problem in problems] == [2]


@pytest.mark.parametrize(
    ("page", "kept", "line"),
    [
        (AUTHOR_PAGE[: AUTHOR_PAGE.index("net of 12")], 1, 4),
        (AUTHOR_PAGE[: AUTHOR_PAGE.index("Sheep are hard")], 1, 4),
        (AUTHOR_PAGE[: AUTHOR_PAGE.index("Counting")], 1, 4),
        (DAILY_PAGE[: DAILY_PAGE.index("It ends")][:-30], 1, 13),
        (DAILY_PAGE[: DAILY_PAGE.index("Stones") + 22], 1, 13),
    ],
)
def test_a_cut_page_keeps_its_whole_records(tmp_path: Path, page: str, kept: int, line: int) -> None:
    """A page cut inside a record gives its whole records and reports the cut one with its line."""
    records, problems = read(tmp_path, page)
    assert (len(records), [problem.line for problem in problems]) == (kept, [line])


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"", "empty"), (b"  \n\n ", "empty"), (bytes(range(256)) * 8, "binary"), (b"just a line\n", "no paper records")],
)
def test_what_is_no_listing_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    """Empty, binary and foreign files are refused with a cure."""
    with pytest.raises(ReadError, match=message) as caught:
        read(tmp_path, content)
    assert caught.value.cure


def test_missing_file_is_refused(tmp_path: Path) -> None:
    """A file that isn't there is refused by name."""
    with pytest.raises(ReadError, match="no such file"):
        list(read_path(tmp_path / "nothing.txt"))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_cut_file_is_reported_at_its_line(encoding: str) -> None:
    """A packed file that is damaged is reported at the line up to which it could be read, in any encoding."""
    packed = bytearray(gzip.compress("title,year\nRivers,2020\nHills,2021\n".encode(encoding)))
    packed[-8] ^= 0xFF  # the checksum at its end
    document = Document.of("cut.csv", bytes(packed))
    problems = [item for item in read_document(document) if isinstance(item, Problem)]
    assert [(item.line, item.message) for item in problems if "damaged" in item.message] == [
        (4, "the compressed file is cut or damaged here")
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_encodings(tmp_path: Path, encoding: str) -> None:
    """UTF-8 with and without a mark and UTF-16 give the same records."""
    records, problems = read(tmp_path, AUTHOR_PAGE.replace("lamp", "lämp").encode(encoding))
    assert (len(records), problems) == (2, [])
    assert "lämp" in records[0].abstract


def test_windows_encoding_is_read_with_a_warning(tmp_path: Path) -> None:
    """A page in Windows-1252 is read, and the guess is reported with its line."""
    records, problems = read(tmp_path, AUTHOR_PAGE.replace("lamp", "lämp").encode("cp1252"))
    assert "lämp" in records[0].abstract
    assert [(problem.line, "Windows-1252" in problem.message) for problem in problems] == [(2, True)]


def test_json_lines(tmp_path: Path) -> None:
    """JSON lines give their fields, and a bad line is a problem of its own."""
    lines = [
        '{"id": "x:1", "title": "One", "abstract": ["A first.", "A second."], "authors": ["Ada Quill"],'
        ' "year": "2018"}',
        '{"title": "Two", "abs',
        '{"abstract": "no title"}',
        '{"title": "Three", "authors": "Ada Quill; Bo Marsh", "year": null}',
    ]
    records, problems = read(tmp_path, "\n".join(lines))
    assert [(r.title, r.year, r.authors) for r in records] == [
        ("One", 2018, ("Ada Quill",)),
        ("Three", None, ("Ada Quill", "Bo Marsh")),
    ]
    assert records[0].abstract == "A first. A second."
    assert records[0].ids == ("x:1",)
    assert [problem.line for problem in problems] == [2, 3]


# ---------------------------------------------------------------------- the real pages


def titles_and_authors(folder: Path) -> list[tuple[str, tuple[str, ...], bool]]:
    records = [
        item
        for name in ("author-page-1.txt", "author-page-2.txt")
        for item in read_path(folder / name)
        if isinstance(item, Record)
    ]
    return [(record.title, record.authors, record.authors_truncated) for record in records]


# First author and last words of the title, for each of the 51 records of the real author pages, in their order.
REAL_BYLINES = """\
Images|Wentao Wu
Language Models|Tsu-Jui Fu
Captions|Zhengfeng Lai
Granularity|Haoxuan You
Never Simple|Ajay Jaiswal
LLM Reasoning|Xinyu Zhu
Fine-tuning|Haotian Zhang
Mixture-of-Experts|Erik Daxberger
Language Models|Tom Gunter
Driving Scenes|Xianzhi Du
LLM Training|Xianzhi Du
Vision Tokenizer|Yanghao Li
Harm Performance|Zhuoning Yuan
without Training|Wuyang Chen
Video Recognition|Xianzhi Du
Semantic Segmentation|Abdullah Rashwan
Resource Distribution|Xianzhi Du
and Localization|Xianzhi Du
of Text|Roy Xie
Report 2025|Ethan Li
Heterogeneous Infrastructure|Mark Lee
and Observations|Ajay Jaiswal
Model Pretraining|Yixiao Li
Sparse Upcycling|Xinze Wang
LLM Pre-training|Brandon McKinzie
and Robustness|Liangliang Cao
Instance Segmentation|Wuyang Chen
and Text|Qing Li
Object Detection|Xianzhi Du
Scaling Strategies|Irwan Bello
Stereo Matching|Mostafa El-Khamy
Estimation Networks|Xianzhi Du
Pedestrian Detection|Xianzhi Du
Portrait Segmentation|Xianzhi Du
pedestrian detection|Xianzhi Du
Visual Enhancement|Mohammadreza Salehi
Range Learning|Sachin Mehta
Isotropic Networks|Chien-Yu Lin
Vision Applications|Elvis Nunez
Inference Framework|Sachin Mehta
Audio-Video Learners|Elvis Nunez
Image-Text Data|Sachin Mehta
File Bytes|Maxwell Horton
KV Cache|Rishabh Tiwari
Pre-Trained LLMs|Kumari Nishu
Pseudo-Random Generators|Rasoul Shafipour
in RLHF|Atoosa Chegini
Inference Time|Elvis Nunez
Network Subspaces|Mitchell Wortsman
CNN Compression|Maxwell Horton
Label Progression|Hessam Bagherinezhad
""".splitlines()


@pytest.mark.parametrize("number", range(51))
def test_each_real_byline(number: int) -> None:
    """Each of the 51 glued lines of the real author pages parts at the right place."""
    title, authors, truncated = titles_and_authors(shared("papers"))[number]
    ending, first = REAL_BYLINES[number].split("|")
    assert title.endswith(ending)
    assert authors[0] == first
    assert len(authors) == 3
    assert truncated == (number not in (9, 31))


def test_real_pages_are_complete() -> None:
    """The five real pages give 401 records, no problem, and abstracts complete to the last character."""
    folder = shared("papers")
    paths = sorted(folder.glob("*.txt"))
    items = [(path, item) for path in paths for item in read_path(path)]
    records = [(path, item) for path, item in items if isinstance(item, Record)]
    assert [item for _, item in items if isinstance(item, Problem)] == []
    assert len(records) == 401
    for path, record in records:
        lines = path.read_text(encoding="utf-8").splitlines()
        assert record.abstract in lines
        assert lines[record.source.line - 1].startswith((record.title[:20], *("0123456789CALS"))), record.title
