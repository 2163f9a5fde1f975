"""Prompts are versioned data: one YAML file a prompt, its hash in every result.

A file has `name`, `version`, `variables`, `text` and optionally `system` and `opening`; `$name` marks a variable.
Filling a prompt with an unknown or a missing variable is an error, not a surprise.
"""

import hashlib
from pathlib import Path
from string import Template

from pydantic import ValidationError

from assistant.config import data_path
from assistant.errors import UsageError
from assistant.records import Frozen


class Message(Frozen):
    """One turn of what a model reads."""

    role: str
    content: str


class Prompt(Frozen):
    """A prompt template."""

    name: str
    version: int
    variables: tuple[str, ...]
    text: str
    system: str | None = None
    sha256: str = ""

    def fill(self, **values: str) -> tuple[Message, ...]:
        """Return the messages with the variables put in.

        Raises:
            ValueError: a variable is missing or unknown.
        """
        if set(values) != set(self.variables):
            raise ValueError(f"prompt {self.name} takes {sorted(self.variables)}, got {sorted(values)}")
        system = (Message(role="system", content=self.system.strip()),) if self.system else ()
        return (*system, Message(role="user", content=Template(self.text).substitute(values).strip()))


def load(name: str, folder: Path | None = None) -> Prompt:
    """Return a prompt by its name.

    Raises:
        UsageError: there is no such prompt, or its file is malformed.
    """
    import yaml

    path = (folder or data_path("prompts")) / f"{name}.yaml"
    try:
        data = path.read_bytes()
        prompt = Prompt(**yaml.safe_load(data), sha256=hashlib.sha256(data).hexdigest())
    except OSError as error:
        raise UsageError(f"no prompt {name} at {path} ({error.strerror})", "Reinstall the package.") from error
    except (yaml.YAMLError, ValidationError, TypeError) as error:
        raise UsageError(f"the prompt file {path} is malformed", "Mend the file or reinstall the package.") from error
    used = set(Template(prompt.text).get_identifiers())
    if used != set(prompt.variables):
        raise UsageError(
            f"the prompt {name} uses {sorted(used)} and declares {sorted(prompt.variables)}", f"Mend {path}."
        )
    return prompt


def hashes(folder: Path | None = None) -> dict[str, str]:
    """Return the sha256 of every prompt file, by name, for the record of a run."""
    where = folder or data_path("prompts")
    return {path.stem: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(where.glob("*.yaml"))}
