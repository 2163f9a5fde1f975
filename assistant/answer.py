"""Answer a question from the library: retrieve, decide, choose, word, check; statement by statement.

The program finds the sentences, plans, cites and checks; the model only words. A citation can't name a paper that
wasn't retrieved, because the program attaches it. What fails its check is replaced by the supporting words in
quotation marks, or left out. A model that was found to do better so is given whole abstracts instead, and writes the
answer itself, under a grammar that admits only their numbers (`capable`); where nothing of that holds, it words
sentences like the others.
"""

from collections.abc import Collection, Iterator, Sequence
from copy import copy
from dataclasses import dataclass
from functools import partial

from assistant import aspects, followup, premise, select
from assistant.capable import compose, to_read
from assistant.conditions import Asked, Conditions
from assistant.generate import Generator
from assistant.judge import Judge
from assistant.judge.rules import RulesJudge
from assistant.polarity import polarity
from assistant.premise import Premise
from assistant.prompts import Prompt
from assistant.records import Answer, ModelId, Paper, Polarity, Reason, SourceMark, Statement
from assistant.retrieve import Found, Retriever
from assistant.terms import question_terms
from assistant.wording import Tally, quoted, rewordable, same_claim, word

SEARCHED = 10
_NAMED_AMONG = 5
# So many papers at most are each told of where a question asks of them in general: "Compare the first two."
_BESIDE = 3
_REFUSALS: dict[Reason, str] = {
    "not_in_library": "The library does not answer this.",
    "abstract_does_not_say": "The abstract does not say.",
}
_WITH_CODE = Conditions(has_code=True)
# A pinned paper has its say where one of its sentences comes near the question.
_SAYS_FROM = 0.3


@dataclass(frozen=True)
class Retrieved:
    """The search is done; `notice` says which conditions held, and is empty where there were none."""

    found: tuple[Found, ...]
    notice: str = ""


@dataclass(frozen=True)
class Reading:
    """It is chosen what the answer is to be made of.

    Attributes:
        papers: how many abstracts it comes from.
        sentences: how many sentences of them; 0 where the model reads them whole.
        denied: what the question takes for granted although an abstract says otherwise; mostly nothing.
    """

    papers: int
    sentences: int
    denied: str = ""


@dataclass(frozen=True)
class Said:
    """A statement passed its check; `mark` is the number of its first source."""

    statement: Statement
    mark: int


@dataclass(frozen=True)
class Done:
    """The answer is complete."""

    answer: Answer


Event = Retrieved | Reading | Said | Done


@dataclass(frozen=True)
class Turn:
    """An earlier question of a conversation, with the papers that its answer cited, in order."""

    question: str
    keys: tuple[str, ...]


@dataclass(frozen=True)
class _Meant:
    """What a question asks, with its conditions.

    Attributes:
        asked: its text and conditions.
        words: what the sentences are chosen by: the question itself, or with what it leaves to the one before it.
        keys: the papers that it is asked of, if it means any.
        together: whether it sets them beside each other, so that each is told of.
        must_speak_of: what a paper has to speak of to be told of.
    """

    asked: Asked
    words: str
    keys: tuple[str, ...] | None = None
    together: bool = False
    must_speak_of: str = ""


