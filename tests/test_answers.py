"""Answers and drafts: what may be said, what is dropped, and where every quote comes from."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from assistant import aspects, followup, ingest, prompts, select
from assistant.answer import Answerer, Done, Retrieved, Said, Turn
from assistant.config import Settings
from assistant.followup import is_followup, meant, resolve
from assistant.generate import Completion, Generator, Sampling
from assistant.library import Library
from assistant.prompts import Message
from assistant.records import Answer, Paper, Record, Source
from assistant.retrieve import Retriever, _forms
from assistant.select import Choice
from assistant.sentences import Span
from assistant.store import Store, write_lock
from assistant.terms import longest_common_run
from assistant.testing import HashingEmbedder, ScriptedGenerator
from assistant.wording import MAX_COPIED_RUN, word

PAPERS = (
    (
        "Lantern: Seeing by Little Light",
        "We present Lantern, a lamp model that sees at night. Lantern raises the accuracy of night vision from 59.3 "
        "to 67.2 points on NightSet. It was trained on 12 hours of dark video. Larger lamps did not help.",
    ),
    (
        "Counting Sheep with Deep Nets",
        "Counting sheep from the air is slow work. We count sheep with a deep net of 12 layers. The net misses 3% of "
        "the sheep on hill farms. Farmers could use it from a drone.",
    ),
    (
        "Rivers and Their Names",
        "River names are old. This study maps 4,000 river names to 14 languages. Most names describe water or colour. "
        "The map is free to use.",
    ),
    (
        "Sheep on Hills: A Survey",
        "We survey how sheep are counted on hills. Ground counts by shepherds remain the most exact. Counting from the "
        "air saves time. Nobody has compared drones with satellites.",
    ),
)


@pytest.fixture
def retriever(tmp_path: Path) -> Retriever:
    settings = Settings(home=tmp_path / "home")
    embedder = HashingEmbedder()
    library = Library.create(settings.catalogue)
    records = [
        Record(title=title, abstract=abstract, source=Source(file="p.txt", line=line))
        for line, (title, abstract) in enumerate(PAPERS, start=1)
    ]
    with write_lock(settings.write_lock):
        ingest.add(records, library, embedder)
    return Retriever(library, Store(library, settings.index, settings.write_lock, print), embedder)


def answerer(retriever: Retriever, generator: Generator) -> Answerer:
    return Answerer(retriever, generator, prompts.load("reword"), free=True)


def abstract_of(retriever: Retriever, key: str) -> str:
    return retriever.library.paper(key).abstract


def assert_sound(answer: Answer, retriever: Retriever) -> None:
    """Hold an answer against the promises that every answer keeps."""
    keys = {source.key for source in answer.sources}
    for statement in answer.statements:
        assert statement.citations
        assert statement.verdict in ("supported", "partial")
        for citation in statement.citations:
            assert citation.key in keys
            assert abstract_of(retriever, citation.key)[citation.start : citation.end] == citation.quote
    assert answer.abstained == (not answer.statements)


def test_a_good_wording_is_shown_with_its_quote(retriever: Retriever) -> None:
    """A wording that passes is shown as generated, and its citation opens the exact words."""
    generator = ScriptedGenerator("The net fails to see 3% of the sheep on hill farms.")
    answer = answerer(retriever, generator).ask("What share of sheep does the net miss on hill farms?")
    assert_sound(answer, retriever)
    assert answer.sources[0].key == "countingSheepDeep"
    assert any(
        c.quote == "The net misses 3% of the sheep on hill farms." for s in answer.statements for c in s.citations
    )


class ChoosingGenerator(ScriptedGenerator):
    """Writes the last of the texts that it may write."""

    def __init__(self) -> None:
        super().__init__()
        self.offered: list[tuple[str, ...]] = []

    def complete(self, messages: Sequence[Message], sampling: Sampling) -> Completion:
        self.offered.append(sampling.among)
        text = sampling.among[-1] if sampling.among else "Nothing of this kind."
        return Completion(text=text, prompt_tokens=1, completion_tokens=1, whole=True)


def offering(retriever: Retriever, sentence: str) -> Choice:
    """Return the choice of the only sentence of a paper."""
    paper = next(iter(retriever.library.papers())).model_copy(update={"abstract": sentence})
    return Choice(paper, Span(sentence, 0, len(sentence)), 1.0)


def test_what_is_offered_was_checked_and_what_is_chosen_is_shown(retriever: Retriever) -> None:
    """The model may write one of the checked rewordings; the one that it writes is shown as its own."""
    sentence = "We use a novel lamp in order to demonstrate the advantages of little light for several hill farms."
    generator = ChoosingGenerator()
    worded = word(offering(retriever, sentence), generator, prompts.load("reword"), seed=0)
    (texts,) = generator.offered
    assert len(texts) > 1
    assert all(longest_common_run(text, [sentence]) <= MAX_COPIED_RUN for text in texts)
    assert worded.statement is not None
    assert (worded.statement.text, worded.statement.origin) == (texts[-1], "generated")


def test_where_there_is_nothing_to_choose_the_words_are_the_programs(retriever: Retriever) -> None:
    """One checked rewording is shown as the program's own, and the model isn't asked."""
    generator = ChoosingGenerator()
    worded = word(
        offering(retriever, "We ask shepherds on three hill farms."), generator, prompts.load("reword"), seed=0
    )
    assert worded.statement is not None
    assert worded.statement.origin == "template"
    assert generator.offered == []


def test_an_invention_is_dropped_and_the_words_quoted(retriever: Retriever) -> None:
    """What the model invents is never shown: the paper's own words stand in quotation marks instead."""
    generator = ScriptedGenerator(*["The net misses 95% of all wolves in Canada."] * 12)
    answer = answerer(retriever, generator).ask("What share of sheep does the net miss on hill farms?")
    assert_sound(answer, retriever)
    assert "wolves" not in answer.answer
    assert "generated" not in {statement.origin for statement in answer.statements}
    assert all(drop.why for drop in answer.dropped)
    assert len(answer.dropped) >= 2


