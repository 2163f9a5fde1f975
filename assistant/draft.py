"""Draft a related-work section: plan it, tell its claims one by one, check each, and compose what passed.

The papers and the sentences are chosen by the plan; a teller words them. A claim that no sentence can be told for is
left out and listed. Sentences of several papers are made of parts that were each checked against their own paper.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from assistant import export, plan, recast, section, select, sentences
from assistant.answer import Retrieved, Said
from assistant.errors import UsageError
from assistant.generate import Generator
from assistant.judge import Evidence, Judge
from assistant.lock import Lock, abstracts_of
from assistant.plan import Brief, Claim, Plan, PlannedParagraph
from assistant.prompts import Prompt
from assistant.records import (
    Coverage,
    Draft,
    DraftReport,
    OwnSentence,
    Paper,
    Paragraph,
    SourceMark,
    Unused,
)
from assistant.retrieve import Found, Retriever
from assistant.section import CiteStyle, Form, Mention, Part, Section, SectionParagraph, Sentence
from assistant.select import Choice
from assistant.tell import Situation, Teller, Told, part
from assistant.terms import content_stems, longest_common_run
from assistant.wording import Tally, citation

_JOINED_WORDS = 36
_OPENERS = ("Several studies", "A further group of studies", "A number of studies", "Other studies")
_SINGULAR_OPENERS = frozenset({"A further group of studies"})
_CLOSING_LEADS = ("Against this background, ", "In this setting, ", "With this in view, ")


@dataclass(frozen=True)
class Planned:
    """The plan is made, or read."""

    plan: Plan


@dataclass(frozen=True)
class Drafted:
    """The draft is complete."""

    draft: Draft
    section: Section
    plan: Plan


Event = Retrieved | Planned | Said | Drafted


class Drafter:
    """Drafts related work over one library with one model."""

    def __init__(
        self,
        retriever: Retriever,
        generator: Generator,
        prompt: Prompt,
        judge: Judge | None = None,
        *,
        seed: int = 0,
        free: bool = False,
    ) -> None:
        """Prepare a drafter.

        Args:
            retriever: searches the library.
            generator: words what no rule can.
            prompt: the prompt for rewording one sentence.
            judge: checks each part against its paper; without one, the rules alone do.
            seed: the same brief, model and seed give the same draft.
            free: whether the model may write freely where no rule tells a sentence.
        """
        self._retriever = retriever
        self._library = retriever.library
        self._generator = generator
        self._judge = judge
        self._prompt = prompt
        self._seed = seed
        self._teller = Teller(generator, prompt, judge, seed=seed, free=free)

    def draft(self, topic: str, form: Form = "markdown") -> Draft:
        """Return the whole draft on a topic."""
        for event in self.stream(Brief(topic=topic), form):
            if isinstance(event, Drafted):
                return event.draft
        raise AssertionError("a stream ends with Drafted")

    def stream(
        self,
        brief: Brief,
        form: Form = "markdown",
        style: CiteStyle = "cite",
        only: Collection[str] | None = None,
        ready: Plan | None = None,
    ) -> Iterator[Event]:
        """Yield the search, the plan, each sentence when its checks have passed, and the whole draft.

        Args:
            brief: what the user asks for.
            form: what the text is written in.
            style: the citation commands of LaTeX.
            only: keys of the papers to choose from.
            ready: a plan to follow; then nothing is searched for.
        """
        tally = Tally()
        found: tuple[Found, ...] = ()
        if ready is None:
            ready, result = plan.make(brief, self._retriever, only)
            found = result.found
            tally.searched()
            yield Retrieved(found, result.notice)
        yield Planned(ready)
        writer = _Writer(self._teller, self._judge, ready, self._choices(ready, brief), tally)
        marks: dict[str, int] = {}
        paragraphs: list[SectionParagraph] = []
        for number, planned in enumerate(ready.paragraphs):
            told = writer.paragraph(planned, number)
            for sentence in told:
                tally.said()
                for key in sentence.keys:
                    marks.setdefault(key, len(marks) + 1)
                yield Said(sentence.statement, marks[sentence.keys[0]])
            if told:
                paragraphs.append(SectionParagraph(theme=planned.theme, sentences=tuple(told)))
        if paragraphs and (own := positioning(brief)):
            paragraphs[-1] = paragraphs[-1].model_copy(update={"own": own})
        whole = Section(paragraphs=tuple(paragraphs))
        draft = self._draft(brief, ready, whole, writer, found, form, style)
        yield Drafted(draft, whole, ready)

    def again(self, lock: Lock, place: str, form: Form = "markdown", style: CiteStyle = "cite") -> Drafted:
        """Return a draft with one sentence or paragraph told anew, and the rest as it was.

        What can't be told in another way stays as it is.

        Args:
            lock: what the draft was made of.
            place: `2.3` for the third sentence of the second paragraph, `2` for that paragraph.
            form: what the text is written in.
            style: the citation commands of LaTeX.

        Raises:
            UsageError: there is no such place, or a paper has left the library.
        """
        chosen = _places(place, lock.section)
        tally = Tally()
        writer = _Writer(self._teller, self._judge, lock.plan, self._choices(lock.plan, lock.brief), tally)
        paragraphs = [list(one.sentences) for one in lock.section.paragraphs]
        for number, at in chosen:
            others = [one for sentences in paragraphs for one in sentences if one is not paragraphs[number][at]]
            paragraphs[number][at] = writer.anew(paragraphs[number], at, others)
        whole = Section(
            paragraphs=tuple(
                old.model_copy(update={"sentences": tuple(new)})
                for old, new in zip(lock.section.paragraphs, paragraphs, strict=True)
            )
        )
        draft = self._draft(lock.brief, lock.plan, whole, writer, (), form, style)
        return Drafted(draft, whole, lock.plan)

    def lock(self, brief: Brief, drafted: Drafted) -> Lock:
        """Return what a draft was made of."""
        return Lock(
            model=self._generator.model,
            prompts={self._prompt.name: self._prompt.sha256},
            seed=self._seed,
            brief=brief,
            plan=drafted.plan,
            section=drafted.section,
            abstracts=abstracts_of(self._library.paper(key) for key in drafted.section.keys),
        )

    def _choices(self, ready: Plan, brief: Brief) -> dict[str, list[Choice]]:
        """Return the sentences of each paper of a plan, those that tell best what it does first."""
        papers = [self._library.paper(key) for key in ready.keys]
        return plan.told_by(brief.query or ready.topic, papers, self._library, self._retriever.embedder)

    def _draft(
        self,
        brief: Brief,
        ready: Plan,
        whole: Section,
        writer: "_Writer",
        found: Sequence[Found],
        form: Form,
        style: CiteStyle,
    ) -> Draft:
        used = [self._library.paper(key) for key in whole.keys]
        statements = section.statements(whole.sentences)
        text = section.written(whole, form, style)
        untold = [
            Unused(key=key, why="no sentence about it passed the check") for key in ready.keys if key not in whole.keys
        ]
        return Draft(
            question=ready.topic,
            topic=ready.topic,
            answer=text,
            text=text,
            abstained=not statements,
            reason=None if statements else "not_in_library",
            statements=statements,
            paragraphs=tuple(
                Paragraph(theme=one.theme, statements=section.statements(one.sentences)) for one in whole.paragraphs
            ),
            dropped=tuple(writer.tally.dropped),
            sources=tuple(
                SourceMark(n=n, key=paper.key, title=paper.title, year=paper.year) for n, paper in enumerate(used, 1)
            ),
            nearest=() if statements or not found else select.nearest(brief.subject, found),
            bibliography=self.bibliography(used),
            coverage=Coverage(used=whole.keys, unused=(*ready.unused, *untold)),
            longest_copied_run=longest_run(whole, used),
            model=self._generator.model,
            timings=writer.tally.timings(),
            report=DraftReport(
                sentences=len(statements),
                supported=sum(statement.verdict == "supported" for statement in statements),
                repaired=sum(sentence.repaired for sentence in whole.sentences),
                dropped=writer.untold,
                planned=len(ready.keys),
                used=len(used),
                own=tuple(own for one in whole.paragraphs for own in one.own),
            ),
        )

    def bibliography(self, papers: Sequence[Paper]) -> str:
        """Return the BibTeX of some papers: the user's own entries where there are such."""
        return export.bibtex([(paper, self._library.records(paper.key)) for paper in papers]) if papers else ""


