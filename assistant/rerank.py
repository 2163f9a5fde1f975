"""The second stage of search: read the question and each candidate's sentences together, and order again.

The first stage compares the question with whole passages. This one looks at each candidate sentence by sentence: how
near its best sentences come by meaning, how much of the question's rare words one sentence holds, which of them stand
side by side. A linear model weighs the signals; `assistant/training/fit_rerank.py` fitted it on questions and claims of
the sets that may train. How a candidate stands among the others (standard scores) was tried and left out: it was right
more often on claims and wrong more often on questions.
"""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from assistant import sentences
from assistant.embed import Embedder
from assistant.library import Library
from assistant.records import Frozen, Paper
from assistant.terms import content_stems, question_terms

DEPTH = 12
"""How many papers are read again."""
WEIGHTS = Path(__file__).parent / "rerank.json"


class Signals(NamedTuple):
    """What the order rests on, for one candidate among the others."""

    fused: float
    """The first stage's score."""
    sentence: float
    """The best sentence's similarity to the question."""
    second: float
    """The second-best sentence's similarity."""
    covered: float
    """The share of the question's terms, rare ones counting more, that title and abstract have."""
    sentence_covered: float
    """The share that the best sentence has."""
    pairs: float
    """The share of the question's neighbouring words that stand side by side in the abstract, too."""


class Weights(Frozen):
    """The weight of each signal, by its name, with the figures that they reached on held-out questions."""

    weights: dict[str, float]
    figures: dict[str, float]


@dataclass(frozen=True)
class Candidate:
    """One paper of the first stage with its score there."""

    paper: Paper
    fused: float


class Reranker:
    """Orders the first stage's best candidates again."""

    def __init__(self, embedder: Embedder, library: Library, weights: Weights | None = None) -> None:
        """Prepare a reranker.

        Args:
            embedder: compares meanings.
            library: knows how rare each word is.
            weights: those that the package ships, unless given.
        """
        self._embedder = embedder
        self._library = library
        found = weights or Weights.model_validate_json(WEIGHTS.read_text(encoding="utf-8"))
        self._weights = np.array([found.weights[name] for name in Signals._fields])

    def scores(self, question: str, candidates: Sequence[Candidate]) -> npt.NDArray[np.float64]:
        """Return a score for each candidate, higher is better; comparable within one question only."""
        if not candidates:
            return np.zeros(0)
        return np.asarray(np.array(self.signals(question, candidates), float) @ self._weights, dtype=float)

    def signals(self, question: str, candidates: Sequence[Candidate]) -> list[Signals]:
        """Return the signals of each candidate."""
        parts = [[span.text for span in sentences.split(item.paper.abstract)] for item in candidates]
        vectors = self._embedder.embed([question, *(text for some in parts for text in some)])
        similar = (vectors[1:] @ vectors[0]).astype(float)
        ends = np.cumsum([len(some) for some in parts])
        words = self._term_weights(question)
        asked = content_stems(question)
        rows = []
        for item, some, near in zip(candidates, parts, np.split(similar, ends[:-1]), strict=True):
            best = np.sort(near)[::-1]
            title = set(content_stems(item.paper.title))
            stems = [content_stems(text) for text in some]
            rows.append(
                Signals(
                    fused=item.fused,
                    sentence=float(best[0]) if len(best) else 0.0,
                    second=float(best[min(1, len(best) - 1)]) if len(best) else 0.0,
                    covered=_share(words, title.union(*stems)),
                    sentence_covered=max((_share(words, set(sentence)) for sentence in stems), default=0.0),
                    pairs=_pairs(asked, stems),
                )
            )
        return rows

    def _term_weights(self, question: str) -> dict[str, float]:
        """Return the stems of the question's terms with the inverse document frequency of their rarest term."""
        terms = list(dict.fromkeys(question_terms(question)))
        counts = self._library.document_frequency(terms)
        total = len(self._library)
        weights: dict[str, float] = {}
        for term in terms:
            for stemmed in content_stems(term):
                weight = math.log((total + 1) / (counts[term] + 0.5))
                weights[stemmed] = max(weights.get(stemmed, 0.0), weight)
        return weights


def _share(weights: dict[str, float], there: set[str]) -> float:
    total = sum(weights.values())
    return sum(weight for term, weight in weights.items() if term in there) / total if total > 0 else 0.0


def _pairs(asked: Sequence[str], stems: Sequence[Sequence[str]]) -> float:
    wanted = set(itertools.pairwise(asked))
    if not wanted:
        return 0.0
    there = {pair for sentence in stems for pair in itertools.pairwise(sentence)}
    return len(wanted & there) / len(wanted)
