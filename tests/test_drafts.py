"""Related-work sections: the plan, what is told of each paper, and that nothing in it is invented or copied."""

import itertools
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from assistant import evidence, ingest, lock, plan, prompts, recast, sentences, themes
from assistant.config import Settings
from assistant.draft import Drafted, Drafter
from assistant.errors import ReadError, UsageError
from assistant.generate import Generator
from assistant.judge import Evidence, Support
from assistant.library import Library
from assistant.plan import Brief, Claim, Plan, PlannedParagraph
from assistant.recast import Subject
from assistant.records import Citation, Draft, Paper, Record, Source
from assistant.retrieve import Retriever
from assistant.section import CiteStyle, Form, Mention, Part, Section, SectionParagraph, Sentence, written
from assistant.select import Choice
from assistant.store import Store, write_lock
from assistant.terms import longest_common_run, numbers
from assistant.testing import HashingEmbedder, ScriptedGenerator

# key, authors, year, title, abstract
PAPERS = (
    (
        "quill20", ("Ada Quill", "Ben Roe", "Cy Moss"), 2020, "Weighing Sheep from Drones",
        "Hill sheep are hard to weigh. We present a drone survey that weighs sheep from the air. The drone survey "
        "misses 3% of the sheep on steep hills. Our code is available online.",
    ),
    (
        "roe18", ("Ben Roe", "Dee Fenn"), 2018, "Counting Sheep with Deep Nets",
        "We count hill sheep with a deep net of 12 layers. A drone survey takes the pictures. The deep net errs on "
        "black sheep.",
    ),
    (
        "moss19", ("Cy Moss",), 2019, "Sheep Bells",
        "This paper studies how bells help shepherds to find hill sheep in fog. Shepherds hear a bell at 800 metres.",
    ),
    (
        "fenn21", ("Dee Fenn", "Eli Hart"), 2021, "Wool Grading by Touch",
        "We propose a touch sensor for wool grading. The touch sensor agrees with graders in 91% of cases.",
    ),
    (
        "hart22", ("Eli Hart", "Flo Ives", "Guy Jay"), 2022, "Wool Grading by Light",
        "We describe an optical bench for wool grading that needs no touch sensor. Light finds stains that touch "
        "misses.",
    ),
    ("bare", ("Hal Kerr",), 2017, "Sheep and Wool: A Note", ""),
    (
        "lamp16", ("Ida Lund",), 2016, "Lamps for Night Trains",
        "We test lamps for night trains. Passengers prefer warm lamps.",
    ),
)  # fmt: skip
TOPIC = "drone survey of hill sheep and wool grading"


@pytest.fixture
def retriever(tmp_path: Path) -> Retriever:
    settings = Settings(home=tmp_path / "home")
    embedder = HashingEmbedder(256)
    library = Library.create(settings.catalogue)
    records = [
        Record(
            key=key, authors=authors, year=year, title=title, abstract=abstract,
            source=Source(file="p.bib", line=line),
            raw=f"@misc{{{key}, title = {{{title}}}, note = {{mine}}}}" if key == "quill20" else None,
        )
        for line, (key, authors, year, title, abstract) in enumerate(PAPERS, start=1)
    ]  # fmt: skip
    with write_lock(settings.write_lock):
        ingest.add(records, library, embedder)
    return Retriever(library, Store(library, settings.index, settings.write_lock, print), embedder)


def drafter(retriever: Retriever, generator: Generator | None = None) -> Drafter:
    return Drafter(retriever, generator or ScriptedGenerator(), prompts.load("reword"), free=True)


def drafted(retriever: Retriever, brief: Brief, ready: Plan | None = None, **options: object) -> Drafted:
    """Return the end of a draft's stream."""
    *_, last = drafter(retriever).stream(brief, ready=ready, **options)  # type: ignore[arg-type]
    assert isinstance(last, Drafted)
    return last


def assert_sound(draft: Draft, retriever: Retriever) -> None:
    """Hold a draft against what every draft promises."""
    cited = {citation.key for statement in draft.statements for citation in statement.citations}
    assert cited == set(draft.coverage.used)
    assert draft.bibliography.count("@") == len(cited)
    assert all(item.why for item in draft.coverage.unused)
    assert draft.longest_copied_run <= 10
    for statement in draft.statements:
        assert statement.verdict == "supported"
        assert statement.citations
        for citation in statement.citations:
            abstract = retriever.library.paper(citation.key).abstract
            assert abstract[citation.start : citation.end] == citation.quote


