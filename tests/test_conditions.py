"""Conditions: what is read out of a question, what stays in it, and which papers meet them."""

import json
from datetime import date
from pathlib import Path

import pytest

from assistant import conditions, topics
from assistant.conditions import Conditions
from assistant.facets import Facets, is_survey, same_person
from assistant.records import Paper, Source
from tests.conftest import shared

TODAY = date(2026, 11, 21)


def paper(key: str, title: str = "A title", **fields: object) -> Paper:
    return Paper.model_validate({"key": key, "title": title, **fields})


PAPERS = (
    paper(
        "mehta",
        "Efficient networks for phones",
        authors=("Sachin Mehta", "Maxwell Horton"),
        year=2019,
        date="2019-05",
        venue="Annual Meeting of the Association for Computational Linguistics (57th)",
        categories=("cs.CL",),
        affiliations=("University of Washington", "Apple"),
        tags=("todo",),
        sources=(Source(file="/x/refs.bib", line=1),),
        has_code=True,
    ),
    paper(
        "mueller",
        "Parsing with few trees",
        authors=("Müller, Jörg", "Li W"),
        authors_truncated=True,
        year=2024,
        date="2024-02-03",
        venue="NeurIPS",
        categories=("CV",),
        affiliations=("microsoft-research",),
        sources=(Source(file="/x/daily-page-1.txt", line=1),),
        has_code=False,
    ),
    paper("bare", "A survey of tagging"),
)
KNOWN = Facets(PAPERS)


def read(question: str) -> tuple[str, str]:
    """Return what is left of a question and the line that tells its conditions."""
    asked = conditions.read(question, KNOWN, TODAY)
    return asked.text, str(asked.conditions)


ASKED = [
    ("papers on agents since 2023", "papers on agents", "filters: year ≥ 2023"),
    ("Summarize what Mehta did on phones.", "Summarize what did on phones.", "filters: author Mehta"),
    ("What did Mehta propose for phones?", "What did propose for phones?", "filters: author Mehta"),
    ("What did Bohr propose for phones?", "What did Bohr propose for phones?", ""),
    ("parsing, published between 2019 and 2021", "parsing", "filters: year 2019 to 2021"),
    ("transformers (2019-2021)", "transformers", "filters: year 2019 to 2021"),
    ("work on parsing from 2019 through 2020", "work on parsing", "filters: year 2019 to 2020"),
    ("Which papers about parsing appeared in 2020?", "Which papers about parsing?", "filters: year 2020"),
    ("only papers after June 2021: subspaces", "only papers subspaces", "filters: date ≥ 2021-07"),
    ("quantization, but only before 2020", "quantization", "filters: year ≤ 2019"),
    ("parsing, no later than 2021", "parsing", "filters: year ≤ 2021"),
    ("speech translation 2021+", "speech translation", "filters: year ≥ 2021"),
    ("speech translation, 2021 or later", "speech translation", "filters: year ≥ 2021"),
    ("parsing papers from 2020 onwards", "parsing papers", "filters: year ≥ 2020"),
    ("alignment of language models, 2024", "alignment of language models", "filters: year 2024"),
    ("2022 papers on parsing", "papers on parsing", "filters: year 2022"),
    ("dialogue papers from the last three years", "dialogue papers", "filters: year ≥ 2023"),
    ("dialogue papers from last year", "dialogue papers", "filters: year 2025"),
    ("parsing with code", "parsing", "filters: has code"),
    ("parsing, with released code, by Sachin Mehta", "parsing", "filters: has code, author Sachin Mehta"),
    ("Which parsing papers release their code?", "Which parsing?", "filters: has code"),
    ("parsing papers whose code is available", "parsing papers whose", "filters: has code"),
    ("parsing without code", "parsing", "filters: no code"),
    ("by sachin mehta", "", "filters: author sachin mehta"),
    ("papers by S. Mehta", "", "filters: author S. Mehta"),
    ("papers by Mehta and Horton on phones", "phones", "filters: author Mehta, author Horton"),
    ("work from Jorg Mueller on parsing", "parsing", "filters: author Jorg Mueller"),
    ("Mehta's papers on phones", "papers on phones", "filters: author Mehta"),
    ("phones, with Maxwell Horton among the authors", "phones", "filters: author Maxwell Horton"),
    ("Sachin Mehta as first author, since 2018", "", "filters: year ≥ 2018, first author Sachin Mehta"),
    ("What does Mehta et al. say, and the paper by Mehta et al.?", None, "filters: author Mehta"),
    ("Papers by Grace Hopper on compilers", "compilers", "filters: author Grace Hopper"),
    ("papers not by Sachin Mehta about parsing", "papers about parsing", "excluding: author Sachin Mehta"),
    ("work by researchers at Microsoft on agents", "work on agents", "filters: affiliation Microsoft"),
    ("phones, by authors listed under Apple", "phones", "filters: affiliation Apple"),
    ("phones from the University of Washington", "phones", "filters: affiliation University of Washington"),
    ("parsing at ACL 2019", "parsing", "filters: year 2019, venue ACL"),
    ("diffusion from NeurIPS", "diffusion", "filters: venue NeurIPS"),
    ("cs.CL papers on summaries", "papers on summaries", "filters: category cs.CL"),
    ("summaries in category CL", "summaries", "filters: category CL"),
    ("papers tagged todo", "papers", "filters: tag todo"),
    ("captions from daily-page-1", "captions", "filters: source daily-page-1"),
    ("surveys of dialogue systems", "dialogue systems", "filters: surveys only"),
    ("surveys only: routing of queries", "routing of queries", "filters: surveys only"),
    ("Which surveys cover hallucination?", "hallucination?", "filters: surveys only"),
    ("survey papers on parsing since 2020", "parsing", "filters: year ≥ 2020, surveys only"),
    ("no surveys, please: translation", "translation", "excluding: surveys"),
    ("the latest papers on speech", "papers on speech", "filters: newest first"),
    ("What's the latest on retrieval?", "What's on retrieval?", "filters: newest first"),
    ("tuning of prompts, newest first", "tuning of prompts", "filters: newest first"),
    ("language models, not vision", "language models", "excluding: vision"),
    ("mixtures of experts for language and not for images", None, "excluding: images"),
    ("papers on scaling that are not about compression", "papers on scaling", "excluding: compression"),
    ("anything about parsing except medical papers", "anything about parsing", "excluding: medical"),
    ("skip the medical papers: named entities", "named entities", "excluding: medical"),
    ("excluding surveys and vision papers, dialogue", "dialogue", "excluding: surveys, vision"),
    ("retrieval rather than generation papers", "retrieval", "excluding: generation"),
    ("multimodal models that do not use transformers", "multimodal models", "excluding: transformers"),
    ("sound recognition with no video involved", "sound recognition", "excluding: video"),
    ("attention papers other than vision papers", "attention", "excluding: vision"),
    (
        "editing of images, but training-free only",
        "editing of images, but training-free",
        "filters: only training-free",
    ),
]


