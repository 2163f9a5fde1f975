"""Draft a related-work paragraph: one checked sentence a paper, each in the program's own words.

The papers and the sentences are chosen by the program; the model words them. A sentence that fails its check is
tried again from the paper's next best sentence, then left out and listed. Nothing is quoted: text that runs along
with an abstract would be plagiarism in the user's paper.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from assistant import render, select
from assistant.answer import Retrieved, Said
from assistant.generate import Generator
from assistant.prompts import Prompt
from assistant.records import (
    Coverage,
    Draft,
    Paper,
    Paragraph,
    SourceMark,
    Statement,
    Unused,
)
from assistant.render import Format
from assistant.retrieve import Found, Retriever
from assistant.select import Choice
from assistant.terms import longest_common_run
from assistant.wording import Tally, same_claim, word

SEARCHED = 12
MAX_PAPERS = 6
_SENTENCES_TRIED = 3
# A paper further from the topic than this share of the best paper's score isn't part of the paragraph.
_NEAR_TOPIC = 0.55


@dataclass(frozen=True)
class Drafted:
    """The draft is complete."""

    draft: Draft


Event = Retrieved | Said | Drafted


class Drafter:
    """Drafts related work over one library with one model."""

    def __init__(self, retriever: Retriever, generator: Generator, prompt: Prompt, *, seed: int = 0) -> None:
        self._retriever = retriever
        self._generator = generator
        self._prompt = prompt
        self._seed = seed

    def draft(self, topic: str, form: Format = "markdown") -> Draft:
        """Return the whole draft on a topic."""
        for event in self.stream(topic, form):
            if isinstance(event, Drafted):
                return event.draft
        raise AssertionError("a stream ends with Drafted")

    def stream(self, topic: str, form: Format = "markdown") -> Iterator[Event]:
        """Yield the search, each sentence when its check passes, and the whole draft."""
        tally = Tally()
        found = self._retriever.search(topic, SEARCHED)
        tally.searched()
        yield Retrieved(tuple(found))
        decision = select.decide(topic, found, self._retriever.library, self._retriever.embedder)
        statements: list[Statement] = []
        unused: list[Unused] = []
        used: list[Paper] = []
        for item in found:
            if reason := self._left_out(item, found, len(used), on_topic=decision.answers):
                unused.append(Unused(key=item.paper.key, why=reason))
                continue
            statement = None
            for choice in self._choices(topic, item.paper):
                worded = word(
                    choice,
                    self._generator,
                    self._prompt,
                    seed=self._seed,
                    subject=_subject(item.paper, len(used)),
                )
                tally.worded(worded)
                if worded.statement and not same_claim(worded.statement.text, [s.text for s in statements]):
                    statement = worded.statement
                    break
            if statement is None:
                unused.append(Unused(key=item.paper.key, why="no sentence about it passed the check"))
                continue
            statements.append(statement)
            used.append(item.paper)
            tally.said()
            yield Said(statement, len(used))
        text = render.cited(statements, form)
        cited_abstracts = [paper.abstract for paper in used]
        yield Drafted(
            Draft(
                question=topic,
                topic=topic,
                answer=text,
                text=text,
                abstained=not statements,
                reason=None if statements else "not_in_library",
                statements=tuple(statements),
                paragraphs=(Paragraph(theme=topic, statements=tuple(statements)),) if statements else (),
                dropped=tuple(tally.dropped),
                sources=tuple(
                    SourceMark(n=n, key=paper.key, title=paper.title, year=paper.year)
                    for n, paper in enumerate(used, 1)
                ),
                nearest=() if statements else select.nearest(topic, found),
                bibliography=render.bibliography(used) if used else "",
                coverage=Coverage(used=tuple(paper.key for paper in used), unused=tuple(unused)),
                longest_copied_run=max(
                    (longest_common_run(statement.text, cited_abstracts) for statement in statements),
                    default=0,
                ),
                model=self._generator.model,
                timings=tally.timings(),
            )
        )

    def _left_out(self, item: Found, found: list[Found], used: int, *, on_topic: bool) -> str:
        """Return why a retrieved paper isn't part of the paragraph, or nothing."""
        if not on_topic:
            return "the library has nothing on this topic"
        if not item.paper.abstract:
            return "it has no abstract"
        if item.score < _NEAR_TOPIC * found[0].score:
            return "further from the topic than the papers that are cited"
        return f"the paragraph has its {MAX_PAPERS} papers" if used >= MAX_PAPERS else ""

    def _choices(self, topic: str, paper: Paper) -> list[Choice]:
        ranked = select.rank_sentences(
            topic, [paper], self._retriever.library, self._retriever.embedder, contributions=True
        )
        return ranked[:_SENTENCES_TRIED]


_UNNAMED = ("One study", "Another work", "A further paper", "Related work", "One more study", "Other work")


def _subject(paper: Paper, number: int) -> str:
    """Return who acts in the sentence about a paper: its authors, or a neutral subject where they aren't known."""
    return render.subject(paper) or _UNNAMED[number % len(_UNNAMED)]
