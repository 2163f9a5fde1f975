"""Where things live, and the settings a run starts with: flags over environment over files over defaults."""

import difflib
import ipaddress
import os
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from platformdirs import user_cache_path, user_config_path, user_data_path
from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, InitSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict

from assistant.errors import UsageError

APP = "literature-assistant"

DEFAULT_GENERATOR = "smollm2-135m-instruct"
DEFAULT_EMBEDDER = "all-minilm-l6-v2"


_PREFIX = "ASSISTANT_"
FOLDER_FILE = "assistant.toml"
"""The file of the working folder; it may come with somebody else's files, so it can't set everything."""


def user_file() -> Path:
    """Return the user's own settings file, which need not be there."""
    return user_config_path(APP) / "config.toml"


class Settings(BaseSettings):
    """Settings of one run: a flag wins over the environment, that over `assistant.toml`, that over the user's file."""

    model_config = SettingsConfigDict(env_prefix=_PREFIX, frozen=True, extra="ignore")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Return where settings come from, the strongest first."""
        files = (InitSettingsSource(settings_cls, values) for _, values in _files(cls))
        return (init_settings, env_settings, *files)

    home: Path = Field(default_factory=lambda: user_data_path(APP))
    """Everything the program writes for a library is below this folder."""

    models: Path = Field(default_factory=lambda: user_cache_path(APP) / "models")
    """The model cache, one for all homes."""

    model: str = DEFAULT_GENERATOR
    """The generator: a name from the catalogue, the path of a GGUF file, `ollama:NAME`, `lmstudio:NAME`, or the address
    of a server."""

    api_key: SecretStr = SecretStr("")
    """The key of the server that runs the generator, where it wants one."""

    offline: bool = False
    """Forbid every connection, the first fetch of the default models included."""

    seed: int = 0
    """Seed of everything that samples; the same input, model and seed give the same answer."""

    threads: int = Field(default=0, ge=0)
    """Threads for the generator and the embedder; 0 lets the program choose."""

    @property
    def catalogue(self) -> Path:
        """The SQLite file that holds the truth about the library."""
        return self.home / "catalogue.sqlite3"

    @property
    def index(self) -> Path:
        """The folder that holds the generations of the Chroma index."""
        return self.home / "index"

    @property
    def journals(self) -> Path:
        """The folder that holds what is done of evaluations that were cut short."""
        return self.home / "evaluations"

    @property
    def write_lock(self) -> Path:
        """The lock file that one writer holds at a time."""
        return self.home / "write.lock"


@dataclass(frozen=True)
class Loaded:
    """Settings, and where each comes from.

    Attributes:
        settings: the settings.
        origins: for each, `flag`, an environment variable, a file, or `default`.
        ignored: environment variables that look like settings and aren't, each with the nearest name or nothing.
    """

    settings: Settings
    origins: dict[str, str]
    ignored: dict[str, str]


def load(flags: Mapping[str, Any]) -> Loaded:
    """Return the settings of a run.

    Raises:
        UsageError: a file can't be read, sets what isn't a setting or what it may not set, or a value makes no sense.
    """
    variables = {name: f"{_PREFIX}{name.upper()}" for name in Settings.model_fields}
    there = {name.upper() for name in os.environ}
    origins = dict.fromkeys(variables, "default")
    for path, values in reversed(_files(Settings)):
        origins |= dict.fromkeys(values, str(path))
    origins |= {name: variable for name, variable in variables.items() if variable in there}
    origins |= dict.fromkeys(flags, "flag")
    try:
        settings = Settings(**flags)
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0]) if first["loc"] else "a setting"
        raise UsageError(
            f"{name} ({origins.get(name, 'default')}) can't be {first.get('input')!r}: {first['msg']}",
            "See every setting with its origin: assistant config show.",
        ) from error
    strange = sorted(name for name in there if name.startswith(_PREFIX) and name not in variables.values())
    return Loaded(settings, origins, {name: nearest(name, variables.values()) for name in strange})


def nearest(name: str, names: Iterable[str]) -> str:
    """Return the name that a mistyped one most probably meant, or nothing."""
    return next(iter(difflib.get_close_matches(name, list(names), n=1, cutoff=0.6)), "")


def _files(settings: type[BaseSettings]) -> list[tuple[Path, dict[str, Any]]]:
    """Return what the settings files say, the stronger one first."""
    folder = Path(FOLDER_FILE).absolute()
    return [
        (path, values)
        for path, foreign in ((folder, True), (user_file(), False))
        if (values := _read(path, list(settings.model_fields), foreign=foreign))
    ]


def _read(path: Path, names: list[str], *, foreign: bool) -> dict[str, Any]:
    """Return what one settings file says; paths in it start from its folder."""
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"{path} can't be read ({error})", "Mend the file; it is TOML in UTF-8.") from error
    for name, value in values.items():
        if name not in names:
            near = nearest(name, names)
            cure = f"Did you mean {near}?" if near else f"There are: {', '.join(names)}."
            raise UsageError(f"{path}: there is no setting {name}", cure)
        if foreign and (name == "api_key" or (name == "model" and _is_far(str(value)))):
            raise UsageError(
                f"{path} may not set {name} so: a file of the working folder names no server elsewhere and no key",
                f"Set it by a flag, by {_PREFIX}{name.upper()}, or in {user_file()}.",
            )
        if name in ("home", "models") or (name == "model" and str(value).endswith(".gguf") and "://" not in str(value)):
            values[name] = type(value)(path.parent / Path(str(value)).expanduser())
    return values


def _is_far(model: str) -> bool:
    """Tell whether a model is the address of a server that isn't on this machine."""
    if "://" not in model:
        return False
    try:
        host = urlsplit(model).hostname or ""
        return host != "localhost" and not ipaddress.ip_address(host).is_loopback
    except ValueError:
        return True


def data_path(name: str) -> Path:
    """Return a data folder of the project (`prompts`, `eval`), in a checkout or in an installed wheel."""
    package = Path(__file__).parent
    bundled = package / "_data" / name
    return bundled if bundled.is_dir() else package.parent / name
