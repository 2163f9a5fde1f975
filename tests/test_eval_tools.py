"""Question sets of one's own, yes/no questions, validation, comparison and the committed figures."""

import json
import shutil
from pathlib import Path

import pytest

from assistant.answer import Answerer
from assistant.config import data_path
from assistant.draft import Drafter
from assistant.eval import comparison, dataset, own, validate
from assistant.eval.comparison import Baseline
from assistant.eval.recording import record
from assistant.eval.report import Case, Report, figures, polarity_figures
from assistant.eval.run import Sizes, Tools
from assistant.eval.shown import Told
from assistant.judge.overlap import OverlapJudge
from assistant.judge.rules import RulesJudge
from assistant.polarity import asks_yes_or_no, polarity
from assistant.prompts import load
from assistant.testing import HashingEmbedder, ScriptedGenerator
from tests.conftest import shared
from tests.test_cli import Assistant, assistant  # noqa: F401 (a fixture)

# ---------------------------------------------------------------------- yes or no


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("Does sampling beat beam search?", True),
        ("Sampling for back-translation: is it better than beam search?", True),
        ("Isn't the parser slow?", True),
        ("What is XNLI?", False),
        ("How well does it work?", False),
        ("Which papers are about parsing?", False),
        ("Tell me about parsing.", False),
    ],
)
def test_which_questions_ask_for_yes_or_no(question: str, expected: bool) -> None:
    """Questions that open, or go on after a colon, with a verb; never those with a question word."""
    assert asks_yes_or_no(question) is expected


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("The drug significantly reduced mortality.", "yes"),
        ("There was no difference in mortality between the groups.", "no"),
        ("The drug did not improve survival.", "no"),
        ("We interviewed 40 nurses.", "maybe"),
    ],
)
def test_polarity(sentence: str, expected: str) -> None:
    """A finding, its absence, and neither."""
    assert polarity("Does the drug help?", [sentence], []) == expected
    assert polarity("Does the drug help?", [], [sentence]) == expected
    assert polarity("What does the drug do?", [sentence], []) is None


def test_polarity_beats_the_majority_in_macro_f1() -> None:
    """On PubMedQA's training questions, with their own texts: no better in accuracy, far better in macro-F1."""
    rows = own.read(shared("data/pubmedqa/train.jsonl"))
    cases = [
        Case(
            part="answers",
            id=row.id,
            polarity=row.label,
            scores={},
            result={"polarity": polarity(row.question, [], [row.text])},
        )
        for row in rows
    ]
    found = polarity_figures(cases)
    assert len(rows) == 500
    assert found["polarity_majority_accuracy"].value == pytest.approx(276 / 500)
    assert found["polarity_majority_macro_f1"].value == pytest.approx(2 * 276 / (276 + 500) / 3, abs=1e-4)
    assert (found["polarity_macro_f1"].value or 0) > 0.4


# ---------------------------------------------------------------------- sets of one's own


def tools() -> Tools:
    generator, prompt = ScriptedGenerator(), load("reword")
    return Tools(
        embedder=HashingEmbedder(),
        answerer=lambda retriever: Answerer(retriever, generator, prompt),
        drafter=lambda retriever: Drafter(retriever, generator, prompt),
        model=lambda: (generator.model, None),
        judge=OverlapJudge(),
        gate=RulesJudge(),
    )


ROWS = [
    {"question": "Does regular walking lower blood pressure in adults?", "label": "yes", "id": "w",
     "abstract": "Walking lowers blood pressure. In 120 adults, regular walking lowered blood pressure significantly."},
    {"question": "Does green tea change bone density?", "final_decision": "no", "pubid": 77,
     "context": {"contexts": ["Green tea and bone density were studied.", "Green tea did not change bone density."]}},
]  # fmt: skip