class _Writer:
    """Writes the paragraphs of one plan."""

    def __init__(
        self, teller: Teller, judge: Judge | None, ready: Plan, choices: dict[str, list[Choice]], tally: Tally
    ) -> None:
        self._teller = teller
        self._judge = judge
        self._plan = ready
        self._choices = choices
        self._said: list[str] = []
        self._told: set[tuple[str, int]] = set()
        self._opened = 0
        self.tally = tally
        self.untold = 0
        """Claims that no sentence could be told for."""

    def paragraph(self, planned: PlannedParagraph, number: int) -> list[Sentence]:
        """Return the sentences of a paragraph."""
        situation = Situation(
            said=self._said,
            sentences=self._told,
            chronological=self._plan.style == "chronological",
            paired=self._plan.style == "compare",
        )
        found: list[Sentence] = []
        run: list[tuple[Claim, Told]] = []
        for claim in planned.claims:
            if len(claim.keys) > 1:
                found += self._joined(run)
                run = []
                shared = self._shared(claim)
                found += [shared] if shared else []
                self.untold += shared is None
            elif told := self.tell(claim, situation):
                run.append((claim, told))
            else:
                self.untold += 1
        return found + self._joined(run)

    def tell(self, claim: Claim, situation: Situation, barred: Sequence[str] = ()) -> Told | None:
        """Return a claim of one paper as told, and note it in the situation."""
        key = claim.keys[0]
        choices = claimed_first(claim.claim, self._choices.get(key, []))
        told = self._teller.tell(choices, situation, self.tally, barred)
        if told is not None:
            situation.said.append(told.part.text)
            situation.shapes.append(told.shape)
            situation.papers.append(key)
            situation.sentences.add((key, told.choice.span.start))
            situation.named = bool(told.part.mentions) or told.part.text.split()[0] in (
                "They",
                "It",
                "One",
                "Another",
                "A",
            )
            situation.may_quote = situation.may_quote and told.part.origin != "quoted"
        return told

    def anew(self, sentences: Sequence[Sentence], at: int, others: Sequence[Sentence]) -> Sentence:
        """Return a sentence of a paragraph told in another way, or as it is where there is none."""
        old = sentences[at]
        before = sentences[at - 1] if at else None
        following = sentences[at + 1].parts[0].text if at + 1 < len(sentences) else ""
        situation = Situation(
            said=[part.text for sentence in others for part in sentence.parts],
            papers=[key for sentence in sentences[:at] for key in sentence.keys],
            named=bool(
                before and len(before.keys) == 1 and (before.parts[0].mentions or _points(before.parts[0].text))
            ),
            may_quote=False,
        )
        parts = []
        for one in old.parts:
            told = None
            if len(one.keys) == 1:
                claim = Claim(claim=one.citations[0].quote, keys=one.keys)
                told = self.tell(claim, situation, barred=(one.text,))
            # What follows may say "they" of the authors that this sentence names.
            keeps_name = told and (told.part.mentions or not _points(following))
            parts.append(told.part if told and keeps_name else one)
        return old.model_copy(update={"parts": tuple(parts)})

    def _shared(self, claim: Claim) -> Sentence | None:
        """Return what several papers share in one sentence, cited to those of them whose abstracts say so."""
        term = claim.claim.removeprefix("deal with ").strip()
        holding = [found for key in claim.keys if (found := plan.where(term, self._choices.get(key, [])))]
        support: list[float | None] = [None] * len(holding)
        if self._judge is not None:
            judged = [
                self._judge.score([f"The paper deals with {term}."], Evidence(found.paper.abstract, found.paper.title))[
                    0
                ]
                for found in holding
            ]
            support = [one.support for one in judged if one.verdict == "supported"]
            holding = [found for found, one in zip(holding, judged, strict=True) if one.verdict == "supported"]
        if len(holding) < 2:
            return None
        situation = Situation()
        subjects = [self._teller.subject(found.paper, situation) for found in holding]
        mentions: tuple[Mention, ...] = ()
        if len(holding) == 2 and all(subject.named for subject in subjects):
            text = f"Both {subjects[0].text} and {subjects[1].text} deal with {term}"
            mentions = tuple(
                Mention(key=found.paper.key, name=subject.text)
                for found, subject in zip(holding, subjects, strict=True)
            )
        else:
            opener = _OPENERS[self._opened % len(_OPENERS)]
            text = f"{opener} {'deals' if opener in _SINGULAR_OPENERS else 'deal'} with {term}"
        self._opened += 1
        cited = [
            citation(found).model_copy(update={"support": value}) for found, value in zip(holding, support, strict=True)
        ]
        known = [value for value in support if value is not None]
        one = part(text, tuple(cited), self._teller.checked_by, min(known, default=None), mentions)
        return Sentence(parts=(one,))

    def _joined(self, run: Sequence[tuple[Claim, Told]]) -> list[Sentence]:
        """Return claims as sentences, some of them two in one."""
        found: list[Sentence] = []
        place = 0
        while place < len(run):
            claim, told = run[place]
            following = run[place + 1] if place + 1 < len(run) else None
            just_joined = bool(found) and len(found[-1].parts) > 1
            rest = run[place + 2] if place + 2 < len(run) else None
            if following and not just_joined and self._may_join((claim, told), following, rest):
                parts = (told.part, _after_lead(following[1].part))
                found.append(Sentence(parts=parts, repaired=told.repaired or following[1].repaired))
                place += 2
                continue
            lead = "By contrast, " if claim.stance == "contrast" and found else ""
            one = _after_lead(told.part) if lead else told.part
            found.append(Sentence(lead=lead, parts=(one,), repaired=told.repaired))
            place += 1
        return found

    def _may_join(self, one: tuple[Claim, Told], other: tuple[Claim, Told], rest: tuple[Claim, Told] | None) -> bool:
        told = [one[1], other[1]]
        if self._plan.style == "chronological" or one[0].keys == other[0].keys:
            return False
        # "They …" has to follow the sentence that it points to, and nothing else.
        if rest and rest[0].keys == other[0].keys:
            return False
        plain = all(each.shape in ("active", "worded") and each.part.origin != "quoted" for each in told)
        texts = [each.part.text for each in told]
        simple = plain and all(text.count(",") < 2 and " while " not in text for text in texts)
        opens = all(each.part.mentions and each.part.text.startswith(each.part.mentions[0].name) for each in told)
        unnamed = all(not each.part.mentions for each in told) and all(" study " in text[:20] for text in texts)
        short = sum(len(text.split()) for text in texts) <= _JOINED_WORDS
        return simple and short and (opens or unnamed) and "contrast" not in (one[0].stance, other[0].stance)


