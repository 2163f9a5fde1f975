"""Find the papers and the passages that a question is about.

A question's conditions (years, code, authors, what the papers must not be about) are read out of it first and choose
the papers to search among. Then two searches run side by side: lexical (BM25 over title and abstract, stemmed) and
dense (cosine between the question's vector and the chunks'). Each paper takes the score of its best chunk. Both scores
are scaled to 0..1 over the union of what was found, and their weighted sum ranks the papers: on three public sets,
weighted scores beat reciprocal ranks. A paper that one search alone found gets its exact score in the other.
"""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import islice
from typing import Any, Literal

import numpy as np

from assistant import topics
from assistant.conditions import Asked, Conditions, read
from assistant.embed import Embedder
from assistant.facets import Facets
from assistant.fulltext import Matched
from assistant.identity import likeness
from assistant.library import Library, StoredChunk, quote_term
from assistant.records import Hit, Paper, Passage, TextHit
from assistant.rerank import DEPTH as RERANKED
from assistant.rerank import Candidate, Reranker
from assistant.store import Store
from assistant.terms import STOPWORDS, content_words, is_identifier, question_terms, tokens

DEPTH = 100
"""How many papers each search contributes."""

LEXICAL_WEIGHT = 0.5
_TITLE_WEIGHT, _ABSTRACT_WEIGHT = 2.0, 1.0
# A paper whose title introduces the very name that is asked for comes before papers that only mention it.
_NAME_BONUS = 1.0
# Two abstracts that share so much of their wording are one paper to a reader.
_SAME_ABSTRACT = 0.8
# "The latest" asks for the newest of the papers that score at least this share of the best one.
_RELEVANT = 0.6
# How much a diverse ranking minds the score against the likeness to what stands above (MMR, Carbonell and Goldstein
# 1998), and among how many it chooses.
_DIVERSE_SCORE, _DIVERSE_AMONG = 0.7, 50
# Of the full texts: how many passages are read for each paper that is wanted, and how many of a paper are shown.
_PASSAGES_READ, _PASSAGES_SHOWN = 30, 3

