"""Deterministic checks of a statement against the sentence it was made from and the abstract it cites.

Each check can fail a statement and says why in words. They look at what a support model tends to miss: numbers,
names, a flipped direction, a dropped negation, a claim of scope that the abstract doesn't make; and at the form: no
first person left over, no loop, no talk about the task.
"""

import itertools
import re
from dataclasses import dataclass

from assistant.lexicon import canonical, synonym_stems
from assistant.records import Verdict
from assistant.terms import (
    STOPWORDS,
    content_stems,
    content_words,
    is_identifier,
    normal_number,
    numbers,
    stem,
    tokens,
)

SUPPORTED_COVERAGE = 0.85
PARTIAL_COVERAGE = 0.7
MAX_JUMPS = 1

_FIRST_PERSON = re.compile(r"\b(?:we|our|ours|us|ourselves|i(?![/.-])|my|me)\b", re.IGNORECASE)
_META = re.compile(
    r"\b(?:(?:this|the original) sentence|rephras\w*|paraphras\w*|reword\w*|rewrit\w*|third person|original text|"
    r"in other words|summar(?:y|ise|ize) of)\b",
    re.IGNORECASE,
)
NEGATION = re.compile(
    r"\b(?:not|no|never|neither|nor|none|cannot|without|unable|fails?|failed|lacks?|lacking|nothing|hardly|barely|rarely)\b|n['’]t\b",
    re.IGNORECASE,
)
SCOPE = frozenset(
    """all always every any never first best only solely entirely completely fully prove proves proven
    guarantee guarantees perfect perfectly universal universally everywhere everyone unprecedented
    revolutionary groundbreaking optimal state-of-the-art sota""".split()
)
HEDGE = re.compile(r"\b(?:may|might|could|suggest\w*|likely|possibly|potential\w*|appears?|seems?)\b", re.IGNORECASE)

_BEFORE_NUMBER = re.compile(r"([A-Za-z]+) (\d+(?:[.,]\d+)*%?)")
_NUMBER_RELATIONS = frozenset("to by from above below over under than least most about nearly almost around of".split())

# A word or a number, and the word that follows it with nothing but a space or a hyphen between.
_NUMBER_AND_NEXT = re.compile(r"(?P<word>\d+(?:[.,]\d+)*%?|[^\W\d_]\w*)(?=[ -](?P<next>[^\W\d_]\w*))?")

_OPPOSITES = (
    (
        "increase improve raise gain grow rise boost enhance",
        "decrease reduce lower decline drop fall shrink worsen degrade hurt harm",
    ),
    ("higher larger greater more bigger", "lower smaller fewer less"),
    ("better superior outperform surpass exceed beat", "worse inferior underperform lag trail"),
    ("faster quicker speedup accelerate", "slower slowdown"),
    ("with including", "without excluding"),
    ("before", "after"),
    ("supervised", "unsupervised"),
    ("positive", "negative"),
    ("easy easier simple simpler", "hard harder difficult complex"),
    ("possible able", "impossible unable"),
    ("success succeed", "failure fail"),
    ("sufficient", "insufficient"),
    ("cheap cheaper", "expensive costly"),
    ("strong stronger", "weak weaker"),
    ("monolingual", "multilingual bilingual"),
)
OPPOSITE_STEMS = tuple(
    (frozenset(stem(w) for w in one.split()), frozenset(stem(w) for w in other.split())) for one, other in _OPPOSITES
)

# Words in which a statement may speak about any paper; they carry no claim of their own.
_REPORTING = frozenset(
    stem(word)
    for word in """author authors paper work study research propose introduce present describe develop show find report
    note demonstrate argue investigate examine explore evaluate use employ apply call name approach method
    technique model system framework new novel result achieve make include consist based allow enable
    provide offer able task researcher conduct create build design address focus aim thus also well several
    various""".split()
)


@dataclass(frozen=True)
class Finding:
    """What the checks say of a statement.

    Attributes:
        verdict: as shown to the user.
        why: in words, which check failed; empty for `supported`.
    """

    verdict: Verdict
    why: str = ""

    @property
    def shown(self) -> bool:
        """Whether a statement with this verdict may be shown."""
        return self.verdict in ("supported", "partial")


