"""Text for people, terminals, LaTeX, Markdown and BibTeX. Nothing that comes out of a paper can become a command."""

import re
import unicodedata
from collections.abc import Collection, Iterator

from wcwidth import iter_graphemes, wcswidth

from assistant.markup import SIGNS
from assistant.records import Answer, Paper

# Besides what Unicode calls controls: marks that hide text or change its direction.
_HIDDEN = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\U000e0000-\U000e007f]")

_RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]+(?![\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc])")
_ASCII = (
    ("“", '"'), ("”", '"'), ("’", "'"), ("‘", "'"), ("–", "-"), ("—", "-"), ("…", "..."), ("·", "-"), ("\u200e", ""),
    ("≥", ">="), ("≤", "<="), ("→", "->"), ("−", "-"), ("×", "x"), ("ß", "ss"), ("ø", "o"), ("Ø", "O"), ("ł", "l"),
    ("Ł", "L"), ("æ", "ae"), ("Æ", "AE"),
)  # fmt: skip

_LATEX = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "%": r"\%", "_": r"\_",
    "^": r"\textasciicircum{}", "~": r"\textasciitilde{}", "<": r"\textless{}", ">": r"\textgreater{}",
    "|": r"\textbar{}", "“": "``", "”": "''", "‘": "`", "’": "'", "–": "--", "—": "---", "…": r"\ldots{}",
    "\u00a0": "~",
}  # fmt: skip
_LATEX |= {sign: rf"\(\{name}\)" if name.isalpha() else rf"\({name}\)" for sign, name in SIGNS.items()}
_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>#|@$^~])")


def visible(text: str) -> str:
    """Return a text in which control characters and hidden marks stand as visible escapes and do nothing."""

    def shown(char: str) -> str:
        if char == "\n" or (not unicodedata.category(char).startswith("C") and not _HIDDEN.match(char)):
            return char
        return " " if char == "\t" else f"\\u{{{ord(char):x}}}"

    return "".join(map(shown, text))


def ascii_marks(text: str) -> str:
    """Return a text in ASCII, for a terminal that has nothing else: accents go, what has no likeness becomes `?`."""
    for mark, plain in _ASCII:
        text = text.replace(mark, plain)
    parts = unicodedata.normalize("NFKD", text)
    return "".join(char for char in parts if not unicodedata.combining(char)).encode("ascii", "replace").decode()


def wrapped(text: str, width: int, indent: str = "", keep: Collection[str] = (), first: str | None = None) -> str:
    """Return a text wrapped to a width, counted in terminal columns.

    A word that is wider than a line is cut between characters as they are seen, so that no line is longer, unless it
    holds one of the words to keep whole. What follows right-to-left characters keeps its place.

    Args:
        text: the text, with nothing in it that a terminal would obey (`visible`).
        width: columns; at least 20 are used.
        indent: stands before each line.
        keep: words that are never cut, such as cite keys.
        first: stands before the first line instead, as wide as `indent`.
    """
    room = max(width, 20) - len(indent)
    lines = []
    for paragraph in text.split("\n"):
        line, used = "", 0
        for piece in _pieces(paragraph, room, keep):
            columns = _columns(piece)
            if used and used + 1 + columns > room:
                lines.append(indent + line)
                line, used = "", 0
            line, used = (f"{line} {piece}", used + 1 + columns) if used else (piece, columns)
        lines.append(indent + line if line else "")
    if first is not None and lines:
        lines[0] = first + lines[0].removeprefix(indent)
    return "\n".join(_RIGHT_TO_LEFT.sub("\\g<0>\u200e", line) for line in lines)


def _pieces(paragraph: str, room: int, keep: Collection[str]) -> Iterator[str]:
    """Yield the words of a paragraph, cut where one is wider than a line."""
    for word in paragraph.split():
        if _columns(word) <= room or any(key in word for key in keep):
            yield word
            continue
        piece, used = "", 0
        for seen in iter_graphemes(word):
            columns = _columns(seen)
            if piece and used + columns > room:
                yield piece
                piece, used = "", 0
            piece, used = piece + seen, used + columns
        yield piece


def _columns(text: str) -> int:
    return len(text) if text.isascii() else max(wcswidth(text), 0)


def byline(paper: Paper) -> str:
    """Return the authors and the year in short: `Mehta et al. 2024`."""
    names = subject(paper)
    return " ".join(part for part in (names, str(paper.year or "")) if part)


def subject(paper: Paper) -> str:
    """Return the authors as the subject of a sentence: `Mehta et al.`, `Du and Lin`, or nothing."""
    surnames = [name.split(",")[0] if "," in name else name.split()[-1] for name in paper.authors]
    if not surnames:
        return ""
    if len(surnames) == 1 and not paper.authors_truncated:
        return surnames[0]
    if len(surnames) == 2 and not paper.authors_truncated:
        return f"{surnames[0]} and {surnames[1]}"
    return f"{surnames[0]} et al."


def abstention(answer: Answer, width: int) -> str:
    """Return what is shown where the library doesn't answer: that it doesn't, and the nearest papers."""
    lines = [visible(answer.answer)]
    if answer.nearest:
        lines.append("Nearest papers:")
        for near in answer.nearest:
            text = visible(f"{near.title} ({near.key}): {near.why}")
            lines.append(wrapped(text, width, indent="  ", keep=(near.key,)))
    return "\n".join(lines)


# ---------------------------------------------------------------------- LaTeX, Markdown, BibTeX


def latex(text: str) -> str:
    """Return a text with everything escaped that LaTeX would read as a command."""
    return "".join(_LATEX.get(char, char) for char in visible(text))


def markdown(text: str) -> str:
    """Return a text with everything escaped that pandoc's Markdown would read as markup."""
    return _MARKDOWN.sub(r"\\\1", visible(text))


def bibtex(paper: Paper) -> str:
    """Return a paper's BibTeX entry; fields that aren't known are left out, never guessed."""
    kind, venue_field = "misc", "howpublished"
    if paper.venue:
        meeting = re.search(r"\b(?:proceedings|conference|workshop|symposium|meeting)\b", paper.venue, re.IGNORECASE)
        kind, venue_field = ("inproceedings", "booktitle") if meeting else ("article", "journal")
    authors = " and ".join(paper.authors) + (" and others" if paper.authors_truncated else "")
    month = paper.date[5:7] if paper.date and re.match(r"\d{4}-\d{2}", paper.date) else ""
    fields = {
        "title": f"{{{_bib(paper.title)}}}",
        "author": _bib(authors),
        "year": str(paper.year or ""),
        "month": month.lstrip("0"),
        venue_field: _bib(paper.venue or ""),
        "doi": _bib(paper.doi or ""),
        "eprint": _bib(paper.arxiv_id or ""),
        "url": _bib(paper.url or ""),
    }
    lines = [f"  {name} = {{{value}}}" for name, value in fields.items() if value and value != "{}"]
    return f"@{kind}{{{paper.key},\n" + ",\n".join(lines) + "\n}"


def _bib(text: str) -> str:
    return latex(" ".join(text.split()))