# ---------------------------------------------------------------------- the plan


def test_each_retrieved_paper_is_placed_or_listed_with_a_reason(retriever: Retriever) -> None:
    """Nothing that was found gets lost: it is in a paragraph, or unused with the reason."""
    made, result = plan.make(Brief(topic=TOPIC, must_not_cite=("moss19",)), retriever)
    unused = {item.key: item.why for item in made.unused}
    assert {item.paper.key for item in result.found} == set(made.keys) | set(unused)
    assert not set(made.keys) & set(unused)
    assert unused["moss19"] == "must not be cited"
    assert unused["bare"] == "it has no abstract"
    assert {"quill20", "roe18", "fenn21", "hart22"} <= set(made.keys)


def test_papers_are_grouped_by_what_they_do(retriever: Retriever) -> None:
    """Papers of one subject share a paragraph, and its theme is a term that they share."""
    made, _ = plan.make(Brief(topic=TOPIC, paragraphs=2), retriever)
    by_theme = {part.theme: {key for claim in part.claims for key in claim.keys} for part in made.paragraphs}
    assert len(by_theme) == 2
    wool = next(keys for keys in by_theme.values() if "fenn21" in keys)
    assert "hart22" in wool
    assert not wool & {"quill20", "roe18"}
    assert "wool grading" in by_theme


def test_the_plan_is_the_same_each_time(retriever: Retriever) -> None:
    """Planning has no chance in it."""
    assert plan.make(Brief(topic=TOPIC), retriever)[0] == plan.make(Brief(topic=TOPIC), retriever)[0]


def test_must_cite_papers_are_planned_whatever_their_subject(retriever: Retriever) -> None:
    """A paper that must be cited is in the plan although it is off the topic."""
    made, _ = plan.make(Brief(topic=TOPIC, must_cite=("lamp16",)), retriever)
    assert "lamp16" in made.keys


def test_what_to_choose_from_holds_for_all_but_must_cite_papers(retriever: Retriever) -> None:
    """Nothing else is planned than what may be chosen and what must be cited."""
    made, _ = plan.make(Brief(topic=TOPIC, must_cite=("roe18",)), retriever, only={"quill20", "fenn21"})
    assert set(made.keys) <= {"quill20", "roe18", "fenn21"}
    assert "roe18" in made.keys


def test_a_plan_survives_its_file(retriever: Retriever) -> None:
    """What is written as YAML is read back equal."""
    made, _ = plan.make(Brief(topic=TOPIC), retriever)
    assert plan.from_yaml(plan.to_yaml(made), "plan.yaml") == made


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: [", "not YAML"),
        ("just words", "not a plan"),
        ("schema: 1\ntopic: t\nparagraphs:\n- theme: x\n  claims:\n  - claim: c\n", "paragraphs.0.claims.0.keys"),
        ("schema: 1\ntopic: t\nparagraphs: []\nsurprise: 1\n", "surprise"),
    ],
)
def test_a_bad_plan_file_says_where(text: str, words: str) -> None:
    """A plan that can't be read names the place."""
    with pytest.raises(ReadError, match=words):
        plan.from_yaml(text, "plan.yaml")


def test_contradicting_wishes_are_refused(retriever: Retriever) -> None:
    """A key can't be wanted and barred, an unknown key is an error, and so is an empty brief."""
    for brief in (
        Brief(topic=TOPIC, must_cite=("roe18",), must_not_cite=("roe18",)),
        Brief(topic=TOPIC, must_cite=("nobody",)),
        Brief(),
    ):
        with pytest.raises(UsageError):
            plan.make(brief, retriever)


def test_the_authors_own_abstract_stands_for_a_topic(retriever: Retriever) -> None:
    """With an abstract, what comes near it is told last and called close."""
    own = "We weigh hill sheep with a drone survey over steep hills. Our drone survey needs no shepherds."
    made, _ = plan.make(Brief(abstract=own), retriever)
    stances = {key: claim.stance for part in made.paragraphs for claim in part.claims for key in claim.keys}
    assert stances["quill20"] == "close"
    assert "lamp16" not in made.keys