def check(statement: str, sentence: str, abstract: str, title: str, max_jumps: int = MAX_JUMPS) -> Finding:
    """Check a statement against the sentence it was made from, in the context of its abstract.

    Args:
        statement: the sentence to be shown.
        sentence: the exact words of the abstract that should support it (several sentences joined, if so).
        abstract: the whole abstract.
        title: the paper's title; names in it count as known.
        max_jumps: how often the statement may leave the sentence's order of words.
    """
    unfit = form(statement, sentence)
    statement, sentence, whole = (canonical(text) for text in (statement, sentence, f"{title}. {abstract}"))
    found = (
        unfit,
        _numbers(statement, sentence, whole),
        _names(statement, whole),
        _units(statement, sentence),
        _negation(statement, sentence),
        _operators(statement, sentence),
        _relations(statement, sentence),
        _direction(statement, sentence),
        _sides(statement, sentence),
        _voice(statement, sentence),
        _grammar(statement, sentence),
        _order(statement, sentence, max_jumps),
        _scope(statement, whole),
    )
    findings = [finding for finding in found if finding is not None]
    if findings:
        # What only leaves something out must not hide what says something else.
        return next((finding for finding in findings if not finding.shown), findings[0])
    share = coverage(statement, f"{sentence} {canonical(title)}")
    if share < PARTIAL_COVERAGE:
        return Finding("unsupported", f"only {share:.0%} of its words are in the cited sentence")
    if HEDGE.search(sentence) and not HEDGE.search(statement):
        return Finding("partial", "the abstract is more careful than the sentence")
    if share < SUPPORTED_COVERAGE:
        return Finding("partial", f"{share:.0%} of its words are in the cited sentence")
    return Finding("supported")


def form(statement: str, sentence: str = "") -> Finding | None:
    """Refuse what is no statement about a paper, whatever it says: too short, in the first person, a loop.

    Words about texts are what some papers are about; such as the cited sentence uses may stand.
    """
    words = tokens(statement)
    if len(words) < 4:
        return Finding("unsupported", "too short to be a statement")
    if found := _FIRST_PERSON.search(statement):
        return Finding("unsupported", f"speaks in the first person (“{found.group()}”)")
    if (found := _META.search(statement)) and found.group().lower() not in sentence.lower():
        return Finding("unsupported", f"talks about the text instead of the paper (“{found.group()}”)")
    if repeated := loop(words):
        return Finding("unsupported", f"repeats itself (“{repeated}”)")
    return None


def loop(words: list[str]) -> str | None:
    """Return a run of three words that occurs twice, or a content word that occurs four times; else None."""
    lowered = [word.lower() for word in words]
    seen: set[tuple[str, ...]] = set()
    for start in range(len(lowered) - 2):
        run = tuple(lowered[start : start + 3])
        if run in seen:
            return " ".join(run)
        seen.add(run)
    parts = [part for word in lowered for part in word.split("-")]
    for part in set(parts):
        if part not in STOPWORDS and parts.count(part) >= 4:
            return part
    return None


def _numbers(statement: str, sentence: str, whole: str) -> Finding | None:
    there, near = set(numbers(whole)), set(numbers(sentence))
    for number in numbers(statement):
        if number in near:
            continue
        if number not in there:
            close = ", ".join(sorted(near)) or "none"
            return Finding("contradicted" if near else "unsupported", f"says {number}; the cited sentence has {close}")
        return Finding("unsupported", f"{number} is in the abstract but not in the cited sentence")
    return None


def _names(statement: str, whole: str) -> Finding | None:
    known = {word.lower() for word in tokens(whole)}
    known |= {part for word in known for part in re.split(r"[-/’'.]", word)}
    stems = {stem(word) for word in known}
    for position, token in enumerate(tokens(statement)):
        is_name = is_identifier(token) or (position > 0 and token[0].isupper() and capital_inside(statement, token))
        if not is_name or not any(c.isalpha() for c in token):
            continue
        parts = [part for part in re.split(r"[-/’'.]", token.lower()) if part]
        if token.lower() in known or all(part in known or stem(part) in stems for part in parts):
            continue
        if token.isupper() and spells(token, whole):
            continue
        return Finding("unsupported", f"names {token}, which the abstract doesn't")
    return None


