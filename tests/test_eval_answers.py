"""The metrics of answers, drafts, rankings and rationales: worked examples, published fixtures, planted errors."""

import json
import random
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from assistant.answer import Answerer
from assistant.draft import Drafter
from assistant.eval import dataset, metrics, ranking, rationale, scoring
from assistant.eval.metrics import Checker
from assistant.eval.report import Case, figures
from assistant.eval.run import Sizes, Tools, evaluate, sample
from assistant.eval.shown import Sentence, Told, factual_sentences
from assistant.judge import Evidence, Support
from assistant.judge.overlap import OverlapJudge
from assistant.judge.rules import RulesJudge
from assistant.prompts import load
from assistant.testing import HashingEmbedder, ScriptedGenerator
from tests.conftest import shared


def told(answer: str, **more: object) -> Told:
    """An answer over three sources, a, b and c."""
    sources = [{"n": n, "key": key} for n, key in enumerate("abc", 1)]
    return Told.model_validate({"question": "q", "answer": answer, "sources": sources, **more})


def statement(text: str, *keys: str, origin: str = "generated") -> dict[str, object]:
    return {"text": text, "origin": origin, "citations": [{"key": key} for key in keys]}


# ---------------------------------------------------------------------- what the reader sees


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("The parser is fast. [1] It is also small. [2]", [("a", 0), ("b", 0)]),
        ("The parser is fast [1]. It is also small [2].", [("a", 0), ("b", 0)]),
        ("The parser is fast [1, 2].", [("ab", 0)]),
        ("The parser is fast [1][2] [1].", [("ab", 0)]),
        ("The parser is fast [1–3].", [("abc", 0)]),
        ("The parser is fast [4].", [("", 1)]),
        ("The parser is fast [1, 7, 9].", [("a", 2)]),
        ("The new parser is fast. It reads sentences quickly [2].", [("", 0), ("b", 0)]),
        ("In short: The parser is fast [1].", [("a", 0)]),
        ("Two papers answer. The parser is fast [1].", [("a", 0)]),
        ("“It scores in the interval [0, 9].” [3]", [("c", 0)]),
        ("The parser is fast. [1] (partly supported) It is small. [2]", [("a", 0), ("b", 0)]),
    ],
)
def test_sentences_and_marks_of_a_text(answer: str, expected: list[tuple[str, int]]) -> None:
    """Marks before or after the stop, lists and ranges; a mark that points nowhere counts; connecting words don't."""
    assert [("".join(s.keys), s.invented) for s in factual_sentences(told(answer))] == expected


def test_a_quotation_is_no_generated_sentence() -> None:
    """A sentence that stands whole in quotation marks is quoted; statements say so themselves."""
    assert [s.origin for s in factual_sentences(told("“The parser is fast.” [1] The parser is small. [2]"))] == [
        "quoted",
        "generated",
    ]


def test_text_and_statements_that_agree_are_one() -> None:
    """A statement that the text holds with its marks is one sentence, however many stops are in it."""
    answer = told(
        "“It works. Well.” [1] So it is small [2].",
        statements=[statement("“It works. Well.”", "a", origin="quoted"), statement("So it is small", "b")],
    )
    assert [(s.origin, s.keys, s.agrees) for s in factual_sentences(answer)] == [
        ("quoted", ("a",), True),
        ("generated", ("b",), True),
    ]


@pytest.mark.parametrize(
    "answer",
    ["The parser reads 50 words. [2]", "The parser reads 90 words. [1]", "The parser reads 50 words.", ""],
)
def test_what_was_changed_after_its_check_does_not_agree(answer: str) -> None:
    """A swapped or lost mark and a changed number leave one sentence, which has no recall."""
    changed = told(answer, statements=[statement("The parser reads 50 words.", "a")])
    (sentence,) = factual_sentences(changed)
    assert not sentence.agrees
    assert metrics.citation_recall([sentence], lambda text, keys: True) == 0.0


