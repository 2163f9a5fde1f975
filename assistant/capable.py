"""The path for models that can read several abstracts at once: they write the answer, and each sentence is checked.

The model gets three to six whole abstracts, numbered, and a grammar that admits no other number. What it writes is
taken apart sentence by sentence. A sentence without a mark is dropped and never lent its neighbour's; each citation is
held against its own abstract, and one that doesn't support its sentence goes, alone or with the sentence. What the
judge isn't sure of isn't shown, as on the path for small models, which answers where nothing of this holds.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from assistant import check, sentences
from assistant.generate import Completion, Generator, Sampling
from assistant.generate.grammar import NOTHING
from assistant.judge import Evidence, Judge, Support
from assistant.judge.checks import align
from assistant.neutral import neutral, why_not_told
from assistant.prompts import Prompt
from assistant.records import Citation, Dropped, Paper, Statement, Verdict
from assistant.terms import longest_common_run
from assistant.wording import MAX_COPIED_RUN, MAX_WORDS, same_claim

MOST_PAPERS, FEWEST_PAPERS = 6, 3
_MOST_STATEMENTS = 6
_MOST_CITED = 3
# Greedy first; with some chance where nothing of that could be shown.
_TEMPERATURES = (0.0, 0.6)
_MARKS = re.compile(r"\s*\[(\d+(?:\s*[,;–-]\s*\d+)*)\]")
# A sentence with the marks that follow it, before or behind its full stop.
_SENTENCE_END = re.compile(r"(?:\s*\[[\d\s,;–-]+\])*[.!?](?:\s*\[[\d\s,;–-]+\])*(?=\s+\S|\s*$)|\n+")


@dataclass(frozen=True)
class Marked:
    """One sentence as a model wrote it.

    Attributes:
        text: without its marks, ending with a full stop.
        marks: the numbers that it cites, in order, each once.
    """

    text: str
    marks: tuple[int, ...]


@dataclass(frozen=True)
class Composed:
    """What came of one question.

    Attributes:
        statements: what may be shown, in the order written, each with its citations.
        dropped: what may not, with the reason; its key is the first paper that it cited, or empty.
        prompt_tokens: tokens read by the model.
        completion_tokens: tokens written by the model.
    """

    statements: tuple[Statement, ...]
    dropped: tuple[Dropped, ...]
    prompt_tokens: int
    completion_tokens: int


def to_read(chosen: Sequence[Paper], found: Sequence[Paper]) -> list[Paper]:
    """Return the papers that a model is given to read.

    Args:
        chosen: those that belong in the answer, the best first; the first six are read.
        found: what the search found; where fewer than three were chosen, its first ones make up the number.
    """
    papers = {paper.key: paper for paper in chosen}
    for paper in found:
        if len(papers) >= FEWEST_PAPERS:
            break
        papers.setdefault(paper.key, paper)
    return list(papers.values())[:MOST_PAPERS]


def compose(
    question: str, papers: Sequence[Paper], generator: Generator, judge: Judge, prompt: Prompt, *, seed: int = 0
) -> Composed:
    """Let the model answer a question from some papers, and return what of it holds.

    Args:
        question: in the user's words.
        papers: with abstracts, the best first; the first six are read, fewer where the model's context is short, and
            where not even one fits nothing comes of it.
        generator: the language model.
        judge: holds each sentence against what it cites.
        prompt: the prompt, with the variables `papers` and `question`.
        seed: makes the sampling repeatable.
    """
    read = written = 0
    dropped: list[Dropped] = []
    given = [paper for paper in papers if paper.abstract][:MOST_PAPERS]
    for attempt, temperature in enumerate(_TEMPERATURES):
        completed = _complete(question, given, generator, prompt, temperature, seed + attempt)
        if completed is None:
            break
        completion, given = completed
        read += completion.prompt_tokens
        written += completion.completion_tokens
        statements, failed = _checked(completion, given, judge)
        dropped += failed
        if statements or not failed:
            return Composed(tuple(statements), tuple(dropped), read, written)
    return Composed((), tuple(dropped), read, written)


def parse(text: str) -> list[Marked]:
    """Return the sentences of a text with their marks, whatever the numbers; reads `[1, 2]`, `[1][2]` and `[1-3]`."""
    found = []
    start = 0
    for end in _SENTENCE_END.finditer(text):
        found.append(_marked(text[start : end.end()]))
        start = end.end()
    found.append(_marked(text[start:]))
    return [each for each in found if each.text]


def _marked(piece: str) -> Marked:
    marks: dict[int, None] = {}
    for listed in _MARKS.findall(piece):
        for part in re.split(r"[,;]", listed):
            numbers = [int(number) for number in re.findall(r"\d{1,4}", part)]
            marks.update(dict.fromkeys(range(numbers[0], min(numbers[-1], numbers[0] + 50) + 1)))
    plain = " ".join(_MARKS.sub("", piece).split())
    return Marked(re.sub(r"\s+([.!?,;])", r"\1", plain), tuple(marks))


def _complete(
    question: str, given: Sequence[Paper], generator: Generator, prompt: Prompt, temperature: float, seed: int
) -> tuple[Completion, list[Paper]] | None:
    """Return what the model wrote, and the papers that it was given: as many as fit into its context, or None."""
    for count in range(len(given), 0, -1):
        marks = tuple(range(1, count + 1))
        numbered = "\n\n".join(f"[{mark}] {_plain(given[mark - 1])}" for mark in marks)
        messages = prompt.fill(papers=numbered, question=neutral(question))
        sampling = Sampling(
            temperature=temperature, seed=seed, max_tokens=400, marks=marks, statements=_MOST_STATEMENTS
        )
        try:
            return generator.complete(messages, sampling), list(given[:count])
        except ValueError:  # longer than the context
            continue
    return None


def _plain(paper: Paper) -> str:
    """Return a paper as the model reads it: its findings, with numbers in brackets, like our marks, in round ones."""
    told = " ".join(span.text for span in sentences.split(paper.abstract) if why_not_told(span.text) is None)
    return re.sub(r"\[([\d\s,;–-]+)\]", r"(\1)", neutral(f"{paper.title}\n{told}"))


def _checked(completion: Completion, given: Sequence[Paper], judge: Judge) -> tuple[list[Statement], list[Dropped]]:
    """Return the sentences of a completion that hold, and those that don't."""
    statements: list[Statement] = []
    dropped: list[Dropped] = []
    written = parse(completion.text)
    for place, marked in enumerate(written):
        if marked.text == NOTHING:
            continue
        cited = [given[mark - 1] for mark in marked.marks if 1 <= mark <= len(given)][:_MOST_CITED]
        if same_claim(marked.text, [earlier.text for earlier in statements]):
            continue
        unfinished = not marked.text.endswith(".") or (not completion.whole and place == len(written) - 1)
        statement: Statement | None = None
        verdict: Verdict = "unsupported"
        why = "the sentence isn't finished"
        if not unfinished:
            statement, verdict, why = _held(marked.text, cited, judge)
        if statement is not None:
            statements.append(statement)
        else:
            dropped.append(Dropped(text=marked.text, key=cited[0].key if cited else "", verdict=verdict, why=why))
    return statements, dropped


