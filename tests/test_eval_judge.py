"""Statistics and the measuring of judges, against worked examples and plain loops."""

import itertools
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.eval import binary, dataset, judging
from assistant.eval.recording import Journal, record
from assistant.eval.statistics import Statistic, compare, mean, measure, share
from assistant.judge import Evidence, Support
from assistant.judge.overlap import OverlapJudge
from assistant.judge.rules import RulesJudge
from tests.test_cli import Assistant, assistant  # noqa: F401 (a fixture)

TRUTH = np.array([True, True, False, False, False])
SAID = np.array([True, False, False, False, True])
SCORE = np.array([0.8, 0.4, 0.4, 0.2, 0.6])


def value(statistic: Statistic, n: int = 5) -> float:
    return float(statistic(np.ones((1, n)))[0])


# ---------------------------------------------------------------------- statistics


def test_balanced_accuracy() -> None:
    """One of two supported kept, two of three others caught: (1/2 + 2/3) / 2."""
    assert value(binary.balanced_accuracy(TRUTH, SAID)) == pytest.approx(7 / 12)


def test_f1() -> None:
    """One hit, one miss, one false alarm: 2 / 4."""
    assert value(binary.f1(TRUTH, SAID)) == pytest.approx(0.5)


def test_auroc_counts_ties_half() -> None:
    """0.8 beats all three others, 0.4 beats one and ties one: 4.5 of 6 pairs."""
    assert value(binary.auroc(TRUTH, SCORE)) == pytest.approx(0.75)


def test_expected_calibration_error() -> None:
    """Two bins of two: 0.95 stated and 0.5 true, 0.15 stated and 0 true: (0.45 + 0.15) / 2."""
    probability = np.array([0.95, 0.95, 0.15, 0.15])
    truth = np.array([True, False, False, False])
    assert value(binary.expected_calibration_error(truth, probability), 4) == pytest.approx(0.3)
    first, last = binary.reliability(truth, probability)
    assert (first.low, first.n, first.probability, first.supported) == (0.1, 2, 0.15, 0.0)
    assert (last.high, last.n, last.probability, last.supported) == (1.0, 2, 0.95, 0.5)


def test_risk_coverage() -> None:
    """Ties of confidence are one point; the area is the mean risk over the stretches between the points."""
    curve = binary.risk_coverage([0.8, 0.9, 0.1, 0.8], [True, False, True, False])
    assert [(point.coverage, point.risk) for point in curve] == [(0.25, 0.0), (0.75, 0.3333), (1.0, 0.5)]
    assert binary.area_under_risk(curve) == pytest.approx(0.5 / 3 + 0.25 / 2, abs=1e-4)
    assert binary.area_under_risk(binary.risk_coverage([], [])) is None


rows = st.lists(
    st.tuples(st.booleans(), st.booleans(), st.integers(0, 5).map(lambda k: k / 5), st.integers(0, 3)), min_size=1
)


@given(rows)
def test_a_weight_counts_as_so_many_copies(table: list[tuple[bool, bool, float, int]]) -> None:
    """Each statistic of weighted items is that of the items written out as often as they weigh."""
    truth, said = (np.array([row[i] for row in table], dtype=bool) for i in (0, 1))
    score, weight = np.array([row[2] for row in table]), np.array([row[3] for row in table])
    out = np.repeat(np.arange(len(table)), weight)
    if not len(out):
        return
    for whole, written in (
        (binary.balanced_accuracy(truth, said), binary.balanced_accuracy(truth[out], said[out])),
        (binary.f1(truth, said), binary.f1(truth[out], said[out])),
        (binary.auroc(truth, score), binary.auroc(truth[out], score[out])),
        (
            binary.expected_calibration_error(truth, score),
            binary.expected_calibration_error(truth[out], score[out]),
        ),
        (share(score, truth), share(score[out], truth[out])),
    ):
        assert whole(weight[None, :].astype(float))[0] == pytest.approx(value(written, len(out)), nan_ok=True)


@given(rows)
def test_auroc_equals_the_count_over_all_pairs(table: list[tuple[bool, bool, float, int]]) -> None:
    """AUROC is the share of (supported, other) pairs in the right order."""
    up, down = ([row[2] for row in table if row[0] is side] for side in (True, False))
    won = [1.0 if a > b else 0.5 if a == b else 0.0 for a, b in itertools.product(up, down)]
    expected = sum(won) / len(won) if won else float("nan")
    found = value(binary.auroc(np.array([r[0] for r in table]), np.array([r[2] for r in table])), len(table))
    assert found == pytest.approx(expected, nan_ok=True)