def test_an_abstention_says_nothing() -> None:
    """An abstention has no sentences, so it has no citation scores either."""
    assert factual_sentences(told("The library does not answer this.", abstained=True)) == []
    assert metrics.citation_recall([], lambda text, keys: True) is None


# ---------------------------------------------------------------------- ALCE


def supporting(**truth: str) -> Callable[[str, Sequence[str]], bool]:
    """Supports a text when all of the keys given for it, or for one alternative after `|`, are cited."""
    return lambda text, keys: any(set(need) <= set(keys) for need in truth[text].split("|"))


@pytest.mark.parametrize(
    ("sentences", "truth", "recall", "precision"),
    [
        # One of two sentences supported; the unsupported one's citation is irrelevant.
        ([("s", "a"), ("t", "b")], {"s": "a", "t": "c"}, 1 / 2, 1 / 2),
        # An uncited sentence has no recall and adds no citation.
        ([("s", "a"), ("t", "")], {"s": "a", "t": "c"}, 1 / 2, 1),
        # b doesn't support alone, and a does without it: one of two relevant.
        ([("s", "ab")], {"s": "a"}, 1, 1 / 2),
        # Neither alone, both needed: both relevant.
        ([("s", "ab")], {"s": "ab"}, 1, 1),
        # Either suffices alone: both relevant.
        ([("s", "ab")], {"s": "a|b"}, 1, 1),
        # Three cited, a and b needed together: c is irrelevant.
        ([("s", "abc")], {"s": "ab"}, 1, 2 / 3),
        # Nothing is cited at all.
        ([("s", "")], {"s": "a"}, 0, 0),
    ],
)
def test_citation_recall_and_precision(
    sentences: list[tuple[str, str]], truth: dict[str, str], recall: float, precision: float
) -> None:
    """ALCE's definitions, case by case."""
    listed = [Sentence(text, tuple(keys)) for text, keys in sentences]
    assert metrics.citation_recall(listed, supporting(**truth)) == pytest.approx(recall)
    assert metrics.citation_precision(listed, supporting(**truth)) == pytest.approx(precision)


def test_a_mark_that_points_nowhere_is_an_error() -> None:
    """It loses its sentence the recall, counts as an irrelevant citation, and as an invented one."""
    listed = [Sentence("s", ("a",), invented=1), Sentence("t", ("b",))]
    supports = supporting(s="a", t="b")
    assert metrics.citation_recall(listed, supports) == 0.5
    assert metrics.citation_precision(listed, supports) == pytest.approx(1 / 3)
    assert metrics.invented_citations(listed, ["a", "b"]) == pytest.approx(1 / 3)
    assert metrics.invented_citations(listed, ["a"]) == pytest.approx(2 / 3)


@pytest.mark.parametrize("seed", range(30))
def test_alce_equals_a_second_implementation(seed: int) -> None:
    """On random answers, recall and precision are those of a loop written after ALCE's published evaluator."""
    pick = random.Random(seed)
    texts = [f"s{i}" for i in range(6)]
    truth = {text: [set(pick.sample("abcd", pick.randint(1, 3))) for _ in range(2)] for text in texts}

    def supports(text: str, keys: Sequence[str]) -> bool:
        return any(need <= set(keys) for need in truth[text])

    cited = {text: pick.sample("abcd", pick.randint(0, 4)) for text in texts}
    recall = relevant = total = 0
    for text in texts:
        keys = cited[text]
        joint = bool(keys) and supports(text, keys)
        recall += joint
        total += len(keys)
        if joint and len(keys) > 1:
            for key in keys:
                if supports(text, [key]) or not supports(text, [other for other in keys if other != key]):
                    relevant += 1
        else:
            relevant += joint
    listed = [Sentence(text, tuple(cited[text])) for text in texts]
    assert metrics.citation_recall(listed, supports) == pytest.approx(recall / len(texts))
    assert metrics.citation_precision(listed, supports) == pytest.approx(relevant / total if total else 0.0)


