"""The types that travel: Record -> Paper -> Chunk -> Passage -> Statement -> Answer or Draft.

All are frozen pydantic models; the JSON of the command line is their serialisation. Offsets are character offsets
into the stored abstract, end exclusive, and a quote equals `abstract[start:end]` exactly; only a TextPassage stands in
a full text, and nothing cites one.
"""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Origin = Literal["generated", "quoted", "template"]
Verdict = Literal["supported", "partial", "unsupported", "contradicted", "undecidable"]
Polarity = Literal["yes", "no", "maybe"]
AnswerPath = Literal["small", "capable"]
"""How a model answers: it words one chosen sentence at a time, or writes the answer from several whole abstracts."""
Reason = Literal["not_in_library", "abstract_does_not_say", "false_premise"]


class Frozen(BaseModel):
    """Base of the travelling types: immutable, and unknown fields are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Source(Frozen):
    """One place a paper came from."""

    file: str
    line: int
    """1-based line on which the record starts."""


class Problem(Frozen):
    """Something in an input that could not be used; reading goes on after it."""

    file: str
    line: int
    message: str


class Section(Frozen):
    """A run of a paper's full text under one heading on one page."""

    heading: str
    """As it stands in the text; empty before the first one."""
    page: int
    """Of the file, from 1."""
    text: str


class FullText(Frozen):
    """The full text of a paper as one file has it; a section that runs over pages has a part on each."""

    file: str
    sections: tuple[Section, ...]


class Bibliography(Frozen):
    """The descriptive fields that a record and a paper share."""

    title: str
    authors: tuple[str, ...] = ()
    authors_truncated: bool = False
    """True after "et al.": there are more authors than are listed."""
    year: int | None = None
    date: str | None = None
    """`YYYY-MM-DD`, `YYYY-MM`, `YYYY`, or `--MM-DD` where no year is known (then `year` is None)."""
    categories: tuple[str, ...] = ()
    has_code: bool | None = None
    """None where the source says nothing either way."""
    score: float | None = None
    affiliations: tuple[str, ...] = ()
    venue: str | None = None
    doi: str | None = None
    arxiv_id: str | None = None
    url: str | None = None
    abstract: str = ""


class Record(Bibliography):
    """One record as a reader found it, before merging."""

    source: Source
    key: str | None = None
    """The user's own cite key, where the file has one."""
    ids: tuple[str, ...] = ()
    """Identifiers of the source itself, for instance `acl:P18-1001`."""
    raw: str | None = None
    """The user's own BibTeX entry, word for word, where the file is BibTeX."""
    full_text: tuple[Section, ...] = Field(default=(), exclude=True)
    """The paper's text, where the file is a PDF; kept beside the record, and no part of what it is known by."""


class Paper(Bibliography):
    """One paper of the library, merged from all its records."""

    key: str
    tags: tuple[str, ...] = ()
    sources: tuple[Source, ...] = ()
    ids: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    """Further cite keys that also lead here."""


class Chunk(Frozen):
    """A piece of an abstract, cut at sentence ends, small enough for the embedder together with the title."""

    id: str
    key: str
    title: str
    text: str
    start: int
    end: int


class Passage(Frozen):
    """A chunk that a search found."""

    text: str
    start: int
    end: int


class TextPassage(Frozen):
    """A piece of a paper's full text that a search found.

    `text` equals `sections[part - 1].text[start:end]` of the full text that `file` gave.
    """

    text: str
    start: int
    end: int
    file: str
    part: int
    section: str
    """The heading that it stands under; empty before the first one."""
    page: int


class TextHit(Frozen):
    """One paper whose full text a search found, with its best passages."""

    rank: int
    key: str
    title: str
    year: int | None
    score: float
    passages: tuple[TextPassage, ...]


class Hit(Frozen):
    """One paper that a search found, with its best passage."""

    rank: int
    key: str
    title: str
    year: int | None
    score: float
    passage: Passage


class Citation(Frozen):
    """A paper cited by a statement, with the exact words that support it."""

    key: str
    title: str
    quote: str
    start: int
    end: int
    support: float | None = None


class Statement(Frozen):
    """One factual sentence with its verdict and at least one citation."""

    text: str
    origin: Origin
    verdict: Verdict
    support: float | None = None
    checked_by: str
    citations: tuple[Citation, ...]


class Dropped(Frozen):
    """A sentence that failed its check and is not shown."""

    text: str
    key: str
    verdict: Verdict
    why: str


class SourceMark(Frozen):
    """A numbered entry of the list of sources under an answer."""

    n: int
    key: str
    title: str
    year: int | None


class Nearest(Frozen):
    """A paper that is near the question without answering it."""

    key: str
    title: str
    why: str


class ModelId(Frozen):
    """Which generator wrote the sentences."""

    name: str
    sha256: str


class Timings(Frozen):
    """Seconds and tokens of one answer."""

    retrieve_s: float
    first_statement_s: float | None
    total_s: float
    prompt_tokens: int
    completion_tokens: int


class Answer(Frozen):
    """One checked, cited answer; `answer` is the text as shown, with marks `[n]` into `sources`."""

    schema_: Literal[1] = Field(default=1, serialization_alias="schema")
    question: str
    answer: str
    abstained: bool
    reason: Reason | None
    statements: tuple[Statement, ...]
    dropped: tuple[Dropped, ...]
    sources: tuple[SourceMark, ...]
    nearest: tuple[Nearest, ...]
    polarity: Polarity | None = None
    """What the cited findings lean to, for a question that can be answered with yes or no."""
    model: ModelId
    timings: Timings


class Paragraph(Frozen):
    """One paragraph of a draft."""

    theme: str
    statements: tuple[Statement, ...]


class Unused(Frozen):
    """A retrieved paper that a draft does not cite, with the reason."""

    key: str
    why: str


class Coverage(Frozen):
    """Which of the retrieved papers a draft cites."""

    used: tuple[str, ...]
    unused: tuple[Unused, ...]


class OwnSentence(Frozen):
    """A sentence of a draft on the user's own work, in words of the user's own abstract."""

    lead: str
    """Words before it that claim nothing."""
    text: str
    quote: str
    """The words of the user's abstract, or of a stated contribution, that it repeats."""


class DraftReport(Frozen):
    """How a draft came about."""

    sentences: int
    """Sentences that cite something."""
    supported: int
    repaired: int
    """Those that passed only at a later try."""
    dropped: int
    """Claims of the plan that are not told, because no sentence for them passed."""
    planned: int
    """Papers in the plan."""
    used: int
    """Papers cited."""
    own: tuple[OwnSentence, ...] = ()


class Draft(Answer):
    """A related-work section: an answer to a topic, in paragraphs, with its bibliography."""

    topic: str
    paragraphs: tuple[Paragraph, ...]
    text: str
    bibliography: str
    coverage: Coverage
    longest_copied_run: int
    """Words in the longest run that the text outside quotation marks shares with an abstract it cites."""
    report: DraftReport
