"""The one exception tree.

    AssistantError              exit 1: something failed
    ├── UsageError              exit 2: the request itself is off
    ├── ReadError               exit 1: an input that can't be read at all
    ├── HomeError               exit 1: the home folder can't be used (permissions, full disk, a foreign file)
    ├── ServerError             exit 1: a model's server took too long, broke off or answered nonsense
    ├── NotReadyError           exit 3: something has to be set up first
    │   ├── NoLibraryError          nothing was added yet
    │   ├── ModelMissingError       a model file isn't here
    │   ├── ModelDamagedError       a model file is here and can't be trusted
    │   └── NewerHomeError          the home was written by a newer version
    └── BelowThresholdError     exit 4: a result is below the threshold that was asked for

Each error carries two lines: what happened, and what to do next. Only the command line turns them into text and
an exit code; nothing below it prints or exits.
"""

from typing import ClassVar


class AssistantError(Exception):
    """Base of all errors that the program raises on purpose.

    Args:
        what: what happened, one line without a full stop.
        cure: what the user can do about it, one line.
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, what: str, cure: str) -> None:
        super().__init__(what)
        self.what = what
        self.cure = cure

    def __str__(self) -> str:
        return f"{self.what}\n{self.cure}"


class UsageError(AssistantError):
    """The request itself is off: an unknown name, options that exclude each other."""

    exit_code = 2


class ReadError(AssistantError):
    """An input file that can't be read at all; single bad records are problems, not errors."""


class HomeError(AssistantError):
    """The home folder can't be used: permissions, a full disk, a foreign file in it."""


class ServerError(AssistantError):
    """The server that runs the model took too long, broke off or answered nonsense."""


class NotReadyError(AssistantError):
    """Something has to be set up first; the cure names the command."""

    exit_code = 3


class NoLibraryError(NotReadyError):
    """Nothing was added to this home yet."""


class ModelMissingError(NotReadyError):
    """A model file isn't here and may not or can't be fetched."""


class ModelDamagedError(NotReadyError):
    """A model file is here and can't be trusted: cut short, changed inside, or of a foreign format."""


class NewerHomeError(NotReadyError):
    """The home was written by a newer version of the program."""


class BelowThresholdError(AssistantError):
    """A result is below the threshold that was asked for."""

    exit_code = 4