def write(path: Path, rows: list[dict[str, object]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def test_questions_with_their_own_texts(tmp_path: Path) -> None:
    """Each is asked of its text alone, and yes/no answers are held against the labels."""
    path = write(tmp_path / "own.jsonl", ROWS)
    rows = own.read(path)
    assert [(row.id, row.label, bool(row.text)) for row in rows] == [("w", "yes", True), ("77", "no", True)]

    def home() -> None:
        raise AssertionError("the user's library isn't asked")

    report = own.evaluate(tools(), rows, data=path, home=home, sizes=Sizes(claims=16))  # type: ignore[arg-type]
    assert [source["key"] for case in report.cases for source in (case.result or {})["sources"]] == [
        "given-w",
        "given-77",
    ]
    assert report.metrics["polarity_accuracy"].value == 1.0
    assert report.metrics["polarity_majority_accuracy"].value == 0.5
    assert report.metrics["gold_paper_precision"].value == 1.0
    assert report.agreement["overlap"].n == 16


def test_answers_of_a_file_are_scored_without_asking(tmp_path: Path) -> None:
    """Another program's text with marks and sources is enough; what isn't answered is left out."""
    path = write(tmp_path / "own.jsonl", ROWS)
    told = write(
        tmp_path / "answers.jsonl",
        [
            {
                "question": ROWS[0]["question"],
                "answer": "Regular walking lowers blood pressure in adults [1]. Dogs like long mountain walks.",
                "sources": [{"n": 1, "key": "given-w"}],
                "polarity": "no",
            }
        ],
    )
    report = own.evaluate(
        tools(),
        own.read(path),
        data=path,
        home=lambda: None,  # type: ignore[arg-type, return-value]
        answers=own.read_answers(told),
        sizes=Sizes(claims=16),
    )
    (case,) = report.cases
    assert (case.scores["citation_recall"], case.scores["citation_precision"]) == (0.5, 1.0)
    assert case.scores["uncited_rate"] == 0.5
    assert report.metrics["polarity_accuracy"].value == 0.0
    assert report.run.model is None


def test_a_saved_run_is_a_file_of_answers(tmp_path: Path) -> None:
    """The answers inside a run can be scored again, with another judge."""
    told = Told(question="q", answer="Fine work [1].")
    run = record(judge="j", data=[], seed=0, n=1)
    report = Report(
        run=run,
        metrics={},
        agreement={},
        cases=(Case(part="answers", id="1", scores={}, result=told.model_dump(mode="json")),),
    )
    path = tmp_path / "run.json"
    path.write_text(report.model_dump_json(), encoding="utf-8")
    assert own.read_answers(path) == {"q": told}


def test_eval_answers_names_what_is_wrong(assistant: Assistant, home: Path, tmp_path: Path) -> None:  # noqa: F811
    """A label that isn't one, and a file that holds no answers, are errors with their place."""
    bad = write(tmp_path / "bad.jsonl", [{**ROWS[0], "label": "perhaps"}])
    result = assistant("eval", "answers", "--data", str(bad))
    assert (result.code, "bad.jsonl:1" in result.err, "label" in result.err) == (1, True, True)
    result = assistant("eval", "answers", "--answers", str(write(tmp_path / "none.jsonl", [{"x": 1}])))
    assert (result.code, "none.jsonl:1: not an answer" in result.err) == (1, True)


# ---------------------------------------------------------------------- validation


def test_the_bundled_set_keeps_its_promises(assistant: Assistant, home: Path) -> None:  # noqa: F811
    """No faults; a claim gives away little by itself, and by the words that it shares with its abstract."""
    result = assistant("eval", "validate", "--json")
    found = json.loads(result.out)
    assert found["faults"] == []
    assert result.code == 0
    assert found["claim_only"]["value"] <= validate.CLAIM_ONLY_LIMIT
    assert found["overlap"]["value"] <= validate.OVERLAP_LIMIT


def planted(tmp_path: Path, name: str, change: dict[str, object], place: int = 0) -> set[str]:
    """Return the kinds of faults of a copy of the set in which one item was changed."""
    folder = tmp_path / "set"
    folder.mkdir()
    for file in ("library.jsonl", "questions.jsonl", "claims.jsonl", "drafts.jsonl"):
        shutil.copy(data_path("eval") / file, folder)
    rows = [json.loads(line) for line in (folder / name).read_text(encoding="utf-8").splitlines()]
    rows[place].update(change)
    write(folder / name, rows)
    return {fault.check for fault in validate.item_faults(folder)}


@pytest.mark.parametrize(
    ("name", "change", "check"),
    [
        ("claims.jsonl", {"sentence": "No abstract says this."}, "quotes"),
        ("claims.jsonl", {"paper": "P99-9999"}, "keys"),
        ("claims.jsonl", {"id": "mt-c002"}, "ids"),
        ("claims.jsonl", {"label": "support", "sentence": None}, "quotes"),
        ("claims.jsonl", {"claim": dataset.claims()[1].claim}, "likeness"),
        ("questions.jsonl", {"gold": ["P99-9999"]}, "keys"),
        ("questions.jsonl", {"facts": [["a fact that no paper has"]]}, "quotes"),
        ("questions.jsonl", {"follows": "mt-q999"}, "keys"),
        ("drafts.jsonl", {"must_cite": ["P99-9999"]}, "keys"),
    ],
)
def test_planted_faults_are_found(tmp_path: Path, name: str, change: dict[str, object], check: str) -> None:
    """A wrong quote, a missing paper, a repeated id or claim, a fact that isn't there."""
    assert check in planted(tmp_path, name, change)


def test_a_label_that_shows_in_the_claim_is_found() -> None:
    """A word that only supported claims have makes the claim-only classifier right."""
    claims = [
        claim.model_copy(
            update={"claim": claim.claim + (" Indeed so." if claim.label == "support" else " So they say.")}
        )
        for claim in dataset.claims()
    ]
    assert (validate.claim_only(claims).value or 0) > 0.9


def test_templates() -> None:
    """Two claims that differ in their content words alone have one skeleton."""
    assert validate.skeleton("The parser is faster than the tagger by 3 points") == validate.skeleton(
        "The lexer is slower than the chunker by 9 marks"
    )


# ---------------------------------------------------------------------- comparing runs


def saved(path: Path, recall: list[float], seconds: float = 1.0) -> Path:
    """A run with some answers' citation recall, as `eval --json` prints it."""
    cases = tuple(
        Case(
            part="answers", id=str(i), scores={"citation_recall": value, "seconds": seconds, "contradiction_rate": 0.0}
        )
        for i, value in enumerate(recall)
    )
    run = record(judge="rules", data=[], seed=0, n=len(recall))
    report = Report(run=run, metrics=figures(cases), agreement={}, cases=cases)
    path.write_text(json.dumps({"schema": 1, **report.model_dump(mode="json")}), encoding="utf-8")
    return path


def test_compare(assistant: Assistant, home: Path, tmp_path: Path) -> None:  # noqa: F811
    """The same items are paired; a change in each of ten is beyond chance, none is none."""
    one = saved(tmp_path / "one.json", [0.5] * 10)
    other = saved(tmp_path / "other.json", [0.9] * 10)
    found = json.loads(assistant("eval", "compare", str(one), str(other), "--json").out)["differences"]
    assert (found["citation_recall"]["difference"], found["citation_recall"]["n"]) == (0.4, 10)
    assert found["citation_recall"]["p"] < 0.01
    assert found["contradiction_rate"]["p"] == 1.0
    shown = assistant("eval", "compare", str(one), str(other)).out
    assert "citation_recall" in shown
    assert "+0.400" in shown


def test_compare_judges(assistant: Assistant, home: Path, tmp_path: Path) -> None:  # noqa: F811
    """Runs of `eval judge` are compared claim by claim."""
    paths = []
    for judge in ("rules", "overlap"):
        paths.append(tmp_path / f"{judge}.json")
        paths[-1].write_text(assistant("eval", "judge", "--judge", judge, "--json").out, encoding="utf-8")
    found = json.loads(assistant("eval", "compare", *map(str, paths), "--json").out)["differences"]
    assert found["right/number"]["difference"] < -0.5
    assert found["right"]["n"] == 450


def test_compare_refuses_what_it_can_not_pair(assistant: Assistant, home: Path, tmp_path: Path) -> None:  # noqa: F811
    """Runs without a common item, and files that are no runs, are errors."""
    one, none = saved(tmp_path / "one.json", [0.5]), saved(tmp_path / "none.json", [])
    assert assistant("eval", "compare", str(one), str(none)).code == 2
    (tmp_path / "x.json").write_text("[]", encoding="utf-8")
    assert assistant("eval", "compare", str(one), str(tmp_path / "x.json")).code == 1


def test_baseline(assistant: Assistant, home: Path, tmp_path: Path) -> None:  # noqa: F811
    """Exit 4 for a drop by more than the interval; 0 within it, and for what depends on the machine."""
    committed = tmp_path / "baseline.json"
    good = saved(tmp_path / "good.json", [0.8, 1.0] * 20)
    assert assistant("eval", "baseline", str(good), "--against", str(committed), "--write").code == 0
    assert "seconds" not in Baseline.model_validate_json(committed.read_text(encoding="utf-8")).metrics
    within = saved(tmp_path / "within.json", [0.8, 0.98] * 20, seconds=9.0)
    assert assistant("eval", "baseline", str(within), "--against", str(committed)).code == 0
    worse = saved(tmp_path / "worse.json", [0.5, 0.7] * 20)
    result = assistant("eval", "baseline", str(worse), "--against", str(committed))
    assert (result.code, "citation_recall: 0.600, committed 0.900" in result.out) == (4, True)


def test_baseline_knows_what_is_better(tmp_path: Path) -> None:
    """More contradictions are a drop, more recall isn't."""
    assert comparison.lower_is_better("drafts/contradiction_rate")
    assert comparison.lower_is_better("contradiction_rate_generated")
    assert not comparison.lower_is_better("citation_recall_generated")
    good = comparison.read(saved(tmp_path / "a.json", [0.5] * 9))
    assert isinstance(good, Report)
    better = comparison.read(saved(tmp_path / "b.json", [0.9] * 9))
    assert comparison.drops(better, Baseline(run=good.run, metrics=good.metrics)) == []  # type: ignore[arg-type]


def test_a_figure_without_an_interval_is_not_held(tmp_path: Path) -> None:
    """It can't be told from noise; one whose interval is a point, such as invented citations, is."""
    good, worse = (comparison.read(saved(tmp_path / f"{value}.json", [value] * 9)) for value in (0.9, 0.1))
    assert isinstance(good, Report)
    assert isinstance(worse, Report)
    point = good.metrics["citation_recall"].model_copy(update={"low": 0.9, "high": 0.9})
    for metric, dropped in ((point, 1), (point.model_copy(update={"low": None, "high": None}), 0)):
        assert len(comparison.drops(worse, Baseline(run=good.run, metrics={"citation_recall": metric}))) == dropped


def test_another_judge_is_another_measure(tmp_path: Path) -> None:
    """A citation recall that another judge measured is neither a drop nor a gain."""
    good, worse = (comparison.read(saved(tmp_path / f"{value}.json", [value] * 9)) for value in (0.9, 0.1))
    assert isinstance(good, Report)
    assert isinstance(worse, Report)
    committed = Baseline(
        run=good.run, metrics={name: m for name, m in good.metrics.items() if name == "citation_recall"}
    )
    assert [drop.name for drop in comparison.drops(worse, committed)] == ["citation_recall"]
    other = worse.model_copy(update={"run": worse.run.model_copy(update={"judge": "another 1"})})
    assert comparison.drops(other, committed) == []


def test_no_committed_figures(assistant: Assistant, home: Path, tmp_path: Path) -> None:  # noqa: F811
    """Without them the error says how to write them."""
    run = saved(tmp_path / "run.json", [0.5])
    result = assistant("eval", "baseline", str(run), "--against", str(tmp_path / "none.json"))
    assert (result.code, "--write" in result.err) == (1, True)