@pytest.mark.parametrize(("question", "text", "shown"), ASKED)
def test_conditions_are_read_and_taken_out(question: str, text: str | None, shown: str) -> None:
    """Each manner of asking becomes a condition, and the topic is what is left."""
    left, told = read(question)
    assert told == shown
    assert text is None or left == text


KEPT = [
    "Which paper shows models without labels can learn object boundaries?",
    "Which methods train detectors without labels?",
    "How do skip connections help optimisation?",
    "What is the effect of not using dropout rather than weight decay?",
    "Why does the model not converge without warmup?",
    "Was a survey of nurses used to measure burnout?",
    "code generation with language models",
    "pretraining language models with code",
    "models trained with code and text",
    "speech with code-switching",
    "What happened to unemployment since 2008?",
    "What do people tweet in 2020 about vaccines?",
    "Incidence of heart failure increased by 10% in women since 1979.",
    "There were thirty million cases in young children worldwide in 2010.",
    "the outbreak of 1918",
    "Which models are robust but not accurate?",
    "Is attention not explanation?",
    "not all tokens are equal",
    "few-shot learning without fine-tuning",
    "compression without any real data",
    "searching architectures without training any candidate",
    "questions answered by chance",
    "text generated by gradient descent",
    "locating people from ceiling-mounted lenses",
    "datasets for languages other than English",
    "data quality, not only model size, matters",
    "the latest token attends to all others",
    "evaluation on ImageNet 2012 and CoNLL-2003",
    "sentiment in product reviews",
    "Does exercise reduce depression in adults over 65?",
    "numbers between 19 and 2020 things",
    "what [CITE] found since 2020, not vision",
]


@pytest.mark.parametrize("question", KEPT)
def test_what_a_question_is_about_stays_in_it(question: str) -> None:
    """Words that look like a condition and belong to the topic are left alone."""
    assert read(question) == (question, "")


@pytest.mark.parametrize("name", ["scifact", "cranfield", "medlars", "cisi"])
def test_public_queries_hold_no_conditions(name: str) -> None:
    """Queries of public collections, which ask for none, are taken as they are, in a library of any years."""
    lines = (shared("data") / name / "queries.jsonl").read_text(encoding="utf-8").splitlines()[:250]
    texts = [json.loads(line)["text"] for line in lines]
    assert [text for text in texts if conditions.read(text, KNOWN, TODAY).conditions] == []