def _units(statement: str, sentence: str) -> Finding | None:
    """Hold each number against what it counts: "15 times faster" must not become "15 days"."""
    there, said = _counted(sentence), _counted(statement)
    for number, (_, after) in said.items():
        if number not in there:
            continue
        after_there = there[number][1]
        if after_there and after and not after & after_there:
            unit = ", ".join(sorted(after_there))
            return Finding("contradicted", f"{number} counts something else in the cited sentence ({unit})")
    for number in said:
        if numbers(statement).count(number) > numbers(sentence).count(number) > 0:
            return Finding("unsupported", f"says {number} more often than the cited sentence")
    before = {normal_number(n): p.lower() for p, n in _BEFORE_NUMBER.findall(sentence)}
    for word, digits in _BEFORE_NUMBER.findall(statement):
        known = before.get(normal_number(digits))
        if known in _NUMBER_RELATIONS and word.lower() not in _NUMBER_RELATIONS:
            return Finding("unsupported", f"lost the “{known}” before {digits}")
    if said and (lost := sorted(set(numbers(sentence)) - set(numbers(statement)))):
        return Finding(
            "partial", f"leaves out {', '.join(lost)}, which the cited sentence tells with the other numbers"
        )
    return None


def _counted(text: str) -> dict[str, tuple[set[str], set[str]]]:
    """Return, for each number, the stems of the content word before it and of the word right behind it."""
    found: dict[str, tuple[set[str], set[str]]] = {}
    before = ""
    for match in _NUMBER_AND_NEXT.finditer(text):
        word, following = match.group("word"), match.group("next")
        if word[0].isdigit():
            sides = found.setdefault(normal_number(word), (set(), set()))
            sides[0].update({stem(before)} if before else set())
            if following and following.lower() not in STOPWORDS:
                sides[1].add(stem(following))
        elif word.lower() not in STOPWORDS:
            before = word
    return found


# Words that turn, widen, weigh or order what follows them; each has to bear on the same word as in the cited sentence.
_OPERATORS = frozenset(
    """not no never neither nor none without cannot all most only some every any each both half many few more less fewer
    least may might could can must should almost nearly rarely hardly barely better worse higher lower larger smaller
    faster slower best worst first last same unlike before after until unless if because when except""".split()
)


def _operators(statement: str, sentence: str) -> Finding | None:
    there = _borne(sentence)
    for operator, what in _borne(statement):
        if (operator, what) not in there and not any(
            operator == other and what in synonym_stems(word) for other, word in there
        ):
            return Finding("unsupported", f"“{operator}” bears on another word than in the cited sentence")
    said = _borne(statement)
    words = set(content_stems(statement))
    for operator, what in sorted(there):
        if what in words and (operator, what) not in said:
            return Finding("partial", f"leaves out “{operator}” of the cited sentence")
    return None


# Prepositions that say who does something, when, or against what; one can't stand for another.
_RELATIONS = frozenset("after before without unlike against than until from by during despite".split())
_PREPOSITIONS = _RELATIONS | frozenset("in on of for with to at into through under over between among as".split())


def _relations(statement: str, sentence: str) -> Finding | None:
    """Hold each word's preposition against the one it has in the sentence: "after the trial" isn't "in the trial"."""
    there = _related(sentence)
    for word, said in _related(statement).items():
        known = there.get(word, set())
        if known and not said & known and (said | known) & _RELATIONS:
            return Finding(
                "unsupported", f"says “{min(said)} … {word}” where the cited sentence says “{min(known)} … {word}”"
            )
    return None


def _related(text: str) -> dict[str, set[str]]:
    """Return, for the stem of each content word, the prepositions that it directly follows, articles apart."""
    found: dict[str, set[str]] = {}
    last = ""
    for token in tokens(text):
        lowered = token.lower()
        if lowered in _PREPOSITIONS:
            last = lowered
        elif lowered not in STOPWORDS:
            if last:
                found.setdefault(stem(token), set()).add(last)
            last = ""
    return found


def _borne(text: str) -> set[tuple[str, str]]:
    """Return each operator of a text with the stem of the next content word, or nothing at the end."""
    words = [part.lower() for token in tokens(text) for part in token.split("-")]
    pairs = set()
    for place, word in enumerate(words):
        if word in _OPERATORS and words[place + 1 : place + 2] != ["other"]:
            following = (other for other in words[place + 1 :] if other not in STOPWORDS)
            pairs.add((word, stem(next(following, ""))))
    return pairs