def test_f1_is_that_of_the_means() -> None:
    """Means 0.75 and 0.5 over two answers: 0.6, not the mean of the answers' own F1."""
    rows = [{"citation_recall": 1.0, "citation_precision": 0.5}, {"citation_recall": 0.5, "citation_precision": 0.5}]
    cases = [Case(part="answers", id=str(i), scores=row) for i, row in enumerate(rows)]
    assert figures(cases)["citation_f1"].value == pytest.approx(0.6)


# ---------------------------------------------------------------------- other measures


def test_contradicted_uncited_and_quoted() -> None:
    """Shares over the factual sentences of one answer."""
    listed = [Sentence("s", ("a",)), Sentence("t", ()), Sentence("u", ("b",), origin="quoted"), Sentence("v", ("c",))]
    assert metrics.contradiction_rate(listed, lambda sentence: sentence.text == "s") == 0.25
    assert metrics.uncited_rate(listed) == 0.25
    assert metrics.generated_share(listed) == 0.75


def test_exact_quotes() -> None:
    """A quote is exact when the abstract has it at just these offsets."""
    good = {"key": "a", "quote": "fast", "start": 4, "end": 8}
    answer = told("x", statements=[{"text": "s", "citations": [good, {**good, "start": 3}, {"key": "b"}]}])
    assert metrics.exact_quotes(answer, {"a": "The fast parser"}) == 0.5


def test_gold_papers_and_facts() -> None:
    """Two of three gold papers among three sources; one of two facts told, in either wording and case."""
    answer = told("It reads 95,000 words.")
    assert metrics.gold_recall(answer, ["a", "b", "d"]) == pytest.approx(2 / 3)
    assert metrics.gold_precision(answer, ["a", "b", "d"]) == pytest.approx(2 / 3)
    assert metrics.fact_coverage(answer.answer, [["95000", "95,000 WORDS"], ["parser"]]) == 0.5


def test_copied_words() -> None:
    """Six of ten words stand in one run of the abstract; words in quotation marks aren't copied."""
    abstract = "We show that the fast parser reads long sentences well."
    sentence = Sentence("They show that the fast parser reads a text quickly", ("a",))
    assert metrics.longest_copied_run(sentence, [abstract]) == 6
    assert metrics.copied_share(sentence, [abstract]) == pytest.approx(0.6)
    quoted = Sentence("“We show that the fast parser reads long sentences well.”", ("a",))
    assert metrics.longest_copied_run(quoted, [abstract]) == 0
    assert metrics.copied_share(quoted, [abstract]) is None


def test_redundancy() -> None:
    """The second sentence has two of four stems in common with the first, the third repeats the second."""
    listed = [Sentence(text, ("a",)) for text in ("fast parser works", "fast parser fails", "parsers fail fast")]
    assert metrics.redundancy(listed) == pytest.approx((2 / 4 + 1) / 2)
    assert metrics.redundancy(listed[:1]) is None


@pytest.mark.parametrize(
    ("answerable", "abstained", "expected"),
    [
        (False, True, {"refusal_recall": 1.0, "refusal_precision": 1.0}),
        (False, False, {"refusal_recall": 0.0}),
        (True, True, {"refusal_precision": 0.0, "answerable_refused": 1.0}),
        (True, False, {"answerable_refused": 0.0}),
    ],
)
def test_refusals(answerable: bool, abstained: bool, expected: dict[str, float]) -> None:
    """Recall is over the unanswerable questions, precision over the refusals."""
    asked = scoring.Asked(id="1", question="q", answerable=answerable)
    scores = scoring.score_answer(asked, told("x", abstained=abstained), Checker(OverlapJudge(), {}), {})
    assert {name: scores[name] for name in scores if "refus" in name} == expected


# ---------------------------------------------------------------------- rankings and rationales


