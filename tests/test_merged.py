"""An adapter's changes written into the weights: the same answers, made once, made again when damaged."""

import shutil
from pathlib import Path

import pytest

from assistant.generate import Reader, merged
from assistant.generate.llama import import_llama
from assistant.models import ADAPTERS, ModelFile

ADAPTER = ADAPTERS / "judge-smollm2-135m.gguf"


@pytest.fixture(scope="module")
def model(generator_file: ModelFile, tmp_path_factory: pytest.TempPathFactory) -> ModelFile:
    """The real model, with a folder of its own for what is made of it."""
    return generator_file.model_copy(update={"cache": tmp_path_factory.mktemp("models")})


def made(model: ModelFile) -> Path:
    """Return the file that is loaded for the judge."""
    path, applied = merged.weights(model, ADAPTER, import_llama())
    assert applied is None
    return path


def test_scores_are_those_of_the_adapter_applied(model: ModelFile) -> None:
    """What the merged weights answer differs by no more than the rounding of quantised weights."""
    plain = model.model_copy(update={"cache": None})
    texts = ["The method needs half the memory. Claim:", "We train a parser on 900 trees. Does it say so?"]
    logits = []
    for file, adapter in ((model, ADAPTER), (plain, ADAPTER), (plain, None)):
        reader = Reader(file, adapter=adapter, threads=1)
        yes, no = reader.tokens(" yes")[0], reader.tokens(" no")[0]
        logits.append([reader.follow(reader.tokens(text), [reader.tokens(" Answer:")], [yes, no])[0] for text in texts])
        reader.close()
    together, applied, without = ([float(pair[0] - pair[1]) for pair in found] for found in logits)
    assert together == pytest.approx(applied, abs=0.3)
    assert all(abs(a - b) > 0.5 for a, b in zip(together, without, strict=True))


def test_it_is_made_once_and_again_when_damaged(model: ModelFile) -> None:
    """A second use takes the file that is there; one that was changed or cut is made anew, with the same content."""
    path = made(model)
    first = path.stat()
    assert made(model).stat() == first
    content = path.read_bytes()
    for damaged in (content[:1000], content[:-9] + b"x" * 9, None):
        path.write_bytes(damaged) if damaged is not None else path.unlink()
        assert made(model).read_bytes() == content
    assert {file.name for file in path.parent.iterdir()} == {".lock", path.name, path.name + ".sha256"}


def test_without_room_the_adapter_is_applied(model: ModelFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk, a folder that can't be written and a file that is the user's cost speed, and nothing else."""
    elsewhere = model.model_copy(update={"cache": tmp_path / "full"})
    assert elsewhere.cache is not None
    elsewhere.cache.mkdir()
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: shutil._ntuple_diskusage(10, 9, 1))
    assert merged.weights(elsewhere, ADAPTER, import_llama()) == (model.path, ADAPTER)
    monkeypatch.undo()
    (tmp_path / "file").write_text("")
    for cache in (tmp_path / "file", None):
        kept = model.model_copy(update={"cache": cache})
        assert merged.weights(kept, ADAPTER, import_llama()) == (model.path, ADAPTER)


def test_an_adapter_for_another_model_is_not_merged(model: ModelFile, tmp_path: Path) -> None:
    """Files that don't go together are left to llama.cpp, which says so."""
    foreign = tmp_path / "adapter.gguf"
    foreign.write_bytes(ADAPTER.read_bytes().replace(b"blk.9.attn_q.weight.lora_a", b"blk.x.attn_q.weight.lora_a"))
    assert merged.weights(model, foreign, import_llama()) == (model.path, foreign)
