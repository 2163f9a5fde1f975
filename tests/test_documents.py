"""The documents say what the program does, all of it."""

import re
from pathlib import Path

import pytest
import typer

from assistant.chat.commands import COMMANDS
from assistant.cli import app
from assistant.cli.run import COMMON
from assistant.config import Settings

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def commands() -> list[tuple[str, typer.models.CommandInfo]]:
    """Return every command with its full name."""
    found = [(str(info.name or info.callback.__name__), info) for info in app.registered_commands if info.callback]
    for group in app.registered_groups:
        assert group.typer_instance is not None
        found += [
            (f"{group.name} {info.name or info.callback.__name__}", info)
            for info in group.typer_instance.registered_commands
            if info.callback
        ]
    return found


@pytest.mark.parametrize("name", [name for name, _ in commands()])
def test_every_command_is_documented(name: str) -> None:
    """The README names each command."""
    assert re.search(rf"\b{name}\b", README)


@pytest.mark.parametrize("name", [name for name, _ in commands()])
def test_every_command_has_help(name: str) -> None:
    """Each command says in a sentence what it does."""
    info = dict(commands())[name]
    assert info.callback is not None
    assert (info.callback.__doc__ or "").strip().endswith(".")


def test_every_option_is_documented() -> None:
    """The README names each option of each command."""
    text = "".join(path.read_text(encoding="utf-8") for path in sorted((ROOT / "assistant" / "cli").glob("*.py")))
    options = set(re.findall(r'"(--[a-z-]+)"', text)) - {"--help"}
    assert len(options) > 8
    assert sorted(option for option in options if f"`{option}" not in README) == []
    assert len(COMMON) == 7


def test_every_command_of_the_chat_is_documented() -> None:
    """The README's table of the chat is the table that drives help and completion."""
    rows = [f"| `{f'{each.name} {each.arguments}'.strip()}` | {each.help} |" for each in COMMANDS]
    assert [row for row in rows if row not in README] == []


def test_every_setting_is_documented() -> None:
    """The README names the environment variable of each setting."""
    names = {f"ASSISTANT_{name.upper()}" for name in Settings.model_fields} - {"ASSISTANT_SEED"}
    assert sorted(name for name in names if name not in README) == []


def test_the_documents_name_no_machine() -> None:
    """No path of a machine and no host of a registry stands in the documents."""
    for name in ("README.md", "CHANGELOG.md", "eval/DATASHEET.md"):
        text = (ROOT / name).read_text(encoding="utf-8")
        assert not re.search(r"/(?:root|home|work|tmp)/|pypi\.org|files\.pythonhosted", text), name
