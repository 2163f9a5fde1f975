"""The fields of a library's papers in columns, to tell quickly which papers meet some conditions.

A column holds one field of all papers in the order in which they were added. What a paper lacks is told apart from
what it denies, so that a paper without a date is counted as such and not taken for an old one.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from assistant.conditions import Conditions
from assistant.identity import normalise
from assistant.records import Paper

Mask = npt.NDArray[np.bool_]


class Selection(NamedTuple):
    """The papers that meet some conditions.

    Attributes:
        keys: their keys.
        left_out: how many papers were left out because they lack a field, by what is said of them.
    """

    keys: frozenset[str]
    left_out: dict[str, int]


class Facets:
    """The columns of a library; knows which names, venues and files occur in it."""

    def __init__(self, papers: Iterable[Paper]) -> None:
        self._papers = tuple(papers)
        self._rows = {paper.key: row for row, paper in enumerate(self._papers)}

    # ------------------------------------------------------------------ what occurs

    @cached_property
    def years(self) -> tuple[int, int] | None:
        """The first and the last year of the papers; None where no paper has one."""
        years = [paper.year for paper in self._papers if paper.year is not None]
        return (min(years), max(years)) if years else None

    def has_author(self, name: str) -> bool:
        """Tell whether somebody of that name, or of a form of it, wrote one of the papers."""
        return bool(self._by_author(name))

    def has_affiliation(self, name: str) -> bool:
        """Tell whether a paper lists that affiliation."""
        return any(_same_place(name, place) for place in self._affiliations)

    def has_venue(self, name: str) -> bool:
        """Tell whether a paper appeared there."""
        return any(_same_venue(name, venue) for venue in self._venues)

    def has_category(self, name: str) -> bool:
        """Tell whether a paper is of that category."""
        return any(_same_category(name, category) for category in self._categories)

    def has_source(self, name: str) -> bool:
        """Tell whether a paper came from that file."""
        return any(_same_file(name, file) for file in self._files)

    def has_tag(self, name: str) -> bool:
        """Tell whether a paper has that tag."""
        return any(name.lower() == tag.lower() for paper in self._papers for tag in paper.tags)

    @cached_property
    def _affiliations(self) -> frozenset[str]:
        return frozenset(place for paper in self._papers for place in paper.affiliations)

    @cached_property
    def _venues(self) -> frozenset[str]:
        return frozenset(paper.venue for paper in self._papers if paper.venue)

    @cached_property
    def _categories(self) -> frozenset[str]:
        return frozenset(category for paper in self._papers for category in paper.categories)

    @cached_property
    def _files(self) -> frozenset[str]:
        return frozenset(source.file for paper in self._papers for source in paper.sources)

    # ------------------------------------------------------------------ columns

    @cached_property
    def _dates(self) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
        """The first and the last day on which each paper can have appeared, as yyyymmdd; 0 where that isn't known."""
        spans = [_days(paper.date if paper.year is not None else None, paper.year) for paper in self._papers]
        array = np.asarray(spans, dtype=np.int32).reshape(-1, 2)
        return array[:, 0], array[:, 1]

    @cached_property
    def _keys(self) -> npt.NDArray[np.object_]:
        return np.asarray([paper.key for paper in self._papers], dtype=object)

    @cached_property
    def _code(self) -> npt.NDArray[np.int8]:
        """1 for papers with code, 0 for those without, -1 where nothing says."""
        return np.asarray([_code(paper) for paper in self._papers], dtype=np.int8)

    @cached_property
    def _surveys(self) -> Mask:
        return np.asarray([is_survey(paper) for paper in self._papers], dtype=bool)

    @cached_property
    def _author_words(self) -> dict[str, set[int]]:
        """The rows of the papers whose authors have each word in their names."""
        rows: dict[str, set[int]] = defaultdict(set)
        for row, paper in enumerate(self._papers):
            for name in paper.authors:
                words = normalise(name).split()
                for word in {*words, "".join(words[:-1]), "".join(words)}:
                    rows[word].add(row)
        return rows

    def _by_author(self, name: str, *, first: bool = False) -> set[int]:
        """Return the rows of the papers that somebody of a name wrote."""
        words = [word for word in normalise(name).split() if len(word) > 1]
        rows = [self._author_words.get(word, set()) for word in words]
        candidates = set.union(*rows) if rows else set()
        return {
            row
            for row in candidates
            if any(same_person(name, author) for author in self._papers[row].authors[: 1 if first else None])
        }

    # ------------------------------------------------------------------ choosing

    def select(self, conditions: Conditions) -> Selection:
        """Return the papers that meet all conditions but the excluded topics, which take a look at each abstract."""
        kept = np.ones(len(self._papers), dtype=bool)
        left_out: dict[str, int] = {}

        def need(holds: Mask, unknown: Mask, what: str) -> None:
            """Keep what holds; what isn't known goes with the rest, counted, unless it was asked for."""
            nonlocal kept
            if conditions.include_unknown:
                kept &= holds | unknown
                return
            kept &= holds & ~unknown
            if unknown.any():
                left_out[what] = int(unknown.sum())

        if conditions.since or conditions.until:
            low, high = self._dates
            first = _days(conditions.since, None)[0] if conditions.since else 0
            last = _days(conditions.until, None)[1] if conditions.until else 99991231
            inside = (low >= first) & (high <= last) & (low > 0)
            none = low == 0
            need(inside, none, "without a date")
            # A year alone can't tell whether a paper came before June.
            vague = ~inside & ~none & (low <= last) & (high >= first)
            if vague.any():
                need(inside, vague, "with a date too coarse to tell")
        if conditions.has_code is not None:
            need(self._code == int(conditions.has_code), self._code < 0, "not known to have code or not")
        if conditions.survey is not None:
            kept &= self._surveys == conditions.survey
        for name in conditions.authors:
            holds = self._mask(self._by_author(name))
            need(holds, ~holds & self._where(lambda p: not p.authors), "without authors")
            cut = ~holds & self._where(lambda p: bool(p.authors) and p.authors_truncated)
            need(holds, cut, "with only their first authors listed")
        if conditions.first_author:
            holds = self._mask(self._by_author(conditions.first_author, first=True))
            need(holds, self._where(lambda p: not p.authors), "without authors")
        for wanted, field, same, what in (
            (conditions.categories, "categories", _same_category, "without a category"),
            (conditions.affiliations, "affiliations", _same_place, "without an affiliation"),
            (conditions.venues, "venue", _same_venue, "without a venue"),
        ):
            if wanted:
                values = [_values(paper, field) for paper in self._papers]
                holds = np.asarray([any(same(w, v) for w in wanted for v in each) for each in values], dtype=bool)
                need(holds, np.asarray([not each for each in values], dtype=bool), what)
        if conditions.sources:
            kept &= self._where(lambda p: any(_same_file(w, s.file) for w in conditions.sources for s in p.sources))
        for tag in conditions.tags:
            kept &= self._where(lambda p: any(tag.lower() == own.lower() for own in p.tags))  # noqa: B023
        for name in conditions.not_authors:
            kept &= ~self._mask(self._by_author(name))
        for name in conditions.not_categories:
            kept &= self._where(lambda p: not any(_same_category(name, own) for own in p.categories))  # noqa: B023
        for name in conditions.not_venues:
            kept &= self._where(lambda p: not (p.venue and _same_venue(name, p.venue)))  # noqa: B023
        return Selection(frozenset(self._keys[kept].tolist()), left_out)

    def newest(self, keys: Iterable[str]) -> list[str]:
        """Return keys by date, the newest first; those without a date last."""
        low = self._dates[0]
        return sorted(keys, key=lambda key: (-int(low[self._rows[key]]), self._rows[key]))

    def _mask(self, rows: Iterable[int]) -> Mask:
        mask = np.zeros(len(self._papers), dtype=bool)
        mask[list(rows)] = True
        return mask

    def _where(self, test: Callable[[Paper], bool]) -> Mask:
        return np.asarray([test(paper) for paper in self._papers], dtype=bool)


