"""The plan of a related-work section: paragraphs, themes, claims, and the papers that each claim may cite.

It is made before a word is written, from the retrieved papers alone, and it is a file that the user can read and edit:
move a claim, drop one, name a theme, change what a claim says. The draft then follows the file.
"""

import math
from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Literal

from pydantic import Field, ValidationError

from assistant import recast, select, sentences, themes
from assistant.conditions import Asked
from assistant.embed import Embedder
from assistant.errors import ReadError, UsageError
from assistant.library import Library
from assistant.records import Frozen, Paper, Unused
from assistant.retrieve import Found, Result, Retriever
from assistant.select import Choice
from assistant.terms import content_stems
from assistant.themes import Term

Style = Literal["thematic", "compare", "chronological"]
Stance = Literal["background", "close", "contrast"]
"""How a claim stands to the user's own work: told first, told last, or set against it ("By contrast, …")."""

SEARCHED = 40
_WORDS_A_CLAIM = 17
_WORDS_A_PARAGRAPH = 110
_MAX_CLAIMS_A_PAPER, _OF_FEW_PAPERS = 2, 3
# A paper further from the topic than this share of the best paper's score isn't part of the section.
_NEAR_TOPIC = 0.55
# With the user's own abstract as the query: below this cosine papers have another subject (two thirds of other
# papers' references, and one in ninety of a paper's own, lie below).
_NEAR_ABSTRACT = 0.25
_CLOSE_TO_OWN = 0.5
_ANNOUNCES, _CONTRIBUTES, _TELLABLE, _LEANS, _BACKGROUND = 0.15, 0.35, 0.1, -0.3, -0.25
_MAX_KEYS_TOGETHER = 4


class Brief(Frozen):
    """What the user asks for."""

    topic: str = ""
    title: str = ""
    abstract: str = ""
    """The abstract of the user's own paper."""
    contributions: tuple[str, ...] = ()
    must_cite: tuple[str, ...] = ()
    must_not_cite: tuple[str, ...] = ()
    words: int = Field(default=200, ge=40, le=5000)
    paragraphs: int | None = Field(default=None, ge=1, le=40)
    style: Style = "thematic"

    @property
    def subject(self) -> str:
        """What the section is about, in a line."""
        return self.topic or self.title or (sentences.split(self.abstract)[0].text if self.abstract else "")

    @property
    def query(self) -> str:
        """What the library is searched for."""
        return "\n".join(filter(None, (self.topic, self.title, self.abstract, *self.contributions)))


class Claim(Frozen):
    """What one sentence is to say, and the papers that it may cite."""

    claim: str
    """A sentence of the paper's abstract; or, for several papers, what all of them share."""
    keys: tuple[str, ...] = Field(min_length=1)
    stance: Stance = "background"


class PlannedParagraph(Frozen):
    """One paragraph: a theme, and its claims in the order in which they are told."""

    theme: str
    claims: tuple[Claim, ...]


class Plan(Frozen):
    """The plan of a section."""

    topic: str
    style: Style = "thematic"
    paragraphs: tuple[PlannedParagraph, ...]
    unused: tuple[Unused, ...] = ()

    @property
    def keys(self) -> tuple[str, ...]:
        """The papers that the plan uses, in the order in which they come up."""
        return tuple(dict.fromkeys(key for part in self.paragraphs for claim in part.claims for key in claim.keys))


# ---------------------------------------------------------------------- making one


def make(brief: Brief, retriever: Retriever, only: Collection[str] | None = None) -> tuple[Plan, Result]:
    """Return the plan for a brief, and what the search found; without paragraphs where the library has nothing.

    Args:
        brief: what the user asks for.
        retriever: searches the library.
        only: keys of the papers to choose from; must-cite papers are taken all the same.

    Raises:
        UsageError: the brief has no topic, or a key isn't in the library.
    """
    if not brief.query.strip():
        raise UsageError("there is nothing to draft from", "Give a topic, or your own abstract with --abstract FILE.")
    library, embedder = retriever.library, retriever.embedder
    must = {library.paper(key).key for key in brief.must_cite}
    barred = {library.paper(key).key for key in brief.must_not_cite}
    if both := sorted(must & barred):
        raise UsageError(f"{', '.join(both)} must and must not be cited", "Name each key in one of the two.")
    result = _searched(brief, retriever, only, must)
    found = result.found
    unused: list[Unused] = []
    kept: list[Found] = []
    room = _claims_for(brief.words)
    subject = brief.subject if brief.query != brief.topic else result.asked.text
    on_topic = bool(brief.abstract) or select.decide(subject, found, library, embedder).answers
    for item in sorted(found, key=lambda item: item.paper.key not in must):
        if reason := _left_out(item, found, brief, barred, must, on_topic=on_topic):
            unused.append(Unused(key=item.paper.key, why=reason))
        elif len(kept) >= max(room, len(must)):
            unused.append(
                Unused(key=item.paper.key, why=f"the section has room for {room} papers in {brief.words} words")
            )
        else:
            kept.append(item)
    told = told_by(brief.query, [item.paper for item in kept], library, embedder)
    silent = [item.paper.key for item in kept if item.paper.key not in told]
    unused += [Unused(key=key, why="its abstract has no sentence that can stand alone") for key in silent]
    papers = [item.paper for item in kept if item.paper.key in told]
    paragraphs = _paragraphs(brief, papers, told, room, embedder) if papers else ()
    order = {item.paper.key: rank for rank, item in enumerate(found)}
    unused.sort(key=lambda item: order[item.key])
    return Plan(topic=brief.subject, style=brief.style, paragraphs=paragraphs, unused=tuple(unused)), result


