"""The second stage: which signals order the first papers, and of how many of them the sentences are read."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from assistant import ingest, sentences
from assistant.config import Settings
from assistant.embed import MiniLM
from assistant.library import Library
from assistant.records import Paper, Record, Source
from assistant.rerank import READ, ROUGH, WEIGHTS, Candidate, Reranker, Signals, Weights
from assistant.testing import HashingEmbedder

QUESTION = "Can a small net tell how heavy a lamb is from a single photograph?"
ANSWERS = "From one picture the camera estimates the weight of young sheep to within 300 grams."
OTHERS = (
    "Wool prices fell for ten years, and shepherds left the hills.",
    "Dogs learn to drive a flock by whistles of four kinds.",
    "Hay that is cut late keeps less of its protein.",
    "A fence of light keeps wolves away for a season.",
    "Old shepherds count in a number system of their own.",
    "Milk of hill sheep makes a harder cheese.",
    "Sheep recognise faces of their keepers after two years.",
)


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    """A library of eight papers, the one that answers among them last."""
    with Library.create(Settings(home=tmp_path).catalogue) as library:
        texts = (*OTHERS, ANSWERS)
        records = [
            Record(title=f"On farms, part {at}", abstract=text, source=Source(file="farm", line=at))
            for at, text in enumerate(texts, start=1)
        ]
        ingest.add(records, library, HashingEmbedder())
        yield library


def candidates(library: Library) -> list[Candidate]:
    """Return the papers as a first stage that likes them all the same would."""
    return [Candidate(paper, 0.5, 0.3) for paper in sorted(library.papers(), key=lambda paper: paper.title)]


class Counting:
    """Passes texts on to the real embedder and keeps them."""

    def __init__(self, inner: MiniLM) -> None:
        self._inner = inner
        self.texts: list[str] = []

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        """Return the vectors."""
        self.texts += texts
        return self._inner.embed(texts)


def test_the_paper_whose_sentence_answers_comes_first(library: Library, embedder: MiniLM) -> None:
    """By meaning: the sentence has not one content word of the question."""
    found = candidates(library)[-READ:]
    order = Reranker(embedder, library).order(QUESTION, found)
    assert sorted(order) == list(range(READ))
    assert found[order[0]].paper.abstract == ANSWERS


def test_the_sentences_of_the_best_alone_are_read(library: Library, embedder: MiniLM) -> None:
    """What the signals without sentences put further down stays there, unread."""
    found = candidates(library)
    near = [Candidate(item.paper, item.fused, item.cosine - at / 100) for at, item in enumerate(found)]
    counting = Counting(embedder)
    order = Reranker(counting, library).order("Which beasts thrive?", near)  # type: ignore[arg-type]
    assert order[READ:] == list(range(READ, len(near)))
    read = [span.text for item in near[:READ] for span in sentences.split(item.paper.abstract)]
    assert counting.texts == ["Which beasts thrive?", *read]


def test_a_nearer_passage_counts_beside_the_first_stage_s_score(library: Library, embedder: MiniLM) -> None:
    """The first stage's score tells who stands before whom, the cosine how near that is."""
    one, other = candidates(library)[:2]
    found = [Candidate(one.paper, 0.5, 0.2), Candidate(other.paper, 0.5, 0.6)]
    assert Reranker(embedder, library).order("", found) == [1, 0]


def test_papers_without_an_abstract_and_none_at_all(library: Library, embedder: MiniLM) -> None:
    """A paper with only a title has no sentence to read, and is ordered all the same."""
    reranker = Reranker(embedder, library)
    bare = Candidate(Paper(key="bare", title="Lamb weights from a photograph"), 0.5, 0.4)
    assert sorted(reranker.order(QUESTION, [*candidates(library)[:2], bare])) == [0, 1, 2]
    assert reranker.order(QUESTION, []) == []
    assert reranker.signals(QUESTION, [bare])[0].sentence == 0.0


def test_the_shipped_weights_are_whole() -> None:
    """Each signal has a weight, those that need no sentence another, and all of them say "nearer is better"."""
    weights = Weights.model_validate_json(WEIGHTS.read_text(encoding="utf-8"))
    assert tuple(weights.weights) == Signals._fields
    assert tuple(weights.rough) == ROUGH
    assert min(*weights.weights.values(), *weights.rough.values()) > 0
