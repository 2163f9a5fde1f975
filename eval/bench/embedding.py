"""Embedding throughput: this package's embedder beside what Chroma embeds with by default, on the same chunks.

    python eval/bench/embedding.py corpus.jsonl [N]        (chunks of the first 300 papers by default)

Chroma's default function runs the same network in fp32 in batches of 32, every text padded to 256 tokens. It fetches
its own file of the network from the internet; here its batches are run on the file that this package has, so that both
sides differ in nothing but the batches. The two take turns, and the best of three passes counts. Prints chunks a
second of both, their ratio, and the largest difference between the vectors.
"""

import json
import sys
import time
from collections.abc import Callable
from itertools import islice
from pathlib import Path

import numpy as np

from assistant.chunks import chunk_paper, embedded_text
from assistant.config import DEFAULT_EMBEDDER, Settings
from assistant.embed import MiniLM
from assistant.models import resolve
from assistant.records import Paper

_BATCH, _PADDED = 32, 256


class PaddedMiniLM(MiniLM):
    """The same network, run as Chroma's default function runs it."""

    def padded(self, texts: list[str]) -> np.ndarray:
        """Return one unit vector a text, from batches of 32 in which every text has 256 places."""
        rows = self._token_ids(texts)
        parts = []
        for start in range(0, len(rows), _BATCH):
            batch = rows[start : start + _BATCH]
            ids = np.zeros((len(batch), _PADDED), dtype=np.int32)
            mask = np.zeros_like(ids)
            for i, row in enumerate(batch):
                ids[i, : len(row)] = row
                mask[i, : len(row)] = 1
            parts.append(
                self._session.run({"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)})[0]
            )
        return np.concatenate(parts)


def main(corpus: str, count: str = "300") -> None:
    """Embed the chunks of the first papers both ways."""
    models = Settings().models
    file = resolve(DEFAULT_EMBEDDER, "embedder", cache=models, offline=False, announce=print)
    embedder = PaddedMiniLM(file)
    texts = []
    with Path(corpus).open(encoding="utf-8") as lines:
        for item in map(json.loads, islice(lines, int(count))):
            paper = Paper(key="k", title=item["title"], abstract=item["abstract"] or "")
            texts += [embedded_text(chunk) for chunk in chunk_paper(paper, embedder.count_tokens)]
    ways: dict[str, Callable[[list[str]], np.ndarray]] = {"ours": embedder.embed, "padded": embedder.padded}
    seconds = dict.fromkeys(ways, float("inf"))
    vectors = {}
    embedder.embed(texts[:8])
    for _ in range(3):
        for name, embed in ways.items():
            start = time.perf_counter()
            vectors[name] = embed(texts)
            seconds[name] = min(seconds[name], time.perf_counter() - start)
    rates = {name: len(texts) / taken for name, taken in seconds.items()}
    difference = float(np.abs(vectors["ours"] - vectors["padded"]).max())
    print(f"{len(texts)} chunks: {rates['ours']:.1f} a second, Chroma's way {rates['padded']:.1f};", end=" ")
    print(f"ratio {rates['ours'] / rates['padded']:.2f}, largest difference {difference:.1e}")


if __name__ == "__main__":
    main(*sys.argv[1:])