# ---------------------------------------------------------------------- single fields

_SURVEY_TITLE = re.compile(
    r"\b(?:surveys?|overviews?|(?:systematic|scoping|literature|critical|comprehensive|narrative|brief|short|mini|umbrella)"
    r"\s+reviews?|meta-?analys[ei]s|tutorial|roadmap|taxonomy|evolution\s+of|landscape|primer|"
    r"recent\s+(?:advances|progress|developments?)|state[- ]of[- ]the[- ]art\s+and|past,\s+present|"
    r"an?\s+(?:\w+\s+)?review|review\s+of)\b|:\s*a?\s*review$",
    re.IGNORECASE,
)
_SURVEY_ABSTRACT = re.compile(
    r"\b(?:this|our|the\s+present|present\s+a|provide\s+a|offer\s+a)\s+(?:\w+\s+){0,2}(?:survey|overview|literature\s+review|"
    r"systematic\s+review|review\s+(?:paper|article|covers|summari|discuss|examin|aims))"
    r"|\b(?:we|paper|article|chapter|work)\s+(?:\w+ly\s+|first\s+)?(?:survey(?:s|ed)?|reviews?(?:ed)?)\s+(?!er)"
    r"|\bin\s+this\s+(?:survey|review|overview)\b"
    r"|\ban?\s+(?:comprehensive|systematic|extensive|thorough|broad)\s+(?:survey|review|overview)\b",
    re.IGNORECASE,
)
_LINKS_CODE = re.compile(
    r"\b(?:code|implementation|models?|source)s?\b[^.]{0,60}\b(?:available|released|open[- ]?sourced|public)\b"
    r"|\bgithub\.com/\S+|\bopen[- ]source\s+(?:our|the)\s+code\b"
    r"|\b(?:release|open-source)\s+(?:our|the|all)\s+(?:\w+\s+){0,3}code\b",
    re.IGNORECASE,
)
# What people call venues that proceedings spell out.
_VENUES = {
    "acl": r"(?<!chapter of the )(?<!asian chapter of the )association for computational linguistics(?!.*\bfindings)",
    "naacl": r"north american chapter|naacl",
    "eacl": r"european chapter|eacl",
    "emnlp": r"empirical methods in natural language processing",
    "coling": r"international conference on computational linguistics",
    "conll": r"computational natural language learning",
    "lrec": r"language resources and evaluation",
    "semeval": r"semantic evaluation",
    "wmt": r"conference on machine translation|workshop on statistical machine translation",
    "tacl": r"transactions of the association for computational linguistics",
    "neurips": r"neural information processing systems|\bnips\b",
    "nips": r"neural information processing systems|\bneurips\b",
    "icml": r"international conference on machine learning",
    "iclr": r"international conference on learning representations",
    "cvpr": r"computer vision and pattern recognition",
    "iccv": r"international conference on computer vision",
    "eccv": r"european conference on computer vision",
    "aaai": r"aaai conference|association for the advancement of artificial intelligence",
    "ijcai": r"international joint conference on artificial intelligence",
    "sigir": r"research and development in information retrieval",
    "kdd": r"knowledge discovery and data mining|knowledge discovery \& data mining",
    "icassp": r"acoustics,? speech,? and signal processing",
}