def _order(statement: str, sentence: str, max_jumps: int) -> Finding | None:
    """Refuse a statement that has the sentence's words in another order: that changes who does what to whom.

    Moving one clause is a rewording; jumping about is not. A jump is a step between neighbouring content words that
    goes back in the sentence, or over words that can't be left out alone.
    """
    if "(" not in statement:
        sentence = _PARENTHESES.sub("", sentence)
    words = _content_with_gaps(sentence)
    places: dict[str, list[int]] = {}
    for place, (word, _) in enumerate(words):
        for form in {word, *synonym_stems(word)}:
            places.setdefault(form, []).append(place)
    said = {form for word in content_stems(statement) for form in (word, *synonym_stems(word))}
    jumps = 0
    last: int | None = None
    for word, gap in _content_with_gaps(statement):
        if word not in places:
            continue
        place = min(places[word], key=lambda at: abs(at - (last + 1)) if last is not None else at)
        if last is not None and place != last + 1:
            skipped = range(last + 1, place)
            if place > last and not _may_leave_out([words[at][1] for at in (*skipped, place)]):
                if lost := [words[at][0] for at in skipped if words[at][0] not in said]:
                    return Finding("unsupported", f"leaves out “{lost[0]}…”, which holds the cited sentence together")
                jumps += 1
            elif place <= last:
                jumps += 1
                if _COPULAS & set(gap) and not word.startswith(_PARTICIPLE_STEMS):
                    return Finding("unsupported", "says of one thing that it is another")
        last = place
    if jumps > (0 if _COMPARES.search(sentence) else max_jumps):
        return Finding("unsupported", f"puts the sentence's words into another order ({jumps} jumps)")
    return None


# Where things are compared, changing places changes which is better.
_COMPARES = re.compile(
    r"\b(?:than|versus|compar\w+|outperform\w*|surpass\w*|exceed\w*|beats?|superior|inferior|better|worse|over the)\b",
    re.IGNORECASE,
)
# A short remark in brackets, mostly an abbreviation, may be left out.
_PARENTHESES = re.compile(r"\s*\([^()]{1,24}\)")
_COPULAS = frozenset("is are was were be".split())
# Stems of the participles in which a passive tells what the sentence tells actively.
_PARTICIPLE_STEMS = tuple("propos introduc present studi shown found describ report use built made ask evalu".split())
_PHRASE_OPENERS = frozenset(
    "of in for with to on by from at that which who and or than as while where after before without ;".split()
)


def _may_leave_out(gaps: list[tuple[str, ...]]) -> bool:
    """Tell whether the content words between two others may be left out without joining what doesn't belong together.

    Args:
        gaps: the words before each content word, from the first one left out to the next one kept: bare modifiers
            have nothing before the word that they modify, and a whole phrase opens with a preposition or a comma.
    """
    if not gaps[-1]:
        return True
    return bool(gaps[0]) and gaps[0][0] in _PHRASE_OPENERS


_TOKEN_OR_MARK = re.compile(r"[^\W_]+(?:[.,'’^+/][^\W_]+)*|[,;(]")


def _content_with_gaps(text: str) -> list[tuple[str, tuple[str, ...]]]:
    """Return the stem of each content word with the function words and marks that stand before it."""
    found: list[tuple[str, tuple[str, ...]]] = []
    gap: list[str] = []
    for token in _TOKEN_OR_MARK.findall(text):
        lowered = token.lower()
        if lowered in STOPWORDS or not token[0].isalnum():
            gap.append(lowered)
        else:
            found.append((stem(lowered), tuple(gap)))
            gap = []
    return found


_BROKEN = re.compile(
    r"\b(?:a|an|the) (?:a|an|the|it|its|they|them|is|are|was|were|of|in|on|to|that|which|and|or|by|for|with|has|have)\b"
    r"|\b(?:do|does|did|is|are) no (?:have|be)\b|\bin that \w+s\b|\b(\w+) \1\b",
    re.IGNORECASE,
)
_OPENING_PREPOSITION = re.compile(
    r"^(in|on|at|for|with|by|from|after|before|during|among|within|across|unlike|without|under|against|compared)\b",
    re.IGNORECASE,
)


def _grammar(statement: str, sentence: str) -> Finding | None:
    """Refuse what no longer parses, or lost the preposition that its first words had."""
    if (found := _BROKEN.search(statement)) and found.group().lower() not in sentence.lower():
        return Finding("unsupported", f"is broken (“{found.group()}”)")
    said, there = _content_with_gaps(statement), _content_with_gaps(sentence)
    for (one, _), (other, gap) in itertools.pairwise(said):
        if not gap and one[:5] == other[:5] and len(one) > 4 and (one, other) not in _neighbours(there):
            return Finding("unsupported", "says the same word twice")
    opening = _OPENING_PREPOSITION.match(sentence)
    same_start = said and there and said[0][0] == there[0][0]
    if opening and same_start and not statement.lower().startswith(opening.group(1).lower()):
        return Finding("unsupported", f"lost the “{opening.group(1)}” of the cited sentence")
    return None