def test_ranking() -> None:
    """Two relevant documents, gains 2 and 1, found at ranks 2 and 4."""
    gains = {"a": 2.0, "b": 1.0, "c": 0.0}
    ranked = ["c", "b", "x", "a"]
    assert ranking.recall_at(3, ranked, gains) == 0.5
    assert ranking.reciprocal_rank(ranked, gains) == 0.5
    assert ranking.ndcg_at(10, ranked, gains) == pytest.approx((1 / 1.585 + 2 / 2.3219) / (2 + 1 / 1.585), abs=1e-4)
    assert ranking.reciprocal_rank(["x"], gains) == 0.0


def test_rationales_as_the_evaluator_of_scifact_counts_them() -> None:
    """All twelve figures of the published fixture."""
    folder = shared("data/scifact/evaluator_fixture")

    def rows(name: str) -> list[dict[str, object]]:
        return [json.loads(line) for line in (folder / name).read_text(encoding="utf-8").splitlines()]

    gold = {
        (str(row["id"]), document): rationale.Gold(found[0]["label"], tuple(frozenset(r["sentences"]) for r in found))
        for row in rows("gold_small.jsonl")
        for document, found in row["evidence"].items()  # type: ignore[attr-defined]
    }
    predicted = {
        (str(row["id"]), document): rationale.Predicted(found["label"], tuple(found["sentences"]))
        for row in rows("predictions_small.jsonl")
        for document, found in row["evidence"].items()  # type: ignore[attr-defined]
    }
    expected = json.loads((folder / "expected_metrics_small.json").read_text(encoding="utf-8"))
    assert rationale.f1_scores(gold, predicted) == pytest.approx(expected)


def test_rationales_by_hand() -> None:
    """Half a rationale selects nothing; a whole one under the wrong label selects and doesn't label."""
    gold = {("1", "d"): rationale.Gold("SUPPORT", (frozenset({0, 1}), frozenset({4})))}
    half = rationale.f1_scores(gold, {("1", "d"): rationale.Predicted("SUPPORT", (0,))})
    assert (half["abstract_label_only_f1"], half["abstract_rationalized_f1"]) == (1.0, 0.0)
    assert half["sentence_selection_f1"] == 0.0
    wrong = rationale.f1_scores(gold, {("1", "d"): rationale.Predicted("CONTRADICT", (4,))})
    assert (wrong["sentence_selection_precision"], wrong["sentence_selection_recall"]) == (1.0, pytest.approx(1 / 3))
    assert wrong["sentence_label_f1"] == 0.0


# ---------------------------------------------------------------------- planted errors

LIBRARY = {paper.id: Evidence(text=paper.abstract, title=paper.title) for paper in dataset.papers().values()}


def faithful_answers() -> list[Told]:
    """Answers that quote sentences with a number, two papers each, every one right."""
    sentences = [
        (claim.paper, claim.sentence)
        for claim in dataset.claims()
        if claim.label == "support" and claim.sentence and re.search(r"\d", claim.sentence)
    ]
    unique = list({text: key for key, text in sentences}.items())
    answers = []
    for (one, first), (other, second) in zip(unique[0:60:2], unique[1:60:2], strict=True):
        if first != second:
            answers.append(
                Told.model_validate(
                    {
                        "question": "q",
                        "answer": f"{one} [1] {other} [2]",
                        "sources": [{"n": 1, "key": first}, {"n": 2, "key": second}],
                        "statements": [statement(one, first), statement(other, second)],
                    }
                )
            )
    return answers


def run_metrics(answers: Sequence[Told]) -> dict[str, float | None]:
    checker = Checker(RulesJudge(), LIBRARY)
    cases = [
        Case(
            part="answers",
            id=str(place),
            scores=scoring.score_answer(scoring.Asked(id=str(place), question="q"), answer, checker, LIBRARY),
        )
        for place, answer in enumerate(answers)
    ]
    return {name: metric.value for name, metric in figures(cases).items()}


