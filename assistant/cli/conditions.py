"""The options that say which papers a search may find, shared by the commands that search."""

import functools
import inspect
import re
from collections.abc import Callable
from typing import Annotated, Any

import typer

from assistant.cli.run import Run

_DATE = re.compile(r"(?:19|20)\d\d(?:-(?:0[1-9]|1[0-2])(?:-(?:0[1-9]|[12]\d|3[01]))?)?")

Diverse = Annotated[bool, typer.Option("--diverse", help="Prefer papers that are unlike those above them.")]


def _many(option: str, help: str) -> Any:
    return Annotated[list[str] | None, typer.Option(option, help=help, show_default=False)]


_OPTIONS: tuple[tuple[str, Any, Any], ...] = (
    (
        "since",
        Annotated[str | None, typer.Option("--since", help="From this year, month or day on.", show_default=False)],
        None,
    ),
    (
        "until",
        Annotated[str | None, typer.Option("--until", help="Up to this year, month or day.", show_default=False)],
        None,
    ),
    ("has_code", Annotated[bool, typer.Option("--has-code", help="Only papers with code.")], False),
    ("survey", Annotated[bool, typer.Option("--surveys", help="Only surveys.")], False),
    ("authors", _many("--author", "Only papers by this author; repeat for co-authors."), None),
    ("categories", _many("--category", "Only papers of this category; repeat for further ones."), None),
    ("affiliations", _many("--affiliation", "Only papers from there; repeat for further ones."), None),
    ("venues", _many("--venue", "Only papers of this venue; repeat for further ones."), None),
    ("tags", _many("--tag", "Only papers with this tag; repeat for all of several."), None),
    ("sources", _many("--source", "Only papers from this file; repeat for further ones."), None),
    ("exclude", _many("--exclude", "No papers about this topic; repeat for further ones."), None),
    ("latest", Annotated[bool, typer.Option("--latest", help="The newest of the relevant papers first.")], False),
    (
        "include_unknown",
        Annotated[bool, typer.Option("--include-unknown", help="Keep papers that lack a field that is asked for.")],
        False,
    ),
    (
        "no_conditions",
        Annotated[bool, typer.Option("--no-conditions", help="Read no conditions out of the questions.")],
        False,
    ),
)


def with_conditions(function: Callable[..., None]) -> Callable[..., None]:
    """Give a command that searches the options that say which papers it may find; they are noted in its run."""

    @functools.wraps(function)
    def wrapper(run: Run, *args: Any, **kwargs: Any) -> None:
        given = {name: kwargs.pop(name) for name, _, _ in _OPTIONS}
        run.reads_conditions = not given.pop("no_conditions")
        run.conditions = _conditions(given)
        function(run, *args, **kwargs)

    signature = inspect.signature(function, eval_str=True)
    further = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)
        for name, annotation, default in _OPTIONS
    ]
    wrapper.__signature__ = signature.replace(  # type: ignore[attr-defined]
        parameters=[*signature.parameters.values(), *further]
    )
    return wrapper


def _conditions(given: dict[str, Any]) -> Any:
    """Return the conditions of the options.

    Raises:
        UsageError: a date isn't one.
    """
    from assistant.conditions import Conditions
    from assistant.errors import UsageError

    for option in ("since", "until"):
        if given[option] is not None and not _DATE.fullmatch(given[option]):
            raise UsageError(f"--{option} {given[option]} is not a date", "Give a year, 2023, or a month, 2023-06.")
    return Conditions(
        **{name: tuple(value) if isinstance(value, list) else value for name, value in given.items() if value}
    )
