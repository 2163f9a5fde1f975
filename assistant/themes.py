"""Group papers by what they do, and name each group by terms that its papers share.

Everything is deterministic: the groups come from the similarity of the papers' vectors and from the terms that they
share, the names from the papers' own words. No language model takes part.
"""

import math
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from assistant.terms import QUESTION_WORDS, STOPWORDS, is_identifier, stem

if TYPE_CHECKING:
    Vectors = np.ndarray[tuple[int, int], np.dtype[np.float32]]
    Similarities = np.ndarray[tuple[int, int], np.dtype[np.float64]]

_MAX_LENGTH = 4
_ARTICLE = "the "
_TERM_WEIGHT = 0.4
_WORD_OR_MARK = re.compile(r"[^\W_]+(?:[’'^+/-]+[^\W_]+)*(?:\+\+|\+|%)?|[.,;:()“”\"?!–—]")
# Words in which papers speak about anything: no theme by themselves, and none begins or ends with them.
_GENERAL = frozenset(
    stem(word)
    for word in """another able absolute academic accuracy achieve achieved address aim analysis apply applied available
    background base baseline baselines based best better build case cases challenge challenges change
    common compare compared comparison complex comprehensive conclude conclusion conduct consider contain contribute
    control current data dataset datasets deal demonstrate derive describe design develop development
    difference difficult discuss diverse downstream effect effective effectiveness effects efficient element evaluate
    evaluation evidence examine example existing experiment experimental experiments explain explore
    extend extensive fact factor factors feature features field finding findings first focus follow form found
    framework full fully function future general generate give given goal good group groups high higher
    human idea identify important improve improved improvement improvements include increase individual
    information input introduce investigate issue issues key kind large larger lead learn language level
    levels like limit limitation list low lower main make many mean measure mechanism media method
    methods million multiple need new novel number observe obtain offer original output part particular
    patient people perform performance period point points possible potential practice predict present
    previous problem problems procedure process produce property propose provide purpose quality
    promising question range rate real recent reduce related relation release remain require research result
    results rise role sample scale score scores second sentence set sets setting settings several shared
    show significant similar simple single situation size small solution source specific standard state
    step strategy strong structure study subject success suggest support system systems take target task
    tasks team term terms test tests text theory third thorough three time together tool total train trained
    training two type types understand unit use used useful user users value values variety various view
    way ways well wide word words work year years yield""".split()
)
# These may be part of a theme ("language models") and are too wide to be one.
_TOO_WIDE = frozenset(
    stem(word)
    for word in """model models network networks image images video videos state-of-the-art state-of-the-arts approach
    approaches algorithm algorithms technique techniques training learning inference architecture architectures
    parameter parameters representation representations sentences documents words tokens layers""".split()
)
_BEFORE = frozenset(
    """of for in on the a an with by from and this as between into using via through or at their its our
    these those such about against across within over under than are is was were""".split()
)
_AFTER = frozenset(
    """of for in with on by is are was were that which and or to from as at has have can may via using through than
    between into across within without under over""".split()
)


@dataclass(frozen=True)
class Term:
    """A noun phrase that several papers use.

    Attributes:
        text: as one of the papers writes it, in lower case but for names.
        stems: its words' stems.
        papers: which of the texts have it, by their place.
    """

    text: str
    stems: tuple[str, ...]
    papers: frozenset[int]


def shared_terms(texts: Sequence[str]) -> list[Term]:
    """Return the phrases that at least two of some texts use as a noun phrase, the most telling ones first.

    A phrase is a run of up to four words without function words; somewhere it must stand as a noun phrase does,
    between a determiner or a preposition and a preposition, a verb or the end of a clause.
    """
    users: dict[tuple[str, ...], set[int]] = {}
    nouns: dict[tuple[str, ...], dict[str, int]] = {}
    small = frozenset(word for text in texts for word in _WORD_OR_MARK.findall(text) if word.islower())
    for place, text in enumerate(texts):
        for stems, surface, stands in _phrases(text, small):
            users.setdefault(stems, set()).add(place)
            if stands:
                seen = nouns.setdefault(stems, {})
                seen[surface] = seen.get(surface, 0) + 1
    terms = [
        Term(surface, stems, frozenset(places))
        for stems, places in users.items()
        if len(places) >= 2 and (surface := _surface(nouns.get(stems, {})))
    ]
    return sorted(terms, key=lambda term: (-_weight(term, len(texts)), term.text))