def is_survey(paper: Paper) -> bool:
    """Tell whether a paper goes over the work of others, by its title and what its abstract says of itself."""
    return bool(_SURVEY_TITLE.search(paper.title) or _SURVEY_ABSTRACT.search(paper.abstract))


def _code(paper: Paper) -> int:
    """Return 1 where a paper has code, 0 where its source says that it has none, -1 where nothing says."""
    if paper.has_code is not None:
        return int(paper.has_code)
    return 1 if _LINKS_CODE.search(paper.abstract) else -1


def same_person(asked: str, author: str) -> bool:
    """Tell whether a name that was asked for can be an author's: any order, initials for given names, no accents.

    A surname alone is enough; given names that both spell out must agree.
    """
    left, right = normalise(asked).split(), normalise(author).split()
    if not left or not right:
        return False
    surname = _surname_words(author)
    if len(left) == 1:
        return left[0] in surname or left[0] == "".join(surname)
    if sorted(left) == sorted(right) or "".join(left) == "".join(right):
        return True
    for family, given in ((left[-1:], left[:-1]), (left[:1], left[1:]), (left[-2:], left[:-2]), (left[:2], left[2:])):
        if not given or "".join(family) not in ("".join(surname), surname[-1]):
            continue
        others = [word for word in right if word not in surname]
        if not others or _agree(given, others):
            return True
    return False