def test_the_model_never_sees_a_citation_mark(retriever: Retriever) -> None:
    """The prompt holds one sentence; no key, no number of a source, no other paper."""
    generator = ScriptedGenerator()
    answerer(retriever, generator).ask("What share of sheep does the net miss on hill farms?")
    assert generator.prompts
    for prompt in generator.prompts:
        assert "[1]" not in prompt
        assert "countingSheepDeep" not in prompt
        assert "Lantern" not in prompt


def test_an_unanswerable_question_is_refused(retriever: Retriever) -> None:
    """Where the library doesn't answer, the program says so and names what is nearest and what it lacks."""
    generator = ScriptedGenerator()
    answer = answerer(retriever, generator).ask("How do volcanoes shape the economy of Iceland?")
    assert (answer.abstained, answer.reason, answer.statements) == (True, "not_in_library", ())
    assert answer.nearest
    assert "volcanoes" in answer.nearest[0].why
    assert generator.prompts == []


def test_events_come_in_order(retriever: Retriever) -> None:
    """The search, then each statement as it passes, then the whole answer with the same statements."""
    events = list(answerer(retriever, ScriptedGenerator()).stream("How many layers has the net that counts sheep?"))
    assert isinstance(events[0], Retrieved)
    assert isinstance(events[-1], Done)
    said = [event.statement for event in events[1:-1] if isinstance(event, Said)]
    assert tuple(said) == events[-1].answer.statements