def _held(text: str, cited: Sequence[Paper], judge: Judge) -> tuple[Statement | None, Verdict, str]:
    """Hold one sentence against the papers that it cites, each by itself, then together.

    Returns the statement with the citations that support it, or None with the verdict and the reason.
    """
    if not cited:
        return None, "unsupported", "it cites no paper that it was given"
    if (why := why_not_told(text)) is not None:
        return None, "unsupported", why
    if (finding := check.form(text)) is not None:
        return None, finding.verdict, finding.why
    if (words := len(text.split())) > MAX_WORDS:
        return None, "unsupported", f"too long ({words} words)"
    if (run := longest_common_run(text, [paper.abstract for paper in cited])) > MAX_COPIED_RUN:
        return None, "unsupported", f"runs along with the abstract for {run} words"
    scored = [(paper, judge.score([text], Evidence(paper.abstract, paper.title))[0]) for paper in cited]
    if holding := [(paper, support) for paper, support in scored if support.sure]:
        return _statement(text, max(support.support for _, support in holding), holding, judge), "supported", ""
    if len(cited) > 1 and not any(support.verdict == "contradicted" for _, support in scored):
        joined = Evidence(" ".join(paper.abstract for paper in cited), " ".join(paper.title for paper in cited))
        together = judge.score([text], joined)[0]
        if together.sure:
            return _statement(text, together.support, scored, judge), "supported", ""
    _, nearest = max(scored, key=lambda item: item[1].support)
    if nearest.verdict == "supported":
        return None, "partial", nearest.why or "the judge isn't sure of it"
    return None, nearest.verdict, nearest.why or "its abstract doesn't say so"


def _statement(text: str, support: float, holding: Sequence[tuple[Paper, Support]], judge: Judge) -> Statement:
    return Statement(
        text=text,
        origin="generated",
        verdict="supported",
        support=support,
        checked_by=judge.name,
        citations=tuple(_citation(text, paper, each) for paper, each in holding),
    )


def _citation(text: str, paper: Paper, support: Support) -> Citation:
    """Return the citation of a paper with the exact sentence that decides."""
    start, end = support.start, support.end
    if start is None or end is None:
        span = align(text, sentences.split(paper.abstract))[0].span
        start, end = span.start, span.end
    return Citation(
        key=paper.key,
        title=paper.title,
        quote=paper.abstract[start:end],
        start=start,
        end=end,
        support=support.support,
    )
