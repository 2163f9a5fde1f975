"""The path for models that read whole abstracts: how it answers, and how a model comes to answer on it."""

import json
import re
from collections.abc import Sequence
from pathlib import Path

import pytest

from assistant import prompts
from assistant.answer import Answerer, Done, Reading, Said, Turn
from assistant.capable import to_read
from assistant.cli import Run
from assistant.cli.run import EVALUATOR, JUDGES
from assistant.draft import Drafter
from assistant.eval import dataset, trials
from assistant.eval.run import Tools
from assistant.eval.statistics import Metric
from assistant.generate import Completion, Generator, Sampling
from assistant.judge import Evidence, Judge, Support
from assistant.judge.rules import RulesJudge
from assistant.prompts import Message
from assistant.records import AnswerPath, ModelId, Paper
from assistant.retrieve import Retriever
from assistant.testing import HashingEmbedder, ScriptedGenerator
from tests.test_answers import PAPERS, assert_sound, retriever
from tests.test_cli import Assistant, assistant

__all__ = ["assistant", "retriever"]  # fixtures

QUESTION = "What share of sheep does the net miss on hill farms?"
TRUE = "On hill farms, the net misses 3% of the sheep"


def reading(retriever: Retriever, generator: Generator, judge: Judge | None = None) -> Answerer:
    """Return what answers from whole abstracts."""
    reword, cite = prompts.load("reword"), prompts.load("cite")
    return Answerer(retriever, generator, reword, judge=judge, whole=cite)


class Lenient:
    """A judge that is sure of everything."""

    name = "lenient"

    def score(self, claims: Sequence[str], evidence: Evidence) -> list[Support]:
        return [Support(probability=1.0, support=1.0, verdict="supported", sure=True) for _ in claims]


# ---------------------------------------------------------------------- answering


def test_the_models_own_answer_is_shown(retriever: Retriever) -> None:
    """What the model writes from whole abstracts is cited with its exact words, numbered, and told as it is shown."""
    generator = ScriptedGenerator(f"{TRUE} [1].")
    *events, done = reading(retriever, generator).stream(QUESTION)
    assert isinstance(done, Done)
    answer = done.answer
    assert_sound(answer, retriever)
    assert answer.answer == f"{TRUE}. [1]"
    assert answer.statements[0].citations[0].quote == "The net misses 3% of the sheep on hill farms."
    assert [(event.statement, event.mark) for event in events if isinstance(event, Said)] == [(answer.statements[0], 1)]
    assert (answer.timings.completion_tokens, answer.timings.first_statement_s is not None) == (11, True)
    (prompt,) = generator.prompts
    assert f"Question: {QUESTION}" in prompt
    assert sum(abstract in prompt for _, abstract in PAPERS) >= 3
    assert [event for event in events if isinstance(event, Reading)] == [
        Reading(papers=len(re.findall(r"^\[\d\] ", prompt, re.MULTILINE)), sentences=0)
    ]


def test_sources_are_numbered_as_they_are_cited(retriever: Retriever) -> None:
    """The numbers that the model saw aren't those of the answer: its sources are numbered from 1, in order."""
    generator = ScriptedGenerator("Sheep are counted in several ways [3]. Several ways of counting exist here [2][1].")
    answer = reading(retriever, generator, Lenient()).ask(QUESTION)
    assert_sound(answer, retriever)
    assert answer.answer == "Sheep are counted in several ways. [1] Several ways of counting exist here. [2] [3]"
    assert [source.key for source in answer.sources] == [
        citation.key for statement in answer.statements for citation in statement.citations
    ]


def test_where_nothing_holds_the_sentences_are_worded(retriever: Retriever) -> None:
    """Where nothing that the model wrote passes, the small path answers, and what failed is listed and paid for."""
    invented = "On hill farms, the net misses 95% of all wolves [1]."
    generator = ScriptedGenerator(invented, invented, "The net fails to see 3% of the sheep on hill farms.")
    answer = reading(retriever, generator).ask(QUESTION)
    alone = Answerer(
        retriever, ScriptedGenerator("The net fails to see 3% of the sheep on hill farms."), prompts.load("reword")
    ).ask(QUESTION)
    assert_sound(answer, retriever)
    assert (answer.answer, answer.sources) == (alone.answer, alone.sources)
    assert [drop.text for drop in answer.dropped if "wolves" in drop.text] == [invented[:-5] + "."] * 2
    assert answer.timings.completion_tokens == alone.timings.completion_tokens + 2 * len(invented.split())