def _searched(brief: Brief, retriever: Retriever, only: Collection[str] | None, must: set[str]) -> Result:
    """Return what a search finds, must-cite papers included whatever their score.

    Conditions are read out of a topic; in the words of the user's own paper they would be part of what it is about.
    """
    asked = retriever.read(brief.topic) if brief.query == brief.topic else retriever.take(brief.query)
    result = retriever.find(asked, SEARCHED, only=None if only is None else {*only, *must})
    missing = must - {item.paper.key for item in result.found}
    pinned = retriever.find(Asked(text=asked.text), len(missing), only=missing).found if missing else ()
    return replace(result, found=(*result.found, *pinned))


def _claims_for(words: int) -> int:
    """Return how many claims a section of some words has, its opening and its closing sentences apart."""
    return max(3, round(words / _WORDS_A_CLAIM))


def _left_out(
    item: Found, found: Sequence[Found], brief: Brief, barred: set[str], must: set[str], *, on_topic: bool
) -> str:
    """Return why a paper that was found isn't part of the section, or nothing."""
    key = item.paper.key
    if key in barred:
        return "must not be cited"
    if not item.paper.abstract.strip():
        return "it has no abstract"
    if key in must:
        return ""
    if not on_topic:
        return "the library has nothing on this topic"
    if brief.abstract and item.cosine < _NEAR_ABSTRACT:
        return "about something else than your abstract"
    if not brief.abstract and item.score < _NEAR_TOPIC * found[0].score:
        return "further from the topic than the papers that are cited"
    return ""


def told_by(query: str, papers: Sequence[Paper], library: Library, embedder: Embedder) -> dict[str, list[Choice]]:
    """Return each paper's sentences, the one to be told first; papers without any that can stand alone are absent."""
    best: dict[str, list[Choice]] = {}
    for choice in select.rank_sentences(query, papers, library, embedder, contributions=True):
        best.setdefault(choice.paper.key, []).append(choice)
    return {key: fittest(choices) for key, choices in best.items()}


def fittest(choices: Sequence[Choice]) -> list[Choice]:
    """Return a paper's sentences, the one that tells best what the paper does first.

    It is on the subject and can stand alone; what comes before the first sentence about the paper is background.
    """
    first = min((choice.span.start for choice in choices if recast.announces(choice.span.text)), default=0)

    def value(choice: Choice) -> float:
        sentence = choice.span.text
        told = _ANNOUNCES * recast.announces(sentence) + _TELLABLE * recast.tellable(sentence)
        told += _CONTRIBUTES * recast.contributes(sentence)
        lacks = _LEANS * recast.points_back(sentence) + _BACKGROUND * (choice.span.start < first)
        return choice.score + told + lacks

    return sorted(choices, key=lambda choice: (-value(choice), choice.span.start))


