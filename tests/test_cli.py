"""The command line as other programs and people meet it: contracts, exit codes, two-line errors."""

import io
import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import pytest

from assistant.cli import main
from assistant.cli.tour import QUESTIONS
from assistant.config import DEFAULT_GENERATOR, data_path
from tests.conftest import shared
from tests.test_readers import AUTHOR_PAGE, DAILY_PAGE


class Result(NamedTuple):
    """How a command ended."""

    code: int
    out: str
    err: str


Assistant = Callable[..., Result]


@pytest.fixture
def assistant(capsys: pytest.CaptureFixture[str], home: Path) -> Assistant:
    """Run a command in this process, in a home of the test's own."""

    def run(*arguments: str) -> Result:
        with pytest.raises(SystemExit) as ended:
            main(list(arguments))
        captured = capsys.readouterr()
        return Result(int(ended.value.code or 0), captured.out, captured.err)

    return run


@pytest.fixture(scope="session")
def sample_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with the sample library in it, made once with the real embedder."""
    path = tmp_path_factory.mktemp("sample") / "home"
    with pytest.raises(SystemExit) as ended:
        main(["--home", str(path), "add", str(data_path("eval") / "library.jsonl")])
    assert ended.value.code == 0
    return path


def assert_two_lines(result: Result, code: int, *words: str) -> None:
    """Hold an error against the promise: exit code, two lines, nothing on standard output, no traceback."""
    assert result.code == code, result
    assert result.out == ""
    lines = result.err.strip().splitlines()
    assert len(lines) == 2, lines
    assert lines[0].startswith("Error: ")
    for word in words:
        assert word in result.err


def write(path: Path, content: str | bytes) -> str:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return str(path)


# ---------------------------------------------------------------------- bad input


def test_no_library_yet(assistant: Assistant) -> None:
    """Without a library, exit 3, and the error names the command that helps."""
    for command in (["search", "lamps"], ["ask", "lamps?"], ["draft", "lamps"], ["papers", "list"], ["chat"]):
        assert_two_lines(assistant(*command), 3, "no library", "assistant add")


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("empty.txt", b"", ("empty",)),
        ("binary.dat", bytes(range(256)) * 64, ("binary",)),
        ("prose.txt", b"Dear Ada,\n\nall is well.\n", ("no paper records",)),
        (None, None, ("no such file",)),
    ],
)
def test_input_that_holds_no_papers(
    assistant: Assistant, home: Path, tmp_path: Path, name: str | None, content: bytes | None, words: tuple[str, ...]
) -> None:
    """Nothing readable: exit 1 in two lines, and no home is made."""
    path = write(tmp_path / name, content) if name and content is not None else str(tmp_path / "nothing.txt")
    assert_two_lines(assistant("add", path), 1, *words)
    assert not home.exists()


@pytest.mark.models
def test_a_cut_page_keeps_whole_records(assistant: Assistant, tmp_path: Path) -> None:
    """A page cut in the middle of a record: the whole ones are kept, the cut one reported with its line."""
    page = write(tmp_path / "page.txt", AUTHOR_PAGE[: AUTHOR_PAGE.index("net of 12")])
    result = assistant("add", page, "--json")
    report = json.loads(result.out)
    assert (result.code, report["added"]) == (0, 1)
    assert [(p["file"], p["line"]) for p in report["problems"]] == [(page, 4)]
    assert f"{page}:4: " in result.err


@pytest.mark.models
def test_one_bad_file_does_not_stop_the_others(assistant: Assistant, tmp_path: Path) -> None:
    """A missing file among good ones is reported with exit 1; the good ones are stored."""
    page = write(tmp_path / "page.txt", DAILY_PAGE)
    result = assistant("add", str(tmp_path / "nothing.txt"), page)
    assert result.code == 1
    assert "2 papers" in result.out
    assert "no such file" in result.err


def test_a_home_that_cannot_be_written(assistant: Assistant, home: Path, tmp_path: Path) -> None:
    """A home that is a file: exit 1 in two lines."""
    home.write_text("in the way")
    page = write(tmp_path / "page.txt", DAILY_PAGE)
    assert_two_lines(assistant("add", page), 1, "can't write")


def bad_models(folder: Path, good: Path) -> dict[str, str]:
    data = bytearray(good.read_bytes())
    cut = write(folder / "cut.gguf", bytes(data[: len(data) // 2]))
    middle = len(data) // 2
    data[middle : middle + 4096] = bytes(4096)
    return {
        "cut short": cut,
        "content differs": write(folder / "damaged.gguf", bytes(data)),
        "GGUF": write(folder / "other.gguf", b"PK\x03\x04 not a model" * 400),
        "does not exist": str(folder / "missing.gguf"),
    }


@pytest.mark.models
def test_bad_model_files(assistant: Assistant, sample_home: Path, model_cache: Path, tmp_path: Path) -> None:
    """A model file that is cut short, damaged inside, foreign or missing: exit 3 in two lines that say which."""
    from assistant.models import resolve

    good = resolve(DEFAULT_GENERATOR, "generator", cache=model_cache, offline=False, announce=print).path
    for word, path in bad_models(tmp_path, good).items():
        result = assistant("ask", "What is XNLI?", "--home", str(sample_home), "--model", path)
        assert_two_lines(result, 3, word)


def test_offline_without_models(assistant: Assistant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Offline and without models: exit 3, naming the command that fetches them."""
    monkeypatch.setenv("ASSISTANT_MODELS", str(tmp_path / "models"))
    page = write(tmp_path / "page.txt", DAILY_PAGE)
    assert_two_lines(assistant("add", page, "--offline"), 3, "assistant models pull")