def _surface(seen: Mapping[str, int]) -> str:
    """Return how a phrase is written as the name of a theme: as it mostly is, where it needs no article.

    Where papers mostly write it with one, their plural stands for it ("the language model", "language models").
    """
    best = min(seen, key=lambda text: (-seen[text], text), default="")
    if not best.startswith(_ARTICLE):
        return best
    plurals = [text for text in seen if text.endswith("s") and not text.startswith(_ARTICLE)]
    return min(plurals, key=lambda text: (-seen[text], text), default="")


def _phrases(text: str, small: Collection[str]) -> list[tuple[tuple[str, ...], str, bool]]:
    """Return each candidate phrase of a text: its stems, its surface, and whether it stands as a noun phrase.

    Args:
        text: a title and an abstract.
        small: words that occur in lower case somewhere; others are names ("German").
    """
    words = _WORD_OR_MARK.findall(text)
    found = []
    for start in range(len(words)):
        for end in range(start + 1, min(start + _MAX_LENGTH, len(words)) + 1):
            run = words[start:end]
            if not _may_be_term(run):
                break
            before = words[start - 1].lower() if start else "."
            after = words[end].lower() if end < len(words) else "."
            stands = (before in _BEFORE or not before[0].isalnum()) and (after in _AFTER or not after[0].isalnum())
            if _is_term(run):
                surface = " ".join(
                    word if _is_name(word) or word.lower() not in small else word.lower() for word in run
                )
                singular = not (run[-1].endswith("s") or run[-1].endswith("ing"))
                if singular and before in ("the", "a", "an"):
                    surface = f"{_ARTICLE}{surface}"
                found.append((tuple(stem(part) for word in run for part in word.split("-")), surface, stands))
    return found


def _is_name(word: str) -> bool:
    return is_identifier(word) and any(part[1:] != part[1:].lower() or part.isupper() for part in word.split("-"))


def _may_be_term(run: Sequence[str]) -> bool:
    return all(word[0].isalpha() and word.lower() not in STOPWORDS for word in run)


def _is_term(run: Sequence[str]) -> bool:
    first, last = run[0].lower(), run[-1].lower()
    if (
        (len(run) == 1 and (stem(last) in _GENERAL or stem(last) in _TOO_WIDE))
        or last in QUESTION_WORDS
        or first in QUESTION_WORDS
    ):
        return False
    if last.endswith(("ly", "ed", "ive", "able", "ous", "al", "ic")) or first.endswith("ly"):
        return False
    if len(run) == 1:
        return (len(last) >= 5 or run[0].isupper()) and not _SAYS_WHICH.search(run[0])
    return not all(stem(word) in _GENERAL for word in run) and stem(first) not in _VERBS and stem(last) not in _VERBS


# "vision-language", "image-text": words that say of which kind something is, unlike "fine-tuning" or "GPT-2".
_SAYS_WHICH = re.compile(
    r"^[a-z]+(?:-[a-z]+)*-(?![a-z]*(?:ings?|[st]ions?|ments?|ness|ity|[eo]rs?|nets?|works?)$)[a-z]+$"
)
_VERBS = frozenset(
    stem(word)
    for word in """achieve address apply combine compare demonstrate describe develop employ enable evaluate examine
    explore extend generate give improve include increase introduce investigate make obtain outperform
    perform present produce propose provide reach reduce report require reveal show suggest take use
    using yield find allow learn need help aim beat reaches add become try consider""".split()
)


def _weight(term: Term, total: int) -> float:
    """Return how telling a term is: long ones and those that not every paper has weigh more."""
    rarity = math.log((total + 1) / (len(term.papers) + 0.5))
    return (0.5 + rarity) * (1 + 0.5 * (len(term.stems) - 1))


# ---------------------------------------------------------------------- groups