def _paragraphs(
    brief: Brief, papers: Sequence[Paper], told: dict[str, list[Choice]], room: int, embedder: Embedder
) -> tuple[PlannedParagraph, ...]:
    texts = [f"{paper.title}. {told[paper.key][0].span.text}" for paper in papers]
    vectors = embedder.embed([*texts, brief.query])
    terms = themes.shared_terms([f"{paper.title}. {paper.abstract}" for paper in papers])
    alike = themes.similarities(vectors[:-1], terms)
    close = {
        paper.key for paper, vector in zip(papers, vectors[:-1], strict=True) if vector @ vectors[-1] >= _CLOSE_TO_OWN
    }
    wanted = brief.paragraphs or min(max(1, round(brief.words / _WORDS_A_PARAGRAPH)), max(1, len(papers) // 3))
    most = _MAX_CLAIMS_A_PAPER if len(papers) > 2 else _OF_FEW_PAPERS
    further = max(0, min(room, most * len(papers)) - len(papers))
    count = {
        paper.key: 1 + further // len(papers) + (rank < further % len(papers)) for rank, paper in enumerate(papers)
    }
    topic = set(content_stems(brief.query))
    # A line of topic is all about its words; of an abstract only those that come up again.
    words = content_stems(brief.query)
    single = {word for word in topic if not brief.abstract or words.count(word) > 2}
    planned: list[tuple[float, PlannedParagraph]] = []
    taken: set[tuple[str, ...]] = set()
    for group in themes.groups(alike, wanted):
        term = themes.name(group, [term for term in terms if term.stems not in taken], len(papers), topic, single)
        taken |= {term.stems} if term else set()
        order = themes.chain(group, alike)
        if brief.style == "chronological":
            order.sort(key=lambda place: (papers[place].year or math.inf, papers[place].key))
        elif brief.abstract:
            order.sort(key=lambda place: papers[place].key in close)
        claims = _together(term, [papers[place] for place in order], told)
        for place in order:
            key = papers[place].key
            stance: Stance = "close" if brief.abstract and key in close else "background"
            chosen = sorted(told[key][: count[key]], key=lambda choice: choice.span.start)
            claims += [Claim(claim=choice.span.text, keys=(key,), stance=stance) for choice in chosen]
        nearness = float(_mean([vectors[place] @ vectors[-1] for place in group]))
        theme = term.text if term else brief.subject
        planned.append((nearness, PlannedParagraph(theme=theme, claims=tuple(claims))))
    # What comes nearest to the user's own work is told last, beside the sentence that positions it.
    planned.sort(key=lambda item: item[0] if brief.abstract else -item[0])
    return tuple(paragraph for _, paragraph in planned)


def _mean(values: Sequence[float]) -> float:
    """Return the mean of some numbers."""
    return sum(map(float, values)) / len(values)


def _together(term: Term | None, papers: Sequence[Paper], told: dict[str, list[Choice]]) -> list[Claim]:
    """Return the claim that papers of a group share: that they deal with its term; nothing for fewer than two."""
    if term is None:
        return []
    keys = [paper.key for paper in papers if where(term.text, told[paper.key]) is not None]
    if len(keys) < 2:
        return []
    return [Claim(claim=f"deal with {term.text}", keys=tuple(keys[:_MAX_KEYS_TOGETHER]))]


def where(term: str, choices: Sequence[Choice]) -> Choice | None:
    """Return the sentence in which a paper uses a term, one that says what the paper does if there is one."""
    stems = content_stems(term)
    using = [choice for choice in choices if _has_run(content_stems(choice.span.text), stems)]
    announcing = [choice for choice in using if recast.announces(choice.span.text)]
    return next(iter(announcing or using), None)


def _has_run(words: Sequence[str], run: Sequence[str]) -> bool:
    return any(list(words[at : at + len(run)]) == list(run) for at in range(len(words) - len(run) + 1))


# ---------------------------------------------------------------------- as a file

_HEAD = """\
# A plan for `assistant draft --plan FILE`. Edit it freely: move, drop or add claims, rename themes.
# A claim of one paper is a sentence of its abstract (or words near one); a claim of several papers reads
# "deal with ..." and is told only of those whose abstracts say so. stance: background, close or contrast.
"""


def to_yaml(plan: Plan) -> str:
    """Return a plan as a YAML file."""
    import yaml

    data = {"schema": 1, **plan.model_dump(mode="json")}
    return _HEAD + yaml.safe_dump(data, sort_keys=False, allow_unicode=True, width=100)


def from_yaml(text: str, source: str) -> Plan:
    """Return the plan in a YAML file.

    Raises:
        ReadError: it isn't YAML, or isn't a plan; the message says where.
    """
    import yaml

    cure = "Mend the file, or make a new one with assistant draft TOPIC --plan-only."
    try:
        data = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise ReadError(f"{source}: not YAML" + (f", line {mark.line + 1}" if mark else ""), cure) from error
    if not isinstance(data, dict) or data.pop("schema", None) != 1:
        raise ReadError(f"{source}: not a plan (it has no `schema: 1`)", cure)
    try:
        return Plan.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise ReadError(f"{source}: {place}: {first['msg'].lower()}", cure) from error