def test_terms_are_noun_phrases_that_papers_share() -> None:
    """A shared term is a phrase between function words, not a verb, and not what all papers say."""
    texts = [
        "We use table lookup for fast inference of the low-bit weights.",
        "A table lookup of low-bit weights is proposed.",
        "The results show a new method.",
    ]
    terms = {term.text for term in themes.shared_terms(texts)}
    assert "low-bit weights" in terms
    assert not terms & {"use table", "results", "method", "proposed"}


def test_a_theme_needs_no_article() -> None:
    """What papers write with an article is named in the plural that one of them has, or not at all."""
    one = ["We train the small lamp on hills.", "It beats the small lamp of others.", "Here the small lamp is best."]
    assert "small lamps" not in {term.text for term in themes.shared_terms(one)}
    texts = [*one, "We count sheep with small lamps."]
    names = {term.text for term in themes.shared_terms(texts)}
    assert "small lamps" in names
    assert not any(name.startswith(("the ", "a ")) for name in names)


def test_a_theme_keeps_the_capitals_of_names() -> None:
    """What no paper writes in lower case is a name, whether or not it looks like one."""
    texts = ["We test translation from English-German pairs.", "Training on English-German pairs is slow."]
    assert "English-German pairs" in {term.text for term in themes.shared_terms(texts)}


def test_what_a_paper_proposes_is_told_before_what_it_also_shows() -> None:
    """A draft says of each paper first what it is for, wherever the topic's words stand, and background last."""
    paper = Paper(
        key="lamp",
        title="Lamps",
        abstract="Counting sheep at night is hard and counting sheep in fog is harder. We propose Lantern, a cheap "
        "lamp for farms on hills. We also show counts of sheep at night and in fog.",
    )
    spans = sentences.split(paper.abstract)
    choices = [Choice(paper, span, score) for span, score in zip(spans, (0.9, 0.6, 0.9), strict=True)]
    assert [choice.span.text.split()[1] for choice in plan.fittest(choices)][:2] == ["propose", "also"]
    assert plan.fittest(choices)[-1].span.text.startswith("Counting")


def test_groups_hold_each_place_once() -> None:
    """Each paper is in exactly one group, and no group has a single one while others could take it."""
    import numpy as np

    vectors = HashingEmbedder().embed([f"word{i % 3} word{i % 3} other{i}" for i in range(11)])
    for count in (1, 2, 3, 5, 11):
        found = themes.groups(themes.similarities(vectors, []), count)
        assert sorted(itertools.chain(*found)) == list(range(11))
        assert len(found) <= count
        assert all(len(group) > 1 for group in found)
    assert np.allclose(themes.similarities(vectors, []).diagonal(), 0.6, atol=1e-3)


# ---------------------------------------------------------------------- telling by rule

ROES, ROE = Subject("Roe et al."), Subject("Roe", plural=False)


@pytest.mark.parametrize(
    ("sentence", "subject", "told"),
    [
        ("In this paper, we present a lamp that sees at night.", ROES, "Roe et al. present a lamp that sees at night."),
        ("We study lamps and propose a shade for them.", ROE, "Roe studies lamps and proposes a shade for them."),
        ("This paper presents a lamp and shows how it sees.", ROES, "Roe et al. present a lamp and show how it sees."),
        ("We counted 12 lamps in our village.", ROE, "Roe counted 12 lamps in their village."),
        ("A new lamp for trains is presented.", ROES, "Roe et al. present a new lamp for trains."),
        ("Our method beats lamps by 4 points.", ROES, "The method of Roe et al. beats lamps by 4 points."),
        ("Lamps fail in 3% of all fogs.", ROES, "Roe et al. report that lamps fail in 3% of all fogs."),
        ("We extend this lamp to ships.", ROES, None),
        ("They are also simpler than lamps of old.", ROES, None),
        ("We propose a gate that outperforms (2016) and study its lamps.", ROES, None),
    ],
)  # fmt: skip
def test_a_sentence_is_told_in_the_third_person(sentence: str, subject: Subject, told: str | None) -> None:
    """The subject and its verbs change, and what leans on another sentence isn't told."""
    ways = [way.text for way in recast.recast(sentence, subject)]
    assert (told in ways) if told else ways == []


