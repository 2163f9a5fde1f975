"""The second stage of search: read the question and each candidate's sentences together, and order again.

The first stage compares the question with whole passages, and says how the papers stand among each other. This one asks
how near each comes: how much of the question's rare words it holds, which of them stand side by side, and, of the few
that seem best, how near their best sentences come by meaning. Two linear models weigh the signals, one without the
sentences for all candidates and one with them; `assistant/training/fit_rerank.py` fitted them on questions and claims
of the sets that may train. Tried and left out: a second embedding (bge-small) and token by token similarity (ColBERT
small), which order no better than these signals together; and standard scores among the candidates, which were right
more often on claims and wrong more often on questions.
"""

import itertools
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from assistant import sentences
from assistant.embed import Embedder
from assistant.library import Library
from assistant.records import Frozen, Paper
from assistant.terms import content_stems, question_terms

DEPTH, READ = 12, 6
"""How many papers are ordered again, and of how many of them the sentences are read."""
WEIGHTS = Path(__file__).parent / "rerank.json"


class Signals(NamedTuple):
    """What the order rests on, for one candidate among the others."""

    fused: float
    """The first stage's score, which says how a candidate stands among the others."""
    passage: float
    """The best passage's similarity to the question, which says how near that is."""
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


ROUGH = ("fused", "passage", "covered", "pairs")
"""The signals that need no sentence's meaning."""


class Weights(Frozen):
    """The weight of each signal, by its name, with the figures that they reached on held-out questions."""

    rough: dict[str, float]
    """Of those that need no sentence's meaning, for all candidates."""
    weights: dict[str, float]
    """Of all, for the best by `rough`."""
    figures: dict[str, float]


@dataclass(frozen=True)
class Candidate:
    """One paper of the first stage with its score there, and its best passage's similarity to the question."""

    paper: Paper
    fused: float
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
        self._weights = weights or Weights.model_validate_json(WEIGHTS.read_text(encoding="utf-8"))

    def order(self, question: str, candidates: Sequence[Candidate]) -> list[int]:
        """Return the candidates' places, the best first."""
        if not candidates:
            return []
        rough = self._rough(question, candidates)
        places = _best_first(rough, self._weights.rough, range(len(candidates)))
        best = places[:READ]
        fine = self._with_sentences(question, [candidates[at] for at in best], [rough[at] for at in best])
        return [best[at] for at in _best_first(fine, self._weights.weights, range(len(best)))] + places[READ:]

    def signals(self, question: str, candidates: Sequence[Candidate]) -> list[Signals]:
        """Return all signals of each candidate."""
        return self._with_sentences(question, candidates, self._rough(question, candidates))

    def _rough(self, question: str, candidates: Sequence[Candidate]) -> list[Signals]:
        """Return the signals of each candidate, those that need a sentence's meaning 0."""
        words = self._term_weights(question)
        asked = content_stems(question)
        rows = []
        for item in candidates:
            stems = [content_stems(span.text) for span in sentences.split(item.paper.abstract)]
            rows.append(
                Signals(
                    fused=item.fused,
                    passage=item.cosine,
                    sentence=0.0,
                    second=0.0,
                    covered=_share(words, set(content_stems(item.paper.title)).union(*stems)),
                    sentence_covered=max((_share(words, set(sentence)) for sentence in stems), default=0.0),
                    pairs=_pairs(asked, stems),
                )
            )
        return rows

    def _with_sentences(self, question: str, candidates: Sequence[Candidate], rows: Sequence[Signals]) -> list[Signals]:
        """Return the signals with those of the sentences."""
        parts = [[span.text for span in sentences.split(item.paper.abstract)] for item in candidates]
        vectors = self._embedder.embed([question, *(text for some in parts for text in some)])
        similar = (vectors[1:] @ vectors[0]).astype(float)
        ends = np.cumsum([0, *(len(some) for some in parts)])
        found = []
        for row, start, end in zip(rows, ends[:-1], ends[1:], strict=True):
            best = np.sort(similar[start:end])[::-1]
            first, second = (float(best[0]), float(best[min(1, len(best) - 1)])) if len(best) else (0.0, 0.0)
            found.append(row._replace(sentence=first, second=second))
        return found

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


def _best_first(rows: Sequence[Signals], weights: dict[str, float], places: Iterable[int]) -> list[int]:
    """Return places by the weighted sum of their signals, the greatest first."""
    return sorted(places, key=lambda at: (-sum(weights[name] * getattr(rows[at], name) for name in weights), at))