def test_interval_of_a_mean_is_that_of_the_normal_approximation() -> None:
    """For many items the bootstrap interval is the mean and 1.96 standard errors either side."""
    values = [float(v) for v in np.random.default_rng(1).random(400)]
    metric = mean(values)
    error = 1.96 * float(np.std(values)) / 20
    assert metric.value == pytest.approx(np.mean(values), abs=1e-4)
    assert (metric.low, metric.high) == pytest.approx((np.mean(values) - error, np.mean(values) + error), abs=0.006)


def test_rows_of_one_group_are_drawn_together() -> None:
    """Ten copies of each item, grouped, say no more than one copy."""
    values = [0.0, 1.0, 1.0, 0.0, 1.0]
    copied = mean([v for v in values for _ in range(10)], [g for g in range(5) for _ in range(10)])
    assert (copied.low, copied.high, copied.n) == (mean(values).low, mean(values).high, 50)


def test_nothing_measured_is_nothing() -> None:
    """No items, or a figure that is undefined on them, give empty figures and no error."""
    assert mean([]).model_dump() == {"value": None, "low": None, "high": None, "n": 0}
    assert measure(binary.auroc(TRUTH[:2], SCORE[:2]), 2).value is None


def test_paired_test() -> None:
    """Three items, each better by 1: two of the eight swaps differ as much, so p is 1/4; no change gives p 1."""
    better = compare([0.0, 0.0, 0.0], [1.0, 1.0, 1.0])
    assert (better.difference, better.p) == (1.0, pytest.approx(0.25, abs=0.02))
    assert compare([0.5, 0.7], [0.5, 0.7]).p == 1.0
    with pytest.raises(ValueError, match="same items"):
        compare([1.0], [1.0, 2.0])


# ---------------------------------------------------------------------- judges


class CountingJudge:
    """The overlap judge, which counts what it is asked and may be cut short."""

    name = "counting"

    def __init__(self, until: int | None = None) -> None:
        self.asked: list[str] = []
        self._until = until

    def score(self, claims: Sequence[str], evidence: Evidence) -> list[Support]:
        if self._until is not None and len(self.asked) >= self._until:
            raise KeyboardInterrupt
        self.asked += claims
        return OverlapJudge().score(claims, evidence)


def pairs() -> list[dataset.Pair]:
    return dataset.bundled_pairs()[:40]


def test_overlap_judge() -> None:
    """Three of four content stems: above the threshold, with the sentence that holds most of them."""
    text = "Plants need light. The parser reads long sentences in linear time."
    supported, unsupported = OverlapJudge().score(
        ["The parser reads sentences slowly.", "Dogs bark loudly."], Evidence(text)
    )
    assert (supported.probability, supported.verdict) == (0.75, "supported")
    assert supported.support >= 0.5 > unsupported.support
    assert text[supported.start : supported.end] == "The parser reads long sentences in linear time."
    assert (unsupported.probability, unsupported.start) == (0.0, None)


def test_figures_of_a_judge() -> None:
    """By source, by family of sources and by error type, beside the baseline; only `support` counts as supported."""
    labels = ["support", "support", "contradict", "nei", "partial", "unsupported"]
    sources = ["a/x", "a/y", "a/x", "b", "b", "b"]
    kinds = ["close", "heavy", "number", "addition", None, "overclaim"]
    rows = [
        dataset.Pair.model_validate(
            {"id": str(i), "claim": f"c{i}", "evidence": "e", "label": label, "source": source, "error_type": kind}
        )
        for i, (label, source, kind) in enumerate(zip(labels, sources, kinds, strict=True))
    ]
    said = [True, False, True, False, False, False]
    supports = [
        Support(probability=0.9 if s else 0.2, support=0.8 if s else 0.1, verdict="supported" if s else "unsupported")
        for s in said
    ]
    flat = [Support(probability=0.1, support=0.1, verdict="unsupported") for _ in said]
    metrics = judging.judge_metrics(rows, supports, flat)
    assert metrics["balanced_accuracy"].value == pytest.approx((1 / 2 + 3 / 4) / 2)
    assert metrics["overlap_balanced_accuracy"].value == 0.5
    assert metrics["contradicted_called_supported"].value == 1.0
    assert metrics["source/a/balanced_accuracy"].n == 3
    assert metrics["source/a/y/supported_kept"].value == 0.0
    assert metrics["source/b/contradicted_called_supported"].value is None
    assert [metrics[f"error_type/{k}/right"].value for k in ("close", "heavy", "number", "addition")] == [1, 0, 0, 1]


