"""Commands about models: models list, pull, path."""

from typing import Annotated

import typer

from assistant.cli.run import Run, command, show, show_json, tell


def register(app: typer.Typer) -> None:
    """Register the commands."""
    group = typer.Typer(help="The models: which there are, fetch them, where they lie.", no_args_is_help=True)
    app.add_typer(group, name="models")
    command(group, "list")(list_models)
    command(group, "pull")(pull)
    command(group, "path")(path)


def list_models(run: Run) -> None:
    """List the models of the catalogue, with size, licence, source, and whether they are here."""
    from assistant.local_models import held
    from assistant.models import installed

    rows = installed(run.settings.models, announce=tell)
    others = held()
    if run.as_json:
        show_json(
            {
                "cache": str(run.settings.models),
                "models": [
                    {**entry.model_dump(mode="json", exclude={"extras", "member", "file"}), "state": state}
                    for entry, state in rows
                ],
                "held_by_others": [model.model_dump(mode="json") for model in others],
            }
        )
        return
    for entry, state in rows:
        size = f"{entry.size / 1e6:6.0f} MB"
        show(f"{entry.name:<24} {entry.role:<10} {size}  {entry.licence:<12} {state:<8} {entry.summary}")
        show(f"{'':<24} from {entry.source}")
    for model in others:
        show(f"{model.name}  {model.path}")


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
