"""The words in which a statement may speak: those of its sentence, and words that claim nothing of their own.

With the vocabulary closed, a small model can order, join and shorten, but it can't bring in a fact. Words that would
turn or widen a claim (not, only, best, all, may, more, because, ...) are open only if the sentence has them.
"""

import re
from collections.abc import Iterable
from functools import lru_cache

from assistant.terms import STOPWORDS, stem

_PLAIN = frozenset(
    """a an the and or as at by for from in into of on onto over per than that to under upon via with within is are was
    were be been being has have had having does do it its they their them this these those which who whose what when
    where while how both such there here between among across through during along like own""".split()
)
# Ordinary words of papers that may stand for each other without changing what is claimed.
_SYNONYMS = tuple(
    frozenset(group.split())
    for group in """
    improve improves improved improving enhance enhances enhanced boost boosts boosted
    show shows demonstrate demonstrates reveal reveals indicate indicates
    use uses using employ employs apply applies utilize utilizes leverage leverages
    method approach technique
    methods approaches techniques
    large big
    many numerous
    fast quick rapid
    hard difficult challenging
    problem issue challenge
    problems issues challenges
    produce produces generate generates create creates
    outperform outperforms surpass surpasses exceed exceeds
    reduce reduces reduced lower lowers lowered cut cuts
    build builds built construct constructs constructed create creates created develop develops developed
    data dataset corpus
    evaluate evaluates evaluated assess assesses assessed test tests tested
    investigate investigates study studies studied examine examines examined explore explores explored
    propose proposes introduce introduces present presents
    need needs require requires
    help helps assist assists
    choose chooses select selects selected chosen
    obtain obtains achieve achieves achieved reach reaches reached
    allow allows enable enables permit permits
    crucial essential vital important
    compare compares compared contrast contrasts
    learn learns learned acquire acquires
    detect detects identify identifies identified
    simple straightforward
    fuse combine combines combined merge merges merged join joins
    contain contains comprise comprises hold holds include includes
    happen happens occur occurs
    begin begins start starts
    several multiple
    """.strip().splitlines()
)
_WORD = re.compile(r"[^\s()\[\]{}\"“”‘<>|\\]+")
_VERB_ENDINGS = ("ed", "ing", "s", "es")


def words_of(text: str) -> list[str]:
    """Return the words of a text as it writes them, without brackets, quotation marks and final punctuation."""
    found = (word.strip(".,;:!?'’") for word in _WORD.findall(text))
    return [word for word in found if word]


def allowed(sentence: str, names: Iterable[str] = ()) -> frozenset[str]:
    """Return every word that a rewording of a sentence may use.

    Args:
        sentence: the sentence, in the third person.
        names: further words that may occur, such as those of the subject.
    """
    own = words_of(sentence)
    words = set(_PLAIN) | set(own) | set(names)
    for word in own:
        words |= {word.lower()} if word[1:].islower() else set()
        if word.isalpha() and word.islower() and word not in STOPWORDS:
            words |= inflections(word)
            for group in _SYNONYMS:
                if word in group:
                    words |= group
    return frozenset(words)


def inflections(word: str) -> set[str]:
    """Return the plain inflections of a word; what isn't a word does no harm, no model would choose it."""
    base = word
    for ending in _VERB_ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            base = word[: -len(ending)]
            break
    forms = {word, base + "s", base + "ed", base + "ing", base + "e", base + "es", base}
    if base.endswith("e"):
        forms |= {base + "d", base[:-1] + "ing"}
    return {form for form in forms if stem(form) == stem(word)}


@lru_cache(maxsize=4096)
def synonym_stems(stemmed: str) -> frozenset[str]:
    """Return the stems of the words that may stand for a word, given its stem."""
    return frozenset(other for group in _SYNONYM_STEMS if stemmed in group for other in group)


_SYNONYM_STEMS = tuple(frozenset(map(stem, group)) for group in _SYNONYMS)