def _neighbours(words: list[tuple[str, tuple[str, ...]]]) -> set[tuple[str, str]]:
    return {(one, other) for (one, _), (other, _) in itertools.pairwise(words)}


def capital_inside(statement: str, token: str) -> bool:
    """Tell whether a capitalised token stands inside a sentence rather than at its start."""
    at = statement.find(token)
    return at > 0 and not re.search(r"[.!?:]\s*[\"'“(]?$", statement[:at])


def spells(acronym: str, text: str) -> bool:
    """Tell whether an acronym's letters are the initials of a run of words in the text."""
    letters = [c for c in acronym.lower() if c.isalpha()]
    initials = [word[0].lower() for token in tokens(text) for word in token.split("-") if word]
    return any(initials[i : i + len(letters)] == letters for i in range(len(initials) - len(letters) + 1))


def _direction(statement: str, sentence: str) -> Finding | None:
    said, there = all_stems(statement), all_stems(sentence)
    for one, other in OPPOSITE_STEMS:
        for left, right in ((one, other), (other, one)):
            if said & left and not said & right and there & right and not there & left:
                return Finding("contradicted", "says the opposite of the cited sentence in its direction")
    return None


# Verbs whose two sides can't change places, active or passive.
_SURPASSES = re.compile(
    r"\b(?P<be>(?:is|are|was|were|been|being|be) (?:[a-z]+ly )?)?"
    r"(?:outperform|surpass|exceed|beat|outweigh|outrank|dominate|replace|precede|cause|underperform)(?:s|es|d|ed|en|ing)?\b"
    r"(?P<by> by\b)?"
)


def _sides(statement: str, sentence: str) -> Finding | None:
    """Refuse what surpasses in place of what is surpassed: each word stays on its side of such a verb."""
    said, there = _SURPASSES.search(statement), _SURPASSES.search(sentence)
    if not said or not there:
        return None
    above, below = _two_sides(statement, said)
    better, worse = _two_sides(sentence, there)
    for crossed in ((above & worse) - better, (below & better) - worse):
        if crossed:
            return Finding("unsupported", f"has “{min(crossed)}…” on the other side of “{said[0]}”")
    return None


_DONE_TO = re.compile(r"\b(?:is|are|was|were|be|been|being) (?:[a-z]+ly |not |also |then )?(?P<verb>[a-z]+e[dn])\b")


def _voice(statement: str, sentence: str) -> Finding | None:
    """Refuse what does in place of what is done to: "is matched on 8 machines" must not become "matches 8 machines"."""
    done_to = {stem(found["verb"]) for found in _DONE_TO.finditer(sentence)} - _REPORTING
    done_to -= {stem(found["verb"]) for found in _DONE_TO.finditer(statement)}
    there = {token.lower() for token in tokens(sentence)}
    for token in tokens(statement):
        if (
            token.islower()
            and not token.endswith(("ed", "en", "ing"))
            and token not in there
            and stem(token) in done_to
        ):
            return Finding("unsupported", f"says what “{token}” where the cited sentence says to what that is done")
    return None


def _two_sides(text: str, verb: re.Match[str]) -> tuple[set[str], set[str]]:
    """Return the stems of what acts and of what it is done to."""
    before, after = set(content_stems(text[: verb.start()])), set(content_stems(text[verb.end() :]))
    return (after, before) if verb["be"] and verb["by"] else (before, after)


def all_stems(text: str) -> set[str]:
    """Return the stems of all words of a text, the parts of hyphenated ones one by one."""
    return {stem(part) for token in tokens(text) for part in token.split("-")}


# A clause that says more of something, and can go without what is said of it becoming another claim.
_ASIDE = re.compile(r"\b(?:which|that|who|whose|where|while|whereas|although|though|because|since)\b[^,;:.]*")
_STILL_SAID = 0.34


def _denied_aside(statement: str, sentence: str) -> bool:
    """Tell whether all that a sentence denies stands in clauses that the statement leaves out as a whole."""
    told = set(content_stems(statement))
    rest = sentence
    for aside in _ASIDE.finditer(sentence):
        stems = set(content_stems(aside[0]))
        if len(stems) > 1 and len(stems & told) <= _STILL_SAID * len(stems):
            rest = rest.replace(aside[0], " ")
    return not NEGATION.search(rest)


def _negation(statement: str, sentence: str) -> Finding | None:
    said, there = bool(NEGATION.search(statement)), bool(NEGATION.search(sentence))
    if said and not there:
        return Finding("contradicted", "denies what the cited sentence doesn't deny")
    if there and not said and not _denied_aside(statement, sentence):
        return Finding("unsupported", "leaves out a negation of the cited sentence")
    return None


