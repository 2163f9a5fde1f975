"""What the project contains, its authors wrote."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from assistant.eval import dataset
from tests.conftest import shared

ROOT = Path(__file__).parent.parent
_RUN = 12
_WORD = re.compile(r"[a-z0-9]+")


def texts(folder: Path) -> Iterator[str]:
    """Yield the texts of the shared material, one field or page at a time."""
    for path in sorted(folder.rglob("*")):
        if path.suffix == ".jsonl" or path.name.endswith(".json") or path.suffix == ".txt":
            yield from path.read_text(encoding="utf-8").splitlines()


def runs(words: list[str]) -> Iterator[tuple[str, ...]]:
    return (tuple(words[i : i + _RUN]) for i in range(len(words) - _RUN + 1))


def test_no_sentence_is_taken_from_the_shared_material() -> None:
    """No run of 12 words in a committed file occurs in the papers or the data sets, titles apart."""
    folders = [shared("papers"), shared("data")]
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split(
        "\n"
    )
    ours: dict[tuple[str, ...], str] = {}
    titles = set()
    for name in filter(None, listed):
        path = ROOT / name
        if path.suffix in (".onnx", ".gguf", ".npz") or name == "LICENSE" or not path.is_file():
            continue
        for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
            if name == "eval/library.jsonl":
                paper = json.loads(line)
                titles |= set(runs(_WORD.findall(paper["title"].lower())))
                line = paper["abstract"]
            for run in runs(_WORD.findall(line.lower())):
                ours[run] = name
    taken = {ours[run] + ": " + " ".join(run) for folder in folders for text in texts(folder)
             for run in runs(_WORD.findall(text.lower())) if run in ours and run not in titles}  # fmt: skip
    assert sorted(taken)[:10] == []


def test_the_sample_library_agrees_with_its_records() -> None:
    """Titles, authors, years and every number of the sample library are the records'."""
    data = shared("data")
    done = subprocess.run(
        [sys.executable, str(ROOT / "eval" / "check_sources.py"), "--data", str(data)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout


def test_the_evaluation_set_hangs_together() -> None:
    """Every gold paper exists, every deciding sentence is exact, ids are unique, facts stand in the gold abstracts."""
    papers = {}
    for line in (ROOT / "eval" / "library.jsonl").read_text(encoding="utf-8").splitlines():
        paper = json.loads(line)
        papers[paper["id"]] = paper
    questions, claims = dataset.questions(), dataset.claims()
    ids = [item.id for item in (*questions, *claims)]
    assert len(ids) == len(set(ids))
    assert (len(papers) >= 40, len(questions) >= 30, len(claims) >= 60) == (True, True, True)
    assert sum(not question.answerable for question in questions) >= 10
    for question in questions:
        assert set(question.gold) <= set(papers), question.id
        assert bool(question.gold) == question.answerable, question.id
        assert question.follows is None or question.follows in ids
        known = " ".join(papers[g]["title"] + " " + papers[g]["abstract"] for g in question.gold).lower()
        for fact in question.facts:
            assert any(wording.lower() in known for wording in fact), (question.id, fact)
    for claim in claims:
        assert claim.paper in papers, claim.id
        assert claim.sentence is None or claim.sentence in papers[claim.paper]["abstract"], claim.id