@pytest.mark.parametrize(
    ("question", "aspect"),
    [
        ("Does it release code?", "code"),
        ("Is the implementation of Lantern available?", "code"),
        ("And the second one, what numbers does it report?", "numbers"),
        ("What score does it reach on NightSet?", "numbers"),
        ("Who wrote it?", "people"),
        ("When was Lantern published?", "date"),
        ("Which conference was it presented at?", "venue"),
        ("What code does the model generate?", None),
        ("Does it share weights across layers?", None),
        ("When does the lamp fail?", None),
        ("How many sheep are missed?", None),
        ("How long does it take?", "time"),
        ("How much faster is it?", "speed"),
        ("And its limitations?", "limits"),
    ],
)
def test_what_is_asked_about_a_paper_itself(question: str, aspect: str | None) -> None:
    """Code, authors, date, venue and numbers are told from questions about a subject."""
    assert aspects.asked(question) == aspect


def test_what_only_the_record_knows_is_told_from_the_record(retriever: Retriever) -> None:
    """Nothing near the question is told instead; numbers come from the sentences that have some."""
    one = answerer(retriever, ScriptedGenerator())
    first = one.ask("What is Lantern?")
    history = [Turn("What is Lantern?", tuple(source.key for source in first.sources[:1]))]
    code = one.ask("Does it release code?", history)
    assert (code.abstained, code.reason) == (True, "abstract_does_not_say")
    assert code.answer == f"The abstract does not say. By its record, {first.sources[0].key} may or may not have code."
    numbers = one.ask("What numbers does it report?", history)
    assert numbers.statements
    for statement in numbers.statements:
        assert any(char.isdigit() for char in statement.citations[0].quote)
    assert_sound(numbers, retriever)


@pytest.mark.parametrize(
    ("question", "answers", "keys"),
    [
        ("How do these two differ?", [("a", "b"), ("b",)], ("a", "b")),
        ("How do these two differ?", [("a",), ("b",)], ("a", "b")),
        ("Which of them has code?", [("a", "b"), ("c",), ("c",)], ("a", "b", "c")),
        ("Are both trained on text?", [("a", "b", "c")], ("a", "b", "c")),
        ("What do they propose?", [("a", "b"), ("b",)], ("b",)),
        ("Does it release code?", [("a", "b"), ("b",)], ("b",)),
        ("Compare the first two.", [("a", "b"), ("b",)], ("a", "b")),
        ("Does the second one report numbers?", [("a", "b"), ("b",)], ("a", "b")),
        ("Does the first one report numbers?", [("a", "b"), ("b",)], ("b",)),
    ],
)
def test_what_speaks_of_several_papers_means_several(
    question: str, answers: list[tuple[str, ...]], keys: tuple[str, ...]
) -> None:
    """Where the last answer cited one paper only, "these two" reaches back to the answers before it."""
    assert followup.earlier_keys(question, answers) == keys


def test_a_sentence_about_code_is_told(retriever: Retriever) -> None:
    """Where the abstract says it, that sentence is the answer."""
    assert aspects.tells("code", "Our code is available at https://example.org/lantern.")
    assert aspects.tells("code", "We open-source the implementation and all weights.")
    assert not aspects.tells("code", "The lamp shines on code written by hand.")
    assert not aspects.tells("code", "It can still provide fair counts in the dim regime, where weights have two bits.")


def test_the_default_model_does_not_write_freely(retriever: Retriever) -> None:
    """Where no rule rewords a sentence, it is quoted; only models without an adapter of ours may write it anew."""
    question = "How many layers has the net that counts sheep?"
    generator = ScriptedGenerator(*["A deep net of 12 layers is used by the authors to count sheep."] * 9)
    answer = Answerer(retriever, generator, prompts.load("reword")).ask(question)
    assert answer.statements
    assert all(statement.origin != "generated" for statement in answer.statements)
    assert not any("is used by the authors" in statement.text for statement in answer.statements)


