"""The embedder against vectors that sentence-transformers computed from the same published weights."""

import json
import random
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from assistant.config import DEFAULT_EMBEDDER
from assistant.embed import MiniLM, Progress, Remembering, _batches
from assistant.models import pull
from assistant.testing import HashingEmbedder

REFERENCE = json.loads((Path(__file__).parent / "fixtures" / "minilm_reference.json").read_text())["rows"]
TEXTS = [row["text"] for row in REFERENCE]


@pytest.fixture(scope="module")
def embedder(model_cache: Path) -> MiniLM:
    """The real embedder on two threads."""
    return MiniLM(pull(DEFAULT_EMBEDDER, cache=model_cache, offline=False, announce=print), threads=2)


@pytest.mark.models
def test_vectors_are_the_published_models(embedder: MiniLM) -> None:
    """Every reference text, short, long, cut or odd, has the vector of sentence-transformers."""
    vectors = embedder.embed(TEXTS)
    expected = np.array([row["vector"] for row in REFERENCE])
    assert (vectors * expected).sum(axis=1) == pytest.approx(1, abs=1e-5)
    assert np.abs(vectors - expected).max() < 1e-5


@pytest.mark.models
def test_vector_does_not_depend_on_the_batch(embedder: MiniLM) -> None:
    """A text alone, among others and in another order has the same vector to 1e-5."""
    texts = [text for text in TEXTS for _ in range(3)]
    order = random.Random(0).sample(range(len(texts)), len(texts))
    together = embedder.embed([texts[i] for i in order])
    alone = np.vstack([embedder.embed([text]) for text in TEXTS])
    assert np.abs(together - alone[[i // 3 for i in order]]).max() < 1e-5


@pytest.mark.models
def test_vectors_are_unit_and_float32(embedder: MiniLM) -> None:
    """Vectors are of length one, also of texts without tokens, and no text gives an empty table."""
    vectors = embedder.embed(["", " \n", "word", "\ud800 half a character"])
    assert vectors.dtype == np.float32
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-5)
    assert embedder.embed([]).shape == (0, 384)


@pytest.mark.models
def test_text_is_cut_after_the_limit(embedder: MiniLM) -> None:
    """What stands after the 254th token has no influence, what is the 254th has."""
    full = "word " * 254
    vectors = embedder.embed([full, full + "graph " * 50, "word " * 253 + "graph " * 50])
    assert vectors[0] @ vectors[1] == pytest.approx(1, abs=1e-6)
    assert vectors[0] @ vectors[2] < 0.9999


@pytest.mark.models
def test_offsets_point_into_the_text(embedder: MiniLM) -> None:
    """Each token's span lies on the characters it came from, whatever the script, and the count agrees."""
    text = "naïve 大型 Erdős \ud800 BERT-base"
    spans = embedder.token_offsets(text)
    assert [text[start:end] for start, end in spans][:3] == ["naïve", "大", "型"]
    assert text[slice(*spans[-1])] == "base"
    assert embedder.count_tokens(text) == len(spans)
    assert embedder.count_tokens("word " * 1000) == 1000


@pytest.mark.models
def test_progress_counts_up_to_all(embedder: MiniLM) -> None:
    """Progress is told after each batch and ends at the number of texts."""
    told: list[int] = []
    embedder.embed(["a few words"] * 70, progress=told.append)
    assert told == sorted(told)
    assert told[-1] == 70
    assert len(told) >= 3


@pytest.mark.models
def test_id_names_model_and_content(embedder: MiniLM) -> None:
    """The id carries the name and the hash, so that vectors of another model are told apart."""
    name, digest = embedder.id.split(":")
    assert name == DEFAULT_EMBEDDER
    assert len(digest) == 64


@pytest.mark.parametrize("lengths", [[], [1], [256] * 20, [2] * 100, list(range(1, 257)), [10**6]])
def test_batches_hold_each_text_once(lengths: list[int]) -> None:
    """Each text is in one batch, of at most 32 texts, and of at most 2,048 tokens or eight texts."""
    batches = list(_batches(lengths))
    assert sorted(i for batch in batches for i in batch) == list(range(len(lengths)))
    for batch in batches:
        assert len(batch) <= 32
        assert len(batch) <= 8 or len(batch) * max(lengths[i] for i in batch) <= 2048


def test_importing_loads_nothing_heavy() -> None:
    """Importing the embedder loads none of numpy, onnxruntime, tokenizers and safetensors."""
    code = (
        "import sys, assistant.embed, assistant.models; "
        "print([name for name in ('numpy', 'onnxruntime', 'tokenizers', 'safetensors', 'filelock') "
        "if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_what_was_embedded_lately_is_remembered() -> None:
    """A text's vector is the same whether it was kept or not, in any order, and no more are kept than allowed."""
    plain = HashingEmbedder()
    asked: list[str] = []

    class Counting(HashingEmbedder):
        def embed(self, texts: Sequence[str], progress: Progress | None = None) -> npt.NDArray[np.float32]:
            asked.extend(texts)
            return super().embed(texts, progress)

    remembering = Remembering(Counting(), most=3)
    calls = (["a lamp", "a sheep"], ["a sheep", "a lamp", "a lamp"], ["a river", "a hill"], [], ["a sheep", "a lamp"])
    for texts in calls:
        assert np.array_equal(remembering.embed(texts), plain.embed(texts).reshape(len(texts), plain.dimensions))
    assert asked == ["a lamp", "a sheep", "a river", "a hill", "a sheep"]
