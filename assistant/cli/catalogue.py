"""Commands about models: models list, pull, path, try."""

from typing import Annotated

import typer

from assistant.cli.evaluation import Progress, tools
from assistant.cli.run import EVALUATOR, Run, command, show, show_json, tell


def register(app: typer.Typer) -> None:
    """Register the commands."""
    group = typer.Typer(help="The models: which there are, fetch them, where they lie, try them.", no_args_is_help=True)
    app.add_typer(group, name="models")
    command(group, "list")(list_models)
    command(group, "pull")(pull)
    command(group, "path")(path)
    command(group, "try")(try_model)


def list_models(run: Run) -> None:
    """List the models of the catalogue, with size, licence, source, whether they are here, and how they answer."""
    from assistant.eval import trials
    from assistant.local_models import held
    from assistant.models import installed, sha256_of

    cache = run.settings.models
    tried = trials.read(cache)
    rows = [
        (entry, state, trials.path_of(tried, sha256_of(entry, cache)) if entry.role == "generator" else None)
        for entry, state in installed(cache, announce=tell)
    ]
    # LM Studio tells no hash of what it holds.
    by_name = {trial.model.name: name for name, trial in tried.items()}
    others = [(model, model.sha256 or by_name.get(model.name)) for model in held()]
    listed = {sha256_of(entry, cache) for entry, *_ in rows} | {name for _, name in others}
    if run.as_json:
        show_json(
            {
                "cache": str(run.settings.models),
                "models": [
                    {
                        **entry.model_dump(mode="json", exclude={"extras", "member", "file"}),
                        "state": state,
                        "answer_path": path,
                    }
                    for entry, state, path in rows
                ],
                "held_by_others": [
                    {**model.model_dump(mode="json"), "answer_path": trials.path_of(tried, name)}
                    for model, name in others
                ],
                "trials": {name: trial.model_dump(mode="json") for name, trial in tried.items()},
            }
        )
        return
    for entry, state, path in rows:
        size = f"{entry.size / 1e6:6.0f} MB"
        kind = f"{entry.name:<24} {entry.role:<10} {size}  {entry.licence:<12}"
        show(f"{kind} {state:<8} {path or '':<8} {entry.summary}")
        show(f"{'':<24} from {entry.source}")
    for model, name in others:
        show(f"{model.name}  {trials.path_of(tried, name)}  {model.path}")
    for name, trial in tried.items():
        if name not in listed:
            show(f"{trial.model.name}  {trial.path}  tried as {name}")


def pull(
    run: Run,
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME]...", help="Names; without any, the defaults.")
    ] = None,
) -> None:
    """Fetch models into the cache and verify them; what is here and sound is left alone."""
    from assistant import models
    from assistant.config import DEFAULT_EMBEDDER, DEFAULT_GENERATOR

    settings = run.settings
    files = [
        models.pull(name, cache=settings.models, offline=settings.offline, announce=tell)
        for name in names or (DEFAULT_GENERATOR, DEFAULT_EMBEDDER)
    ]
    if run.as_json:
        show_json({"models": [{"name": file.name, "path": str(file.path), "sha256": file.sha256} for file in files]})
        return
    for file in files:
        show(f"{file.name}  {file.path}")


def path(run: Run, name: Annotated[str, typer.Argument(help="A model's name.")]) -> None:
    """Print where a model's file lies; it is not fetched."""
    from assistant.errors import ModelMissingError, UsageError
    from assistant.models import installed

    for entry, state in installed(run.settings.models):
        if entry.name == name:
            if state != "ready":
                raise ModelMissingError(f"the model {name} is {state}", f"Fetch it with: assistant models pull {name}")
            place = run.settings.models / entry.name / entry.file
            if run.as_json:
                show_json({"name": name, "path": str(place)})
            else:
                show(str(place))
            return
    raise UsageError(f"no model is called {name}", "See the names with: assistant models list")


def try_model(
    run: Run,
    name: Annotated[str, typer.Argument(help="A model, as --model takes it.")],
    n: Annotated[int, typer.Option("--n", min=1, help="How many questions.")] = 24,
) -> None:
    """Try which path a model answers better on, with questions of the evaluation set; it answers so from then on."""
    from assistant.eval import trials

    tried = Run({**run.overrides, "model": name}, run.as_json, run.verbose, run.debug)
    settings = tried.settings
    trial = trials.measure(
        tools(tried, EVALUATOR),
        tried.answerer_over,
        n=n,
        seed=settings.seed,
        journals=settings.journals,
        progress=Progress(),
    )
    trials.keep(settings.models, tried.identity, trial)
    if run.as_json:
        show_json({"model": tried.identity, "trial": trial.model_dump(mode="json")})
        return
    show("\n".join(trials.table(trial)))