Stage = Literal["bm25", "dense", "fused", "reranked"]


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
        also: keys of papers further down that are this one again.
    """

    paper: Paper
    score: float
    lexical: float
    cosine: float
    chunk: StoredChunk
    named: bool
    also: tuple[str, ...] = ()

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


@dataclass(frozen=True)
class Result:
    """What a search came to.

    Attributes:
        asked: how the question was understood.
        found: the papers, best first, each once.
        left_out: how many papers were left out because they lack a field that was asked for, by what is said of them.
        texts: where the full texts were searched, the papers found there.
    """

    asked: Asked
    found: tuple[Found, ...]
    left_out: dict[str, int] = field(default_factory=dict)
    texts: tuple[TextHit, ...] = ()

    @property
    def notice(self) -> str:
        """The line that tells the user which conditions held; empty where there were none."""
        shown = str(self.asked.conditions)
        if not self.left_out:
            return shown
        counts = ", ".join(
            f"{count} {'paper' if count == 1 else 'papers'} {what}" for what, count in self.left_out.items()
        )
        return f"{shown} (left out: {counts})"

    @property
    def filters(self) -> dict[str, Any]:
        """The conditions that held as JSON, with the counts of what was left out; empty where there were none."""
        conditions = self.asked.conditions.model_dump(mode="json", exclude_defaults=True)
        return {**conditions, "left_out": self.left_out} if self.asked.conditions else {}


class Retriever:
    """Searches one library."""

    def __init__(
        self,
        library: Library,
        store: Store,
        embedder: Embedder,
        lexical_weight: float = LEXICAL_WEIGHT,
        *,
        conditions: Conditions | None = None,
        reads_conditions: bool = True,
        diverse: bool = False,
        reranks: bool = True,
    ) -> None:
        """Prepare a retriever.

        Args:
            library: the open catalogue.
            store: dense search over it.
            embedder: embeds the questions.
            lexical_weight: the share of the lexical score, 0..1.
            conditions: hold for every question, beside those that it asks for itself.
            reads_conditions: whether conditions are read out of the questions.
            diverse: prefer papers that are unlike those above them.
            reranks: order the first papers again by their sentences; else the fused scores decide.
        """
        self.library = library
        self.embedder = embedder
        self.store = store
        self._lexical_weight = lexical_weight
        self._conditions = conditions or Conditions()
        self._reads_conditions = reads_conditions
        self._diverse = diverse
        self._reranker = Reranker(embedder, library) if reranks else None
        self._facets: tuple[tuple[int, int], Facets] | None = None

    @property
    def facets(self) -> Facets:
        """The library's fields in columns, read again when the library has changed."""
        version = self.library.version()
        if self._facets is None or self._facets[0] != version:
            self._facets = version, Facets(self.library.papers())
        return self._facets[1]

    def read(self, question: str) -> Asked:
        """Return what a question is about and the conditions that hold for it."""
        if not self._reads_conditions:
            return self.take(question)
        asked = read(question, _Lazy(self), date.today())
        return Asked(text=asked.text, conditions=self._conditions.joined(asked.conditions))

    def take(self, text: str) -> Asked:
        """Return a text to be searched for as it is, under the conditions that hold for every question."""
        return Asked(text=text, conditions=self._conditions)

    def search(self, question: str, limit: int = 10, only: Collection[str] | None = None) -> list[Found]:
        """Return the best papers for a question, best first, each once with its best passage.

        Args:
            question: in the user's words; nothing in it is read as syntax.
            limit: how many papers at most.
            only: search among these keys alone.
        """
        return list(self.find(self.read(question), limit, only).found)

    def find(self, asked: Asked, limit: int = 10, only: Collection[str] | None = None) -> Result:
        """Return the best papers for a question that was read, with what its conditions left out."""
        conditions = asked.conditions
        only, left_out = self._selected(conditions, only)
        ranked: Iterable[Found]
        if conditions and not question_terms(asked.text):
            ranked = self._newest(only or ())
        else:
            ranked = self._reranked(asked.text, self._ranked(asked.text, only))
        if conditions.exclude:
            ranked = (
                item for item in ranked if not any(topics.about(topic, item.paper) for topic in conditions.exclude)
            )
        if conditions.only:
            ranked = _those_first(
                ranked, lambda item: all(topics.mentioned(topic, item.paper) for topic in conditions.only)
            )
        ranked = _folded(ranked, max(limit, _DIVERSE_AMONG if conditions.latest or self._diverse else 0))
        if conditions.latest:
            ranked = self._latest_first(ranked)
        elif self._diverse:
            ranked = _spread(ranked, limit)
        return Result(asked, tuple(ranked[:limit]), left_out)

    def find_text(self, asked: Asked, limit: int = 10) -> Result:
        """Return the papers whose full texts are nearest to a question that was read, each with its best passages.

        The passages are ranked by BM25 alone; papers whose text the library doesn't have are not among them.
        """
        conditions = asked.conditions
        only, left_out = self._selected(conditions, None)
        expression = _expression(asked.text)
        passages: dict[str, list[Matched]] = {}
        for matched in self.library.match_text(expression, _PASSAGES_READ * limit, only) if expression else ():
            passages.setdefault(matched.key, []).append(matched)
        papers = [
            paper
            for paper in map(self.library.paper, passages)
            if not any(topics.about(topic, paper) for topic in conditions.exclude)
        ]
        if conditions.latest:
            place = {key: at for at, key in enumerate(self.facets.newest([paper.key for paper in papers]))}
            papers.sort(key=lambda paper: place[paper.key])
        return Result(
            asked,
            (),
            left_out,
            tuple(
                TextHit(
                    rank=rank,
                    key=paper.key,
                    title=paper.title,
                    year=paper.year,
                    score=round(passages[paper.key][0].score, 6),
                    passages=tuple(matched.passage for matched in passages[paper.key][:_PASSAGES_SHOWN]),
                )
                for rank, paper in enumerate(papers[:limit], start=1)
            ),
        )

    def _selected(
        self, conditions: Conditions, only: Collection[str] | None
    ) -> tuple[Collection[str] | None, dict[str, int]]:
        """Return the keys to search among, None for all, and how many papers lack a field that is asked for."""
        if not conditions:
            return only, {}
        selection = self.facets.select(conditions)
        return selection.keys if only is None else selection.keys.intersection(only), selection.left_out

    def stage(self, question: str, stage: Stage, limit: int) -> list[tuple[str, float]]:
        """Return the ranking of one stage alone, keys with scores, for measuring what each contributes."""
        match stage:
            case "bm25":
                return self._lexical(question, None)[:limit]
            case "dense":
                best = self._dense(self.embedder.embed([question])[0], set(), None)
                cosines = [(key, cosine) for key, (cosine, _) in best.items()]
                return sorted(cosines, key=lambda item: (-item[1], item[0]))[:limit]
            case "fused":
                ranked = self._ranked(question, None)
            case "reranked":
                ranked = self._reranked(question, self._ranked(question, None))
        return [(item.paper.key, item.score) for item in islice(ranked, limit)]

    def _newest(self, keys: Collection[str]) -> Iterator[Found]:
        """Yield papers that only have to meet conditions, the newest first."""
        for key in self.facets.newest(keys):
            for chunk in self.library.chunks_of([key])[:1]:
                yield Found(self.library.paper(key), 0.0, 0.0, 0.0, chunk, False)

    def _latest_first(self, ranked: Sequence[Found]) -> list[Found]:
        """Return the relevant papers by date, the newest first."""
        relevant = {item.paper.key: item for item in ranked if item.score >= _RELEVANT * ranked[0].score}
        return [relevant[key] for key in self.facets.newest(relevant)]

    def _ranked(self, text: str, only: Collection[str] | None) -> Iterator[Found]:
        """Yield the papers for a text, best first; a paper is read from the catalogue when it is yielded."""
        if not text.strip() or len(self.library) == 0 or (only is not None and not only):
            return
        vector = self.embedder.embed([text])[0]
        lexical = dict(self._lexical(text, only))
        dense = self._dense(vector, set(lexical), only)
        if not dense:
            return
        named = {key for key, (_, chunk) in dense.items() if mentions_name(text, chunk.chunk.title)}
        top = max(lexical.values(), default=0.0) or 1.0
        cosines = [cosine for cosine, _ in dense.values()]
        low, high = min(cosines), max(cosines)
        scored = []
        for key, (cosine, chunk) in dense.items():
            scaled = (cosine - low) / (high - low) if high > low else 1.0
            score = self._lexical_weight * lexical.get(key, 0.0) / top + (1 - self._lexical_weight) * scaled
            scored.append((score + _NAME_BONUS * (key in named), key, cosine, chunk))
        scored.sort(key=lambda item: (-item[0], item[1]))
        for score, key, cosine, chunk in scored:
            yield Found(self.library.paper(key), score, lexical.get(key, 0.0), cosine, chunk, key in named)

    def _reranked(self, text: str, ranked: Iterator[Found]) -> Iterator[Found]:
        """Yield the first papers in the reranker's order, then the rest as they come.

        The scores stay those of the first stage, dealt out in the new order, so that shares of the best one keep their
        meaning. A paper that introduces the name that is asked for stays before the others.
        """
        if self._reranker is None:
            yield from ranked
            return
        first = list(islice(ranked, RERANKED))
        candidates = [Candidate(item.paper, item.score, item.cosine) for item in first]
        order = sorted(self._reranker.order(text, candidates), key=lambda at: not first[at].named)
        for place, at in enumerate(order):
            yield replace(first[at], score=first[place].score)
        yield from ranked

    def _lexical(self, text: str, only: Collection[str] | None) -> list[tuple[str, float]]:
        expression = _expression(text)
        return self.library.match(expression, (_TITLE_WEIGHT, _ABSTRACT_WEIGHT), DEPTH, only) if expression else []

    def _dense(
        self, vector: "np.ndarray[tuple[int], np.dtype[np.float32]]", further: set[str], only: Collection[str] | None
    ) -> dict[str, tuple[float, StoredChunk]]:
        """Return each paper's best cosine with its chunk: the nearest papers, and `further` ones."""
        near = dict(self.store.query(vector, 2 * DEPTH, only))
        chunks = self.library.chunks(near)
        best: dict[str, tuple[float, StoredChunk]] = {}
        found = [(near[chunk_id], stored) for chunk_id, stored in chunks.items()]
        rest = further - {stored.chunk.key for _, stored in found}
        found += [(float(stored.vector @ vector), stored) for stored in self.library.chunks_of(sorted(rest))]
        for cosine, stored in sorted(found, key=lambda item: (-item[0], item[1].chunk.id)):
            best.setdefault(stored.chunk.key, (cosine, stored))
        return best