@pytest.mark.parametrize(
    "arguments",
    [
        ["nonsense"],
        ["ask"],
        ["ask", ""],
        ["ask", "x", "-f", "y"],
        ["search", "x", "-k", "none"],
        ["models", "path", "nobody"],
    ],
)
def test_wrong_usage(assistant: Assistant, arguments: Sequence[str]) -> None:
    """Wrong usage: exit 2 in two lines."""
    assert_two_lines(assistant(*arguments), 2)


# ---------------------------------------------------------------------- contracts, with the real models


@pytest.mark.models
def test_add_and_list(assistant: Assistant, tmp_path: Path) -> None:
    """`add` counts what it did, `-v` names each stored key, and `papers list` gives every field in order."""
    page = write(tmp_path / "page.txt", AUTHOR_PAGE)
    first = assistant("add", page, "-v", "--json")
    report = json.loads(first.out)
    assert list(report) == ["schema", "read", "added", "merged", "unchanged", "without_abstract", "chunks", "problems"]
    assert (report["schema"], report["read"], report["added"]) == (1, 2, 2)
    keys = [line.split()[1] for line in first.err.splitlines() if line.startswith("stored ")]
    papers = json.loads(assistant("papers", "list", "--json").out)["papers"]
    assert [paper["key"] for paper in papers] == keys
    assert list(papers[0]) == [
        "key", "title", "authors", "authors_truncated", "year", "date", "categories", "has_code", "score",
        "affiliations", "tags", "sources", "abstract",
    ]  # fmt: skip
    assert papers[0]["sources"] == [{"file": page, "line": 1}]
    again = assistant("add", page)
    assert again.code == 0
    assert "Nothing new" in again.out


@pytest.mark.models
def test_search(assistant: Assistant, sample_home: Path) -> None:
    """`search` gives ranked papers, each once, with an exact passage; -f gives one object a line."""
    result = assistant(
        "search", "cross-lingual sentence understanding", "--home", str(sample_home), "--json", "-k", "5"
    )
    found = json.loads(result.out)
    assert list(found) == ["schema", "query", "filters", "hits"]
    assert [hit["rank"] for hit in found["hits"]] == [1, 2, 3, 4, 5]
    assert list(found["hits"][0]) == ["rank", "key", "title", "year", "score", "passage"]
    assert "XNLI" in found["hits"][0]["title"]
    listed = json.loads(assistant("papers", "list", "--json", "--home", str(sample_home)).out)["papers"]
    papers = {paper["key"]: paper for paper in listed}
    for hit in found["hits"]:
        passage = hit["passage"]
        assert papers[hit["key"]]["abstract"][passage["start"] : passage["end"]] == passage["text"]


ANSWER_FIELDS = [
    "schema", "question", "answer", "abstained", "reason", "statements", "dropped", "sources", "nearest", "polarity",
    "model", "timings",
]  # fmt: skip