def test_rewordings_copy_little_and_add_nothing() -> None:
    """Each rewording made by rule ends its runs in time, and those that copy least come first."""
    sentence = (
        "In this paper, we propose a novel method for counting sheep that utilizes a number of drones in order to "
        "reduce the cost of surveys on hill farms by 40%."
    )
    texts = recast.rewordings(sentence, Subject("The authors", named=False), sentence, 8)
    runs = [longest_common_run(text, [sentence]) for text in texts]
    assert len(texts) > 3
    assert runs == sorted(runs)
    assert max(runs) <= 8
    for text in texts:
        assert numbers(text) in (["40%"], []), text
        assert "we " not in text.lower()
    assert recast.rewordings("It also counts them.", Subject("The authors", named=False), sentence, 8) == []


def test_runs_are_broken_by_words_that_say_the_same() -> None:
    """Other words stand inside a long run; figures and names stay."""
    source = "We use 4 lamps based on numerous small wicks in order to generate light for methods that require fog."
    text = recast.own_words(source, [source], 7)
    assert longest_common_run(text, [source]) <= 7
    assert "4 lamps" in text
    assert "fog" in text


# ---------------------------------------------------------------------- the draft


def test_a_draft_keeps_its_promises(retriever: Retriever) -> None:
    """Cited papers, bibliography and coverage agree; each quote is exact; no long run is copied."""
    draft = drafted(retriever, Brief(topic=TOPIC)).draft
    assert_sound(draft, retriever)
    assert {"quill20", "roe18", "fenn21", "hart22"} <= set(draft.coverage.used)
    assert draft.report.used == len(draft.coverage.used)
    assert draft.report.sentences == draft.report.supported == len(draft.statements)


def test_a_draft_is_told_in_varied_openings(retriever: Retriever) -> None:
    """No three sentences in a row open with the same word."""
    draft = drafted(retriever, Brief(topic=TOPIC)).draft
    openings = [statement.text.split()[0] for statement in draft.statements]
    assert all(len(set(three)) > 1 for three in zip(openings, openings[1:], openings[2:], strict=False))


def test_the_bibliography_has_the_users_own_entry(retriever: Retriever) -> None:
    """An entry that the user wrote is given back as it was."""
    draft = drafted(retriever, Brief(topic=TOPIC)).draft
    assert "note = {mine}" in draft.bibliography


def test_a_draft_follows_an_edited_plan(retriever: Retriever) -> None:
    """The draft tells what the plan says, of whom it says it, in its order, and nothing else."""
    ready = Plan(
        topic="sheep",
        paragraphs=(
            PlannedParagraph(theme="wool", claims=(Claim(claim="agrees with graders", keys=("fenn21",)),)),
            PlannedParagraph(theme="bells", claims=(Claim(claim="bells help shepherds", keys=("moss19",)),)),
        ),
    )
    draft = drafted(retriever, Brief(topic="sheep"), ready).draft
    assert [part.theme for part in draft.paragraphs] == ["wool", "bells"]
    assert [c.key for s in draft.statements for c in s.citations] == ["fenn21", "moss19"]
    assert "91%" in draft.statements[0].text


def test_what_papers_share_is_cited_only_to_those_that_say_so(retriever: Retriever) -> None:
    """A claim of several papers leaves out the paper whose abstract doesn't have it."""
    ready = Plan(
        topic="wool",
        paragraphs=(
            PlannedParagraph(
                theme="w", claims=(Claim(claim="deal with wool grading", keys=("fenn21", "hart22", "lamp16")),)
            ),
        ),
    )  # fmt: skip
    statement = drafted(retriever, Brief(topic="wool"), ready).draft.statements[0]
    assert {citation.key for citation in statement.citations} == {"fenn21", "hart22"}
    assert statement.text == "Both Fenn and Hart and Hart et al. deal with wool grading."
    assert all("wool grading" in citation.quote for citation in statement.citations)


