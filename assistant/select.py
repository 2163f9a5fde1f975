"""Choose what an answer rests on: whether the library answers at all, which papers, and which of their sentences.

A small model can't be trusted to find the facts, so the program does: each sentence of a retrieved abstract is held
against the question, by meaning (cosine) and by words (shares of the question's terms, rare ones counting more).
"""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from assistant import recast, sentences
from assistant.check import informative
from assistant.embed import Embedder
from assistant.library import Library
from assistant.neutral import why_not_told
from assistant.records import Nearest, Paper
from assistant.retrieve import Found
from assistant.sentences import Span
from assistant.terms import content_stems, is_identifier, question_terms, stem

Form = Literal["one", "several", "open"]

MAX_SENTENCES_ONE, MAX_WORDS_ONE = 3, 90
_WORDS_ADDED = 4  # "The authors note that …"
MAX_PAPERS_SEVERAL, MAX_WORDS_SEVERAL = 6, 250
MAX_SENTENCES_FEW, _FEW = 2, 3
_NEAREST = 3
# Words that point among papers; that an abstract lacks them says nothing.
_POINTERS = frozenset("one two three both first second third last other".split())

_SEVERAL = re.compile(
    r"""\b(?:
        (?:which|what|list|name|give|find|show|any|are\ there|other|some|all|the)\b[^?]{0,40}?\b
            (?:papers|works|studies|articles|methods|approaches|models|systems|techniques|datasets|data\ sets|corpora
            |benchmarks|ways|strategies|solutions|algorithms|frameworks|architectures|resources|tools|metrics|tasks
            |findings|results|treatments|drugs|trials|surveys|researchers|authors|languages)
        | papers\ (?:that|on|about|which|using|by|from|for)
        | (?:compare|comparison|contrast|differ|difference|differences|versus|vs\.?|both|respectively)
        | (?:survey|overview|review|related\ work|state\ of\ the\ art)
        | what\ (?:has\ been|is\ being|is\ known|have)
        | how\ (?:do|are|have|can)\ (?:people|researchers|they|different|recent|current|others|papers|works)
    )\b""",
    re.IGNORECASE | re.VERBOSE,
)
_ASKS = re.compile(
    r"\s*(?:who|whose|what|which|when|where|why|how|is|are|was|were|do|does|did|can|could|has|have|will|would|should|in"
    r" (?:what|which)|on (?:what|which)|tell|explain|describe)\b",
    re.IGNORECASE,
)
# "Which treatment schedules were tried", "How has bias been measured", "What work is there on irony".
_ASKS_WIDELY = re.compile(
    r"\s*(?:(?:which|what) (?!does\b|is\b|was\b|has\b|happens\b)[\w-]{3,}(?<![sui])s\b|how (?:has|have)\b"
    r"|what (?:work|research) |what do we know\b)",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Choice:
    """One sentence of one paper that is to be worded.

    Attributes:
        paper: the paper.
        span: the exact sentence, with offsets into the abstract.
        score: how well it fits the question.
        cosine: its similarity to the question alone.
    """

    paper: Paper
    span: Span
    score: float
    cosine: float = 0.0


@dataclass(frozen=True)
class Decision:
    """Whether the library answers a question.

    Attributes:
        answers: whether it does.
        missing: terms of the question that the best paper doesn't have, rare ones first.
        confidence: 0..1.
    """

    answers: bool
    missing: tuple[str, ...]
    confidence: float


def form_of(question: str) -> Form:
    """Tell what a question asks for: several papers, one, or whatever there is, as a mere topic does."""
    if _SEVERAL.search(question):
        return "several"
    asks = question.rstrip().endswith("?") or _ASKS.match(question)
    return "one" if asks and not _ASKS_WIDELY.match(question) else "open"


# ---------------------------------------------------------------------- does the library answer?

# Logistic weights in the order of DecisionFeatures, fitted by assistant/training/fit_refusal.py on hand-written
# questions over ACL abstracts, asked of libraries with and without the paper that answers them.
_WEIGHTS = (2.24, 1.89, 2.46, 0.45, 3.69, -0.5)
_BIAS = -4.07
# Chosen on our own questions about listing pages and the eval set's.
_ANSWER_FROM = 0.48
_LOOKED_AT, _LED = 5, 10
_USUAL_LEAD = 0.3


class DecisionFeatures(NamedTuple):
    """What the decision rests on, each 0..1."""

    cosine: float
    """The best chunk's similarity to the question."""
    coverage: float
    """The best share of the question's terms, rare ones counting more, that one of the first papers has."""
    sentence: float
    """The best similarity between the question and one sentence of the first paper."""
    absent: float
    """The share of the question's terms, by weight, that occur nowhere in the library."""
    lead: float
    """How far the first paper's score lies above the mean of the others': what answers stands out."""
    absent_name: float
    """1 where the question names something (a capital or a digit inside) that occurs nowhere in the library."""


def decide(question: str, found: Sequence[Found], library: Library, embedder: Embedder) -> Decision:
    """Decide whether the retrieved papers answer a question at all."""
    if not found:
        return Decision(False, (), 0.0)
    features = decision_features(question, found, library, embedder)
    logit = _BIAS + sum(weight * value for weight, value in zip(_WEIGHTS, features, strict=True))
    confidence = _sigmoid(logit)
    named = any(item.named for item in found[:_LOOKED_AT])
    missing = tuple(missing_terms(question, found[0].paper))
    return Decision(named or confidence >= _ANSWER_FROM, missing, confidence)


def decision_features(question: str, found: Sequence[Found], library: Library, embedder: Embedder) -> DecisionFeatures:
    """Return what the decision rests on."""
    terms = list(dict.fromkeys(question_terms(question)))
    counts = library.document_frequency(terms)
    weights = term_weights(terms, library)
    total = sum(weights.values()) or 1.0
    absent = [term for term in terms if counts[term] == 0]
    ranked = rank_sentences(question, [found[0].paper], library, embedder)
    return DecisionFeatures(
        cosine=max(item.cosine for item in found[:_LOOKED_AT]),
        coverage=max(_covered(weights, item.paper) for item in found[:_LOOKED_AT]),
        sentence=max((choice.cosine for choice in ranked), default=0.0),
        absent=sum(weights[term] for term in absent) / total,
        lead=_lead([item.score for item in found[:_LED]]),
        absent_name=float(any(_is_name(term, question) for term in absent)),
    )


def _lead(scores: Sequence[float]) -> float:
    """Return how far the first score lies above the mean of the others; few of them tell little of the usual lead."""
    others = len(scores) - 1
    lead = scores[0] - sum(scores[1:]) / others if others else _USUAL_LEAD
    return _USUAL_LEAD + (lead - _USUAL_LEAD) * min(1.0, others / (_LED - 1))


def _is_name(term: str, question: str) -> bool:
    """Tell whether a term is a name in the question: it has a capital that doesn't open a sentence, or a digit."""
    inside = question.find(term) > 0
    return is_identifier(term) or (inside and term[0].isupper())


def term_weights(terms: Sequence[str], library: Library) -> dict[str, float]:
    """Return each term's inverse document frequency in the library; terms that it never uses weigh most."""
    total = len(library)
    return {term: math.log((total + 1) / (count + 0.5)) for term, count in library.document_frequency(terms).items()}


def _covered(weights: dict[str, float], paper: Paper) -> float:
    if not weights:
        return 0.0
    there = set(content_stems(f"{paper.title}. {paper.abstract}"))
    total = sum(weights.values())
    return sum(weight for term, weight in weights.items() if _has(there, term)) / total if total else 0.0


def _has(stems: set[str], term: str) -> bool:
    parts = content_stems(term)
    return bool(parts) and all(part in stems for part in parts)


def missing_terms(question: str, paper: Paper) -> list[str]:
    """Return the question's terms that a paper's title and abstract don't have."""
    there = set(content_stems(f"{paper.title}. {paper.abstract}"))
    return [term for term in dict.fromkeys(question_terms(question)) if not _has(there, term)]


# Of 22 follow-ups about three papers of the listing pages, none that an abstract answers has neither a term in it nor
# so near a sentence, but for how long and how fast, which `aspects` reads.
_SPEAKS_FROM = 0.3
_GENERAL = frozenset(
    stem(word)
    for word in """main key central idea gist goal aim purpose problem result finding outcome conclusion contribution
    limitation drawback advantage novelty new difference detail point summary topic matter""".split()
)


def _terms(question: str) -> list[str]:
    """Return what a follow-up is about, without the words that point among papers."""
    return [term for term in dict.fromkeys(question_terms(question)) if term.lower() not in _POINTERS]


def is_general(question: str) -> bool:
    """Tell whether a question asks what a paper is about, with no term of its own: "What does it find?"."""
    return not {part for term in _terms(question) for part in content_stems(term)} - _GENERAL


def contributes(sentence: str) -> bool:
    """Tell whether a sentence says what its paper does or finds."""
    return bool(_CONTRIBUTION.search(sentence)) and not _says_little(sentence)


def _says_little(sentence: str) -> bool:
    """Tell whether a sentence only says what is to be had or hoped for; that something isn't to be had is a finding."""
    return bool(_RELEASES.search(sentence) or _HOPES.search(sentence)) and not _DENIES.search(sentence)


def speaking_of(question: str, found: Sequence[Found], library: Library, embedder: Embedder) -> list[Found]:
    """Return those of the papers that a follow-up is asked of which speak of what it asks.

    A paper does where it has a term of the question, or a sentence that comes near it; a question without terms of its
    own ("What does it find?") is answered by any.
    """
    if is_general(question):
        return list(found)
    terms = _terms(question)

    def speaks(paper: Paper) -> bool:
        there = set(content_stems(f"{paper.title}. {paper.abstract}"))
        if any(_has(there, term) for term in terms):
            return True
        return any(choice.cosine >= _SPEAKS_FROM for choice in rank_sentences(question, [paper], library, embedder))

    return [item for item in found if speaks(item.paper)]


def nearest(question: str, found: Sequence[Found]) -> tuple[Nearest, ...]:
    """Return the papers nearest to a question that the library doesn't answer, and what they lack."""
    near = []
    for item in found[:_NEAREST]:
        missing = [term for term in missing_terms(question, item.paper) if term.lower() not in _POINTERS][:4]
        why = "does not mention " + ", ".join(missing) if missing else "on the same subject, without an answer"
        near.append(Nearest(key=item.paper.key, title=item.paper.title, why=why))
    return tuple(near)


# ---------------------------------------------------------------------- which sentences?

# With these, three sentences hold 0.79 of the facts that the eval set's questions ask for, with the cosine alone 0.75.
_OVERLAP_WEIGHT = 0.6
_LENGTH_WEIGHT, _USUAL_WORDS, _MANY_WORDS = 0.15, 20, 30
# What can be told in other words, and alone, is told rather than what can only be quoted.
_TELLABLE_BONUS, _TOO_MANY_WORDS = 0.08, 38
# So is what can be reworded, which only a closer look tells, at the first few sentences of each paper. Of 67 questions
# on one paper, the chosen sentences hold 0.754 of the facts with it and 0.741 without it.
_REWORDED_BONUS, _LOOKED_AT_CLOSELY = 0.1, 6
# Where papers are told one sentence each, what a paper itself does or finds is what is told.
_CONTRIBUTION = re.compile(
    r"\b(?:we|this (?:paper|work|study|article)|the (?:authors?|paper|study)|our \w+)\b.{0,40}?\b(?:propos|present|"
    r"introduc|show|find|found|demonstrat|develop|describ|study|studies|investigat|compar|build|built|releas|report|achiev|improv)",
    re.IGNORECASE,
)
_CONTRIBUTION_BONUS, _ALWAYS_BONUS = 0.15, 0.1
# That code and data are to be had, and what the authors hope for, tells nothing of a subject.
_IDLE_COST = 0.5
_RELEASES = re.compile(
    r"\b(?:code|data|corpus|models?|datasets?|source|software|implementation|system|toolkit|package|library|"
    r"benchmark|resources?|scripts?|demo|weights|checkpoints|it)\b[^.]{0,20}"
    r"\b(?:is|are|be|been|made)\b[^.]{0,20}\b(?:available|public|released|open.sourced?)\b"
    r"|\bwe (?:also |hereby )?release (?:the |our |all )?(?:code|source|models?|weights|checkpoints)\b",
    re.IGNORECASE,
)
_HOPES = re.compile(
    r"\bwe (?:also |hereby )?(?:hope|believe|thank|acknowledge)\b"
    r"|\b(?:we|this (?:work|paper|study)) (?:can|may|could|will|might) (?:help|inspire|foster|shed|serve)\b",
    re.IGNORECASE,
)
_DENIES = re.compile(r"\b(?:no|not|few|little|lacks?|lacking|limited|scarce|rarely)\b", re.IGNORECASE)
_ASKS_FOR_RELEASES = re.compile(
    r"\b(?:code|available|availability|releas\w*|public\w*|open|github|download\w*|share[sd]?|repository)\b",
    re.IGNORECASE,
)
# What a paper finds stands towards the end of its abstract, what everybody knows at its head. Of 150 training claims of
# SciFact the best sentence decides in 0.67 with these and in 0.54 without, and of 67 questions on one paper three
# sentences hold 0.76 of the facts in place of 0.75.
_LATER_BONUS, _OPENING_COST = 0.15, 0.05
# A sentence that leans on the one before it stands less well alone.
_LEANING = re.compile(
    r"^(?:it|its|this|these|those|such|they|their|both|that|here|then)\b(?! (?:paper|work|study|article))", re.I
)
_LEANING_COST = 0.08
# Logistic weights of a further paper's share of the best score, its best sentence's share, and its cosine. Fitted on 30
# of our own questions about listing pages; on the eval set's they cite 0.71 of the right papers, 0.84 of what they cite
# being right, where a fixed share of the best score cited 0.71 with 0.73. From where a paper belongs in the answer
# depends on how plainly the question asks for several.
_NEAR, _NEAR_BIAS = (7.28, 2.84, 4.72), -11.03
_NEAR_FROM: dict[Form, float] = {"several": 0.35, "open": 0.45, "one": 0.7}


def _anything(sentence: str) -> bool:
    return True


def _unknown(choice: Choice) -> bool:
    return False


def choose(
    question: str,
    found: Sequence[Found],
    library: Library,
    embedder: Embedder,
    says: Callable[[str], bool] = _anything,
    reworded: Callable[[Choice], bool] = _unknown,
) -> list[Choice]:
    """Return the sentences that the answer is to be made of, in the order in which they are told.

    Where further papers come near the first one, each tells its best sentence, or two where they are few; else the
    first paper tells its best ones, in the order of its abstract.

    Args:
        question: in the user's words.
        found: what the search found, the best first.
        library: knows how rare each term is.
        embedder: compares meanings.
        says: tells whether a sentence may be chosen at all.
        reworded: tells whether a sentence can be told in other words; of two that fit alike, that one is chosen.
    """
    told = [item for item in found if any(says(span.text) for span in tellable(item.paper))]
    if not told:
        return []
    papers = [item.paper for item in told]
    ranked = rank_sentences(question, papers, library, embedder, contributions=True, says=says)
    of_paper: dict[str, list[Choice]] = {}
    for choice in ranked:
        of_paper.setdefault(choice.paper.key, []).append(choice)
    best = {key: choices[0].score for key, choices in of_paper.items()}
    relevant = _relevant(told, best, _NEAR_FROM[form_of(question)])[:MAX_PAPERS_SEVERAL]
    if len(relevant) > 1:
        each = MAX_SENTENCES_FEW if len(relevant) <= _FEW else 1
        best_of = [_favoured(of_paper[item.paper.key], reworded, each)[:each] for item in relevant]
        return [choice for choices in _fitting_together(best_of) for choice in _in_order(choices)]
    ranked = rank_sentences(question, papers[:1], library, embedder, says=says)
    return _in_order(_fitting(_favoured(ranked, reworded, _LOOKED_AT_CLOSELY)))


def _favoured(ranked: Sequence[Choice], reworded: Callable[[Choice], bool], wanted: int) -> list[Choice]:
    """Return the sentences of one paper with those before the others that fit about as well and can be reworded.

    Only those are looked at that could come among as many as are wanted.
    """
    least = ranked[min(wanted, len(ranked)) - 1].score - _REWORDED_BONUS
    close = [choice for choice in ranked[:_LOOKED_AT_CLOSELY] if choice.score >= least]
    if wanted < _LOOKED_AT_CLOSELY and len(close) <= wanted:
        return list(ranked)
    gains = {choice.span: _REWORDED_BONUS * reworded(choice) for choice in close}
    return [*sorted(close, key=lambda choice: -choice.score - gains[choice.span]), *ranked[len(close) :]]


def of_each(question: str, papers: Sequence[Paper], library: Library, embedder: Embedder) -> list[Choice]:
    """Return the best two sentences of each paper, the papers in the order given: they are set beside each other."""
    ranked = rank_sentences(question, papers, library, embedder, contributions=True)
    best_of = [[choice for choice in ranked if choice.paper.key == paper.key][:MAX_SENTENCES_FEW] for paper in papers]
    return [choice for choices in _fitting_together(best_of) for choice in _in_order(choices)]


def _fitting(ranked: Sequence[Choice]) -> list[Choice]:
    """Return the best sentences of one paper that together aren't too long for an answer, the very best in any case."""
    chosen: list[Choice] = []
    left = MAX_WORDS_ONE
    for choice in ranked:
        words = _words_told(choice)
        if len(chosen) < MAX_SENTENCES_ONE and (words <= left or not chosen):
            chosen.append(choice)
            left -= words
    return chosen


def _fitting_together(best_of: Sequence[Sequence[Choice]]) -> list[list[Choice]]:
    """Return each paper's sentences that together aren't too long, the very first in any case.

    Each paper's best comes before any second one.
    """
    left = MAX_WORDS_SEVERAL
    chosen: list[list[Choice]] = [[] for _ in best_of]
    for place in range(MAX_SENTENCES_FEW):
        for at, choices in enumerate(best_of):
            if place < len(choices) and (_words_told(choices[place]) <= left or not any(chosen)):
                chosen[at].append(choices[place])
                left -= _words_told(choices[place])
    return chosen


def _words_told(choice: Choice) -> int:
    """Return about how many words a sentence takes when it is told."""
    return len(choice.span.text.split()) + _WORDS_ADDED


def _in_order(choices: Sequence[Choice]) -> list[Choice]:
    return sorted(choices, key=lambda choice: choice.span.start)


def _relevant(found: Sequence[Found], best_of: Mapping[str, float], least: float) -> list[Found]:
    """Return the papers that belong in an answer: the first one, those that are named, and those that come near enough.

    Papers that only had to meet conditions have no scores, and all belong.
    """
    top = max((item.score for item in found), default=0.0)
    best = max(best_of.values(), default=0.0)
    if top <= 0 or best <= 0:
        return list(found)
    chosen: list[Found] = []
    for item in found:
        signals = (item.score / top, best_of[item.paper.key] / best, item.cosine)
        if (
            not chosen
            or item.named
            or _sigmoid(sum(w * x for w, x in zip(_NEAR, signals, strict=True)) + _NEAR_BIAS) >= least
        ):
            chosen.append(item)
    return chosen


def _sigmoid(value: float) -> float:
    return 1 / (1 + math.exp(-value))


def tellable(paper: Paper) -> list[Span]:
    """Return the sentences of an abstract that could be told: they stand alone, and speak of findings to a reader.

    An abstract is data; what addresses a model, plays a role or asks to be cited is no finding.
    """
    return [
        span for span in sentences.split(paper.abstract) if informative(span.text) and why_not_told(span.text) is None
    ]


def rank_sentences(
    question: str,
    papers: Sequence[Paper],
    library: Library,
    embedder: Embedder,
    *,
    contributions: bool = False,
    says: Callable[[str], bool] = _anything,
) -> list[Choice]:
    """Return all sentences of some papers that could stand alone, those that fit the question best first.

    Args:
        question: what they should answer, or a topic.
        papers: whose sentences.
        library: knows how rare each term is.
        embedder: compares meanings.
        contributions: prefer sentences that say what the paper itself does.
        says: tells whether a sentence may be chosen at all.
    """
    candidates = [(paper, span) for paper in papers for span in tellable(paper) if says(span.text)]
    if not candidates:
        return []
    vectors = embedder.embed([question, *(span.text for _, span in candidates)])
    cosines = vectors[1:] @ vectors[0]
    weights = term_weights(list(dict.fromkeys(question_terms(question))), library)
    stemmed = {term: weight for term, weight in weights.items() if stem(term)}
    total = sum(stemmed.values()) or 1.0
    asks_for_releases = bool(_ASKS_FOR_RELEASES.search(question))
    choices = []
    for (paper, span), cosine in zip(candidates, np.asarray(cosines).tolist(), strict=True):
        there = set(content_stems(span.text))
        overlap = sum(weight for term, weight in stemmed.items() if _has(there, term)) / total
        score = float(cosine) + _OVERLAP_WEIGHT * overlap - _LEANING_COST * bool(_LEANING.match(span.text))
        score += _LENGTH_WEIGHT * math.log(min(len(span.text.split()), _MANY_WORDS) / _USUAL_WORDS)
        score += _TELLABLE_BONUS * (recast.tellable(span.text) and len(span.text.split()) <= _TOO_MANY_WORDS)
        wanted = asks_for_releases and not _HOPES.search(span.text)
        score -= _IDLE_COST * (_says_little(span.text) and not wanted)
        score += _LATER_BONUS * (span.end / len(paper.abstract) - 0.5)
        if _CONTRIBUTION.search(span.text):
            score += _CONTRIBUTION_BONUS if contributions else _ALWAYS_BONUS
        elif not paper.abstract[: span.start].strip():
            score -= _OPENING_COST
        choices.append(Choice(paper, span, score, float(cosine)))
    choices.sort(key=lambda choice: (-choice.score, choice.paper.key, choice.span.start))
    return choices
