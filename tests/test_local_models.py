"""Models in the folders of Ollama and LM Studio, imitated around a small GGUF file and the real default model."""

import json
import os
import struct
from pathlib import Path

import pytest

from assistant.config import DEFAULT_GENERATOR
from assistant.errors import ModelDamagedError, ModelMissingError, UsageError
from assistant.generate import LlamaCpp, Sampling, load
from assistant.gguf import check_generator
from assistant.local_models import find, held
from assistant.models import ModelFile, resolve
from assistant.prompts import Message
from tests.test_models import WEIGHTS, sha256


@pytest.fixture
def user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The home of a user who has neither program yet."""
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    monkeypatch.delenv("OLLAMA_MODELS", raising=False)
    return tmp_path


def in_ollama(root: Path, name: str, weights: bytes | Path = WEIGHTS, **layers: str) -> Path:
    """Put a model into a folder as Ollama does, and return its blob."""
    digest = sha256(weights if isinstance(weights, bytes) else weights.read_bytes())
    blob = root / "blobs" / f"sha256-{digest}"
    blob.parent.mkdir(parents=True, exist_ok=True)
    blob.write_bytes(weights) if isinstance(weights, bytes) else os.symlink(weights, blob)
    listed = [{"mediaType": "application/vnd.ollama.image.template", "digest": "sha256:" + "0" * 64, "size": 3}]
    listed += [{"mediaType": f"application/vnd.ollama.image.{kind}", "digest": value} for kind, value in layers.items()]
    listed.append({"mediaType": "application/vnd.ollama.image.model", "digest": f"sha256:{digest}", "size": 1})
    place = root / "manifests" / name
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(json.dumps({"schemaVersion": 2, "layers": listed}))
    return blob


def resolved(name: str, cache: Path) -> ModelFile:
    """Resolve a generator without a network."""
    return resolve(name, "generator", cache=cache, offline=True, announce=print)


@pytest.mark.parametrize(
    ("name", "manifest"),
    [
        ("tiny", "registry.ollama.ai/library/tiny/latest"),
        ("tiny:1b", "registry.ollama.ai/library/tiny/1b"),
        ("someone/tiny:1b", "registry.ollama.ai/someone/tiny/1b"),
        ("hf.co/someone/tiny-GGUF:Q4_K_M", "hf.co/someone/tiny-GGUF/Q4_K_M"),
    ],
)
def test_a_model_of_ollama_goes_by_its_name_there(user: Path, name: str, manifest: str) -> None:
    """A name is read as Ollama reads it, and the file is the blob of its weights, verified."""
    blob = in_ollama(user / ".ollama" / "models", manifest)
    file = resolved(f"ollama:{name}", user / "cache")
    assert (file.path, file.name, file.sha256) == (blob, f"ollama:{name}", sha256(WEIGHTS))


def test_ollama_is_told_where_its_folder_is(user: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """OLLAMA_MODELS moves the folder."""
    monkeypatch.setenv("OLLAMA_MODELS", str(user / "elsewhere"))
    blob = in_ollama(user / "elsewhere", "registry.ollama.ai/library/tiny/latest")
    assert resolved("ollama:tiny", user / "cache").path == blob


def test_nothing_is_written_to_the_folders(user: Path) -> None:
    """Finding, listing and using a model leaves the other programs' folders as they were."""
    root = user / ".ollama" / "models"
    in_ollama(root, "registry.ollama.ai/library/tiny/latest")
    before = {path: path.stat().st_mtime_ns for path in sorted(root.rglob("*"))}
    assert [model.name for model in held()] == ["ollama:tiny:latest"]
    resolved("ollama:tiny", user / "cache")
    assert {path: path.stat().st_mtime_ns for path in sorted(root.rglob("*"))} == before


def test_damaged_weights_of_ollama_are_refused(user: Path) -> None:
    """A blob that isn't what its name says is damage."""
    blob = in_ollama(user / ".ollama" / "models", "registry.ollama.ai/library/tiny/latest")
    blob.write_bytes(WEIGHTS[:-1] + b"x")
    with pytest.raises(ModelDamagedError, match="sha256"):
        resolved("ollama:tiny", user / "cache")


def test_what_ollama_does_not_hold(user: Path) -> None:
    """A model that isn't there is an error that says what is."""
    in_ollama(user / ".ollama" / "models", "registry.ollama.ai/library/tiny/latest")
    with pytest.raises(ModelMissingError, match="it holds ollama:tiny:latest") as caught:
        find("ollama:huge")
    assert "ollama pull huge" in caught.value.cure


@pytest.mark.parametrize("name", ["../../etc/passwd", "a/b/c/d", "", "a b", ".hidden", "tiny:../x"])
def test_a_name_never_leaves_the_folder(user: Path, name: str) -> None:
    """A name that isn't one is refused before any file is looked at."""
    with pytest.raises(UsageError):
        find(f"ollama:{name}")