def test_nothing_is_said_twice(retriever: Retriever) -> None:
    """A claim that stands in the plan twice is told once."""
    claim = Claim(claim="We propose a touch sensor for wool grading.", keys=("fenn21",))
    ready = Plan(topic="wool", paragraphs=(PlannedParagraph(theme="w", claims=(claim, claim)),))
    texts = [s.text for s in drafted(retriever, Brief(topic="wool"), ready).draft.statements]
    assert sum("propose" in text for text in texts) == 1


class Refusing:
    """A judge that supports nothing of some papers."""

    name = "refusing:1"

    def __init__(self, *titles: str) -> None:
        self._titles = titles

    def score(self, claims: Sequence[str], evidence: Evidence) -> list[Support]:
        """Return support for all but the refused papers."""
        good = evidence.title not in self._titles
        verdict = "supported" if good else "unsupported"
        value = 0.9 if good else 0.1
        return [Support(probability=value, support=value, verdict=verdict) for _ in claims]


def test_what_the_judge_refuses_is_not_told(retriever: Retriever) -> None:
    """A paper whose every wording is refused is at most quoted, once a paragraph; further ones are listed as unused."""
    refusing = Refusing("Sheep Bells", "Lamps for Night Trains")
    one = Drafter(
        retriever, ScriptedGenerator(*["Wolves eat 95 bells."] * 60), prompts.load("reword"), refusing, free=True
    )
    claims = (Claim(claim="bells", keys=("moss19",)), Claim(claim="lamps", keys=("lamp16",)))
    ready = Plan(topic="bells", paragraphs=(PlannedParagraph(theme="b", claims=claims),))
    *_, last = one.stream(Brief(topic="bells"), ready=ready)
    assert isinstance(last, Drafted)
    assert [statement.origin for statement in last.draft.statements] == ["quoted"]
    assert [item.key for item in last.draft.coverage.unused] == ["lamp16"]
    assert last.draft.report.dropped == 1


def test_the_users_own_work_is_positioned_in_the_users_own_words(retriever: Retriever) -> None:
    """The closing sentence says nothing that the user's abstract doesn't, and cites nothing."""
    own = "Sheep are hard to weigh. We weigh hill sheep with a drone survey over steep hills."
    last = drafted(retriever, Brief(abstract=own, contributions=("We release 40 flights.",)))
    assert last.draft.text.endswith(
        "Against this background, we weigh hill sheep with a drone survey over steep hills. We release 40 flights."
    )
    assert [one.quote for one in last.draft.report.own] == [
        "We weigh hill sheep with a drone survey over steep hills.",
        "We release 40 flights.",
    ]


def test_two_papers_may_share_a_sentence(retriever: Retriever) -> None:
    """Two short claims stand side by side, each cited where it is told."""
    ready = Plan(
        topic="sheep",
        style="compare",
        paragraphs=(
            PlannedParagraph(
                theme="s",
                claims=(
                    Claim(claim="We present a drone survey that weighs sheep from the air.", keys=("quill20",)),
                    Claim(claim="We propose a touch sensor for wool grading.", keys=("fenn21",)),
                ),
            ),
        ),
    )
    last = drafted(retriever, Brief(topic="sheep"), ready, form="latex", style="natbib")
    (sentence,) = last.draft.statements
    assert [citation.key for citation in sentence.citations] == ["quill20", "fenn21"]
    assert last.draft.text == (
        r"\citet{quill20} present a drone survey that weighs sheep from the air, while \citet{fenn21} propose a touch "
        "sensor for wool grading."
    )


def test_a_chronological_draft_goes_by_year(retriever: Retriever) -> None:
    """The oldest paper of a paragraph comes first."""
    draft = drafted(retriever, Brief(topic=TOPIC, style="chronological", paragraphs=1, words=60)).draft
    years = [retriever.library.paper(s.citations[0].key).year for s in draft.statements if len(s.citations) == 1]
    assert years == sorted(year or 0 for year in years)


def test_a_topic_outside_the_library_is_refused(retriever: Retriever) -> None:
    """Nothing is drafted on what the library doesn't hold."""
    draft = drafter(retriever).draft("volcanic economies of Iceland")
    assert (draft.abstained, draft.text, draft.reason) == (True, "", "not_in_library")


# ---------------------------------------------------------------------- how it looks

CITED = Citation(key="quill20", title="Lamps", quote="Lamps burn.", start=0, end=11)