# ---------------------------------------------------------------------- which papers meet them


@pytest.mark.parametrize(
    ("asked", "keys"),
    [
        (Conditions(since="2020"), {"mueller"}),
        (Conditions(until="2019"), {"mehta"}),
        (Conditions(since="2019-05", until="2019-05"), {"mehta"}),
        (Conditions(since="2019-06"), {"mueller"}),
        (Conditions(since="2020", include_unknown=True), {"mueller", "bare"}),
        (Conditions(has_code=True), {"mehta"}),
        (Conditions(has_code=False), {"mueller"}),
        (Conditions(survey=True), {"bare"}),
        (Conditions(survey=False), {"mehta", "mueller"}),
        (Conditions(categories=("CL",)), {"mehta"}),
        (Conditions(categories=("cs.CV", "cs.CL")), {"mehta", "mueller"}),
        (Conditions(authors=("Mehta", "Horton")), {"mehta"}),
        (Conditions(authors=("Wei Li",)), {"mueller"}),
        (Conditions(first_author="Horton"), set()),
        (Conditions(affiliations=("UW",)), {"mehta"}),
        (Conditions(affiliations=("Microsoft",)), {"mueller"}),
        (Conditions(venues=("ACL",)), {"mehta"}),
        (Conditions(sources=("daily-page-1",)), {"mueller"}),
        (Conditions(tags=("TODO",)), {"mehta"}),
        (Conditions(not_authors=("Mehta",)), {"mueller", "bare"}),
        (Conditions(not_categories=("cs.CV",)), {"mehta", "bare"}),
    ],
)
def test_papers_that_meet_conditions(asked: Conditions, keys: set[str]) -> None:
    """Each condition keeps the papers that meet it; one that lacks the field is left out unless it is wanted."""
    assert KNOWN.select(asked).keys == keys


def test_what_is_not_known_is_counted() -> None:
    """The papers that lack a field are counted by what they lack, apart from those that deny it."""
    selection = KNOWN.select(Conditions(since="2020", has_code=True, authors=("Horton",)))
    assert selection.left_out == {
        "without a date": 1,
        "not known to have code or not": 1,
        "without authors": 1,
        "with only their first authors listed": 1,
    }


def test_a_year_alone_does_not_tell_the_month() -> None:
    """A paper of 2021 neither came before June 2021 for sure nor after it."""
    facets = Facets([paper("year", year=2021, date="2021"), paper("month", year=2021, date="2021-08")])
    selection = facets.select(Conditions(since="2021-07"))
    assert selection.keys == {"month"}
    assert selection.left_out == {"with a date too coarse to tell": 1}


@pytest.mark.parametrize(
    ("asked", "author", "same"),
    [
        ("Sachin Mehta", "Sachin Mehta", True),
        ("Sachin Mehta", "Mehta, Sachin", True),
        ("Sachin Mehta", "S. Mehta", True),
        ("Sachin Mehta", "Mehta S", True),
        ("Sachin Mehta", "Sachin R. Mehta", True),
        ("S Mehta", "Sachin Mehta", True),
        ("Mehta", "Sachin Mehta", True),
        ("Jorg Muller", "Jörg Müller", True),
        ("Du Xianzhi", "Xianzhi Du", True),
        ("Xian-Zhi Du", "Xianzhi Du", True),
        ("Maria de la Cruz", "Cruz, Maria de la", True),
        ("Sachin Mehta", "Anita Mehta", False),
        ("Sachin", "Sachin Mehta", False),
        ("Sachin Mehta", "Sachin Gupta", False),
        ("Wei Li", "Wen Li", False),
    ],
)
def test_forms_of_a_name(asked: str, author: str, same: bool) -> None:
    """A name is found in the forms that exporters write; given names that both spell out must agree."""
    assert same_person(asked, author) is same


@pytest.mark.parametrize(
    ("title", "abstract", "survey"),
    [
        ("Routing of queries: an extended survey", "", True),
        ("The evolution of model designs", "", True),
        ("Routing", "In this survey, we go over routers.", True),
        ("Routing", "We review the literature on routers.", True),
        ("Routing", "We use survey data of 300 nurses.", False),
        ("Sentiment of product reviews", "Reviews are short.", False),
    ],
)
def test_surveys_are_told_by_what_they_say(title: str, abstract: str, survey: bool) -> None:
    """A survey says so in its title or of itself in its abstract; data from a survey makes none."""
    assert is_survey(paper("p", title, abstract=abstract)) is survey