def _points(text: str) -> bool:
    """Tell whether a sentence speaks of "them" whom the sentence before names."""
    return text.split()[:1] in (["They"], ["It"], ["Their"], ["Its"])


def _places(place: str, whole: Section) -> list[tuple[int, int]]:
    """Return the places, from 0, that a text like `2` or `2.3` names.

    Raises:
        UsageError: there is none.
    """
    found = [
        (number, at)
        for number, paragraph in enumerate(whole.paragraphs)
        for at in range(len(paragraph.sentences))
        if place in (str(number + 1), f"{number + 1}.{at + 1}")
    ]
    if not found:
        counts = ", ".join(f"{n}.1 to {n}.{len(one.sentences)}" for n, one in enumerate(whole.paragraphs, start=1))
        raise UsageError(f"the draft has no place {place}", f"Its sentences are {counts}; a paragraph is its number.")
    return found


def _after_lead(one: Part) -> Part:
    """Return a part as it stands behind a lead: names keep their capital."""
    first = one.text.split()[0]
    named = any(one.text.startswith(mention.name) for mention in one.mentions)
    text = one.text if named or any(char.isupper() for char in first[1:]) else one.text[:1].lower() + one.text[1:]
    return one.model_copy(update={"text": text})


def claimed_first(claim: str, choices: Sequence[Choice]) -> list[Choice]:
    """Return a paper's sentences with the one that a claim repeats, or comes nearest to, first."""
    wanted = " ".join(claim.split())
    said = set(content_stems(claim))

    def nearness(choice: Choice) -> float:
        if " ".join(choice.span.text.split()) == wanted:
            return 2.0
        there = set(content_stems(choice.span.text))
        return len(said & there) / len(said | there) if said | there else 0.0

    nearest = max(choices, key=nearness, default=None)
    return [*filter(None, [nearest]), *(choice for choice in choices if choice is not nearest)]


def positioning(brief: Brief) -> tuple[OwnSentence, ...]:
    """Return the sentences that position the user's own work, in the words of the user's abstract and contributions."""
    if not brief.abstract and not brief.contributions:
        return ()
    own: list[OwnSentence] = []
    announcing = [span.text for span in sentences.split(brief.abstract) if recast.announces(span.text)]
    if announcing and (text := recast.in_first_person(announcing[0])):
        own.append(OwnSentence(lead=_CLOSING_LEADS[0], text=text, quote=announcing[0]))
    for given in brief.contributions:
        text = " ".join(given.split())
        told = text if text.endswith(".") else text + "."
        own.append(OwnSentence(lead="", text=told[:1].upper() + told[1:], quote=given))
    return tuple(own)


def longest_run(whole: Section, papers: Sequence[Paper]) -> int:
    """Return the longest run of words that the text outside quotation marks shares with an abstract that it cites."""
    abstracts = [paper.abstract for paper in papers]
    told = [one.text for sentence in whole.sentences for one in sentence.parts if one.origin != "quoted"]
    return max((longest_common_run(text, abstracts) for text in told), default=0)
