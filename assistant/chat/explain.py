"""Why a statement may be believed: the exact words behind it, what the judge says, and what was dropped."""

from collections import Counter
from collections.abc import Iterator

from assistant import render, sentences
from assistant.chat.answering import paper_of
from assistant.chat.conversation import Conversation, conflict_line
from assistant.chat.screen import Screen
from assistant.judge import Evidence, checks
from assistant.records import Citation, Paper, Statement
from assistant.sessions import Exchange


def show_paper(conversation: Conversation, key: str, screen: Screen) -> None:
    """Show the abstract of a paper, and every statement that was made of it."""
    n = conversation.number(key)
    paper = paper_of(conversation.library, key)
    if paper is None:
        screen.tell(f"[{n}] {key} is no longer in the library.")
    else:
        screen.show(f"[{n}] {paper.title}")
        screen.show(" ".join(filter(None, (render.byline(paper), paper.venue, paper.key))), keep=(paper.key,))
        screen.show(paper.abstract or "(no abstract)", indent="  ")
    for exchange in conversation.exchanges:
        for statement in exchange.answer.statements:
            for citation in statement.citations:
                if citation.key == key:
                    screen.show(f"turn {exchange.n}: {statement.text}")
                    screen.show(f"supported by: “{citation.quote}”", indent="  ")


def show_why(conversation: Conversation, exchange: Exchange, key: str | None, screen: Screen) -> None:
    """Show why the statements of a turn may be believed, and what was dropped from it.

    Args:
        conversation: the turn belongs to it.
        exchange: the turn.
        key: only what cites this paper; None for everything.
        screen: where it is shown.
    """
    screen.show(f"Turn {exchange.n}: {exchange.answer.question}")
    for place, statement in enumerate(exchange.answer.statements):
        if key is None or any(citation.key == key for citation in statement.citations):
            screen.show("")
            _show_statement(conversation, exchange, place, statement, screen)
    dropped = [drop for drop in exchange.answer.dropped if key is None or drop.key == key]
    screen.show("")
    if exchange.ended != "whole":
        screen.show("The answer was stopped; what was dropped from it isn't known.")
    elif dropped:
        screen.show("Dropped, because a check failed:")
        for drop, times in Counter(dropped).items():
            again = f" ({times} times)" if times > 1 else ""
            verdict = "" if drop.verdict == "supported" else f"{drop.verdict}: "
            screen.show(f"“{drop.text}”{again}" if drop.text else "(nothing was written)", indent="    ", first="  - ")
            screen.show(f"{verdict}{drop.why} [{drop.key}]", indent="    ", keep=(drop.key,))
    else:
        screen.show("Nothing was dropped.")


def _show_statement(
    conversation: Conversation, exchange: Exchange, place: int, statement: Statement, screen: Screen
) -> None:
    marks = "".join(f" [{conversation.number(citation.key)}]" for citation in statement.citations)
    screen.show(statement.text + marks)
    model = exchange.answer.model
    how = {
        "generated": f"worded by {model.name} ({model.sha256[:12]})",
        "quoted": "the paper's own words",
        "template": "worded by the program",
    }[statement.origin]
    support = "" if statement.support is None else f", support {statement.support:.2f}"
    screen.show(f"verdict: {statement.verdict}{support}; checked by {statement.checked_by}; {how}", indent="  ")
    for citation in statement.citations:
        paper = paper_of(conversation.library, citation.key)
        screen.show(f"checks: {'; '.join(_checks(statement, citation, paper))}", indent="  ")
        _show_context(conversation.number(citation.key), citation, paper, screen)
    for conflict in exchange.conflicts:
        if conflict.statement == place:
            screen.show(conflict_line(conflict, conversation.number), indent="    ", first="  ! ")


def _checks(statement: Statement, citation: Citation, paper: Paper | None) -> Iterator[str]:
    """Yield the outcome of each deterministic check of a statement against the abstract."""
    if statement.origin == "quoted":
        yield "the quotation is in the abstract, character for character"
        return
    text = paper.abstract if paper else citation.quote
    aligned = checks.align(statement.text, sentences.split(text))
    failed = {
        failure.check: failure.why
        for failure in checks.failures(statement.text, Evidence(text, citation.title), aligned)
    }
    for name in checks.NAMES:
        yield f"{name}: {failed[name]}" if name in failed else f"{name} ok"


def _show_context(n: int, citation: Citation, paper: Paper | None, screen: Screen) -> None:
    """Show the exact words with `>` before each of their lines, in the abstract around them."""
    byline = render.byline(paper) if paper else ""
    screen.show(
        f"[{n}] {citation.title}" + (f" ({byline})" if byline else "") + f" {citation.key}", "  ", [citation.key]
    )
    abstract = paper.abstract if paper else ""
    if abstract[citation.start : citation.end] != citation.quote:
        screen.show(citation.quote, indent="  > ")
        gone = "the abstract has changed since" if paper else "the paper is no longer in the library"
        screen.show(f"({gone}; these are the words as they were)", indent="    ")
        return
    for text, indent in (
        (abstract[: citation.start], "    "),
        (citation.quote, "  > "),
        (abstract[citation.end :], "    "),
    ):
        if text.strip():
            screen.show(" ".join(text.split()), indent=indent)
