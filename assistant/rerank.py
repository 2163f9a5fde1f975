"""The second stage of search: read the question and each candidate's sentences together, and order again.

The first stage compares the question with whole passages. This one looks at each candidate sentence by sentence: how
near its best sentences come by meaning, how much of the question's rare words one sentence holds, which of them stand
side by side, what the title says. A linear model weighs the signals; `assistant/training/fit_rerank.py` fitted it on
questions and claims of the sets that may train.
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

DEPTH = 20
"""How many papers are read again."""
WEIGHTS = Path(__file__).parent / "rerank.json"


class Signals(NamedTuple):
    """What the order rests on, for one candidate among the others."""

    fused: float
    """The first stage's score."""
    lexical: float
    """BM25 as a share of the best candidate's."""
    cosine: float
    """The best passage's similarity to the question."""
    sentence: float
    """The best sentence's similarity."""
    second: float
    """The second-best sentence's similarity."""
    title: float
    """The title's similarity."""
    cosine_z: float
    """`cosine` in standard deviations above the candidates' mean."""
    sentence_z: float
    """`sentence` in the same way."""
    title_z: float
    """`title` in the same way."""
    covered: float
    """The share of the question's terms, rare ones counting more, that title and abstract have."""
    sentence_covered: float
    """The share that the best sentence has."""
    title_covered: float
    """The share that the title has."""
    pairs: float
    """The share of the question's neighbouring words that stand side by side in the abstract, too."""


class Weights(Frozen):
    """The weight of each signal, by its name, with the figures that they reached on held-out questions."""

    weights: dict[str, float]
    figures: dict[str, float]


@dataclass(frozen=True)
class Candidate:
    """One paper of the first stage with its scores there."""

    paper: Paper
    fused: float
    lexical: float
    cosine: float


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
        texts = [question, *(item.paper.title for item in candidates), *(text for some in parts for text in some)]
        vectors = self._embedder.embed(texts)
        similar = (vectors[1:] @ vectors[0]).astype(float)
        titles, rest = similar[: len(candidates)], similar[len(candidates) :]
        ends = np.cumsum([len(some) for some in parts])
        by_paper = [np.sort(part)[::-1] for part in np.split(rest, ends[:-1])]
        best = np.array([part[0] if len(part) else 0.0 for part in by_paper])
        second = np.array([part[1] if len(part) > 1 else value for part, value in zip(by_paper, best, strict=True)])
        cosines = np.array([item.cosine for item in candidates])
        lexical = np.array([item.lexical for item in candidates])
        words = self._term_weights(question)
        asked = content_stems(question)
        rows = []
        for at, (item, some) in enumerate(zip(candidates, parts, strict=True)):
            title = set(content_stems(item.paper.title))
            stems = [content_stems(text) for text in some]
            rows.append(
                Signals(
                    fused=item.fused,
                    lexical=float(lexical[at] / (lexical.max() or 1.0)),
                    cosine=item.cosine,
                    sentence=float(best[at]),
                    second=float(second[at]),
                    title=float(titles[at]),
                    cosine_z=_standard(cosines, at),
                    sentence_z=_standard(best, at),
                    title_z=_standard(titles, at),
                    covered=_share(words, title.union(*stems)),
                    sentence_covered=max((_share(words, set(sentence)) for sentence in stems), default=0.0),
                    title_covered=_share(words, title),
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


def _standard(values: npt.NDArray[np.float64], at: int) -> float:
    spread = float(values.std())
    return float((values[at] - values.mean()) / spread) if spread > 1e-9 else 0.0


def _share(weights: dict[str, float], there: set[str]) -> float:
    total = sum(weights.values())
    return sum(weight for term, weight in weights.items() if term in there) / total if total > 0 else 0.0


def _pairs(asked: Sequence[str], stems: Sequence[Sequence[str]]) -> float:
    wanted = set(itertools.pairwise(asked))
    if not wanted:
        return 0.0
    there = {pair for sentence in stems for pair in itertools.pairwise(sentence)}
    return len(wanted & there) / len(wanted)
