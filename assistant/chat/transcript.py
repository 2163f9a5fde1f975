"""A conversation as a file: Markdown with its sources and their bibliography, JSON, or the bibliography alone."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Literal, get_args

from assistant import render
from assistant.chat.answering import marked, paper_of
from assistant.errors import UsageError
from assistant.export import export
from assistant.library import Library
from assistant.records import SourceMark
from assistant.sessions import Exchange, Session

Form = Literal["markdown", "json", "bibtex"]
_SUFFIXES: dict[str, Form] = {".md": "markdown", ".markdown": "markdown", ".json": "json", ".bib": "bibtex"}


def form_of(path: Path) -> Form:
    """Return the form that a file's name asks for.

    Raises:
        UsageError: its suffix says nothing.
    """
    form = _SUFFIXES.get(path.suffix.lower())
    if form is None:
        raise UsageError(f"{path.name} doesn't say what to write", "End the name with .md, .json or .bib.")
    return form


def transcript(
    session: Session | None, exchanges: Iterable[Exchange], sources: Iterable[SourceMark], library: Library, form: Form
) -> str:
    """Return a conversation as the text of a file.

    Args:
        session: the conversation, where it is kept.
        exchanges: its turns.
        sources: its sources with their numbers.
        library: knows the papers behind them.
        form: what to write.
    """
    assert form in get_args(Form)
    exchanges, sources = list(exchanges), list(sources)
    if form == "json":
        about = session.model_dump(mode="json", exclude={"id", "scope"}) if session else None
        value = {
            "schema": 1,
            "session": about,
            "scope": session.scope.model_dump(mode="json") if session else None,
            "sources": [source.model_dump(mode="json") for source in sources],
            "turns": [exchange.model_dump(mode="json", by_alias=True) for exchange in exchanges],
        }
        return json.dumps(value, ensure_ascii=False, indent=1) + "\n"
    bibliography = _bibliography(sources, library)
    if form == "bibtex":
        return bibliography
    numbers = {source.key: source.n for source in sources}
    lines = [f"# {session.name if session else 'Conversation'}"]
    for exchange in exchanges:
        lines += ["", f"## {exchange.n}. {_plain(exchange.answer.question)}"]
        if exchange.answer.abstained:
            lines += ["", _plain(exchange.answer.answer)]
        for place, statement in enumerate(exchange.answer.statements):
            partly = " (partly supported)" if statement.verdict == "partial" else ""
            lines += ["", _plain(marked(statement, numbers)) + partly]
            lines += [f"\n> {_plain(citation.quote)}" for citation in statement.citations]
            lines += [
                f"\nContradicts turn {conflict.turn}: {_plain(conflict.text)} ({_plain(conflict.why)})"
                for conflict in exchange.conflicts
                if conflict.statement == place
            ]
        model = exchange.answer.model
        stopped = "" if exchange.ended == "whole" else ", stopped before its end"
        lines += ["", f"*{exchange.at}, {_plain(model.name)} {model.sha256[:12]}, seed {exchange.seed}{stopped}*"]
    if sources:
        lines += ["", "## Sources", ""]
        for source in sources:
            year = f" ({source.year})" if source.year else ""
            lines.append(f"- \\[{source.n}\\] {_plain(source.title)}{year} {_plain(source.key)}")
        fence = "`" * 4
        lines += ["", f"{fence}bibtex", bibliography.rstrip(), fence]
    return "\n".join(lines) + "\n"


def _bibliography(sources: Iterable[SourceMark], library: Library) -> str:
    papers = filter(None, (paper_of(library, source.key) for source in sources))
    return export(((paper, library.records(paper.key)) for paper in papers), "bibtex")


def _plain(text: str) -> str:
    return render.markdown(" ".join(text.split()))