def _surname_words(author: str) -> list[str]:
    last, comma, _ = author.partition(",")
    if comma:
        return normalise(last).split()
    words = normalise(author).split()
    # "Mehta S" and "Mehta SK": what follows the surname is initials.
    if len(words) > 1 and len(words[-1]) <= 2 and author.split()[-1].strip(".").isupper():
        return words[:-1]
    return words[-1:]


def _agree(given: Sequence[str], others: Sequence[str]) -> bool:
    """Tell whether given names agree as far as both spell them out: `S`, `Sachin`, `Sachin R`."""
    one, other = given[0], others[0]
    if min(len(one), len(other)) <= 2:
        return one[0] == other[0]
    return one == other or "".join(given) == "".join(others) or one.startswith(other) or other.startswith(one)


def _same_category(asked: str, category: str) -> bool:
    one, other = asked.lower(), category.lower()
    return one == other or (("." not in one or "." not in other) and one.rsplit(".", 1)[-1] == other.rsplit(".", 1)[-1])


def _same_file(asked: str, file: str) -> bool:
    one, other = asked.lower(), file.replace("\\", "/").lower()
    name = other.rsplit("/", 1)[-1]
    return one in (other, name, name.split(".", 1)[0])


_SMALL = frozenset("of the and for at in de la".split())


def _same_place(asked: str, place: str) -> bool:
    """Tell whether an affiliation is the one asked for: `Microsoft`, `University of Toronto` for `utoronto`, `CMU`."""
    one, other = normalise(asked).split(), normalise(place).split()
    one = [word for word in one if word not in _SMALL]
    other = [word for word in other if word not in _SMALL]
    if not one or not other:
        return False
    if set(one) <= set(other) or (set(other) <= set(one) and len("".join(other)) > 3):
        return True
    return _short_forms(one) & {"".join(other)} != set() or _short_forms(other) & {"".join(one)} != set()


def _short_forms(words: Sequence[str]) -> set[str]:
    """Return what people make of a long name: initials, also with a U, and `u` before the town."""
    initials = "".join(word[0] for word in words)
    forms = {initials, initials + "u"} if len(words) > 1 else set()
    if "university" in words:
        rest = "".join(word for word in words if word != "university")
        forms |= {f"u{rest}", f"uni{rest}"}
    return forms


def _same_venue(asked: str, venue: str) -> bool:
    """Tell whether a venue is the one asked for, by its name, its short name, or words of it in order."""
    one, other = normalise(asked), normalise(venue)
    if len(one) < 2:
        return False
    if re.search(rf"\b{re.escape(one)}\b", other):
        return True
    pattern = _VENUES.get(one)
    return pattern is not None and re.search(pattern, other) is not None


def _values(paper: Paper, field: str) -> tuple[str, ...]:
    value = getattr(paper, field)
    return value if isinstance(value, tuple) else (value,) if value else ()


def _days(date: str | None, year: int | None) -> tuple[int, int]:
    """Return the first and the last day that a date stands for, as yyyymmdd; (0, 0) where there is none."""
    parts = (date or "").split("-") if date and not date.startswith("-") else [str(year)] if year else []
    if not parts:
        return 0, 0
    first, last = [*parts, "01", "01"][:3], [*parts, "12", "31"][:3] if len(parts) == 1 else [*parts, "31"][:3]
    return int("".join(first)), int("".join(last))
