"""A written section and how it looks: LaTeX, pandoc's Markdown, plain text, and its bibliography.

A sentence is made of parts, each checked against the papers that it cites; where a part names a paper's authors, the
citation stands at the name.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Literal

from assistant import markup, render
from assistant.records import Citation, Frozen, Origin, OwnSentence, Statement, Verdict

Form = Literal["latex", "markdown", "text"]
CiteStyle = Literal["cite", "natbib", "biblatex"]


class Mention(Frozen):
    """Where a part names the authors of a paper that it cites."""

    key: str
    name: str


class Part(Frozen):
    """What a sentence says of one paper, or of several that share it, without a full stop at its end."""

    text: str
    origin: Origin
    verdict: Verdict
    support: float | None
    checked_by: str
    citations: tuple[Citation, ...]
    mentions: tuple[Mention, ...] = ()

    @property
    def keys(self) -> tuple[str, ...]:
        """The papers that the part cites."""
        return tuple(dict.fromkeys(citation.key for citation in self.citations))


class Sentence(Frozen):
    """One sentence of the section.

    Attributes are what it is made of; `lead` are words before it that claim nothing.
    """

    lead: str = ""
    parts: tuple[Part, ...]
    joint: str = ", while "
    repaired: bool = False

    @property
    def keys(self) -> tuple[str, ...]:
        """The papers that the sentence cites."""
        return tuple(dict.fromkeys(key for part in self.parts for key in part.keys))

    @property
    def statement(self) -> Statement:
        """The sentence as a statement: what it claims, with all that it cites."""
        supports = [part.support for part in self.parts]
        generated = any(part.origin == "generated" for part in self.parts)
        origins = {part.origin for part in self.parts}
        return Statement(
            text=_ended(self.joint.join(part.text for part in self.parts)),
            origin="quoted" if origins == {"quoted"} else "generated" if generated else "template",
            verdict="supported" if all(part.verdict == "supported" for part in self.parts) else "partial",
            support=None if None in supports else min(support for support in supports if support is not None),
            checked_by=self.parts[0].checked_by,
            citations=tuple(citation for part in self.parts for citation in part.citations),
        )


class SectionParagraph(Frozen):
    """One paragraph as written."""

    theme: str
    sentences: tuple[Sentence, ...]
    own: tuple[OwnSentence, ...] = ()


class Section(Frozen):
    """A whole section as written."""

    paragraphs: tuple[SectionParagraph, ...]

    @property
    def sentences(self) -> tuple[Sentence, ...]:
        """All its sentences that cite something, in order."""
        return tuple(sentence for paragraph in self.paragraphs for sentence in paragraph.sentences)

    @property
    def keys(self) -> tuple[str, ...]:
        """The papers that it cites, in the order in which they come up."""
        return tuple(dict.fromkeys(key for sentence in self.sentences for key in sentence.keys))


def _ended(text: str) -> str:
    return text if text.endswith((".", "?", "!")) else text + "."


def written(section: Section, form: Form, style: CiteStyle = "cite") -> str:
    """Return a section as text in a form, its paragraphs apart by an empty line."""
    marks = {key: number for number, key in enumerate(section.keys, start=1)}
    return "\n\n".join(paragraph(part, form, style, marks) for part in section.paragraphs)


def _escaping(form: Form) -> Callable[[str], str]:
    """Return what makes a text safe in a form, its simple formulas typed out."""
    escape = {"latex": render.latex, "markdown": render.markdown, "text": render.visible}[form]
    return lambda text: escape(markup.typed_out(text))


def paragraph(part: SectionParagraph, form: Form, style: CiteStyle, marks: dict[str, int]) -> str:
    """Return one paragraph as text."""
    escape = _escaping(form)
    told = [sentence_text(sentence, form, style, marks) for sentence in part.sentences]
    return " ".join([*told, *(escape(own.lead + own.text) for own in part.own)])


def sentence_text(sentence: Sentence, form: Form, style: CiteStyle, marks: dict[str, int]) -> str:
    """Return one sentence with its citations."""
    escape = _escaping(form)
    parts = [_part(part, form, style, marks) for part in sentence.parts]
    return _ended(escape(sentence.lead) + escape(sentence.joint).join(parts))


def _part(part: Part, form: Form, style: CiteStyle, marks: dict[str, int]) -> str:
    escape = _escaping(form)
    done: list[str] = []
    rest = part.text
    named: set[str] = set()
    for mention in part.mentions:
        before, name, after = rest.partition(mention.name)
        if not name:
            continue
        done += [escape(before), _named(mention, form, style, marks)]
        named.add(mention.key)
        rest = after
    text = "".join(done) + escape(rest.rstrip(".") if not rest.endswith("al.") else rest)
    left = [key for key in part.keys if key not in named]
    return text + (_behind(left, form, style, marks) if left else "")


def _named(mention: Mention, form: Form, style: CiteStyle, marks: dict[str, int]) -> str:
    """Return authors with their citation, as the subject or object of a sentence."""
    if form == "markdown":
        return f"@{mention.key}"
    if form == "text":
        return f"{render.visible(mention.name)} [{marks[mention.key]}]"
    command = {"natbib": r"\citet", "biblatex": r"\textcite"}.get(style)
    return f"{command}{{{mention.key}}}" if command else rf"{render.latex(mention.name)}~\cite{{{mention.key}}}"


def _behind(keys: Sequence[str], form: Form, style: CiteStyle, marks: dict[str, int]) -> str:
    """Return the citation of some papers that stands behind what they are cited for."""
    if form == "markdown":
        return " [" + "; ".join(f"@{key}" for key in keys) + "]"
    if form == "text":
        return " [" + ", ".join(str(marks[key]) for key in keys) + "]"
    command = {"cite": r"\cite", "natbib": r"\citep", "biblatex": r"\autocite"}[style]
    return f"~{command}{{{','.join(keys)}}}"


def statements(sentences: Iterable[Sentence]) -> tuple[Statement, ...]:
    """Return sentences as statements."""
    return tuple(sentence.statement for sentence in sentences)