def test_an_answer_from_one_paper_is_short(retriever: Retriever) -> None:
    """The sentences chosen of one paper hold at most ninety words together, with what telling them adds."""
    long = "We count sheep with a deep net " + "on the hills of the north in fog and snow " * 4 + "at night."
    other = "The deep net of ours counts the sheep " + "on the moors of the south in rain and wind " * 4 + "by day."
    short = "The deep net misses 3% of the sheep on hill farms."
    paper = Paper(key="lampSheep", title="Counting Sheep with a Deep Net", abstract=f"{long} {other} {short}")
    question = "How many sheep does the deep net miss?"
    found = [replace(retriever.search(question)[0], paper=paper)]
    chosen = select.choose(question, found, retriever.library, retriever.embedder)
    assert 2 <= len(chosen) <= select.MAX_SENTENCES_ONE
    assert sum(len(choice.span.text.split()) + 4 for choice in chosen) <= select.MAX_WORDS_ONE


def test_an_answer_from_several_papers_is_short_too(retriever: Retriever) -> None:
    """Six papers' long sentences don't all fit into one answer; what is told comes from as many papers as can be."""
    long = "The deep net of ours counts the sheep " + "on the moors of the south in rain and wind " * 6 + "by day."
    first = retriever.search("Which papers count sheep?")[0]
    papers = [Paper(key=f"lampSheep{n}", title="Counting Sheep", abstract=f"{long} It ran {n} days.") for n in range(6)]
    found = [replace(first, paper=paper) for paper in papers]
    chosen = select.choose("Which papers count sheep?", found, retriever.library, retriever.embedder)
    assert len({choice.paper.key for choice in chosen}) == len(chosen) > 1
    assert sum(len(choice.span.text.split()) + 4 for choice in chosen) <= select.MAX_WORDS_SEVERAL


def test_a_question_about_several_papers_cites_several(retriever: Retriever) -> None:
    """A question that asks for papers is answered from more than one of them."""
    answer = answerer(retriever, ScriptedGenerator()).ask("Which papers count sheep?")
    assert {source.key for source in answer.sources} >= {"countingSheepDeep", "sheepHillsSurvey"}
    assert_sound(answer, retriever)


def test_the_same_question_gets_the_same_answer(retriever: Retriever) -> None:
    """Same input, model and seed: the same answer."""
    script = "The net fails to see 3% of the sheep on hill farms."
    one, two = (
        answerer(retriever, ScriptedGenerator(script)).ask("What does the net miss on hill farms?") for _ in range(2)
    )
    assert one.model_copy(update={"timings": two.timings}) == two


def test_a_follow_up_stays_with_the_earlier_paper(retriever: Retriever) -> None:
    """A follow-up is answered from the paper that the earlier answer cited."""
    turn = Turn("Which model sees at night?", ("lanternSeeingLittle",))
    answer = answerer(retriever, ScriptedGenerator()).ask("And how many hours of video was it trained on?", [turn])
    assert [source.key for source in answer.sources] == ["lanternSeeingLittle"]
    assert any("12 hours" in c.quote for s in answer.statements for c in s.citations)


def test_a_follow_up_may_name_another_paper(retriever: Retriever) -> None:
    """What "it" means is the earlier paper, and what is named beside it belongs in the answer too."""
    net = Record(
        title="Net-4: Counting Sheep at Night",
        abstract="We present Net-4, a deep net that counts sheep at night. It needs no lamp.",
        source=Source(file="p.txt", line=9),
    )
    library = retriever.library
    with write_lock(library.path.parent / "write.lock"):
        ingest.add([net], library, retriever.embedder)
    turn = Turn("Which model sees at night?", ("lanternSeeingLittle",))
    answer = answerer(retriever, ScriptedGenerator()).ask("And how does it compare to Net-4?", [turn])
    assert {source.title.partition(":")[0] for source in answer.sources} == {"Lantern", "Net-4"}


