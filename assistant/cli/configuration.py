"""Commands about settings: config show."""

import typer

from assistant.cli.run import Run, command, show, show_json, tell


def register(app: typer.Typer) -> None:
    """Register the commands."""
    group = typer.Typer(help="The settings, and where each comes from.", no_args_is_help=True)
    app.add_typer(group, name="config")
    command(group, "show")(show_config)


def show_config(run: Run) -> None:
    """Show each setting with its value and its origin: a flag, the environment, a file, or the default."""
    from assistant import render
    from assistant.config import load

    loaded = load(run.overrides)
    values = loaded.settings.model_dump(mode="json")
    if run.as_json:
        rows = [{"name": name, "value": value, "origin": loaded.origins[name]} for name, value in values.items()]
        show_json({"settings": rows, "ignored": loaded.ignored})
        return
    for name, value in values.items():
        shown = "not set" if value == "" else render.visible(str(value))
        show(f"{name:<8}  {shown}  ({loaded.origins[name]})")
    for variable, near in loaded.ignored.items():
        tell(f"{variable} is no setting and changes nothing." + (f" Did you mean {near}?" if near else ""))