def both_views(answer: Told, change: Callable[[str], str], swap: bool) -> Told:
    """Change an answer in its text and its statements alike, as a program that errs would write it."""
    data = answer.model_dump()
    data["answer"] = change(answer.answer)
    for item in data["statements"]:
        item["text"] = change(item["text"])
    if swap:
        first, second = data["statements"]
        first["citations"], second["citations"] = second["citations"], first["citations"]
    return Told.model_validate(data)


def swapped(text: str) -> str:
    return text.replace("[1]", "[*]").replace("[2]", "[1]").replace("[*]", "[2]")


def renumbered(text: str) -> str:
    """Raise the first number of a text, marks apart."""
    return re.sub(r"(?<![\w.\[])\d+(?![\d\]])", lambda found: str(int(found.group()) + 7), text, count=1)


def test_faithful_answers_have_full_marks() -> None:
    """Nothing planted: recall and precision 1, nothing contradicted, invented or changed."""
    found = run_metrics(faithful_answers())
    assert len(faithful_answers()) >= 20
    assert (found["citation_recall"], found["citation_precision"], found["citation_f1"]) == (1, 1, 1)
    assert (found["contradiction_rate"], found["invented_citations"], found["changed_after_check"]) == (0, 0, 0)


@pytest.mark.parametrize("views", ["both", "text"])
def test_twenty_swapped_citations_show(views: str) -> None:
    """The marks of ten answers swapped: their twenty sentences lose recall, the others keep it."""
    answers = faithful_answers()
    for place in range(10):
        if views == "both":
            answers[place] = both_views(answers[place], swapped, swap=True)
        else:
            answers[place] = answers[place].model_copy(update={"answer": swapped(answers[place].answer)})
    found = run_metrics(answers)
    assert found["citation_recall"] == pytest.approx(1 - 10 / len(answers), abs=1e-4)
    assert found["citation_precision"] == pytest.approx(1 - 10 / len(answers), abs=1e-4)


@pytest.mark.parametrize("views", ["both", "text"])
def test_twenty_changed_numbers_show(views: str) -> None:
    """A number of the first sentence of twenty answers changed: half of each answer loses its recall."""
    answers = faithful_answers()
    for place in range(20):
        if views == "both":
            first = answers[place].statements[0].text
            change = {first: renumbered(first)}
            answers[place] = both_views(
                answers[place], lambda text, c=change: text.replace(*next(iter(c.items()))), swap=False
            )
        else:
            answers[place] = answers[place].model_copy(update={"answer": renumbered(answers[place].answer)})
    found = run_metrics(answers)
    assert found["citation_recall"] == pytest.approx(1 - 10 / len(answers), abs=1e-4)
    if views == "both":
        assert (found["contradiction_rate"] or 0) > 0.2


# ---------------------------------------------------------------------- a run


class Lenient:
    """A judge that finds everything supported."""

    name = "lenient"

    def score(self, claims: Sequence[str], evidence: Evidence) -> list[Support]:
        return [Support(probability=1.0, support=1.0, verdict="supported") for _ in claims]


def tools(generator: ScriptedGenerator) -> Tools:
    prompt = load("reword")
    return Tools(
        embedder=HashingEmbedder(),
        answerer=lambda retriever: Answerer(retriever, generator, prompt),
        drafter=lambda retriever: Drafter(retriever, generator, prompt),
        model=lambda: (generator.model, None),
        judge=Lenient(),
        gate=RulesJudge(),
    )


def test_a_run_of_all_parts() -> None:
    """Each part has its figures and cases, each judge its agreement with the labels."""
    told_progress: list[tuple[str, int, int]] = []
    report = evaluate(
        tools(ScriptedGenerator()),
        sizes=Sizes(questions=9, drafts=2, claims=40),
        progress=lambda *now: told_progress.append(now),
    )
    assert {"retrieval/ndcg@10", "drafts/must_cite_recall", "judge/lenient/balanced_accuracy"} <= set(report.metrics)
    assert report.metrics["judge/lenient/balanced_accuracy"].value == 0.5
    assert report.agreement["rules"].n == 40
    assert (report.metrics["exact_quotes"].value, report.metrics["invented_citations"].value) == (1, 0)
    assert {case.part for case in report.cases} == {"retrieval", "answers", "drafts"}
    assert {what for what, *_ in told_progress} == {
        "searches", "answers", "sentences by lenient", "drafts", "claims by rules", "claims by lenient",
    }  # fmt: skip
    assert report.run.model == ScriptedGenerator.model


