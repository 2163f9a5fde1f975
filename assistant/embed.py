"""Text to vectors: all-MiniLM-L6-v2 on the processor, equal to the published model whatever the batch."""

import re
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

from assistant import onnx
from assistant.models import ModelFile

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from tokenizers import Encoding, Tokenizer

    Vectors = npt.NDArray[np.float32]

Progress = Callable[[int], None]
"""Is told, after each batch, how many of the texts are done."""

_WINDOW = 1024
"""Texts that are tokenised and sorted at a time; bounds the memory, however many texts come in."""

_FEWEST, _MOST, _TOKENS = 8, 32, 2048
"""A batch holds 8 to 32 texts, fewer when they are long, so that some 2,048 tokens are in flight."""

_SURROGATE = re.compile("[\ud800-\udfff]")


class Embedder(Protocol):
    """Turns texts into unit vectors, and counts tokens as the model does."""

    @property
    def id(self) -> str:
        """Name and content of the model; vectors of different ids must never meet."""

    @property
    def dimensions(self) -> int:
        """Length of a vector."""

    @property
    def max_tokens(self) -> int:
        """Tokens of a text that are read; the rest is cut."""

    def embed(self, texts: Sequence[str], progress: Progress | None = None) -> "Vectors":
        """Return one unit vector a text, (n, dimensions) float32, in the order of the texts."""

    def count_tokens(self, text: str) -> int:
        """Return how many tokens the text has, without the marks that the model adds."""

    def token_offsets(self, text: str) -> list[tuple[int, int]]:
        """Return the character span of each token, end exclusive, without the marks that the model adds."""


class Remembering:
    """An embedder that keeps the vectors of the last texts: search, choice and follow-ups read the same sentences."""

    def __init__(self, embedder: Embedder, most: int = 4096) -> None:
        self._embedder = embedder
        self._most = most
        self._kept: dict[str, np.ndarray[tuple[int], np.dtype[np.float32]]] = {}

    @property
    def id(self) -> str:
        """Name and content of the model."""
        return self._embedder.id

    @property
    def dimensions(self) -> int:
        """Length of a vector."""
        return self._embedder.dimensions

    @property
    def max_tokens(self) -> int:
        """Tokens of a text that are read; the rest is cut."""
        return self._embedder.max_tokens

    def embed(self, texts: Sequence[str], progress: Progress | None = None) -> "Vectors":
        """Return one unit vector a text, (n, dimensions) float32, in the order of the texts."""
        if len(texts) > self._most:
            return self._embedder.embed(texts, progress)
        import numpy as np

        if new := [text for text in dict.fromkeys(texts) if text not in self._kept]:
            self._kept.update(zip(new, self._embedder.embed(new, progress), strict=True))
        # What was asked for last stands last, and what stands first goes first.
        self._kept.update({text: self._kept.pop(text) for text in dict.fromkeys(texts)})
        result = [self._kept[text] for text in texts]
        for text in list(self._kept)[: max(0, len(self._kept) - self._most)]:
            del self._kept[text]
        return np.array(result, dtype=np.float32).reshape(len(texts), self.dimensions)

    def count_tokens(self, text: str) -> int:
        """Return how many tokens the text has."""
        return self._embedder.count_tokens(text)

    def token_offsets(self, text: str) -> list[tuple[int, int]]:
        """Return the character span of each token, end exclusive."""
        return self._embedder.token_offsets(text)


class MiniLM:
    """all-MiniLM-L6-v2 in fp32; loads its tokenizer and its weights when each is first needed."""

    dimensions = 384
    max_tokens = 254
    """The model reads 256, two of which are the marks for the start and the end."""

    def __init__(self, model: ModelFile, threads: int = 0) -> None:
        self._model = model
        self._threads = threads

    @property
    def id(self) -> str:
        """Name and sha256 of the weights."""
        return f"{self._model.name}:{self._model.sha256}"

    def embed(self, texts: Sequence[str], progress: Progress | None = None) -> "Vectors":
        """Return one unit vector a text, (n, 384) float32, in the order of the texts.

        A text is cut after 254 tokens. A text without tokens (empty, only spaces) gets the model's vector of
        the empty text, a unit vector like any other, as in sentence-transformers.
        """
        import numpy as np

        vectors = np.empty((len(texts), self.dimensions), dtype=np.float32)
        done = 0
        for start in range(0, len(texts), _WINDOW):
            rows = self._token_ids(texts[start : start + _WINDOW])
            for batch in _batches([len(row) for row in rows]):
                vectors[[start + i for i in batch]] = self._run([rows[i] for i in batch])
                done += len(batch)
                if progress is not None:
                    progress(done)
        return vectors

    def count_tokens(self, text: str) -> int:
        """Return how many tokens the text has, without the marks that the model adds."""
        return len(self._encode(text).ids)

    def token_offsets(self, text: str) -> list[tuple[int, int]]:
        """Return the character span of each token, end exclusive, without the marks that the model adds."""
        return list(self._encode(text).offsets)

    def _encode(self, text: str) -> "Encoding":
        return self._tokenizer.encode(_well_formed(text), add_special_tokens=False)

    def _token_ids(self, texts: Sequence[str]) -> list[list[int]]:
        """Return the ids of each text with the marks for start and end, cut to what the model reads."""
        limit = self.max_tokens + 2
        rows = [found.ids for found in self._tokenizer.encode_batch([_well_formed(text) for text in texts])]
        return [row if len(row) <= limit else [*row[: limit - 1], row[-1]] for row in rows]

    def _run(self, rows: list[list[int]]) -> "Vectors":
        import numpy as np

        ids = np.zeros((len(rows), max(map(len, rows))), dtype=np.int32)
        mask = np.zeros_like(ids)
        for i, row in enumerate(rows):
            ids[i, : len(row)] = row
            mask[i, : len(row)] = 1
        inputs = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        vectors: Vectors = self._session.run(inputs)[0]
        return vectors

    @cached_property
    def _tokenizer(self) -> "Tokenizer":
        from tokenizers import Tokenizer

        tokenizer = Tokenizer.from_file(str(self._model.folder / "tokenizer.json"))
        tokenizer.no_truncation()  # the published file cuts and pads to 128
        tokenizer.no_padding()
        return tokenizer

    @cached_property
    def _session(self) -> onnx.Session:
        from safetensors.numpy import load_file

        weights = onnx.encoder_weights(load_file(self._model.path))
        return onnx.load(onnx.GRAPHS / "minilm-embedder.onnx", weights, self._threads)


def _batches(lengths: list[int]) -> Iterator[list[int]]:
    """Yield the positions of texts in batches of similar length, so that little is padded."""
    order = sorted(range(len(lengths)), key=lengths.__getitem__)
    while order:
        # The longest of the batch decides how many fit, so look from the long end.
        size = min(_MOST, max(_FEWEST, _TOKENS // lengths[order[-1]]))
        yield order[-size:]
        del order[-size:]


def _well_formed(text: str) -> str:
    """Return the text with lone surrogates replaced one for one, which the tokenizer can't take."""
    return _SURROGATE.sub("\ufffd", text)