def test_a_model_that_finds_no_answer_is_helped(retriever: Retriever) -> None:
    """The decision whether the library answers isn't the model's: where it sees nothing, sentences are chosen."""
    answer = reading(retriever, ScriptedGenerator("The papers do not say.")).ask(QUESTION)
    assert_sound(answer, retriever)
    assert not answer.abstained


class NarrowGenerator(ScriptedGenerator):
    """Has no room for an abstract."""

    def complete(self, messages: Sequence[Message], sampling: Sampling) -> Completion:
        if sampling.marks:
            raise ValueError("the prompt has too many tokens")
        return super().complete(messages, sampling)


def test_a_context_too_short_for_an_abstract_is_no_error(retriever: Retriever) -> None:
    """A model that can't hold one whole abstract answers on the small path."""
    answer = reading(retriever, NarrowGenerator()).ask(QUESTION)
    assert_sound(answer, retriever)
    assert answer.statements


def test_the_library_still_decides(retriever: Retriever) -> None:
    """A question that the library doesn't answer never reaches the model."""
    generator = ScriptedGenerator("Volcanoes shape the economy of Iceland strongly [1].")
    answer = reading(retriever, generator, Lenient()).ask("How do volcanoes shape the economy of Iceland?")
    assert (answer.abstained, answer.reason, generator.prompts) == (True, "not_in_library", [])


def test_a_follow_up_reads_its_own_paper_alone(retriever: Retriever) -> None:
    """A follow-up is answered from the paper that it means, and no other is read to make up the number."""
    generator = ScriptedGenerator("For training, 12 hours of dark video were used [1].")
    turn = Turn("Which model sees at night?", ("lanternSeeingLittle",))
    answer = reading(retriever, generator, Lenient()).ask("And how many hours of video was it trained on?", [turn])
    assert [source.key for source in answer.sources] == ["lanternSeeingLittle"]
    assert "[2]" not in generator.prompts[0]


def test_another_seed_keeps_the_path(retriever: Retriever) -> None:
    """An answerer with another seed has the same prompts."""
    one = reading(retriever, ScriptedGenerator())
    assert set(one.prompts) == {"reword", "cite"}
    assert one.with_seed(7).prompts == one.prompts


class Unsure(Lenient):
    """A judge that finds everything supported and is sure of nothing."""

    def score(self, claims: Sequence[str], evidence: Evidence) -> list[Support]:
        return [support.model_copy(update={"sure": False}) for support in super().score(claims, evidence)]


@pytest.mark.parametrize(
    ("text", "judge", "why"),
    [
        (f"{TRUE} [1].", Unsure(), "isn't sure"),
        ("We miss 3% of the sheep on hill farms [1].", Lenient(), "first person"),
        (f"{'Sheep of every kind that farmers keep, ' * 8} [1].", Lenient(), "repeats itself"),
        (f"{' '.join(f'word{n}' for n in range(46))} [1].", Lenient(), "too long"),
    ],
)
def test_the_checks_are_those_of_the_small_path(retriever: Retriever, text: str, judge: Judge, why: str) -> None:
    """What may not be shown of one sentence may not be shown of a whole answer either."""
    answer = reading(retriever, ScriptedGenerator(text, text), judge).ask(QUESTION)
    assert why in answer.dropped[0].why
    assert text[:20] not in answer.answer


@pytest.mark.parametrize(
    ("chosen", "found", "read"),
    [
        ("a", "bac", "abc"),
        ("ab", "abcd", "abc"),
        ("abcd", "abcde", "abcd"),
        ("abcdefg", "gfedcba", "abcdef"),
        ("a", "a", "a"),
    ],
)
def test_three_to_six_papers_are_read(chosen: str, found: str, read: str) -> None:
    """The chosen papers come first; where they are fewer than three the search makes up the number."""

    def papers(keys: str) -> list[Paper]:
        return [Paper(key=key, title=key) for key in keys]

    assert "".join(paper.key for paper in to_read(papers(chosen), papers(found))) == read