def test_a_run_that_was_cut_goes_on(tmp_path: Path) -> None:
    """What was judged before the interruption isn't judged again; a finished run leaves no journal."""
    cut, whole = CountingJudge(until=15), CountingJudge()
    data = [tmp_path / "data"]
    data[0].write_text("x", encoding="utf-8")
    with pytest.raises(KeyboardInterrupt):
        judging.judge_pairs(cut, pairs(), data=data, journals=tmp_path / "journals")
    report = judging.judge_pairs(whole, pairs(), data=data, journals=tmp_path / "journals")
    assert sorted(cut.asked + whole.asked) == sorted(pair.claim for pair in pairs())
    assert list((tmp_path / "journals").iterdir()) == []
    assert report.metrics == judging.judge_pairs(CountingJudge(), pairs(), data=data).metrics


def test_a_torn_journal_is_read_up_to_its_last_whole_line(tmp_path: Path) -> None:
    """A line that was cut is dropped; other data, or another judge, is another run."""
    data = [tmp_path / "data"]
    data[0].write_text("x", encoding="utf-8")
    run = record(judge="j", data=data, seed=0, n=2)
    Journal(tmp_path, "judge", run).add({"a": 1})
    (path,) = tmp_path.glob("*.jsonl")
    with path.open("a", encoding="utf-8") as file:
        file.write('{"b": 2')
    journal = Journal(tmp_path, "judge", run)
    assert journal.done == {"a": 1}
    journal.add({"c": 3})
    assert Journal(tmp_path, "judge", run).done == {"a": 1, "c": 3}
    assert Journal(tmp_path, "judge", record(judge="k", data=data, seed=0, n=2)).done == {}
    data[0].write_text("y", encoding="utf-8")
    assert Journal(tmp_path, "judge", record(judge="j", data=data, seed=0, n=2)).done == {}


def test_eval_judge_writes_scores(assistant: Assistant, home: Path, tmp_path: Path) -> None:  # noqa: F811
    """Evidence is a text or sentences, further columns are ignored, and each row gets one line of scores."""
    data, scores = tmp_path / "data.jsonl", tmp_path / "scores.jsonl"
    evidence = ["We build a parser.\u2028", "It reads 95,000 sentences an hour."]
    rows = [
        {"id": "1", "source": "a", "claim": "It reads 95,000 sentences an hour.", "evidence": evidence},
        {"id": "2", "source": "b", "claim": "It reads 15,000 sentences an hour.", "evidence": " ".join(evidence)},
    ]
    labels = ["support", "contradict"]
    data.write_text(
        "\n".join(
            json.dumps({**r, "label": x, "binary": 1}, ensure_ascii=False) for r, x in zip(rows, labels, strict=True)
        ),
        encoding="utf-8",
    )
    result = assistant("eval", "judge", "--data", str(data), "--scores", str(scores), "--judge", "rules", "--json")
    report = json.loads(result.out)
    assert list(report) == ["schema", "run", "metrics", "reliability", "risk_coverage", "cases"]
    assert report["run"]["judge"] == RulesJudge.name
    assert report["metrics"]["balanced_accuracy"]["value"] == 1.0
    assert report["metrics"]["source/b/contradicted_called_supported"]["value"] == 0.0
    assert report["cases"][1]["sentence"] == evidence[1]
    assert "15000" in report["cases"][1]["why"]
    written = [json.loads(line) for line in scores.read_text(encoding="utf-8").splitlines()]
    assert [list(row) for row in written] == [["id", "score", "verdict"]] * 2
    assert [row["verdict"] for row in written] == ["supported", "contradicted"]
    assert all((row["score"] >= 0.5) == (row["verdict"] == "supported") for row in written)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('{"id": "1", "claim": "c", "evidence": "e", "label": "true"}', "data.jsonl:1"),
        ('{"id": "1", "claim": "c", "evidence": "e", "label": "nei"}\n' * 2, "two rows have the id 1"),
        ("not json", "data.jsonl:1"),
        ("\n", "no rows"),
        (None, "can't be read"),
    ],
)
def test_eval_judge_names_what_is_wrong_with_the_data(
    assistant: Assistant,  # noqa: F811
    home: Path,
    tmp_path: Path,
    content: str | None,
    said: str,
) -> None:
    """A file that can't be used is an error in two lines with the place."""
    data = tmp_path / "data.jsonl"
    if content is not None:
        data.write_text(content, encoding="utf-8")
    result = assistant("eval", "judge", "--data", str(data))
    assert result.code == 1
    assert said in result.err
    assert result.err.count("\n") == 2


def test_an_unknown_judge_is_a_usage_error(assistant: Assistant, home: Path) -> None:  # noqa: F811
    """The error lists the judges that there are."""
    result = assistant("eval", "judge", "--judge", "oracle")
    assert (result.code, "rules, overlap" in result.err) == (2, True)
