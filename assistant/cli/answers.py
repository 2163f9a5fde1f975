"""Commands that answer: search, ask."""

import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from assistant.cli.conditions import Diverse, with_conditions
from assistant.cli.run import Run, command, screen, show, show_json, tell, width

if TYPE_CHECKING:
    from pydantic import BaseModel

Questions = Annotated[
    Path | None,
    typer.Option("-f", "--file", help="Questions, one a line; - for standard input.", show_default=False),
]


def register(app: typer.Typer) -> None:
    """Register the commands."""
    command(app)(with_conditions(search))
    command(app)(with_conditions(ask))


def search(
    run: Run,
    query: Annotated[str | None, typer.Argument(help="What to look for.", show_default=False)] = None,
    file: Questions = None,
    k: Annotated[int, typer.Option("-k", min=1, max=1000, help="How many papers.")] = 10,
    diverse: Diverse = False,
    full_text: Annotated[
        bool, typer.Option("--full-text", help="Search the text of the PDFs that were added; show section and page.")
    ] = False,
) -> None:
    """Rank the papers of the library for a query; show each with its best passage.

    With `--full-text`, JSON: `query, filters, hits:[{rank, key, title, year, score, passages:[{text, start, end, file,
    part, section, page}]}]`; `text` is `[start:end]` of that part, from 1, of what `papers show KEY --json` gives.
    """
    from assistant import render

    run.diverse = diverse

    def one(question: str) -> dict[str, Any]:
        asked = run.retriever.read(question)
        result = run.retriever.find_text(asked, k) if full_text else run.retriever.find(asked, k)
        if result.notice:
            tell(render.visible(result.notice))
        hits: Sequence[BaseModel] = result.texts or [
            found.hit(rank) for rank, found in enumerate(result.found, start=1)
        ]
        return {
            "query": question,
            "filters": result.filters,
            "hits": [hit.model_dump(mode="json") for hit in hits],
        }

    def text(result: dict[str, Any]) -> None:
        for hit in result["hits"]:
            year = f" ({hit['year']})" if hit["year"] else ""
            show(f"{hit['rank']:>3}  {hit['score']:.3f}  {render.visible(hit['title'])}{year}  {hit['key']}")
            for passage in hit["passages"] if full_text else [hit["passage"]]:
                if full_text:
                    show(f"            {render.visible(_place(passage))}")
                show(render.wrapped(render.visible(passage["text"]), width(), indent="            ") + "\n")
        if not result["hits"]:
            show("Nothing found.")
            if full_text and not run.library.has_full_text():
                tell("No paper has its full text here: add its PDF with assistant add FILE.pdf.")

    _each(run, query, file, one, text)


def _place(passage: dict[str, Any]) -> str:
    """Return where a passage of a full text stands: `paper.pdf, page 3, 2 Results`."""
    return ", ".join(filter(None, (Path(passage["file"]).name, f"page {passage['page']}", passage["section"])))


def ask(
    run: Run,
    question: Annotated[str | None, typer.Argument(help="A question about the papers.", show_default=False)] = None,
    file: Questions = None,
) -> None:
    """Answer a question from the library, each sentence checked and cited."""

    def one(asked: str) -> dict[str, Any]:
        from assistant.answer import Done, Retrieved

        for event in run.answerer.stream(asked):
            if isinstance(event, Retrieved) and event.notice:
                tell(event.notice)
            if isinstance(event, Done):
                answer = event.answer
        return {"schema": 1, **answer.model_dump(mode="json", by_alias=True)}

    if run.as_json or file is not None:
        _each(run, question, file, one, lambda result: show(result["answer"]))
        return
    from assistant import chat as conversation

    for _ in _questions(question, file):
        break
    conversation.answer_in(run.answerer, run.library, question or "", screen())


def _questions(question: str | None, file: Path | None) -> Iterator[str]:
    """Yield the questions of the command line or of a file.

    Raises:
        UsageError: neither or both are given, or the question is blank.
        ReadError: the file can't be read.
    """
    from assistant.errors import ReadError, UsageError

    if (question is None) == (file is None):
        raise UsageError(
            "give a question, or -f FILE with one question a line", 'For example: assistant ask "What is …?"'
        )
    if question is not None:
        if not question.strip():
            raise UsageError("the question is empty", 'For example: assistant ask "What is …?"')
        yield question
        return
    try:
        lines = sys.stdin if str(file) == "-" else Path(str(file)).read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ReadError(
            f"{file}: can't be read ({error})", "Give a text file in UTF-8, one question a line."
        ) from error
    for line in lines:
        if line.strip():
            yield line.strip()


def _each(
    run: Run,
    question: str | None,
    file: Path | None,
    one: Callable[[str], dict[str, Any]],
    text: Callable[[dict[str, Any]], None],
) -> None:
    """Answer one question, or each of a file; there one that fails is reported and the rest goes on."""
    from assistant.errors import AssistantError, NotReadyError

    for asked in _questions(question, file):
        try:
            result = one(asked)
        except (AssistantError, ValueError) as error:
            if file is None or isinstance(error, NotReadyError):
                raise
            result = {"question": asked, "error": str(error).splitlines()[0]}
        if run.as_json:
            show_json(result)
        elif "error" in result:
            tell(f"{asked}: {result['error']}")
        else:
            if file is not None:
                show(f"? {asked}")
            text(result)