# ---------------------------------------------------------------------- trying a model


class Knowing(ScriptedGenerator):
    """Writes the facts of the right answer where it may write an answer of its own, each cited from the first paper."""

    def complete(self, messages: Sequence[Message], sampling: Sampling) -> Completion:
        if not sampling.marks:
            return super().complete(messages, sampling)
        (question,) = (q for q in dataset.questions() if f"Question: {q.question}\n" in messages[-1].content)
        text = " ".join(f"What was found here is {wordings[0]} [1]." for wordings in question.facts)
        return Completion(text=text or "The papers do not say.", prompt_tokens=1, completion_tokens=1, whole=True)


def tried(generator: Generator, adapter: Path | None = None) -> trials.Trial:
    """Return the trial of a generator, with judges that let all pass."""
    reword, cite = prompts.load("reword"), prompts.load("cite")

    def answerer(retriever: Retriever, path: AnswerPath) -> Answerer:
        whole = cite if path == "capable" else None
        return Answerer(retriever, generator, reword, judge=Lenient(), whole=whole)

    measured = Tools(
        embedder=HashingEmbedder(256),
        answerer=lambda retriever: answerer(retriever, "small"),
        drafter=lambda retriever: Drafter(retriever, generator, reword),
        model=lambda: (generator.model, adapter),
        judge=Lenient(),
        gate=RulesJudge(),
    )
    return trials.measure(measured, answerer, n=9)


@pytest.mark.parametrize(("generator", "path"), [(Knowing(), "capable"), (ScriptedGenerator(), "small")])
def test_the_path_that_tells_more_wins(generator: Generator, path: AnswerPath) -> None:
    """A model that writes good answers from whole abstracts gets to write them; one that doesn't words sentences."""
    trial = tried(generator)
    assert (trial.path, trial.model, trial.run.path) == (path, generator.model, None)
    told = {name: figures["fact_coverage"].value or 0.0 for name, figures in trial.figures.items()}
    assert (told["capable"] > told["small"]) == (path == "capable")
    assert trial.figures["small"]["answered"] == trial.figures["capable"]["answered"]
    assert trial.agreement.n == 48
    lines = list(trials.table(trial))
    assert lines[-1] == f"scripted answers on the {path} path."
    assert any(line.startswith("citation recall *") for line in lines)


def test_a_model_with_an_adapter_keeps_the_path_it_was_trained_for(tmp_path: Path) -> None:
    """The default model has an adapter for rewording, so a lucky sample doesn't move it."""
    adapter = tmp_path / "adapter.gguf"
    adapter.write_bytes(b"adapter")
    trial = tried(Knowing(), adapter)
    assert trial.path == "small"
    assert "trained for" in list(trials.table(trial))[-1]


def figures(recall: float | None, precision: float, facts: float | None) -> dict[str, Metric]:
    """Return the figures of a path."""
    values = {"citation_recall": recall, "citation_precision": precision, "fact_coverage": facts}
    return {name: Metric(value=value, low=None, high=None, n=9) for name, value in values.items()}


@pytest.mark.parametrize(
    ("small", "capable", "path"),
    [
        ((0.9, 0.9, 0.5), (0.9, 0.9, 0.6), "capable"),
        ((0.9, 0.9, 0.5), (0.86, 0.95, 0.6), "capable"),
        ((0.9, 0.9, 0.5), (0.8, 0.95, 0.9), "small"),
        ((0.9, 0.9, 0.5), (0.95, 0.8, 0.9), "small"),
        ((0.9, 0.9, 0.5), (0.95, 0.95, 0.5), "small"),
        ((0.9, 0.9, None), (0.95, 0.95, None), "small"),
        ((None, 0.9, 0.5), (0.95, 0.95, 0.6), "small"),
    ],
)
def test_faithfulness_comes_first(
    small: tuple[float, float, float], capable: tuple[float, float, float], path: AnswerPath
) -> None:
    """More facts don't buy worse citations, and what wasn't measured wins nothing."""
    assert trials.winner(figures(*small), figures(*capable)) == path


# ---------------------------------------------------------------------- keeping the outcome