@pytest.mark.models
def test_ask(
    assistant: Assistant, sample_home: Path, monkeypatch: pytest.MonkeyPatch, no_network: list[object]
) -> None:
    """`ask` answers with checked statements and exact quotes, refuses what isn't there, and connects to nothing."""
    questions = "What is XNLI?\n\nWhat is the melting point of tungsten?\n"
    monkeypatch.setattr(sys, "stdin", io.StringIO(questions))
    result = assistant("ask", "-f", "-", "--home", str(sample_home), "--json", "--offline")
    answer, refusal = map(json.loads, result.out.splitlines())
    assert list(answer) == ANSWER_FIELDS
    assert (answer["abstained"], answer["reason"]) == (False, None)
    assert answer["model"]["name"] == DEFAULT_GENERATOR
    listed = json.loads(assistant("papers", "list", "--json", "--home", str(sample_home)).out)["papers"]
    abstracts = {paper["key"]: paper["abstract"] for paper in listed}
    assert answer["statements"]
    for statement in answer["statements"]:
        assert list(statement) == ["text", "origin", "verdict", "support", "checked_by", "citations"]
        judged = statement["origin"] == "generated"
        assert statement["checked_by"].startswith("judge-" if judged else "rules")
        assert statement["support"] >= 0.5
        for citation in statement["citations"]:
            assert list(citation) == ["key", "title", "quote", "start", "end", "support"]
            assert abstracts[citation["key"]][citation["start"] : citation["end"]] == citation["quote"]
    assert (refusal["abstained"], refusal["reason"], refusal["statements"]) == (True, "not_in_library", [])
    assert list(refusal["nearest"][0]) == ["key", "title", "why"]


@pytest.mark.models
def test_draft(assistant: Assistant, sample_home: Path, tmp_path: Path, no_network: list[object]) -> None:
    """`draft` gives a paragraph with citations and the bibliography of just those, and writes the .bib whole."""
    bib = tmp_path / "related.bib"
    result = assistant(
        "draft", "unsupervised machine translation", "--format", "latex", "--bib", str(bib), "--json",
        "--home", str(sample_home),
    )  # fmt: skip
    draft = json.loads(result.out)
    assert list(draft) == [
        *ANSWER_FIELDS,
        "topic",
        "paragraphs",
        "text",
        "bibliography",
        "coverage",
        "longest_copied_run",
        "report",
    ]
    cited = {citation["key"] for statement in draft["statements"] for citation in statement["citations"]}
    assert cited
    assert cited == set(draft["coverage"]["used"])
    assert all(f"{{{key}," in draft["bibliography"] for key in cited)
    assert draft["bibliography"].count("@") == len(cited)
    assert sum(statement["origin"] == "quoted" for statement in draft["statements"]) <= len(draft["paragraphs"])
    assert bib.read_text(encoding="utf-8") == draft["bibliography"]


