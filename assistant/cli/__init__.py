"""The command line. `assistant --help` imports nothing heavy: a command imports its parts when it runs."""

import inspect
import sys
from collections.abc import Sequence
from typing import Annotated, Any

import typer

from assistant.cli import answers, catalogue, configuration, conversations, drafting, evaluation, health, papers, tour
from assistant.cli.run import COMMON, Run, common_parameters, complain

app = typer.Typer(
    name="assistant",
    help="Ask your papers, and draft related work from them; each sentence is checked against the words it cites.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

_CLICK_ERROR: type[Exception] = next(kind for kind in typer.BadParameter.__mro__ if kind.__name__ == "ClickException")


def _version(wanted: bool) -> None:
    if wanted:
        from assistant import __version__

        print(f"assistant {__version__}")
        raise typer.Exit


def _root(context: typer.Context, version: bool = False, **common: Any) -> None:
    """Keep the options that stand before the command's name."""
    context.obj = {name: common[name] for name, _ in COMMON}


_root.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
    [
        inspect.Parameter("context", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=typer.Context),
        inspect.Parameter(
            "version",
            inspect.Parameter.POSITIONAL_OR_KEYWORD,
            default=False,
            annotation=Annotated[
                bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
            ],
        ),
        *common_parameters(),
    ]
)
_root.__annotations__ = {name: p.annotation for name, p in inspect.signature(_root).parameters.items()}
app.callback()(_root)

for part in (papers, answers, conversations, drafting, catalogue, configuration, evaluation, health, tour):
    part.register(app)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the program and exit with its code."""
    try:
        code = app(list(arguments) if arguments is not None else None, standalone_mode=False)
    except _CLICK_ERROR as error:
        context = getattr(error, "ctx", None)
        complain(_message(error), f"See: {context.command_path if context else 'assistant'} --help")
        code = 2
    except (typer.Abort, KeyboardInterrupt):
        print("Interrupted.", file=sys.stderr)
        code = 130
    except typer.Exit as ended:
        code = ended.exit_code
    raise SystemExit(code if isinstance(code, int) else 0)


def _message(error: Exception) -> str:
    format_message = getattr(error, "format_message", None)
    return str(format_message()) if format_message else str(error)


__all__ = ["Run", "app", "main"]
