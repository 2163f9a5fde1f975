"""Small real stand-ins for the parts that need a model: deterministic, quick, and honest about what they are."""

import hashlib
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from assistant.generate import Completion, Sampling
from assistant.prompts import Message
from assistant.records import ModelId
from assistant.terms import content_stems

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from assistant.embed import Progress

    Vectors = npt.NDArray[np.float32]


class HashingEmbedder:
    """Embeds a text as the hashed counts of its stems: texts with the same words are near each other."""

    id = "hashing:1"
    max_tokens = 254

    def __init__(self, dimensions: int = 64) -> None:
        self.dimensions = dimensions
        self.embedded = 0
        """How many texts were embedded so far."""

    def embed(self, texts: Sequence[str], progress: "Progress | None" = None) -> "Vectors":
        """Return one unit vector a text."""
        import numpy as np

        vectors = np.full((len(texts), self.dimensions), 1e-3, dtype=np.float32)
        for row, text in enumerate(texts):
            for word in content_stems(text):
                digest = hashlib.sha256(word.encode()).digest()
                vectors[row, int.from_bytes(digest[:4], "big") % self.dimensions] += 1.0
        self.embedded += len(texts)
        if progress is not None:
            progress(len(texts))
        unit: Vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        return unit

    def count_tokens(self, text: str) -> int:
        """Return the number of words and marks."""
        return len(self.token_offsets(text))

    def token_offsets(self, text: str) -> list[tuple[int, int]]:
        """Return the character span of each word and mark."""
        return [found.span() for found in re.finditer(r"\w+|[^\w\s]", text)]


class ScriptedGenerator:
    """Gives the texts of a script, one a call, then the source sentence again and again."""

    model = ModelId(name="scripted", sha256="0" * 64)

    def __init__(self, *texts: str) -> None:
        self._texts = list(texts)
        self.prompts: list[str] = []
        """The last message of each call."""

    def complete(self, messages: Sequence[Message], sampling: Sampling) -> Completion:
        """Return the next text of the script."""
        self.prompts.append(messages[-1].content)
        text = self._texts.pop(0) if self._texts else sampling.source
        return Completion(
            text=text, prompt_tokens=len(messages[-1].content.split()), completion_tokens=len(text.split()), whole=True
        )