def told(text: str, *mentions: Mention) -> Section:
    """Return a section of one sentence."""
    one = Part(
        text=text, origin="template", verdict="supported", support=None, checked_by="rules", citations=(CITED,),
        mentions=mentions,
    )  # fmt: skip
    return Section(paragraphs=(SectionParagraph(theme="t", sentences=(Sentence(parts=(one,)),)),))


@pytest.mark.parametrize(
    ("form", "style", "behind", "named"),
    [
        ("latex", "cite", r"Lamps save 50\% [of] energy\_use~\cite{quill20}.", r"Quill et al.~\cite{quill20} save it."),
        ("latex", "natbib", r"Lamps save 50\% [of] energy\_use~\citep{quill20}.", r"\citet{quill20} save it."),
        ("latex", "biblatex", r"Lamps save 50\% [of] energy\_use~\autocite{quill20}.", r"\textcite{quill20} save it."),
        ("markdown", "cite", r"Lamps save 50% \[of\] energy\_use [@quill20].", "@quill20 save it."),
        ("text", "cite", "Lamps save 50% [of] energy_use [1].", "Quill et al. [1] save it."),
    ],
)  # fmt: skip
def test_citations_stand_where_the_format_wants_them(form: Form, style: CiteStyle, behind: str, named: str) -> None:
    """Before the full stop, or at the authors where they are the subject; and the text is escaped."""
    assert written(told("Lamps save 50% [of] energy_use"), form, style) == behind
    mention = Mention(key="quill20", name="Quill et al.")
    assert written(told("Quill et al. save it", mention), form, style) == named


def test_a_sentence_may_end_with_the_authors() -> None:
    """A name at the end takes its citation and one full stop."""
    mention = Mention(key="quill20", name="Quill et al.")
    section = told("A lamp is proposed by Quill et al.", mention)
    assert written(section, "latex", "natbib") == r"A lamp is proposed by \citet{quill20}."
    assert written(section, "latex") == r"A lamp is proposed by Quill et al.~\cite{quill20}."
    assert section.sentences[0].statement.text == "A lamp is proposed by Quill et al."


HOSTILE = r"50% of $\x$ & \input{/etc/passwd} _ # ~ ^ {a} <script>alert(1)</script> @lamp [x](http://x) `code`"


def test_nothing_out_of_a_paper_becomes_a_command() -> None:
    """LaTeX, Markdown and the page show such a text as it is."""
    section = told(HOSTILE)
    assert r"\input" not in written(section, "latex").replace(r"\textbackslash{}input", "")
    assert r"\$\textbackslash{}x\$" in written(section, "latex")
    assert r"\<script\>" in written(section, "markdown")
    assert r"\@lamp" in written(section, "markdown")


def test_the_report_opens_each_sentence_on_its_evidence(retriever: Retriever) -> None:
    """Each sentence is there once with its abstract and the supporting words marked; nothing is loaded or run."""
    last = drafted(retriever, Brief(topic=TOPIC))
    page = evidence.page(last.draft, last.section, retriever.library.paper)
    assert page.count("<details>") == len(last.draft.statements)
    for statement in last.draft.statements:
        for citation in statement.citations:
            assert f"<mark>{citation.quote}</mark>" in page
    assert "<script" not in page
    assert "http://" not in page
    assert "https://" not in page
    assert "default-src 'none'" in page


def test_the_report_escapes_what_papers_say(retriever: Retriever) -> None:
    """Markup in a title, an abstract or a theme is text."""
    paper = Paper(key="quill20", title="<b>Lamps</b>", abstract="Lamps burn.<script>alert(1)</script>")
    last = drafted(retriever, Brief(topic=TOPIC))
    page = evidence.page(last.draft, told(HOSTILE), lambda key: paper)
    assert "<script" not in page
    assert "<b>" not in page
    assert "&lt;b&gt;Lamps" in page


# ---------------------------------------------------------------------- the lock file


def test_a_lock_survives_its_file(retriever: Retriever, tmp_path: Path) -> None:
    """What is written is read back equal, and knows each cited abstract."""
    brief = Brief(topic=TOPIC)
    last = drafted(retriever, brief)
    kept = drafter(retriever).lock(brief, last)
    lock.write(tmp_path / "draft.lock.json", kept)
    assert lock.read(tmp_path / "draft.lock.json") == kept
    assert set(kept.abstracts) == set(last.draft.coverage.used)
    paper = retriever.library.paper("quill20")
    assert lock.changed(kept, [paper]) == []
    assert lock.changed(kept, [paper.model_copy(update={"abstract": "Else."})]) == ["quill20"]