@pytest.mark.parametrize(
    ("topic", "fields", "about"),
    [
        ("vision", {"title": "Segmentation of street scenes"}, True),
        ("vision", {"title": "Routing of tokens", "categories": ("cs.CV",)}, True),
        ("vision models", {"title": "Routing of tokens", "categories": ("cs.CL", "cs.CV")}, False),
        ("LLMs", {"title": "Large language models forget"}, True),
        ("language models", {"title": "Scaling of vision-language pairs"}, False),
        ("multimodal LLMs", {"title": "Pruned VLMs"}, True),
        ("compression", {"title": "Compressing networks"}, True),
        ("compression", {"title": "Networks", "abstract": "We compare with compression once."}, False),
        ("compression", {"title": "Networks", "abstract": "We propose a way of compression."}, True),
        ("labels", {"title": "Learning without labels"}, False),
        ("transformers", {"title": "Parsing", "abstract": "Unlike transformers, it is slow."}, False),
        ("post-training", {"title": "Aware of it", "abstract": "We introduce a post-training method."}, True),
    ],
)
def test_what_a_paper_is_about(topic: str, fields: dict[str, object], about: bool) -> None:
    """A paper is about what its category, its title or its own contribution shows, not what it names in passing."""
    assert topics.about(topic, Paper.model_validate({"key": "p", "title": "", **fields})) is about


# ---------------------------------------------------------------------- in a search


@pytest.fixture
def library(home: Path, tmp_path: Path) -> Path:
    """A library of four papers, added with the command line."""
    from assistant.cli import main

    rows = [
        {"title": "Parsing of trees", "year": 2019, "authors": ["Ann Bell"], "abstract": "We parse trees quickly."},
        {
            "title": "Parsing of pictures",
            "year": 2023,
            "authors": ["Ann Bell"],
            "abstract": "We parse images of trees.",
        },
        {"title": "Parsing of speech", "year": 2024, "authors": ["Bo Cole"], "abstract": "We parse what was said."},
        {"title": "Parsing of code", "authors": ["Bo Cole"], "abstract": "We parse programs. Undated."},
    ]
    file = tmp_path / "papers.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    with pytest.raises(SystemExit) as ended:
        main(["add", str(file)])
    assert ended.value.code == 0
    return home


def search(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[dict[str, object], str]:
    """Return the JSON and the talk of a search."""
    from assistant.cli import main

    capsys.readouterr()
    with pytest.raises(SystemExit) as ended:
        main(["search", "--json", *arguments])
    assert ended.value.code == 0
    printed = capsys.readouterr()
    found: dict[str, object] = json.loads(printed.out)
    return found, printed.err


def titles(found: dict[str, object]) -> list[str]:
    hits = found["hits"]
    assert isinstance(hits, list)
    return [hit["title"].split()[-1] for hit in hits]


@pytest.mark.models
def test_search_obeys_conditions_and_says_so(library: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Conditions choose the papers, stand in the JSON, and are told with the count of what lacks the field."""
    found, talk = search(capsys, "parsing since 2023 but not vision")
    assert titles(found) == ["speech"]
    assert found["filters"] == {"since": "2023", "exclude": ["vision"], "left_out": {"without a date": 1}}
    assert talk == "filters: year ≥ 2023; excluding: vision (left out: 1 paper without a date)\n"


@pytest.mark.models
def test_conditions_as_options(library: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The same conditions can be given as options, and reading them out of the question can be switched off."""
    found, _ = search(capsys, "parsing", "--since", "2020", "--author", "Bell")
    assert titles(found) == ["pictures"]
    found, _ = search(capsys, "parsing", "--since", "2020", "--include-unknown", "--exclude", "vision")
    assert set(titles(found)) == {"speech", "code"}
    found, talk = search(capsys, "parsing since 2023", "--no-conditions")
    assert len(titles(found)) == 4
    assert found["filters"] == {}
    assert talk == ""
    found, _ = search(capsys, "the latest papers on parsing")
    assert titles(found)[0] == "speech"
    assert "code" in titles(found)[-1:]


@pytest.mark.models
def test_conditions_alone_find_the_newest(library: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A question of nothing but conditions finds whatever meets them, the newest first."""
    found, _ = search(capsys, "papers by Ann Bell")
    assert titles(found) == ["pictures", "trees"]


def test_an_option_that_is_no_date(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A date that isn't one is a wrong usage, in two lines."""
    from assistant.cli import main

    with pytest.raises(SystemExit) as ended:
        main(["search", "x", "--since", "soon"])
    assert ended.value.code == 2
    assert capsys.readouterr().err.splitlines()[0] == "Error: --since soon is not a date."