def test_a_part_needs_no_more_than_its_own() -> None:
    """Retrieval and judges are measured without a generator."""

    def none() -> tuple[None, None]:
        raise AssertionError("no generator is needed")

    one = tools(ScriptedGenerator())
    report = evaluate(
        Tools(one.embedder, one.answerer, one.drafter, none, one.judge, one.gate),  # type: ignore[arg-type]
        parts=["retrieval", "judge"],
        sizes=Sizes(questions=5, claims=20),
    )
    assert {name.split("/")[0] for name in report.metrics} == {"retrieval", "judge"}
    assert report.run.model is None


def test_a_cut_run_goes_on(tmp_path: Path) -> None:
    """Answers that were kept aren't asked for again, and the figures are those of an uncut run."""

    class Cut(ScriptedGenerator):
        left = 6

        def complete(self, messages, sampling):  # type: ignore[no-untyped-def]
            if not self.left:
                raise KeyboardInterrupt
            self.left -= 1
            return super().complete(messages, sampling)

    def run(generator: ScriptedGenerator, journals: Path | None) -> dict[str, object]:
        report = evaluate(tools(generator), parts=["answers"], sizes=Sizes(questions=8, claims=20), journals=journals)
        timed = ("second", "memory")
        return {n: m for n, m in report.metrics.items() if not any(word in n for word in timed)}

    whole, rest = ScriptedGenerator(), ScriptedGenerator()
    expected = run(whole, None)
    with pytest.raises(KeyboardInterrupt):
        run(Cut(), tmp_path)
    assert run(rest, tmp_path) == expected
    assert 0 < len(rest.prompts) < len(whole.prompts)
    assert list(tmp_path.iterdir()) == []


def test_sentences_that_were_judged_are_not_judged_again(tmp_path: Path) -> None:
    """A run that is cut while its sentences are judged goes on with the next papers' sentences."""

    class Counting(Lenient):
        def __init__(self, left: int) -> None:
            self.left, self.asked = left, 0

        def score(self, claims: Sequence[str], evidence: Evidence) -> list[Support]:
            if self.asked >= self.left:
                raise KeyboardInterrupt
            self.asked += len(claims)
            return super().score(claims, evidence)

    def run(judge: Counting, journals: Path | None) -> float | None:
        made = replace(tools(ScriptedGenerator()), judge=judge)
        return (
            evaluate(made, parts=["answers"], sizes=Sizes(questions=8, claims=0), journals=journals)
            .metrics["citation_recall"]
            .value
        )

    whole, cut, rest = Counting(1000), Counting(5), Counting(1000)
    assert run(whole, None) == 1.0
    with pytest.raises(KeyboardInterrupt):
        run(cut, tmp_path)
    assert run(rest, tmp_path) == 1.0
    assert cut.asked + rest.asked == whole.asked
    assert cut.asked >= 5


def test_a_sample_is_spread_over_the_kinds() -> None:
    """Kinds share a sample by their sizes, in the set's order, the same for the same seed."""
    items = ["a1", "a2", "a3", "a4", "b1", "b2", "b3", "b4", "c1", "c2"]
    drawn = sample(items, 5, 3, lambda item: item[0])
    assert sorted(item[0] for item in drawn) == ["a", "a", "b", "b", "c"]
    assert drawn == sorted(drawn) == sample(items, 5, 3, lambda item: item[0])
    assert sample(items, None, 3, lambda item: item[0]) == items