def _expression(text: str) -> str:
    """Return the FTS5 expression for the terms of a text; empty where it has none."""
    terms = question_terms(text) or content_words(text) or tokens(text)
    return " OR ".join(map(quote_term, dict.fromkeys(form for term in terms for form in _forms(term))))


def _forms(term: str) -> list[str]:
    """Return a term as a phrase, and how else papers write it: `fine-tuning` also `finetuning`, `fine`, `tuning`.

    The parts of a name mean nothing alone: `T-MAC` is the phrase or `TMAC`.
    """
    parts = [part for part in re.split(r"[-–/]", term) if part]
    if len(parts) < 2:
        return [term]
    plain = not is_identifier(term) and all(part.isalpha() and len(part) > 2 for part in parts)
    return [term, "".join(parts), *(part for part in parts if plain and part.lower() not in STOPWORDS)]


class _Lazy:
    """What the library holds, read from it only when a question asks for a name."""

    def __init__(self, retriever: Retriever) -> None:
        self._retriever = retriever

    def __getattr__(self, name: str) -> Any:
        return getattr(self._retriever.facets, name)


def _those_first(ranked: Iterable[Found], test: Callable[[Found], bool]) -> list[Found]:
    return sorted(ranked, key=lambda item: not test(item))


def _folded(ranked: Iterable[Found], limit: int) -> list[Found]:
    """Return the first papers, a paper that is one above again folded into it."""
    kept: list[Found] = []
    for item in ranked:
        twin = next((at for at, other in enumerate(kept) if _same_text(item.paper, other.paper)), None)
        if twin is not None:
            kept[twin] = replace(kept[twin], also=(*kept[twin].also, item.paper.key))
        elif len(kept) >= limit:
            break
        else:
            kept.append(item)
    return kept


def _same_text(one: Paper, other: Paper) -> bool:
    return bool(one.abstract and other.abstract) and likeness(one.abstract, other.abstract) >= _SAME_ABSTRACT


def _spread(ranked: Sequence[Found], limit: int) -> list[Found]:
    """Return the papers in the order of maximal marginal relevance, by score and by likeness of their best chunks."""
    if len(ranked) < 2:
        return list(ranked)
    vectors = np.stack([item.chunk.vector for item in ranked])
    alike = vectors @ vectors.T
    scores = np.asarray([item.score for item in ranked])
    scores = scores / scores.max() if scores.max() > 0 else scores
    order = [0]
    left = list(range(1, len(ranked)))
    while left and len(order) < limit:
        gains = _DIVERSE_SCORE * scores[left] - (1 - _DIVERSE_SCORE) * alike[np.ix_(left, order)].max(axis=1)
        order.append(left.pop(int(np.argmax(gains))))
    return [ranked[at] for at in order]


def mentions_name(question: str, title: str) -> bool:
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