@pytest.mark.models
def test_chat_in_a_pipe(assistant: Assistant, sample_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a pipe the chat prints no prompt, answers, follows up, opens its sources, and ends with the input."""
    lines = "What is XNLI?\nAnd how many languages does it cover?\n/sources\n/show 1\n/sorces\n/show 9\n"
    monkeypatch.setattr(sys, "stdin", io.StringIO(lines))
    result = assistant("chat", "--home", str(sample_home))
    assert result.code == 0
    assert "> " not in result.out.replace("\\> ", "")
    assert result.out.count("XNLI: Evaluating Cross-lingual Sentence Representations") >= 3
    assert "supported by: “" in result.out
    assert "/sources" in result.err
    assert "No source has the number 9." in result.err


@pytest.mark.models
def test_no_connection_is_made(
    assistant: Assistant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, no_network: list[object]
) -> None:
    """add, search, ask, chat and draft connect to nothing once the models are there."""
    page = write(tmp_path / "page.txt", DAILY_PAGE)
    for command in (["add", page], ["search", "rivers"], ["ask", "What do rivers do?"], ["draft", "rivers and flow"]):
        assert assistant(*command).code == 0, command
    monkeypatch.setattr(sys, "stdin", io.StringIO("What do rivers do?\n"))
    assert assistant("chat").code == 0
    assert no_network == []


@pytest.mark.models
def test_the_same_seed_gives_the_same_answer(assistant: Assistant, sample_home: Path) -> None:
    """Two runs with one seed say the same."""
    command = ("ask", "What is XNLI?", "--json", "--seed", "7", "--home", str(sample_home))
    one, two = (json.loads(assistant(*command).out) for _ in range(2))
    one.pop("timings")
    two.pop("timings")
    assert one == two


def test_the_tour_asks_something_unanswerable() -> None:
    """The tour has three questions."""
    assert len(QUESTIONS) == 3


@pytest.mark.models
def test_demo(assistant: Assistant, home: Path) -> None:
    """The tour answers, refuses, drafts, and says where its files are."""
    result = assistant("demo")
    assert result.code == 0, result.err
    assert result.out.count("\n? ") == 3
    assert "The library does not answer this." in result.out
    assert (home / "demo" / "related-work.bib").read_text(encoding="utf-8").startswith("@")
    assert str(home / "demo") in result.out


@pytest.mark.models
def test_eval(assistant: Assistant) -> None:
    """`eval` reports every metric with its interval, how to repeat it, and what the judge that scored it is worth."""
    result = assistant("eval", "--n", "3", "--part", "answers", "--part", "refusal", "--judge", "overlap", "--json")
    report = json.loads(result.out)
    assert list(report) == ["schema", "run", "metrics", "agreement", "risk_coverage", "cases"]
    run = report["run"]
    assert run["n"] == len(report["cases"]) >= 3
    assert (run["judge"], run["model"]["name"], len(run["adapter"])) == ("overlap", DEFAULT_GENERATOR, 64)
    assert report["agreement"]["overlap"]["low"] < report["agreement"]["overlap"]["high"]
    assert report["metrics"]["invented_citations"]["value"] == 0
    assert report["metrics"]["exact_quotes"]["value"] == 1
    for name in ("citation_recall", "citation_precision", "answerable_refused"):
        metric = report["metrics"][name]
        assert metric["low"] <= metric["value"] <= metric["high"]


# ---------------------------------------------------------------------- the real pages


@pytest.mark.models
def test_questions_over_the_real_pages(assistant: Assistant) -> None:
    """Named systems of the real pages are found first, by questions and without a mistake."""
    pages = sorted(map(str, shared("papers").glob("*-page-*.txt")))
    report = json.loads(assistant("add", *pages, "--json").out)
    assert (report["read"], report["added"], report["problems"]) == (401, 388, [])
    for name in ("MOFI", "VeCLIP", "OpenELM", "SeedLM", "QuantSpec", "T-MAC", "SpineNet", "OmniFlatten"):
        hits = json.loads(assistant("search", f"what does {name} do differently?", "--json").out)["hits"]
        assert name in hits[0]["title"], name


# ---------------------------------------------------------------------- as a process


@pytest.mark.models
def test_a_kill_loses_nothing_that_was_stored(home: Path, tmp_path: Path) -> None:
    """After kill -9 in the middle of an add, every key that was told is there, and the next add finishes."""
    import signal

    lines = (data_path("eval") / "library.jsonl").read_text(encoding="utf-8").splitlines()
    source = write(tmp_path / "many.jsonl", "\n".join(lines * 1))
    command = [sys.executable, "-m", "assistant", "--home", str(home), "add", source, "-v"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
    assert process.stderr is not None
    told = []
    for line in process.stderr:
        if line.startswith("stored "):
            told.append(line.split()[1])
            process.send_signal(signal.SIGKILL)
            break
    rest = process.stderr.read()
    told += [line.split()[1] for line in rest.splitlines() if line.startswith("stored ")]
    process.wait()
    process.stderr.close()

    def listed() -> list[str]:
        done = subprocess.run([*command[:5], "papers", "list", "--json"], capture_output=True, text=True, check=True)
        return [paper["key"] for paper in json.loads(done.stdout)["papers"]]

    assert told
    assert set(told) <= set(listed())
    subprocess.run(command[:-1], capture_output=True, check=True)
    assert len(listed()) == len(lines)
    found = subprocess.run([*command[:5], "search", "XNLI", "--json"], capture_output=True, text=True, check=True)
    assert "XNLI" in json.loads(found.stdout)["hits"][0]["title"]


def test_a_wheel_carries_its_data(tmp_path: Path) -> None:
    """The wheel holds the prompts, the evaluation data and the graphs that the program reads."""
    import zipfile

    root = Path(__file__).parent.parent
    copy = tmp_path / "checkout"
    shutil.copytree(root, copy, ignore=shutil.ignore_patterns(".venv", ".git", "*_cache", "__pycache__"))
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--outdir", str(tmp_path / "dist"), str(copy)],
        capture_output=True, check=True,
    )  # fmt: skip
    (wheel,) = (tmp_path / "dist").glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    for name in ("_data/prompts/reword.yaml", "_data/eval/library.jsonl", "_data/eval/questions.jsonl", "py.typed"):
        assert f"assistant/{name}" in names
    assert any(name.startswith("assistant/graphs/") and name.endswith(".onnx") for name in names)
