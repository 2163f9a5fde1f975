"""Tell one claim of one paper in a sentence that is checked: recast by rule, worded by the model, or quoted.

A recast that says enough is taken first, because it can't say anything else than its sentence; then the model words
the sentence; then a shorter recast; at last, where the caller allows it, the paper's own words in quotation marks.
Nothing outside quotation marks runs along with an abstract for more than MAX_RUN words.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from assistant import check, recast, render
from assistant.generate import Generator
from assistant.judge import Evidence, Judge
from assistant.prompts import Prompt
from assistant.recast import Recast, Subject
from assistant.records import Citation, Dropped, Paper, Verdict
from assistant.section import Mention, Part
from assistant.select import Choice
from assistant.terms import longest_common_run
from assistant.wording import CHECKED_BY, Tally, citation, word

MAX_RUN, AIMED_RUN = 10, 7
_ENOUGH_WORDS, _GOOD_WORDS, _MANY_WORDS = 9, 18, 28
# What a paper is for may be said in fewer words than what else it says.
_ENOUGH_FOR_CONTRIBUTION = 6
_SENTENCES_TRIED, _SENTENCES_WORDED = 5, 2
_CHECKED = 6
_MAX_QUOTED = 32
_UNNAMED = ("One study", "Another study", "A further study", "One more study", "A different study")


@dataclass(frozen=True)
class Told:
    """A claim as told.

    Attributes:
        part: the checked words with their citation.
        shape: how they open.
        choice: the sentence that they tell.
        repaired: whether an earlier try failed.
    """

    part: Part
    shape: str
    choice: Choice
    repaired: bool


@dataclass
class Situation:
    """What was told before, which the next sentence should neither repeat nor sound like.

    Attributes:
        said: the texts told so far.
        shapes: how the sentences of this paragraph open, in order.
        papers: the papers told of so far, in order.
        sentences: which sentences were told, by paper and place.
        named: whether the last sentence names the authors of its paper.
        may_quote: whether the paragraph may still quote.
        chronological: whether sentences name the year.
        paired: whether sentences are to be set side by side.
    """

    said: list[str] = field(default_factory=list)
    shapes: list[str] = field(default_factory=list)
    papers: list[str] = field(default_factory=list)
    sentences: set[tuple[str, int]] = field(default_factory=set)
    named: bool = False
    may_quote: bool = True
    chronological: bool = False
    paired: bool = False


@dataclass(frozen=True)
class _Try:
    text: str
    shape: str
    verdict: Verdict
    support: float | None
    why: str
    value: float


class Teller:
    """Tells claims with one model, one judge, and the abstracts that nothing may run along with."""

    def __init__(
        self, generator: Generator, prompt: Prompt, judge: Judge | None = None, *, seed: int = 0, free: bool = False
    ) -> None:
        self._generator = generator
        self._prompt = prompt
        self._judge = judge
        self._seed = seed
        self._free = free

    def tell(
        self, choices: Sequence[Choice], situation: Situation, tally: Tally, barred: Sequence[str] = ()
    ) -> Told | None:
        """Return one paper's claim as told, or nothing where no sentence about it passes; what fails goes to the tally.

        Args:
            choices: the paper's sentences, the one to be told first.
            situation: what was told before.
            tally: takes the cost and what was dropped.
            barred: texts, without a full stop, that must not be told again.
        """
        fresh = [choice for choice in choices if (choice.paper.key, choice.span.start) not in situation.sentences]
        choices = [choice for choice in fresh if not recast.points_back(choice.span.text)]
        failed = False
        short: Told | None = None
        for rank, choice in enumerate(choices[:_SENTENCES_TRIED]):
            subject = self.subject(choice.paper, situation)
            year = choice.paper.year if situation.chronological else None
            best = self._best_recast(
                choice, recast.recast(choice.span.text, subject, year=year), subject, situation, barred
            )
            enough = _ENOUGH_FOR_CONTRIBUTION if recast.contributes(choice.span.text) else _ENOUGH_WORDS
            if best and recast.words_in(best.text) >= enough + len(subject.text.split()) - 1:
                return self._told(best, choice, subject, repaired=failed)
            if best and short is None:
                short = self._told(best, choice, subject, repaired=failed)
            freely = self._free and rank < _SENTENCES_WORDED
            if freely and (worded := self._worded(choice, subject, situation, tally, barred)):
                return worded
            failed = True
        if short or not situation.may_quote or not fresh or fresh[0].paper.key in situation.papers:
            return short
        return self._quoted(choices or fresh, situation)

    def subject(self, paper: Paper, situation: Situation) -> Subject:
        """Return who acts in the next sentence about a paper."""
        names = render.subject(paper)
        if situation.named and situation.papers[-1:] == [paper.key]:
            return Subject("They", plural=True, named=False) if names else Subject("It", plural=False, named=False)
        if names:
            return Subject(names, plural=len(paper.authors) > 1 or paper.authors_truncated)
        return Subject(_UNNAMED[len(set(situation.papers)) % len(_UNNAMED)], plural=False, named=False)

    def holds(self, text: str, choice: Choice, subject: Subject) -> tuple[Verdict, float | None, str]:
        """Return whether a sentence about a paper is supported, by the rules and, if there is one, the judge."""
        plain = text.replace(subject.text, "the authors") if subject.named else text.removeprefix(subject.text).strip()
        sentence, paper = choice.span.text, choice.paper
        finding = check.check(plain, sentence, paper.abstract, paper.title)
        if finding.verdict != "supported" or self._judge is None:
            return finding.verdict, None, finding.why
        claim = text if subject.named else f"The study {plain}"
        support = self._judge.score([claim], Evidence(paper.abstract, paper.title))[0]
        return support.verdict, support.support, support.why or "the judge finds it unsupported"

    @property
    def checked_by(self) -> str:
        """What checks: the judge, or the rules alone."""
        return self._judge.name if self._judge else CHECKED_BY

    def _best_recast(
        self, choice: Choice, ways: Sequence[Recast], subject: Subject, situation: Situation, barred: Sequence[str]
    ) -> _Try | None:
        """Return the best way that is in words of its own and holds; the judge is asked of the few best only."""
        tries = []
        for way in ways:
            text = recast.own_words(way.text, [choice.paper.abstract], MAX_RUN)
            run = longest_common_run(text, [choice.paper.abstract])
            if run <= MAX_RUN and text.rstrip(".") not in barred and not repeats(text, situation.said):
                tries.append((_value(text, way.shape, run, situation), text, way.shape))
        best = sorted(tries, key=lambda item: (-item[0], item[1]))[:_CHECKED]
        for value, text, shape in best:
            verdict, support, why = self.holds(text, choice, subject)
            if verdict == "supported":
                return _Try(text, shape, verdict, support, why, value)
        return None

    def _worded(
        self, choice: Choice, subject: Subject, situation: Situation, tally: Tally, barred: Sequence[str]
    ) -> Told | None:
        """Return the model's wording of a sentence, if one passes."""
        result = word(
            choice,
            self._generator,
            self._prompt,
            seed=self._seed + len(barred),
            subject=subject.text,
            judge=self._judge,
            by_rule=False,  # the recasts have been tried
            free=True,
        )
        tally.worded(result)
        if result.statement is None:
            return None
        text = recast.own_words(result.statement.text, [choice.paper.abstract], MAX_RUN)
        run = longest_common_run(text, [choice.paper.abstract])
        why = f"runs along with the abstract for {run} words" if run > MAX_RUN else ""
        if text.rstrip(".") in barred or repeats(text, situation.said):
            why = "says what was said before"
        support = result.statement.support
        if not why and text != result.statement.text:
            verdict, support, reason = self.holds(text, choice, subject)
            why = reason if verdict != "supported" else ""
        if why:
            tally.dropped.append(Dropped(text=text, key=choice.paper.key, verdict="unsupported", why=why))
            return None
        found = _Try(text, "worded", result.statement.verdict, support, "", 0.0)
        told = self._told(found, choice, subject, repaired=bool(result.dropped))
        part = told.part.model_copy(update={"origin": "generated", "checked_by": result.statement.checked_by})
        return Told(part, told.shape, choice, told.repaired)

    def _quoted(self, choices: Sequence[Choice], situation: Situation) -> Told | None:
        """Return a paper's own words in quotation marks."""
        fitting = [choice for choice in choices if len(choice.span.text.split()) <= _MAX_QUOTED]
        if not fitting:
            return None
        choice = next((one for one in fitting if not recast.announces(one.span.text)), fitting[0])
        subject = self.subject(choice.paper, situation)
        quote = " ".join(choice.span.text.split()).rstrip(".")
        text = f"{subject.text} {'write' if subject.plural else 'writes'}: “{quote}”"
        part = self._part(text, choice, subject, support=None)
        return Told(part.model_copy(update={"origin": "quoted"}), "quoted", choice, repaired=True)

    def _told(self, found: _Try, choice: Choice, subject: Subject, *, repaired: bool) -> Told:
        return Told(self._part(found.text, choice, subject, found.support), found.shape, choice, repaired)

    def _part(self, text: str, choice: Choice, subject: Subject, support: float | None) -> Part:
        cited = citation(choice).model_copy(update={"support": support})
        return part(
            text,
            (cited,),
            self.checked_by,
            support,
            (Mention(key=choice.paper.key, name=subject.text),) if subject.named else (),
        )


