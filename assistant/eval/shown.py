"""What a reader sees of an answer: its factual sentences, each with the sources that its marks point to.

An answer says the same thing twice: `answer` is the text as shown, with marks, and `statements` lists the sentences
with what they cite. The text is what counts. Where the two disagree, the sentence was changed after it was checked.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict

from assistant import sentences
from assistant.records import Origin, Timings
from assistant.terms import numbers, question_terms

_MARKS = re.compile(r"\s*\[\s*\d+(?:\s*[,;–-]\s*\d+)*\s*\]")
_NUMBERS = re.compile(r"(\d+)(?:\s*[–-]\s*(\d+))?")
_AFTER_STOP = re.compile(rf"(?P<stop>[.!?…]+[\"'”’)]*)(?P<marks>(?:{_MARKS.pattern})+)")
_QUOTED = re.compile(r"“[^”]*”")
_PARTLY = re.compile(r"\s*\(partly supported\)")
# Brackets inside quotation marks are put out of sight while marks are looked for.
_HIDDEN = str.maketrans("[]", "\ue000\ue001")
_REVEALED = str.maketrans("\ue000\ue001", "[]")
_FACTUAL_WORDS = 3
_LONGEST_RANGE = 50


class _Loose(BaseModel):
    """Keeps what else an answer tells, so that it can be shown again."""

    model_config = ConfigDict(frozen=True, extra="allow")


class ToldCitation(_Loose):
    """A citation of an answer in a file; what another program doesn't tell is None."""

    key: str
    quote: str | None = None
    start: int | None = None
    end: int | None = None


class ToldStatement(_Loose):
    """A statement of an answer in a file."""

    text: str
    origin: Origin = "generated"
    support: float | None = None
    citations: tuple[ToldCitation, ...] = ()


class ToldSource(_Loose):
    """An entry of an answer's list of sources."""

    n: int
    key: str


class Told(_Loose):
    """An answer to be scored: `ask --json`, or the text, the marks and the sources of another program's answer."""

    question: str
    answer: str
    abstained: bool = False
    reason: str | None = None
    polarity: str | None = None
    statements: tuple[ToldStatement, ...] = ()
    sources: tuple[ToldSource, ...] = ()
    timings: Timings | None = None


@dataclass(frozen=True)
class Sentence:
    """One factual sentence as the reader sees it.

    Attributes:
        text: without its marks.
        keys: the papers that its marks point to, each once, in order.
        invented: how many of its marks point to no source.
        origin: `generated` where nothing says otherwise.
        support: as the program that answered states it, if it does.
        agrees: whether the answer's statements say the same with the same citations.
    """

    text: str
    keys: tuple[str, ...]
    invented: int = 0
    origin: Origin = "generated"
    support: float | None = None
    agrees: bool = True


def factual_sentences(told: Told) -> list[Sentence]:
    """Return the factual sentences of an answer as shown; none for an abstention.

    The text is cut at the statements that it contains, and the rest into sentences. A sentence without a mark is
    factual when it has a number or three words that say something about the matter; what is less only connects.
    `[1, 2]` and `[1][2]` are two marks, `[1-3]` three, before or after the full stop; brackets inside quotation
    marks are the paper's. A statement that the text doesn't contain was changed there: it takes the place of the
    first sentence that no statement explains, and doesn't agree.
    """
    if told.abstained:
        return []
    sources = {source.n: source.key for source in told.sources}
    rest = _PARTLY.sub("", told.answer)
    found: list[Sentence] = []
    lost: list[ToldStatement] = []
    for statement in told.statements:
        place = rest.find(statement.text)
        if place < 0:
            lost.append(statement)
            continue
        after = re.compile(rf"(?:{_MARKS.pattern})*").match(rest, place + len(statement.text))
        marks = after.group() if after else ""
        end = place + len(statement.text) + len(marks)
        keys, invented = _sources(marks, sources)
        cited = {citation.key for citation in statement.citations}
        found.append(
            Sentence(
                statement.text,
                keys,
                invented,
                statement.origin,
                statement.support,
                agrees=not invented and set(keys) == cited,
            )
        )
        rest = f"{rest[:place]}\n{rest[end:]}"
    others = [sentence for piece in rest.split("\n") for sentence in _marked(piece, sources)]
    for place, sentence in enumerate(others):
        changed = lost[place] if place < len(lost) else None
        found.append(
            Sentence(
                sentence.text,
                sentence.keys,
                sentence.invented,
                changed.origin if changed else sentence.origin,
                changed.support if changed else None,
                agrees=changed is None and not told.statements,
            )
        )
    for statement in lost[len(others) :]:
        keys = tuple(dict.fromkeys(citation.key for citation in statement.citations))
        found.append(Sentence(statement.text, keys, 0, statement.origin, statement.support, agrees=False))
    return found


def _marked(text: str, sources: dict[int, str]) -> Iterator[Sentence]:
    """Yield the factual sentences of a running text with the sources that their marks point to."""
    text = _QUOTED.sub(lambda found: found.group().translate(_HIDDEN), text)
    # A mark behind the full stop belongs to the sentence before it.
    text = _AFTER_STOP.sub(lambda found: found["marks"] + found["stop"], text)
    for span in sentences.split(text):
        marks = "".join(_MARKS.findall(span.text))
        plain = _MARKS.sub("", span.text).strip().translate(_REVEALED)
        keys, invented = _sources(marks, sources)
        if marks or numbers(plain) or len(question_terms(plain)) >= _FACTUAL_WORDS:
            whole = _QUOTED.fullmatch(plain.rstrip(".")) is not None
            yield Sentence(plain, keys, invented, "quoted" if whole else "generated")


def _sources(marks: str, sources: dict[int, str]) -> tuple[tuple[str, ...], int]:
    """Return the keys that some marks point to, and how many point nowhere."""
    pointed: list[int] = []
    for first, last in _NUMBERS.findall(marks):
        pointed += range(int(first), min(int(last or first), int(first) + _LONGEST_RANGE) + 1)
    keys = tuple(dict.fromkeys(sources[n] for n in pointed if n in sources))
    return keys, len({n for n in pointed if n not in sources})


def words_outside_quotations(sentence: Sentence) -> str:
    """Return what of a sentence isn't in quotation marks."""
    return _QUOTED.sub(" ", sentence.text)
