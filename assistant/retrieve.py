"""Find the papers and the passages that a question is about.

Two searches run side by side: lexical (BM25 over title and abstract, stemmed) and dense (cosine between the
question's vector and the chunks'). Each paper takes the score of its best chunk. Both scores are scaled to 0..1 over
the union of what was found, and their weighted sum ranks the papers: on three public sets, weighted scores beat
reciprocal ranks. A paper that one search alone found gets its exact score in the other.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from assistant.embed import Embedder
from assistant.library import Library, StoredChunk, quote_term
from assistant.records import Hit, Paper, Passage
from assistant.store import Store
from assistant.terms import STOPWORDS, content_words, is_identifier, question_terms, tokens

DEPTH = 100
"""How many papers each search contributes."""

LEXICAL_WEIGHT = 0.5
_TITLE_WEIGHT, _ABSTRACT_WEIGHT = 2.0, 1.0
# A paper whose title introduces the very name that is asked for comes before papers that only mention it.
_NAME_BONUS = 1.0


@dataclass(frozen=True)
class Found:
    """One paper that a search found, with what ranked it.

    Attributes:
        paper: the paper.
        score: the fused score, higher is better.
        lexical: its BM25 score, 0 where no word matched.
        cosine: the cosine of its best chunk.
        chunk: that chunk.
        named: whether the question names the system that the paper's title introduces.
    """

    paper: Paper
    score: float
    lexical: float
    cosine: float
    chunk: StoredChunk
    named: bool

    def hit(self, rank: int) -> Hit:
        """Return the contract's form of this result."""
        chunk = self.chunk.chunk
        return Hit(
            rank=rank,
            key=self.paper.key,
            title=self.paper.title,
            year=self.paper.year,
            score=round(self.score, 6),
            passage=Passage(text=chunk.text, start=chunk.start, end=chunk.end),
        )


class Retriever:
    """Searches one library."""

    def __init__(
        self, library: Library, store: Store, embedder: Embedder, lexical_weight: float = LEXICAL_WEIGHT
    ) -> None:
        self.library = library
        self.embedder = embedder
        self._store = store
        self._lexical_weight = lexical_weight

    def search(self, question: str, limit: int = 10, only: Collection[str] | None = None) -> list[Found]:
        """Return the best papers for a question, best first, each once with its best passage.

        Args:
            question: in the user's words; nothing in it is read as syntax.
            limit: how many papers at most.
            only: search among these keys alone.
        """
        if not question.strip() or len(self.library) == 0:
            return []
        vector = self.embedder.embed([question])[0]
        lexical = dict(self._lexical(question))
        dense = self._dense(vector, set(lexical) | set(only or ()))
        if only is not None:
            dense = {key: best for key, best in dense.items() if key in only}
        named = {key for key, (_, chunk) in dense.items() if _names(question, chunk.chunk.title)}
        if not dense:
            return []
        top = max(lexical.values(), default=0.0) or 1.0
        cosines = [cosine for cosine, _ in dense.values()]
        low, high = min(cosines), max(cosines)
        scored = []
        for key, (cosine, chunk) in dense.items():
            scaled = (cosine - low) / (high - low) if high > low else 1.0
            score = self._lexical_weight * lexical.get(key, 0.0) / top + (1 - self._lexical_weight) * scaled
            scored.append((score + _NAME_BONUS * (key in named), key, cosine, chunk))
        scored.sort(key=lambda item: (-item[0], item[1]))
        return [
            Found(self.library.paper(key), score, lexical.get(key, 0.0), cosine, chunk, key in named)
            for score, key, cosine, chunk in scored[:limit]
        ]

    def _lexical(self, question: str) -> list[tuple[str, float]]:
        terms = question_terms(question) or content_words(question) or tokens(question)
        if not terms:
            return []
        expression = " OR ".join(quote_term(term) for term in dict.fromkeys(terms))
        return self.library.match(expression, (_TITLE_WEIGHT, _ABSTRACT_WEIGHT), DEPTH)

    def _dense(
        self, vector: "np.ndarray[tuple[int], np.dtype[np.float32]]", further: set[str]
    ) -> dict[str, tuple[float, StoredChunk]]:
        """Return each paper's best cosine with its chunk: the nearest papers, and `further` ones."""
        near = dict(self._store.query(vector, 2 * DEPTH))
        chunks = self.library.chunks(near)
        best: dict[str, tuple[float, StoredChunk]] = {}
        found = [(near[chunk_id], stored) for chunk_id, stored in chunks.items()]
        rest = further - {stored.chunk.key for _, stored in found}
        found += [(float(stored.vector @ vector), stored) for stored in self.library.chunks_of(sorted(rest))]
        for cosine, stored in sorted(found, key=lambda item: (-item[0], item[1].chunk.id)):
            best.setdefault(stored.chunk.key, (cosine, stored))
        return best


def _names(question: str, title: str) -> bool:
    """Tell whether a question mentions the name that a title introduces."""
    name = introduced_name(title)
    return name is not None and _mentions(question, name)


def introduced_name(title: str) -> str | None:
    """Return the name that a title introduces before its colon: `T-MAC: CPU Renaissance …` -> `T-MAC`."""
    head, colon, _ = title.partition(":")
    words = head.split()
    if not colon or not 1 <= len(words) <= 3:
        return None
    return head.strip() if any(is_identifier(word) for word in words) or len(words) == 1 else None


def _mentions(question: str, name: str) -> bool:
    """Tell whether a question mentions a name; one that is also a plain word has to be written as the name is."""
    plain_word = name.isalpha() and not is_identifier(name)
    if plain_word and name.lower() in STOPWORDS:
        return False
    flags = re.NOFLAG if plain_word or (name.isupper() and name.isalpha()) else re.IGNORECASE
    return re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", question, flags) is not None
