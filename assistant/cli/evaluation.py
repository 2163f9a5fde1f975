"""The evaluation command."""

import typer


def register(app: typer.Typer) -> None:
    """Register the commands."""