def test_a_follow_up_that_only_narrows_asks_the_earlier_question_again(retriever: Retriever) -> None:
    """'And since 2020?' searches the library for what was asked before, with one condition more, and then another."""
    net = Record(
        title="Sheep in the Snow",
        abstract="We count sheep in the snow from the air. Warm sheep are easily seen.",
        authors=("Ann Bell",),
        year=2022,
        source=Source(file="p.txt", line=9),
    )
    with write_lock(retriever.library.path.parent / "write.lock"):
        ingest.add([net], retriever.library, retriever.embedder)
    first = Turn("Which papers count sheep from the air?", ("countingSheepDeep",))
    further = Turn("And since 2020?", ())
    asked = answerer(retriever, ScriptedGenerator())
    for question, history in (("And since 2020?", [first]), ("Only by Bell, please.", [first, further])):
        answer = asked.ask(question, history)
        assert [source.title for source in answer.sources] == ["Sheep in the Snow"]
    found = next(event for event in asked.stream("Only by Bell.", [first, further]) if isinstance(event, Retrieved))
    assert "2020" in found.notice
    assert "Bell" in found.notice


def test_a_follow_up_about_something_else_leaves_the_earlier_papers(retriever: Retriever) -> None:
    """'What about rivers?' is the earlier question asked of rivers; what no paper speaks of gets no answer."""
    turn = Turn("How are sheep counted on hills?", ("sheepHillsSurvey",))
    asked = answerer(retriever, ScriptedGenerator())
    assert {source.title for source in asked.ask("What about river names?", [turn]).sources} <= {
        "Rivers and Their Names"
    }
    assert asked.ask("What about volcanoes?", [turn]).abstained


@pytest.mark.parametrize(
    ("question", "quote"),
    [
        ("Which of these use satellites from Mars?", None),
        ("How long did the training take?", "12 hours"),
        ("How fast is it?", None),
        ("What are its limitations?", None),
        ("What does it propose?", "We present Lantern"),
        ("Explain why [1] works.", "We present Lantern"),
    ],
)
def test_a_follow_up_is_answered_by_what_says_it(retriever: Retriever, question: str, quote: str | None) -> None:
    """What the earlier paper doesn't speak of isn't answered with its other sentences."""
    turn = Turn("Which model sees at night?", ("lanternSeeingLittle",))
    answer = answerer(retriever, ScriptedGenerator()).ask(question, [turn])
    quotes = [citation.quote for statement in answer.statements for citation in statement.citations]
    assert (
        (answer.reason, quotes) == ("abstract_does_not_say", []) if quote is None else any(quote in q for q in quotes)
    )


def test_papers_that_are_compared_are_each_told_of(retriever: Retriever) -> None:
    """A general question about a few earlier papers tells of all of them, in their order."""
    turn = Turn("How are sheep counted?", ("sheepHillsSurvey", "countingSheepDeep"))
    for question in ("Compare the two.", "What do they propose?"):
        answer = answerer(retriever, ScriptedGenerator()).ask(question, [turn])
        assert [source.key for source in answer.sources] == ["sheepHillsSurvey", "countingSheepDeep"]


def test_that_code_is_to_be_had_is_told_only_where_it_is_asked_for(retriever: Retriever) -> None:
    """A sentence that only says what is released answers no question about the subject."""
    released = "The lamp model is publicly available, and so is all night video of the lamp on NightSet."
    paper = Paper(key="lamp", title="Lamps", abstract=f"The lamp model is made of brass and burns at night. {released}")
    for question, first in (("How is the lamp model made?", False), ("Is the lamp model publicly available?", True)):
        ranked = select.rank_sentences(question, [paper], retriever.library, retriever.embedder)
        assert (ranked[0].span.text == released) is first
    lacking = "No lamp benchmark is publicly available for night video on hills."
    third = Paper(key="lack", title="Lamps", abstract=f"Lamps burn at night and are made of brass. {lacking}")
    ranked = select.rank_sentences(
        "Is there a lamp benchmark for hills?", [third], retriever.library, retriever.embedder
    )
    assert ranked[0].span.text == lacking
    hope = "We hope that the lamp model burns at night on hills."
    other = Paper(key="hope", title="Lamps", abstract=f"The lamp model is made of brass and burns at night. {hope}")
    question = "Does the lamp model burn at night on hills?"
    ranked = select.rank_sentences(question, [other], retriever.library, retriever.embedder)
    assert ranked[0].span.text != hope


