"""Turn a chosen sentence into a statement in the program's own words, checked against what it cites.

The model is asked for one thing: to put the sentence, already in the third person, into other words. First it writes
under a grammar that admits rewordings made by rule, which turn the sentence without adding to it, and of these only
such as the checks let pass; the judge is asked of the one that it takes. Where there are none, a model that may do so
writes freely, several times, each under a guard that ends verbatim runs; the first candidate that passes wins.
Whatever is shown reads as a sentence, keeps enough of what it was made from, no number, name or direction in it is
new, and the support judge finds it in the abstract. What fails is kept with the reason. No citation mark is ever shown
to the model: the program attaches the key of the sentence that it handed over.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Protocol

from assistant import check, recast
from assistant.check import Finding
from assistant.generate import Completion, Generator, Sampling
from assistant.judge import Evidence, Judge, Support
from assistant.markup import typed_out
from assistant.prompts import Prompt
from assistant.recast import Subject
from assistant.records import Citation, Dropped, Origin, Paper, Statement, Timings
from assistant.select import Choice
from assistant.terms import longest_common_run

CHECKED_BY = "rules"

# Greedy first, within the sentence's own words; then free to choose words, which is smoother and fails more checks.
# Longer runs of the sentence's own words, tried between the two, gave the same text again three times in five.
_ATTEMPTS = (
    Sampling(max_run=8),
    Sampling(max_run=8, closed=False),
)
# So many rewordings at most are put before the model; the one that it chooses is put before the judge.
_OFFERED = 4
# A statement may leave out detail, not the point; what the model worded freely hardly any, and in the sentence's order,
# for what it leaves out it leaves out blindly.
_MIN_KEPT, _MIN_KEPT_FREE = 0.6, 0.85
MAX_WORDS = 45
# Below this mean log-probability the guards have pushed the model through words that don't make a sentence.
_MIN_EASE = -0.85
# Text that runs along with the source for longer than this isn't in the program's own words.
MAX_COPIED_RUN = 12


@dataclass(frozen=True)
class Worded:
    """What came of wording one sentence.

    Attributes:
        statement: the statement, or None where no candidate passed.
        dropped: candidates that failed, with the reason.
        prompt_tokens: tokens read by the model.
        completion_tokens: tokens written by the model.
    """

    statement: Statement | None
    dropped: tuple[Dropped, ...]
    prompt_tokens: int
    completion_tokens: int


class Tried(Protocol):
    """What every try to say something has cost, whatever came of it."""

    @property
    def dropped(self) -> tuple[Dropped, ...]:
        """What failed, with the reason."""

    @property
    def prompt_tokens(self) -> int:
        """Tokens read by the model."""

    @property
    def completion_tokens(self) -> int:
        """Tokens written by the model."""


@dataclass
class Tally:
    """What an answer has cost so far: seconds, tokens, and the wordings that were dropped."""

    start: float = field(default_factory=time.perf_counter)
    retrieve_s: float = 0.0
    first_s: float | None = None
    prompt_tokens: int = 0
    completion_tokens: int = 0
    dropped: list[Dropped] = field(default_factory=list)

    def searched(self) -> None:
        """Note that the search is done."""
        self.retrieve_s = time.perf_counter() - self.start

    def worded(self, result: Tried) -> None:
        """Note what wording something cost."""
        self.prompt_tokens += result.prompt_tokens
        self.completion_tokens += result.completion_tokens
        self.dropped += result.dropped

    def said(self) -> None:
        """Note that a statement is shown."""
        if self.first_s is None:
            self.first_s = time.perf_counter() - self.start

    def timings(self) -> Timings:
        """Return the account, up to now."""
        return Timings(
            retrieve_s=round(self.retrieve_s, 3),
            first_statement_s=None if self.first_s is None else round(self.first_s, 3),
            total_s=round(time.perf_counter() - self.start, 3),
            prompt_tokens=self.prompt_tokens,
            completion_tokens=self.completion_tokens,
        )


@dataclass(frozen=True)
class _Candidate:
    text: str
    finding: Finding
    run: int
    support: Support | None = None

    @property
    def passes(self) -> bool:
        """Whether it may be shown: fully supported, and in words of its own."""
        return self.finding.verdict == "supported" and self.run <= MAX_COPIED_RUN


def word(
    choice: Choice,
    generator: Generator,
    prompt: Prompt,
    *,
    seed: int,
    subject: str = "The authors",
    judge: Judge | None = None,
    by_rule: bool = True,
    free: bool = False,
) -> Worded:
    """Word one chosen sentence and check the result.

    Args:
        choice: the sentence and its paper.
        generator: the language model.
        prompt: the prompt, with one variable `sentence`.
        seed: makes the sampling repeatable.
        subject: who acts where the sentence says "we".
        judge: tells whether the abstract supports the statement; without one, the rules alone decide.
        by_rule: offer the model rewordings made by rule.
        free: let it write freely where none of these is chosen.
    """
    source = check.third_person(choice.span.text, subject)
    messages = prompt.fill(sentence=source)
    dropped: list[Dropped] = []
    read = written = 0
    offered = list(_offered(choice, subject)) if by_rule else []
    while offered:
        origin: Origin = "generated"
        if len(offered) == 1:  # nothing to choose: the program's words, not the model's
            origin, candidate = "template", _judged(offered.pop(), choice, judge)
        else:
            completion = generator.complete(messages, Sampling(source=source, among=tuple(offered), seed=seed))
            read += completion.prompt_tokens
            written += completion.completion_tokens
            if completion.text in offered:
                offered.remove(completion.text)
                candidate = _judged(completion.text, choice, judge)
            else:  # a server without grammars
                offered.clear()
                candidate = _examine(completion, choice, subject, judge)
        if candidate.passes:
            return Worded(_statement(candidate, choice, judge, origin), tuple(dropped), read, written)
        dropped.append(_failed(candidate, choice))
    for sampling in _samplings(source, seed, subject) if free else ():
        completion = generator.complete(messages, sampling)
        read += completion.prompt_tokens
        written += completion.completion_tokens
        candidate = _examine(completion, choice, subject, judge)
        if candidate.passes:
            return Worded(_statement(candidate, choice, judge, "generated"), tuple(dropped), read, written)
        dropped.append(_failed(candidate, choice))
    return Worded(None, tuple(dropped), read, written)


def _failed(candidate: _Candidate, choice: Choice) -> Dropped:
    return Dropped(
        text=candidate.text,
        key=choice.paper.key,
        verdict=candidate.finding.verdict,
        why=candidate.finding.why or f"runs along with the abstract for {candidate.run} words",
    )


def _samplings(source: str, seed: int, subject: str) -> Iterator[Sampling]:
    opening = subject if source.startswith(subject + " ") else ""
    for number, attempt in enumerate(_ATTEMPTS):
        yield replace(attempt, source=source, opening=opening, seed=seed + number)


def rewordable(choice: Choice, subject: str = "The authors") -> bool:
    """Tell whether a rewording made by rule passes the rules' checks, and leaves the model a choice."""
    return len(_offered(choice, subject)) > 1