@pytest.mark.parametrize(
    ("name", "model", "identity"),
    [
        ("qwen3-8b", ModelId(name="qwen3-8b", sha256="ab" * 32), "ab" * 32),
        ("http://LOCALHOST:8080", ModelId(name="m", sha256=""), "http://localhost:8080/v1#m"),
        ("http://127.0.0.1:8080/v1#big", ModelId(name="big", sha256=""), "http://127.0.0.1:8080/v1#big"),
    ],
)
def test_what_a_trial_is_kept_under(name: str, model: ModelId, identity: str) -> None:
    """A file is known by its sha256, a server's model by the address and its name there."""
    assert trials.identity(name, model) == identity


def test_a_run_answers_on_the_path_that_won(tmp_path: Path, retriever: Retriever) -> None:
    """An unknown model gets the small path; once it is tried, the path that won, and so does a later run."""

    def run() -> Run:
        started = Run({"home": tmp_path / "home", "models": tmp_path / "models"})
        started.generator = ScriptedGenerator()
        started.gate = Lenient()
        return started

    assert set(run().answerer_over(retriever).prompts) == {"reword"}
    trial = tried(Knowing())
    trials.keep(tmp_path / "models", "ab" * 32, trial.model_copy(update={"path": "small"}))
    trials.keep(tmp_path / "models", run().identity, trial)
    assert trials.read(tmp_path / "models")[run().identity] == trial
    assert len(trials.read(tmp_path / "models")) == 2
    assert set(run().answerer_over(retriever).prompts) == {"reword", "cite"}
    assert set(run().answerer_over(retriever, "small").prompts) == {"reword"}


@pytest.mark.parametrize("content", ["", "{", "[]", '{"ab": {"path": "large"}}'])
def test_a_damaged_file_of_trials_is_as_none(tmp_path: Path, content: str) -> None:
    """Where the file can't be understood every model answers on the small path, and the next trial mends it."""
    (tmp_path / trials.FILE).write_text(content, encoding="utf-8")
    assert trials.path_of(trials.read(tmp_path), "ab") == "small"
    trial = tried(ScriptedGenerator())
    trials.keep(tmp_path, "ab", trial)
    assert trials.read(tmp_path) == {"ab": trial}


def test_the_list_shows_each_models_path(assistant: Assistant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`models list` tells the path of each generator, and of tried models that are in no list."""
    monkeypatch.setenv("ASSISTANT_MODELS", str(tmp_path))
    trial = tried(Knowing())
    listed = json.loads(assistant("models", "list", "--json").out)
    assert {model["answer_path"] for model in listed["models"]} == {"small", None}
    known = next(model for model in listed["models"] if model["name"] == "qwen3-8b")
    trials.keep(tmp_path, known["sha256"], trial)
    trials.keep(tmp_path, "http://127.0.0.1:8080/v1#scripted", trial)
    listed = json.loads(assistant("models", "list", "--json").out)
    assert [model["name"] for model in listed["models"] if model["answer_path"] == "capable"] == ["qwen3-8b"]
    assert listed["trials"][known["sha256"]]["figures"]["capable"]["fact_coverage"]["n"] > 0
    text = assistant("models", "list").out.splitlines()
    assert [line.split()[0] for line in text if " capable " in line] == ["qwen3-8b", "scripted"]
    assert text[-1].endswith("http://127.0.0.1:8080/v1#scripted")


def test_trying_a_model_from_the_command_line(
    assistant: Assistant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`models try` measures both paths, shows the figures, and keeps them; without a library."""
    monkeypatch.setenv("ASSISTANT_MODELS", str(tmp_path))
    monkeypatch.setattr(Run, "embedder", HashingEmbedder(256))
    monkeypatch.setattr(Run, "generator", Knowing())
    monkeypatch.setattr(Run, "gate", Lenient())
    monkeypatch.setitem(JUDGES, EVALUATOR, lambda run: Lenient())
    told = json.loads(assistant("models", "try", "some.gguf", "--n", "4", "--json").out)
    kept = trials.read(tmp_path)[told["model"]]
    assert json.loads(kept.model_dump_json()) == told["trial"]
    assert (kept.path, kept.run.n >= 4) == ("capable", True)
    shown = assistant("models", "try", "some.gguf", "--n", "4")
    assert shown.out.splitlines()[-1] == "scripted answers on the capable path."