def test_one_sentence_is_told_anew_and_the_rest_stays(retriever: Retriever) -> None:
    """Only the named place changes, it still cites the same paper, and it passed the same checks."""
    brief = Brief(topic=TOPIC)
    last = drafted(retriever, brief)
    kept = drafter(retriever).lock(brief, last)
    changes = 0
    for number, paragraph in enumerate(last.section.paragraphs):
        for at, old in enumerate(paragraph.sentences):
            again = drafter(retriever).again(kept, f"{number + 1}.{at + 1}")
            for other, part in enumerate(again.section.paragraphs):
                for place, new in enumerate(part.sentences):
                    was = last.section.paragraphs[other].sentences[place]
                    if (other, place) == (number, at):
                        assert new.keys == old.keys
                        changes += new != old
                    else:
                        assert new == was
            assert_sound(again.draft, retriever)
    assert changes >= 2


def test_a_place_that_is_not_there_is_refused(retriever: Retriever) -> None:
    """A wrong place names the right ones."""
    brief = Brief(topic=TOPIC)
    kept = drafter(retriever).lock(brief, drafted(retriever, brief))
    with pytest.raises(UsageError, match="no place 9"):
        drafter(retriever).again(kept, "9.1")


def test_what_is_no_lock_file_is_refused(tmp_path: Path) -> None:
    """Another JSON file isn't taken for a lock."""
    (tmp_path / "x.json").write_text("{}", encoding="utf-8")
    for name in ("x.json", "missing.json"):
        with pytest.raises(ReadError):
            lock.read(tmp_path / name)


# ---------------------------------------------------------------------- with the programs that read it


def program(*names: str) -> str:
    """Return the first of some programs that is installed; skip the test where none is."""
    found = next((path for name in names if (path := shutil.which(name))), None)
    if found is None:
        pytest.skip(f"{' or '.join(names)} is not installed")
    return found


def run(*command: str, folder: Path) -> None:
    """Run a program in a folder; it has to succeed."""
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]


@pytest.mark.parametrize("style", ["cite", "natbib", "biblatex"])
def test_the_latex_compiles(retriever: Retriever, tmp_path: Path, style: CiteStyle) -> None:
    """A real TeX takes the section and its bibliography, hostile text included."""
    tex = program("pdflatex", "lualatex", "xelatex")
    last = drafted(retriever, Brief(topic=TOPIC), form="latex", style=style)
    package = {"cite": "", "natbib": r"\usepackage{natbib}", "biblatex": r"\usepackage[backend=bibtex]{biblatex}"}[
        style
    ]
    if style == "biblatex":
        package += r"\addbibresource{related.bib}"
    text = last.draft.text + "\n\n" + written(told(HOSTILE.replace("<", "").replace(">", "")), "latex", style)
    (tmp_path / "related.bib").write_text(last.draft.bibliography, encoding="utf-8")
    (tmp_path / "paper.tex").write_text(
        rf"\documentclass{{article}}\usepackage[T1]{{fontenc}}{package}\begin{{document}}{text}\end{{document}}",
        encoding="utf-8",
    )
    run(tex, "-interaction=nonstopmode", "-halt-on-error", "-no-shell-escape", "paper.tex", folder=tmp_path)


def test_the_markdown_converts(retriever: Retriever, tmp_path: Path) -> None:
    """Pandoc turns the section into HTML with each citation resolved."""
    pandoc = program("pandoc")
    last = drafted(retriever, Brief(topic=TOPIC))
    (tmp_path / "related.md").write_text(last.draft.text, encoding="utf-8")
    (tmp_path / "related.bib").write_text(last.draft.bibliography, encoding="utf-8")
    run(pandoc, "related.md", "--citeproc", "--bibliography", "related.bib", "-o", "related.html", folder=tmp_path)
    page = (tmp_path / "related.html").read_text(encoding="utf-8")
    assert page.count('id="ref-') == len(last.draft.coverage.used)