@lru_cache(maxsize=64)
def _offered(choice: Choice, subject: str) -> tuple[str, ...]:
    """Return the rewordings made by rule that pass the rules' checks, the best first.

    They are asked for twice: when a sentence is chosen, and when it is told.
    """
    offered: list[str] = []
    for text in recast.rewordings(
        choice.span.text, Subject(subject, named=False), choice.paper.abstract, MAX_COPIED_RUN
    ):
        text = typed_out(text)  # what is checked is what is shown
        if _by_rules(text, choice, subject).verdict == "supported":
            offered.append(text)
        if len(offered) == _OFFERED:
            break
    return tuple(offered)


def _judged(text: str, choice: Choice, judge: Judge | None) -> _Candidate:
    """Return a rewording made by rule with what the judge says of it."""
    run = longest_common_run(text, [choice.paper.abstract])
    if judge is None:
        return _Candidate(text, Finding("supported"), run)
    support = judge.score([text], _evidence(choice.paper))[0]
    return _Candidate(text, Finding(support.verdict, support.why or "the judge finds it unsupported"), run, support)


def _evidence(paper: Paper) -> Evidence:
    """Return what the judge reads of a paper, its numbers as the statement has them."""
    return Evidence(typed_out(paper.abstract), paper.title)


def _by_rules(text: str, choice: Choice, subject: str, *, free: bool = False) -> Finding:
    """Return what the rules find: length, what it says against the sentence, and how much of that it keeps."""
    sentence, abstract = typed_out(choice.span.text), typed_out(choice.paper.abstract)
    if (words := len(text.split())) > MAX_WORDS:
        return Finding("unsupported", f"too long ({words} words)")
    jumps = 0 if free else check.MAX_JUMPS
    finding = check.check(text.removeprefix(subject), sentence, abstract, choice.paper.title, jumps)
    share = check.kept(text, sentence)
    if finding.shown and share < (_MIN_KEPT_FREE if free else _MIN_KEPT):
        return Finding("unsupported", f"keeps only {share:.0%} of what the cited sentence says")
    return finding


def _examine(completion: Completion, choice: Choice, subject: str, judge: Judge | None) -> _Candidate:
    paper = choice.paper
    text = typed_out(" ".join(completion.text.split()))
    run = longest_common_run(text, [paper.abstract])
    if not completion.whole or not text.endswith("."):
        return _Candidate(text, Finding("unsupported", "the sentence isn't finished"), run)
    if completion.ease < _MIN_EASE:
        return _Candidate(text, Finding("unsupported", "doesn't read as a sentence"), run)
    finding = _by_rules(text, choice, subject, free=True)
    if judge is None or finding.verdict != "supported":
        return _Candidate(text, finding, run)
    support = judge.score([text], _evidence(paper))[0]
    if support.sure:
        return _Candidate(text, Finding("supported"), run, support)
    verdict = "partial" if support.verdict == "supported" else support.verdict
    return _Candidate(text, Finding(verdict, support.why or "the judge isn't sure of it"), run, support)


def _statement(candidate: _Candidate, choice: Choice, judge: Judge | None, origin: Origin) -> Statement:
    support = candidate.support.support if candidate.support else None
    return Statement(
        text=candidate.text,
        origin=origin,
        verdict=candidate.finding.verdict,
        support=support,
        checked_by=judge.name if judge else CHECKED_BY,
        citations=(citation(choice).model_copy(update={"support": support}),),
    )


def citation(choice: Choice) -> Citation:
    """Return the citation of a chosen sentence: its key and its exact words."""
    paper, span = choice.paper, choice.span
    quote = paper.abstract[span.start : span.end]
    return Citation(key=paper.key, title=paper.title, quote=quote, start=span.start, end=span.end)


def quoted(choice: Choice) -> Statement:
    """Return the chosen sentence itself, in quotation marks, as a statement."""
    return Statement(
        text=f"“{choice.paper.abstract[choice.span.start : choice.span.end]}”",
        origin="quoted",
        verdict="supported",
        support=1.0,
        checked_by=CHECKED_BY,
        citations=(citation(choice).model_copy(update={"support": 1.0}),),
    )


def same_claim(one: str, others: Sequence[str]) -> bool:
    """Tell whether a statement says what another one said already."""
    return any(check.coverage(one, other) > 0.9 and check.coverage(other, one) > 0.7 for other in others)