@pytest.mark.parametrize(
    ("question", "keys"),
    [
        ("And what data does it use?", ("a",)),
        ("How large is the second one?", ("b",)),
        ("Which of these release code?", ("a", "b", "c")),
        ("What does [3] report?", ("c",)),
        ("How fast is the last one?", ("c",)),
    ],
)
def test_what_a_follow_up_means(question: str, keys: tuple[str, ...]) -> None:
    """Pronouns, ordinals and marks lead to the earlier papers."""
    assert is_followup(question)
    assert meant(question, ("a", "b", "c")) == keys


@pytest.mark.parametrize(
    ("question", "keys"),
    [
        ("How many sheep did it count?", ("one",)),
        ("What about QED?", ("two",)),
        ("And the other one?", ("one", "two")),
        ("Compare the first two.", ("one", "two")),
        ("What did paper 2 find?", ("two",)),
        ("What does the study by Bell report?", ("one",)),
        ("How does GPTQ round weights, and is it fast?", ()),
        ("How is that different from GPTQ?", ("one",)),
        ("Is a map of rivers better than that of Bohr in this respect?", ()),
        ("How do rivers shape valleys when they flood?", ()),
        ("Why do tides rise so late on northern coasts?", ()),
    ],
)
def test_which_papers_a_question_is_asked_of(question: str, keys: tuple[str, ...]) -> None:
    """A question leans on earlier papers unless "it" means its own words; names and numbers pick among them."""
    papers = [
        Paper(key="one", title="Counting sheep", authors=("Ann Bell",), abstract="Sheep are counted on hills."),
        Paper(key="two", title="QED: proofs by hand", authors=("Bo Cole",), abstract="Proofs are written."),
    ]
    assert resolve(question, papers) == keys


@pytest.mark.parametrize(
    "question",
    ["How are sheep counted?", "What is Lantern?", "Which papers study rivers?", "Which surveys are there?"],
)
def test_what_is_no_follow_up(question: str) -> None:
    """A question that stands alone isn't bent to the conversation."""
    assert not is_followup(question)


@pytest.mark.parametrize(
    "question", ['"', "NEAR(a b)", "a AND OR (", "*", "x:y", "'; DROP TABLE papers; --", "½ ☃ 羊", "\0 sheep"]
)
def test_any_text_is_a_question(retriever: Retriever, question: str) -> None:
    """Nothing in a question is read as query syntax."""
    assert_sound(answerer(retriever, ScriptedGenerator()).ask(question), retriever)
    assert len(retriever.library) == len(PAPERS)


@pytest.mark.parametrize(
    ("term", "forms"),
    [
        ("parsing", ["parsing"]),
        ("fine-tuning", ["fine-tuning", "finetuning", "fine", "tuning"]),
        ("T-MAC", ["T-MAC", "TMAC"]),
        ("GPT-4", ["GPT-4", "GPT4"]),
        ("R^2", ["R^2"]),
        ("state-of-the-art", ["state-of-the-art", "stateoftheart"]),
    ],
)
def test_how_a_term_may_be_written(term: str, forms: list[str]) -> None:
    """A hyphenated word is looked for in parts and in one; a name never in parts."""
    assert _forms(term) == forms


def test_a_named_system_comes_first(retriever: Retriever) -> None:
    """A question that names the system of a title finds its paper first."""
    assert (
        retriever.search("How many sheep can Lantern count on hills from the air?")[0].paper.key
        == "lanternSeeingLittle"
    )


def test_a_name_that_the_library_lacks_is_missing(retriever: Retriever) -> None:
    """What the best paper doesn't have is known by name."""
    found = retriever.search("Does Lantern work with Zigbee?")
    assert "Zigbee" in select.missing_terms("Does Lantern work with Zigbee?", found[0].paper)