@pytest.mark.parametrize(
    "record",
    ["{", "[]", '{"layers": 3}', '{"layers": [{"mediaType": "application/vnd.ollama.image.model"}]}', "x" * 2_000_000],
)
def test_a_spoilt_record_of_ollama(user: Path, record: str) -> None:
    """A manifest that can't be read is damage, and the list leaves it out."""
    root = user / ".ollama" / "models"
    in_ollama(root, "registry.ollama.ai/library/tiny/latest")
    (root / "manifests/registry.ollama.ai/library/tiny/latest").write_text(record)
    with pytest.raises(ModelDamagedError, match="record"):
        find("ollama:tiny")
    assert held() == []


def test_an_adapter_of_ollama_is_refused(user: Path) -> None:
    """A model with an adapter would answer as another one, so it is refused."""
    in_ollama(user / ".ollama" / "models", "registry.ollama.ai/library/tiny/latest", adapter="sha256:" + "1" * 64)
    with pytest.raises(UsageError, match="adapter"):
        find("ollama:tiny")


@pytest.mark.parametrize(
    "name", ["infra/ocelot-GGUF", "infra/ocelot-GGUF/ocelot-Q4_0.gguf", "ocelot-gguf", "Ocelot-Q4_0"]
)
def test_a_model_of_lm_studio_goes_by_any_part_of_its_path(user: Path, name: str) -> None:
    """Publisher, repository or file are enough while they mean one file; companions don't count."""
    folder = user / ".lmstudio" / "models" / "infra" / "ocelot-GGUF"
    folder.mkdir(parents=True)
    (folder / "ocelot-Q4_0.gguf").write_bytes(WEIGHTS)
    (folder / "mmproj-ocelot.gguf").write_bytes(WEIGHTS)
    file = resolved(f"lmstudio:{name}", user / "cache")
    assert file.path == folder / "ocelot-Q4_0.gguf"


def test_an_ambiguous_name_of_lm_studio_lists_the_files(user: Path) -> None:
    """Where a name means several files, the error gives their names."""
    folder = user / "told" / "infra" / "ocelot"
    folder.mkdir(parents=True)
    (user / ".lmstudio").mkdir()
    (user / ".lmstudio" / "settings.json").write_text(json.dumps({"downloadsFolder": str(user / "told")}))
    for quantisation in ("Q4_0", "Q8_0"):
        (folder / f"ocelot-{quantisation}.gguf").write_bytes(WEIGHTS)
    with pytest.raises(UsageError) as caught:
        find("lmstudio:ocelot")
    assert "lmstudio:infra/ocelot/ocelot-Q8_0.gguf" in caught.value.cure
    with pytest.raises(ModelMissingError):
        find("lmstudio:lynx")


# A user's own file


def gguf(**metadata: str) -> bytes:
    """Return a whole GGUF file with some metadata and one small tensor."""

    def text(value: str) -> bytes:
        return struct.pack("<Q", len(value)) + value.encode()

    pairs = b"".join(
        text(key.replace("__", ".")) + struct.pack("<I", 8) + text(value) for key, value in metadata.items()
    )
    head = b"GGUF" + struct.pack("<IQQ", 3, 1, len(metadata)) + pairs + struct.pack("<Q1sIQIQ", 1, b"w", 1, 32, 0, 0)
    return head.ljust(-(-len(head) // 32) * 32, b"\0") + bytes(128)


@pytest.mark.parametrize(
    ("metadata", "why"),
    [
        ({"general__type": "adapter"}, "adapter"),
        ({"general__type": "mmproj"}, "companion"),
        ({"general__architecture": "nomic-bert"}, "doesn't write"),
        ({"general__architecture": "clip"}, "doesn't write"),
    ],
)
def test_what_cannot_write_is_refused(tmp_path: Path, metadata: dict[str, str], why: str) -> None:
    """A sound GGUF file of something that writes no text is named for what it is."""
    path = tmp_path / "m.gguf"
    path.write_bytes(gguf(**metadata))
    with pytest.raises(UsageError, match=why):
        check_generator(path)


def test_a_model_in_several_files_needs_all_of_them(tmp_path: Path) -> None:
    """The first part is given, the others lie beside it."""
    first, second = tmp_path / "m-00001-of-00002.gguf", tmp_path / "m-00002-of-00002.gguf"
    first.write_bytes(gguf(general__architecture="llama"))
    with pytest.raises(ModelDamagedError, match="m-00002-of-00002"):
        check_generator(first)
    second.write_bytes(gguf(general__architecture="llama"))
    assert check_generator(first).architecture == "llama"
    with pytest.raises(UsageError, match="part 2 of 2"):
        check_generator(second)


@pytest.mark.models
def test_a_real_model_in_ollamas_folder_writes(user: Path, model_cache: Path) -> None:
    """The default model, held as Ollama would hold it, is found, checked, loaded and used with its own template."""
    real = resolve(DEFAULT_GENERATOR, "generator", cache=model_cache, offline=False, announce=print)
    in_ollama(user / ".ollama" / "models", "registry.ollama.ai/library/smollm2/135m", real.path)
    generator = load("ollama:smollm2:135m", cache=user / "cache", offline=True, threads=1, announce=print)
    assert isinstance(generator, LlamaCpp)
    assert generator.model.sha256 == real.sha256
    completion = generator.complete([Message(role="user", content="Say hello.")], Sampling(max_tokens=12))
    assert completion.text
    generator.close()