def similarities(vectors: "Vectors", terms: Sequence[Term]) -> "Similarities":
    """Return how alike each two papers are, (n, n): cosine of their vectors, and the weight of the terms they share."""
    count = len(vectors)
    cosine = (vectors @ vectors.T).astype(np.float64)
    has = np.zeros((count, max(len(terms), 1)))
    for column, term in enumerate(terms):
        has[sorted(term.papers), column] = math.sqrt(_weight(term, count))
    norms = np.linalg.norm(has, axis=1, keepdims=True)
    unit = has / np.where(norms == 0, 1.0, norms)
    return (1 - _TERM_WEIGHT) * cosine + _TERM_WEIGHT * (unit @ unit.T)


def groups(alike: "Similarities", count: int) -> list[list[int]]:
    """Return papers in at most `count` groups of similar size, by their places; each place is in exactly one group.

    Medoids: the most central paper, then each time the paper least like the ones chosen; papers join the medoid that
    they are most like while it has room, those that are surest first.
    """
    total = len(alike)
    count = max(1, min(count, total))
    if count == 1:
        return [list(range(total))]
    medoids = [int(np.argmax(alike.sum(axis=1)))]
    while len(medoids) < count:
        nearest = alike[:, medoids].max(axis=1)
        nearest[medoids] = np.inf
        medoids.append(int(np.argmin(nearest)))
    room = math.ceil(total / count) + 1
    found: list[list[int]] = []
    for _ in range(8):
        found = _assigned(alike, medoids, room)
        new = [max(group, key=lambda place: (alike[place, group].sum(), -place)) for group in found]
        if new == medoids:
            break
        medoids = new
    return _without_singles(alike, found)


def _assigned(alike: "Similarities", medoids: Sequence[int], room: int) -> list[list[int]]:
    found: list[list[int]] = [[medoid] for medoid in medoids]
    rest = [place for place in range(len(alike)) if place not in medoids]

    def certainty(place: int) -> tuple[float, int]:
        ranked = np.sort(alike[place, medoids])[::-1]
        return (-float(ranked[0] - ranked[1]), place)

    for place in sorted(rest, key=certainty):
        order = sorted(range(len(medoids)), key=lambda number: (-alike[place, medoids[number]], number))
        free = next(number for number in order if len(found[number]) < room)
        found[free].append(place)
    return [sorted(group) for group in found]


def _without_singles(alike: "Similarities", found: list[list[int]]) -> list[list[int]]:
    """Return the groups with each paper that stands alone in the group that it is most like."""
    kept = [list(group) for group in found if len(group) > 1]
    if not kept:
        return [sorted(place for group in found for place in group)]
    for group in found:
        if len(group) == 1:
            best = max(range(len(kept)), key=lambda number: (alike[group[0], kept[number]].mean(), -number))
            kept[best].append(group[0])
    return [sorted(group) for group in kept]


def name(
    group: Sequence[int], terms: Sequence[Term], total: int, topic: Collection[str], names: Collection[str]
) -> Term | None:
    """Return the term that a group's papers share and that others use less, or nothing where they share none.

    Args:
        group: the papers, by their places.
        terms: what any of the papers share.
        total: how many papers there are.
        topic: stems of the topic's words; terms that have them come first.
        names: stems that may name a group as a single word.
    """
    inside = set(group)
    best: tuple[float, Term] | None = None
    for term in terms:
        here, there = len(term.papers & inside), len(term.papers - inside)
        if here < 2 or (here < 0.4 * len(inside) and len(inside) > 3):
            continue
        known = sum(part in topic for part in term.stems) / len(term.stems)
        if len(term.stems) == 1 and not _is_name(term.text) and term.stems[0] not in names:
            continue
        outside = there / max(total - len(inside), 1)
        value = (here / len(inside)) * (1 + 0.45 * (len(term.stems) - 1)) - 0.5 * outside + 0.3 * known
        if best is None or value > best[0] + 1e-9:
            best = (value, term)
    return best[1] if best else None


def chain(group: Sequence[int], alike: "Similarities") -> list[int]:
    """Return a group in an order in which neighbours are alike, from its most central paper on."""
    left = list(group)
    order = [max(left, key=lambda place: (alike[place, left].sum(), -place))]
    left.remove(order[0])
    while left:
        following = max(left, key=lambda place: (alike[order[-1], place], -place))
        order.append(following)
        left.remove(following)
    return order