class Answerer:
    """Answers questions over one library with one model."""

    def __init__(
        self,
        retriever: Retriever,
        generator: Generator,
        prompt: Prompt,
        *,
        seed: int = 0,
        judge: Judge | None = None,
        whole: Prompt | None = None,
        free: bool = False,
    ) -> None:
        """Prepare an answerer.

        Args:
            retriever: searches the library.
            generator: words the statements.
            prompt: the prompt for rewording one sentence.
            seed: the same question, model and seed give the same answer.
            judge: decides what may be shown; without one, the deterministic rules do.
            whole: the prompt for answering from whole abstracts, for a model that does better so.
            free: whether the model may write freely where no rule rewords a sentence; else it is quoted.
        """
        self._retriever = retriever
        self._generator = generator
        self._prompt = prompt
        self._seed = seed
        self._judge = judge
        self._whole = whole
        self._free = free

    @property
    def model(self) -> ModelId:
        """Which model words the statements."""
        return self._generator.model

    @property
    def prompts(self) -> dict[str, str]:
        """The sha256 of each prompt that is used, by name."""
        return {prompt.name: prompt.sha256 for prompt in (self._prompt, self._whole) if prompt}

    @property
    def seed(self) -> int:
        """The seed of the sampling."""
        return self._seed

    def with_seed(self, seed: int) -> "Answerer":
        """Return the same answerer with another seed."""
        other = copy(self)
        other._seed = seed
        return other

    def ask(self, question: str, history: Sequence[Turn] = ()) -> Answer:
        """Return the whole answer to a question."""
        for event in self.stream(question, history):
            if isinstance(event, Done):
                return event.answer
        raise AssertionError("a stream ends with Done")

    def stream(
        self,
        question: str,
        history: Sequence[Turn] = (),
        *,
        among: Collection[str] | None = None,
        pinned: Sequence[str] = (),
    ) -> Iterator[Event]:
        """Yield what happens: the search, each statement when its check passes, and the whole answer.

        Args:
            question: in the user's words.
            history: the conversation so far.
            among: keys of the papers to answer from; None for all.
            pinned: keys of papers that are looked at whatever the search finds.
        """
        tally = Tally()
        library = self._retriever.library
        meant = self._meant(question, history)
        result = self._retriever.find(meant.asked, SEARCHED, only=_both(meant.keys, among))
        found = list(result.found)
        there = {item.paper.key for item in found}
        if missed := [key for key in pinned if key not in there]:
            free = Asked(text=meant.asked.text)
            found += self._retriever.find(free, len(missed), only=missed).found
        if meant.must_speak_of:
            found = select.speaking_of(meant.must_speak_of, found, library, self._retriever.embedder)
        tally.searched()
        yield Retrieved(tuple(found), result.notice)
        # A question of nothing but conditions ("papers by Mehta with code") is answered by whatever meets them.
        # One about earlier papers is asked of them, whatever else the library holds.
        answers = bool(found) and (
            bool(meant.keys)
            or (bool(meant.asked.conditions) and not question_terms(meant.asked.text))
            or select.decide(meant.asked.text, found, library, self._retriever.embedder).answers
        )
        statements: list[Statement] = []
        marks: dict[str, int] = {}
        of_these = [item for item in found if meant.keys or item.named]
        aspect = aspects.asked(question) if of_these else None
        if meant.asked.conditions and not (aspect == "code" and meant.asked.conditions == _WITH_CODE):
            aspect = None
        if aspect:
            # It is answered by the sentence that says it, or by none.
            says = partial(aspects.tells, aspect)
            choices = select.choose(question, of_these, library, self._retriever.embedder, says, rewordable)
        else:
            choices = self._choices(meant, found) if answers else []
            choices += self._of_pinned(question, pinned, found, choices) if answers else []
        reason: Reason = "abstract_does_not_say" if aspect or meant.keys else "not_in_library"
        denied = self._denied(question, choices)
        if denied:
            choices = [denied.choice, *(choice for choice in choices if choice.span != denied.choice.span)]
        chosen = list({choice.paper.key: choice.paper for choice in choices}.values())
        read = to_read(chosen, [item.paper for item in found]) if self._whole and choices else []
        yield Reading(len(read or chosen), 0 if read else len(choices), denied.claim if denied else "")
        for statement in self._told(question, read, choices, tally):
            if same_claim(statement.text, [earlier.text for earlier in statements]):
                continue
            statements.append(statement)
            for citation in statement.citations:
                marks.setdefault(citation.key, len(marks) + 1)
            tally.said()
            yield Said(statement, marks[statement.citations[0].key])
        papers = {item.paper.key: item.paper for item in found}
        known = aspects.from_records(aspect, [item.paper for item in of_these]) if aspect else ""
        refusal = f"{_REFUSALS[reason]} {known}".strip()
        sources = tuple(
            SourceMark(n=n, key=key, title=papers[key].title, year=papers[key].year) for key, n in marks.items()
        )
        yield Done(
            Answer(
                question=question,
                answer=shown(statements, sources) if statements else refusal,
                abstained=not statements,
                reason=reason if not statements else "false_premise" if denied else None,
                statements=tuple(statements),
                dropped=tuple(tally.dropped),
                sources=sources,
                polarity=self._polarity(question, statements, [papers[key].abstract for key in marks]),
                nearest=() if statements or aspect else select.nearest(meant.words, found),
                model=self._generator.model,
                timings=tally.timings(),
            )
        )

    def _choices(self, meant: _Meant, found: Sequence[Found]) -> list[select.Choice]:
        """Return the sentences that the answer is to be made of; none where the papers meant don't speak of it."""
        library, embedder = self._retriever.library, self._retriever.embedder
        general = bool(meant.keys) and select.is_general(meant.words)
        papers = {item.paper.key: item.paper for item in found}
        beside = [papers[key] for key in meant.keys or () if key in papers]
        if meant.together or (general and 1 < len(beside) <= _BESIDE):
            return select.of_each(meant.asked.text, beside, library, embedder)
        told = select.speaking_of(meant.words, found, library, embedder) if meant.keys else found
        choose = partial(select.choose, meant.words, told, library, embedder, reworded=rewordable)
        return (choose(select.contributes) if general else []) or choose()

    def _denied(self, question: str, choices: Sequence[select.Choice]) -> Premise | None:
        """Return what the question takes for granted although the first paper of the answer says otherwise.

        Only where the program chooses the sentences can the answer open with the one that denies it.
        """
        if self._judge is None or self._whole or not choices:
            return None
        return premise.denied(question, choices[0].paper, self._judge)

    def _told(
        self, question: str, papers: Sequence[Paper], choices: Sequence[select.Choice], tally: Tally
    ) -> Iterator[Statement]:
        """Yield what may be said: the model's own answer from whole papers, or else each chosen sentence, worded."""
        if self._whole and papers:
            judge = self._judge or RulesJudge()
            composed = compose(question, papers, self._generator, judge, self._whole, seed=self._seed)
            tally.worded(composed)
            if composed.statements:
                yield from composed.statements
                return
        for choice in choices:
            worded = word(choice, self._generator, self._prompt, seed=self._seed, judge=self._judge, free=self._free)
            tally.worded(worded)
            yield worded.statement or quoted(choice)

    def _of_pinned(
        self, question: str, pinned: Sequence[str], found: Sequence[Found], choices: Sequence[select.Choice]
    ) -> list[select.Choice]:
        """Return the best sentence of each pinned paper that isn't among the choices and has one near the question."""
        chosen = {choice.paper.key for choice in choices}
        papers = [item.paper for item in found if item.paper.key in pinned and item.paper.key not in chosen]
        best: dict[str, select.Choice] = {}
        for choice in select.rank_sentences(question, papers, self._retriever.library, self._retriever.embedder):
            best.setdefault(choice.paper.key, choice)
        return [choice for choice in best.values() if choice.score >= _SAYS_FROM]

    @staticmethod
    def _polarity(question: str, statements: Sequence[Statement], abstracts: Sequence[str]) -> Polarity | None:
        quotes = [citation.quote for statement in statements for citation in statement.citations]
        return polarity(question, quotes, abstracts) if statements else None

    def _meant(self, question: str, history: Sequence[Turn]) -> "_Meant":
        """Return what a question asks in its conversation: a follow-up is asked of the papers that it means."""
        asked = self._retriever.read(question)
        own = _Meant(asked, question)
        if not history:
            return own
        subject = self._subject(history)
        if conditions := self._narrowing(question):
            narrowed = Asked(text=subject.text, conditions=conditions.joined(subject.conditions))
            return _Meant(narrowed, subject.text)
        before = followup.earlier_keys(question, [turn.keys for turn in history])
        papers = [self._retriever.library.paper(key) for key in before]
        keys = followup.resolve(question, papers)
        if not keys and (papers or not followup.is_followup(question)):
            return own
        if followup.of_something_else(asked.text, papers):
            text = f"{subject.text} {asked.text}"
            return _Meant(asked.model_copy(update={"text": text}), text, must_speak_of=asked.text)
        beside: list[str] = []
        if keys and followup.names_others(asked.text, papers):
            beside = [key for key in self._named(asked) if key not in keys]
        text = f"{asked.text} {subject.text}"
        words = followup.without_marks(question)
        return _Meant(asked.model_copy(update={"text": text}), words, (*keys, *beside) or None, bool(beside))

    def _narrowing(self, question: str) -> Conditions:
        """Return the conditions of a follow-up that has nothing else, as "And since 2023?", and none of any other."""
        further = followup.narrowing(question)
        asked = self._retriever.read(f"papers {further}") if further else None
        return asked.conditions if asked and not question_terms(asked.text) else Conditions()

    def _subject(self, history: Sequence[Turn]) -> Asked:
        """Return the last question that has words of its own, with the conditions that later ones added to it."""
        conditions = Conditions()
        asked = Asked(text="")
        for turn in reversed(history):
            asked = self._retriever.read(turn.question)
            narrowing = self._narrowing(turn.question)
            if question_terms(asked.text) and not narrowing:
                break
            conditions = conditions.joined(narrowing or asked.conditions)
        return Asked(text=asked.text, conditions=conditions.joined(asked.conditions))

    def _named(self, asked: Asked) -> list[str]:
        """Return the papers that a question names, as in "How does it compare with GPTQ?"."""
        return [item.paper.key for item in self._retriever.find(asked, _NAMED_AMONG).found if item.named]


def _both(one: Collection[str] | None, other: Collection[str] | None) -> Collection[str] | None:
    """Return the keys that both allow; None allows all."""
    if one is None or other is None:
        return one if other is None else other
    return [key for key in one if key in other]


def shown(statements: Sequence[Statement], sources: Sequence[SourceMark]) -> str:
    """Return the text of an answer: each statement followed by the marks of its sources."""
    marks = {source.key: source.n for source in sources}
    return " ".join(with_marks(statement, marks) for statement in statements)


def with_marks(statement: Statement, marks: dict[str, int]) -> str:
    """Return a statement with its marks `[n]`; one that is only partly supported says so."""
    numbers = "".join(f" [{marks[citation.key]}]" for citation in statement.citations)
    return statement.text + numbers + (" (partly supported)" if statement.verdict == "partial" else "")