def _scope(statement: str, whole: str) -> Finding | None:
    there = {word.lower() for word in tokens(whole)}
    for word in tokens(statement):
        if word.lower() in SCOPE and word.lower() not in there:
            return Finding("unsupported", f"claims “{word}”, which the abstract doesn't")
    return None


def coverage(statement: str, source: str) -> float:
    """Return the share of a statement's content words that occur in the source, as stems or synonyms; 1 if none."""
    there = set(content_stems(source))
    there |= {other for word in there for other in synonym_stems(word)}
    said = [word for word in content_stems(statement) if word not in _REPORTING]
    return sum(word in there for word in said) / len(said) if said else 1.0


def kept(statement: str, sentence: str) -> float:
    """Return the share of the sentence's content words that the statement keeps: how little was lost."""
    said = set(content_stems(canonical(statement)))
    said |= {other for word in said for other in synonym_stems(word)}
    there = [word for word in content_stems(canonical(sentence)) if word not in _REPORTING]
    return sum(word in said for word in there) / len(there) if there else 1.0


_OPENING_WE = re.compile(
    r"^(?:(?:In|Throughout|With|Through) (?:this|the present|our) (?:paper|work|study|article),? |Here,? )?"
    r"(?-i:[Ww]e)\b(?: (?:also|then|further|first|finally|thus|therefore|hence|additionally)\b)?(?! ?')",
    re.IGNORECASE,
)
_FIRST_TO_THIRD: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"\b[Ww]e\b"), "the authors"),
    (re.compile(r"\bours\b", re.IGNORECASE), "theirs"),
    (re.compile(r"\bour\b", re.IGNORECASE), "their"),
    (re.compile(r"\bus\b"), "them"),
    (re.compile(r"\bourselves\b", re.IGNORECASE), "themselves"),
)
# A purpose or a motive that only the sentence before names: "To address these challenges, we propose …".
_POINTING_LEAD_IN = re.compile(
    r"^(?:To [a-z]+(?: [a-z]+){0,4}?|(?:Motivated|Inspired|Guided|Driven) by|In light of"
    r"|(?:Building|Based|Drawing|Relying) (?:up)?on) "
    r"(?:(?:all|both) (?:of )?)?(?:this|these|that|those|such|the above|the aforementioned)\b[^,.;:]{0,50}, "
    r"(?=(?:we|in this|here|this (?:paper|work|study|article)|the (?:authors|paper)|our)\b)",
    re.IGNORECASE,
)
_LEAD_IN = re.compile(
    r"^(?:Moreover|Further|Furthermore|Conversely|However|In addition|Additionally|Therefore|Thus|Hence|Finally|"
    r"Specifically|More specifically|More precisely|In this study|In this article|In other words|"
    r"In particular|In contrast|By contrast|Notably|Importantly|Consequently|As a result|To this end|Also|Besides|Then|"
    r"Next|First|Second|Third|Firstly|Secondly|Thirdly|Last|Lastly|"
    r"Nevertheless|Nonetheless|Instead|Accordingly|Concretely|Interestingly|For this purpose|Overall|In this paper|"
    r"In this work|For example|For instance|Initially|Lately|Crucially|Surprisingly|Remarkably|Unfortunately|"
    r"Ultimately|In short|In summary|To summarize|In conclusion|To conclude),\s+"
)


def third_person(sentence: str, subject: str = "The authors") -> str:
    """Return an abstract's sentence as others would say it: no "we", no word that leans on the sentence before.

    Args:
        sentence: the exact sentence.
        subject: who acts where the sentence opens with "we", plural.
    """
    text = without_lead_in(" ".join(sentence.split()))
    text = _OPENING_WE.sub(subject, text)
    for pattern, replacement in _FIRST_TO_THIRD:
        text = pattern.sub(replacement, text)
    return text[:1].upper() + text[1:]


def without_lead_in(sentence: str) -> str:
    """Return a sentence without the words in front that tie it to the one before it."""
    text = sentence
    for lead in (_LEAD_IN, _POINTING_LEAD_IN, _LEAD_IN):
        if found := lead.match(text):
            text = text[found.end() :]
            text = text[:1].upper() + text[1:]
    return text


def informative(sentence: str) -> bool:
    """Tell whether a sentence can stand alone as a statement: enough content, and not a mere announcement."""
    return len(content_words(sentence)) >= 4
