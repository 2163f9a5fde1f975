"""The tour on the bundled sample library: demo."""

import typer


def register(app: typer.Typer) -> None:
    """Register the commands."""
