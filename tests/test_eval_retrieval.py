"""`eval retrieval`: the layout of the sets, the stages, and the measures against a well-kept library."""

import json
import random
from pathlib import Path

import pytest

from assistant.errors import ReadError
from assistant.eval import ranking, retrieval
from assistant.testing import HashingEmbedder

DOCUMENTS = (
    {"doc_id": 7, "title": "Wing loads", "abstract": ["Loads on a wing were measured.", "They rise."], "year": 1958},
    {"doc_id": "8", "title": "", "abstract": "heat moves through a slab of steel ."},
    {"acl_id": "P18-1", "title": "Parsing", "abstract": "Trees are parsed by a machine."},
    {"doc_id": "9", "title": "Wing loads", "abstract": "A second report with the title of the first, on another wing."},
    {"doc_id": "10", "title": "", "abstract": ""},
)
QUERIES = (
    {"query_id": "1", "text": "loads on a wing", "author": "nobody"},
    {"query_id": 2, "text": "As was shown [CITE], heat moves since 1990"},
    {"query_id": "3", "text": "nobody judged this"},
    {"query_id": "4", "text": "trees [CITE]"},
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A small set of the layout, with its oddities."""
    for name, rows in (("corpus", DOCUMENTS), ("queries", QUERIES)):
        text = "".join(json.dumps(row) + "\n" for row in rows)
        (tmp_path / f"{name}.jsonl").write_text(text, encoding="utf-8")
    (tmp_path / "qrels.tsv").write_text(
        "query_id\tdoc_id\trelevance\torig\n1\t7\t3\t2\n1\t9\t1\t4\n2\t8\t1\t1\n4\tP18-1\t2\t1\n3\t8\t0\t0\n",
        encoding="utf-8",
    )
    return tmp_path


def test_the_layout_is_read(folder: Path) -> None:
    """Ids of either name, abstracts of either form, marks, further columns, empty titles, queries without judgement."""
    found = retrieval.read_set(folder)
    assert [record.source.file for record in found.documents] == ["7", "8", "P18-1", "9"]
    assert found.documents[0].abstract == "Loads on a wing were measured. They rise."
    assert [query.id for query in found.queries] == ["1", "2", "4"]
    assert found.queries[1].text == "As was shown , heat moves since 1990"
    assert found.queries[0].gains == {"7": 3.0, "9": 1.0}


def test_each_stage_is_measured(folder: Path) -> None:
    """Every stage has every measure with its interval, documents with one title count apart, and the run repeats."""
    report, rankings = retrieval.measure(folder, HashingEmbedder())
    stages = {"plain_bm25", "bm25", "dense", "fused", "reranked"}
    assert {name.partition("/")[0] for name in report.metrics} == stages
    assert {name.partition("/")[2] for name in report.metrics} == {
        "ndcg@10",
        "mrr",
        "recall@5",
        "recall@20",
        "recall@100",
    }
    assert report.documents == 4
    assert all(metric.n == 3 and metric.low is not None for metric in report.metrics.values())
    assert report.metrics["fused/mrr"].value == 1.0
    assert report.metrics["fused/recall@5"].value == 1.0
    lines = [line.split() for line in retrieval.trec_lines(rankings)]
    assert next(line[:4] for line in lines if line[0] == "2") == ["2", "Q0", "8", "1"]
    assert all(len(line) == 6 for line in lines)
    assert retrieval.measure(folder, HashingEmbedder())[0].metrics == report.metrics
    assert len(list(retrieval.table(report))) == 2 + 2 * len(stages)


@pytest.mark.parametrize(
    ("name", "text", "row"),
    [
        ("corpus.jsonl", '{"title": "x", "abstract": "y"}\n', 1),
        ("corpus.jsonl", "no json\n", 1),
        ("queries.jsonl", '{"query_id": "1", "text": "a"}\n{"text": "b"}\n', 2),
        ("qrels.tsv", "q\td\tg\n1\t7\n", 2),
        ("qrels.tsv", "q\td\tg\n1\t7\tmuch\n", 2),
    ],
)
def test_a_row_of_another_layout_is_named(folder: Path, name: str, text: str, row: int) -> None:
    """A row that isn't of the layout is an error with its file and line."""
    (folder / name).write_text(text, encoding="utf-8")
    with pytest.raises(ReadError, match=rf"{name}:{row}"):
        retrieval.read_set(folder)


def test_a_missing_file_is_named(folder: Path) -> None:
    """A folder that lacks a file is an error that names it."""
    (folder / "qrels.tsv").unlink()
    with pytest.raises(ReadError, match=r"qrels\.tsv"):
        retrieval.read_set(folder)


def test_measures_agree_with_ir_measures() -> None:
    """On random rankings with graded judgements, each measure equals that of ir-measures."""
    ir_measures = pytest.importorskip("ir_measures", reason="a development dependency")
    draw = random.Random(0)
    documents = [f"d{n}" for n in range(150)]
    gains: dict[str, dict[str, int]] = {}
    for query in map(str, range(50)):
        judged = {each: draw.choice((0, 0, 1, 2, 3)) for each in draw.sample(documents, draw.randint(1, 40))}
        if any(judged.values()):
            gains[query] = judged
    rankings = {q: draw.sample(documents, draw.randint(0, 120)) for q in gains}
    run = {q: {d: float(len(ranked) - at) for at, d in enumerate(ranked)} for q, ranked in rankings.items()}
    ours = {
        "nDCG@10": lambda q: ranking.ndcg_at(10, rankings[q], gains[q]),
        "RR": lambda q: ranking.reciprocal_rank(rankings[q], gains[q]),
        "R@5": lambda q: ranking.recall_at(5, rankings[q], gains[q]),
        "R@20": lambda q: ranking.recall_at(20, rankings[q], gains[q]),
        "R@100": lambda q: ranking.recall_at(100, rankings[q], gains[q]),
    }
    for name, own in ours.items():
        for found in ir_measures.iter_calc([ir_measures.parse_measure(name)], gains, run):
            assert own(found.query_id) == pytest.approx(found.value, abs=1e-6), (name, found.query_id)
