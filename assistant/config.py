"""Where things live, and the settings a run starts with."""

from pathlib import Path

from platformdirs import user_cache_path, user_data_path
from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

APP = "literature-assistant"

DEFAULT_GENERATOR = "smollm2-135m-instruct"
DEFAULT_EMBEDDER = "all-minilm-l6-v2"


class Settings(BaseSettings):
    """Settings of one run; a flag wins over the environment, the environment over the default."""

    model_config = SettingsConfigDict(env_prefix="ASSISTANT_", frozen=True, extra="ignore")

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


def data_path(name: str) -> Path:
    """Return a data folder of the project (`prompts`, `eval`), in a checkout or in an installed wheel."""
    package = Path(__file__).parent
    bundled = package / "_data" / name
    return bundled if bundled.is_dir() else package.parent / name