def part(
    text: str,
    citations: tuple[Citation, ...],
    checked_by: str,
    support: float | None = None,
    mentions: tuple[Mention, ...] = (),
) -> Part:
    """Return a supported part made by rule."""
    text = text if text.endswith("al.") else text.removesuffix(".")
    return Part(
        text=text, origin="template", verdict="supported", support=support, checked_by=checked_by,
        citations=citations, mentions=tuple(mention for mention in mentions if mention.name in text),
    )  # fmt: skip


def repeats(text: str, said: Sequence[str]) -> bool:
    """Tell whether a text says what another one says already, in either direction."""
    return any(check.coverage(text, other) > 0.85 or check.coverage(other, text) > 0.85 for other in said)


def _value(text: str, shape: str, run: int, situation: Situation) -> float:
    """Return how well a text would read next: long enough, not too long, its own words, another opening."""
    words = len(text.split())
    value = min(words, _GOOD_WORDS) / _GOOD_WORDS - 0.05 * max(0, words - _MANY_WORDS) - 0.03 * max(0, run - AIMED_RUN)
    # Two that are set side by side open alike.
    together = 2 if situation.paired else 1
    value -= 0.2 * (situation.shapes[-together:] == [shape] * together)
    value -= 0.08 * (situation.shapes.count(shape) // together)
    value -= 0.2 * (situation.paired and shape != "active")
    return value - 0.1 * (shape == "reported")
