"""What every command shares: the common options, the parts of a run, and how errors end it."""

import functools
import inspect
import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TextIO

import typer

if TYPE_CHECKING:
    from pydantic import BaseModel

    from assistant.answer import Answerer
    from assistant.chat.screen import Screen
    from assistant.conditions import Conditions
    from assistant.config import Settings
    from assistant.draft import Drafter
    from assistant.embed import Embedder
    from assistant.generate import Generator
    from assistant.judge import Judge
    from assistant.library import Library
    from assistant.models import ModelFile
    from assistant.records import AnswerPath
    from assistant.retrieve import Retriever
    from assistant.store import Store

COMMON: tuple[tuple[str, Any], ...] = (
    (
        "home",
        Annotated[Path | None, typer.Option("--home", help="Folder of the library.", show_default=False)],
    ),
    (
        "model",
        Annotated[str | None, typer.Option("--model", help="Generator: a name, a GGUF file or a server's address.")],
    ),
    ("offline", Annotated[bool, typer.Option("--offline", help="Forbid every connection.")]),
    ("seed", Annotated[int | None, typer.Option("--seed", help="Seed of the sampling (default 0).")]),
    ("as_json", Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output.")]),
    ("verbose", Annotated[bool, typer.Option("-v", "--verbose", help="Say more on standard error.")]),
    ("debug", Annotated[bool, typer.Option("--debug", help="Show a traceback where something fails.")]),
)
"""The common options; every command takes them, and so does the program before the command's name."""


@dataclass
class Run:
    """One run of a command: its options, and the parts that it opens when it needs them."""

    overrides: dict[str, Any] = field(default_factory=dict)
    as_json: bool = False
    verbose: bool = False
    debug: bool = False
    conditions: "Conditions | None" = None
    """What every search of the run must hold to, beside what the questions ask."""
    reads_conditions: bool = True
    diverse: bool = False

    def with_model(self, name: str) -> "Run":
        """Return this run with another generator; the library and its search stay open."""
        other = Run({**self.overrides, "model": name}, self.as_json, self.verbose, self.debug)
        other.library, other.store, other.retriever = self.library, self.store, self.retriever
        return other

    @cached_property
    def settings(self) -> "Settings":
        """The settings: flags over environment over files over defaults."""
        from assistant.config import load

        return load(self.overrides).settings

    @cached_property
    def library(self) -> "Library":
        """The library, opened; an error where there is none."""
        from assistant.library import Library

        return Library.open(self.settings.catalogue)

    @cached_property
    def store(self) -> "Store":
        """Dense search over the library."""
        from assistant.store import Store

        return Store(self.library, self.settings.index, self.settings.write_lock, tell)

    @cached_property
    def embedder(self) -> "Embedder":
        """The embedder, its model fetched if need be."""
        from assistant.config import DEFAULT_EMBEDDER
        from assistant.embed import MiniLM, Remembering
        from assistant.models import resolve

        settings = self.settings
        file = resolve(DEFAULT_EMBEDDER, "embedder", cache=settings.models, offline=settings.offline, announce=tell)
        return Remembering(MiniLM(file, threads=settings.threads))

    @cached_property
    def generator(self) -> "Generator":
        """The generator, its model fetched if need be."""
        from assistant.generate import load

        settings = self.settings
        return load(
            settings.model,
            cache=settings.models,
            offline=settings.offline,
            threads=settings.threads,
            key=settings.api_key.get_secret_value(),
            announce=tell,
        )

    @property
    def adapter(self) -> Path | None:
        """The adapter that the generator rewords with, if it runs here and one was trained for it."""
        from assistant.models import rewording_adapter

        return rewording_adapter(self.generator.model)

    @cached_property
    def path(self) -> "AnswerPath":
        """The path that the generator was found to answer better on, the small one until it was tried."""
        from assistant.eval import trials

        return trials.path_of(trials.read(self.settings.models), self.identity)

    @property
    def identity(self) -> str:
        """What the trial of the generator is kept under."""
        from assistant.eval import trials

        return trials.identity(self.settings.model, self.generator.model)

    @cached_property
    def gate(self) -> "Judge":
        """The judge that decides what is shown, whichever model words it."""
        from assistant.judge import shipped

        return shipped.gate(self.judging_model, threads=self.settings.threads)

    @property
    def judging_model(self) -> "ModelFile":
        """The model that the judges read with: the default one, fetched if need be."""
        from assistant.config import DEFAULT_GENERATOR
        from assistant.models import resolve

        settings = self.settings
        return resolve(DEFAULT_GENERATOR, "generator", cache=settings.models, offline=settings.offline, announce=tell)

    def judge(self, name: str) -> "Judge":
        """Return a support judge by its name.

        Raises:
            UsageError: there is none of this name.
        """
        from assistant.errors import UsageError

        if name not in JUDGES:
            raise UsageError(f"no judge is called {name!r}", f"the judges are {', '.join(JUDGES)}")
        return JUDGES[name](self)

    @cached_property
    def retriever(self) -> "Retriever":
        """Search over the library."""
        from assistant.ingest import check_embedder
        from assistant.retrieve import Retriever

        check_embedder(self.library, self.embedder)
        return Retriever(
            self.library,
            self.store,
            self.embedder,
            conditions=self.conditions,
            reads_conditions=self.reads_conditions,
            diverse=self.diverse,
        )

    @property
    def writes_freely(self) -> bool:
        """Whether the generator may write a sentence freely where no rule rewords it: not the small default model.

        Of 16 free wordings that passed every check on the evaluation set, half said less or something else.
        """
        return self.adapter is None

    @cached_property
    def answerer(self) -> "Answerer":
        """Answers questions over the library."""
        return self.answerer_over(self.retriever)

    def answerer_over(self, retriever: "Retriever", path: "AnswerPath | None" = None) -> "Answerer":
        """Return what answers questions over the library of a retriever, on the generator's path or another."""
        from assistant import prompts
        from assistant.answer import Answerer

        return Answerer(
            retriever,
            self.generator,
            prompts.load("reword"),
            seed=self.settings.seed,
            judge=self.gate,
            whole=prompts.load("cite") if (path or self.path) == "capable" else None,
            free=self.writes_freely,
        )

    @cached_property
    def drafter(self) -> "Drafter":
        """Drafts related work over the library."""
        return self.drafter_over(self.retriever)

    def drafter_over(self, retriever: "Retriever") -> "Drafter":
        """Return what drafts related work over the library of a retriever."""
        from assistant import prompts
        from assistant.draft import Drafter

        return Drafter(
            retriever,
            self.generator,
            prompts.load("reword"),
            self.gate,
            seed=self.settings.seed,
            free=self.writes_freely,
        )


def _gate(run: Run) -> "Judge":
    return run.gate


def _evaluation(run: Run) -> "Judge":
    from assistant.judge import shipped

    return shipped.evaluation(run.judging_model, run.embedder, threads=run.settings.threads)


def _rules(run: Run) -> "Judge":
    from assistant.judge.rules import RulesJudge

    return RulesJudge()


def _overlap(run: Run) -> "Judge":
    from assistant.judge.overlap import OverlapJudge

    return OverlapJudge()


JUDGES: dict[str, Callable[[Run], "Judge"]] = {
    "gate": _gate,
    "evaluation": _evaluation,
    "rules": _rules,
    "overlap": _overlap,
}
"""The support judges by the names that `--judge` takes."""

GATE = "gate"
"""The judge that decides what is shown."""

EVALUATOR = "evaluation"
"""The judge that scores what was shown; another one than the gate, or an answer would mark its own work."""


def command(app: typer.Typer, name: str | None = None) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Register a function as a command: its first argument is the run, and it takes the common options."""

    def register(function: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(function)
        def wrapper(*args: Any, **kwargs: Any) -> None:
            context = kwargs.pop("context")
            common = {option: kwargs.pop(option) for option, _ in COMMON}
            run = make_run(common, context.obj)
            with ending(run):
                function(run, *args, **kwargs)

        _take_common(function, wrapper)
        app.command(name)(wrapper)
        return function

    return register


def default_command(group: typer.Typer) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Register a function as what a group of commands does by itself; it takes the common options too."""

    def register(function: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(function)
        def wrapper(*args: Any, **kwargs: Any) -> None:
            context = kwargs.pop("context")
            common = {option: kwargs.pop(option) for option, _ in COMMON}
            if context.invoked_subcommand is not None:
                # Options between the group's name and the command's are the command's.
                before = context.obj or {}
                context.obj = {option: value or before.get(option) for option, value in common.items()}
                return
            run = make_run(common, context.obj)
            with ending(run):
                function(run, *args, **kwargs)

        _take_common(function, wrapper)
        group.callback(invoke_without_command=True)(wrapper)
        return function

    return register


def _take_common(function: Callable[..., None], wrapper: Callable[..., None]) -> None:
    """Give a wrapper the parameters of its function less the run, and the common options."""
    own = list(inspect.signature(function, eval_str=True).parameters.values())[1:]
    context = inspect.Parameter("context", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=typer.Context)
    parameters = [context, *own, *common_parameters()]
    wrapper.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    wrapper.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}


def common_parameters() -> list[inspect.Parameter]:
    """Return the common options as parameters of a function."""
    return [
        inspect.Parameter(
            name,
            inspect.Parameter.KEYWORD_ONLY,
            default=False if name in ("offline", "as_json", "verbose", "debug") else None,
            annotation=annotation,
        )
        for name, annotation in COMMON
    ]


def make_run(common: dict[str, Any], before: dict[str, Any] | None) -> Run:
    """Return the run for some options; those behind the command's name win over those before it."""
    merged = {name: value or (before or {}).get(name) for name, value in common.items()}
    if common.get("seed") is not None:
        merged["seed"] = common["seed"]
    settings = {name: merged[name] for name in ("home", "model", "seed") if merged[name] is not None}
    if merged["offline"]:
        settings["offline"] = True
    return Run(settings, bool(merged["as_json"]), bool(merged["verbose"]), bool(merged["debug"]))


@contextmanager
def ending(run: Run) -> Iterator[None]:
    """Turn what a command raises into two lines and an exit code."""
    from assistant.errors import AssistantError

    try:
        yield
    except AssistantError as error:
        if run.debug:
            raise
        complain(error.what, error.cure)
        raise typer.Exit(error.exit_code) from None
    except KeyboardInterrupt:
        print("Interrupted.", file=sys.stderr)
        raise typer.Exit(130) from None
    except BrokenPipeError:
        # The reader of our output has gone; there is nobody left to tell.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(1) from None
    except (typer.Exit, typer.Abort):
        raise
    except OSError as error:
        if run.debug:
            raise
        complain(
            f"{error.filename or 'a file'}: {error.strerror or error}",
            "Check space and permissions, and run the command again",
        )
        raise typer.Exit(1) from None
    except Exception as error:
        if run.debug:
            raise
        complain(
            f"an unexpected error: {type(error).__name__}: {error}",
            "Run it again with --debug and report what it shows",
        )
        raise typer.Exit(1) from None


def complain(what: str, cure: str) -> None:
    """Print an error in two lines: what happened, what to do."""
    from assistant.render import visible

    print(f"Error: {_one_line(visible(what))}", file=sys.stderr)
    print(_one_line(visible(cure[:1].upper() + cure[1:])), file=sys.stderr)


def _one_line(text: str) -> str:
    text = " ".join(text.split())
    return text if text.endswith((".", "?", "!", ")", "…")) else text + "."


def tell(line: str) -> None:
    """Print one line of talk on standard error."""
    print(_printable(line, sys.stderr), file=sys.stderr, flush=True)


def show(text: str) -> None:
    """Print a result on standard output, in ASCII where the terminal has nothing else."""
    print(_printable(text, sys.stdout), flush=True)


def _printable(text: str, stream: TextIO) -> str:
    from assistant.render import ascii_marks

    return text if (stream.encoding or "ascii").lower().startswith("utf") else ascii_marks(text)


def screen() -> "Screen":
    """Return the terminal, or what stands in its place, to show answers on."""
    from assistant.chat.screen import Screen, Silent
    from assistant.chat.spinner import Spinner

    plain = os.environ.get("TERM") == "dumb"
    status = Spinner(sys.stderr, width) if sys.stderr.isatty() and not plain else Silent()
    colour = sys.stdout.isatty() and not plain and not os.environ.get("NO_COLOR")
    return Screen(show, tell, width, status, colour)


def show_json(value: "BaseModel | dict[str, Any]") -> None:
    """Print one JSON object on a line of standard output."""
    data = value if isinstance(value, dict) else value.model_dump(mode="json", by_alias=True)
    print(json.dumps({"schema": 1, **data}, ensure_ascii=False), flush=True)


def width() -> int:
    """Return the width to wrap text at: the terminal's, at most 100 columns; 80 where there is none."""
    import shutil

    return min(shutil.get_terminal_size((80, 24)).columns, 100)
