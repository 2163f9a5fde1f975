"""A language model that only reads: what it would say behind a text and one of its continuations.

A text is read once, and any number of continuations are held against it: the model's state behind the text is kept,
and each continuation is forgotten before the next. So a continuation's result doesn't depend on the others.
"""

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from assistant.errors import ModelDamagedError
from assistant.generate import merged
from assistant.generate.llama import free_threads, import_llama
from assistant.models import ModelFile

_BATCH = 512


class Reader:
    """A GGUF model in this process that reads. Calls are serialised."""

    def __init__(self, file: ModelFile, *, adapter: Path | None = None, context: int = 1024, threads: int = 0) -> None:
        """Load the model.

        Args:
            file: a checked model file.
            adapter: a LoRA adapter that was trained for this very model.
            context: tokens of a text and one continuation, together at most.
            threads: 0 takes what the machine has free just now.

        Raises:
            ModelDamagedError: llama.cpp can't load it.
        """
        self._llama_cpp = import_llama()
        self._lock = threading.Lock()
        self._context = context
        count = threads or free_threads()
        path, applied = merged.weights(file, adapter, self._llama_cpp)
        try:
            self._llama: Any = self._llama_cpp.Llama(
                str(path),
                n_ctx=context,
                n_batch=_BATCH,
                n_threads=count,
                n_threads_batch=count,
                verbose=False,
                lora_path=str(applied) if applied else None,
            )
        except (ValueError, RuntimeError, AssertionError) as error:
            raise ModelDamagedError(
                f"llama.cpp can't load {adapter or file.path} ({error})", "Install literature-assistant again."
            ) from error
        self._batch: Any = self._llama_cpp.llama_batch_init(_BATCH, 0, 1)
        self._live: tuple[int, ...] = ()

    def tokens(self, text: str, *, special: bool = False) -> list[int]:
        """Return a text's tokens; marks of the chat template are plain text unless `special`."""
        return list(self._llama.tokenize(text.encode(), add_bos=False, special=special))

    def follow(
        self, prefix: Sequence[int], continuations: Sequence[Sequence[int]], ask: Sequence[int]
    ) -> list[npt.NDArray[np.float64]]:
        """Return the logits that the model has behind each continuation of a text, (asked,) each.

        Args:
            prefix: the text's tokens; what was read before is reused where it is the same.
            continuations: the tokens of each.
            ask: the token ids whose logits are wanted after the last token.

        Raises:
            ValueError: a text and its continuation don't fit into the context.
        """
        with self._lock:
            longest = max(map(len, continuations), default=0)
            if len(prefix) + longest > self._context or not 0 < longest <= _BATCH:
                raise ValueError(f"{len(prefix)} + {longest} tokens, the context has {self._context}")
            self._read(prefix)
            results = []
            for continuation in continuations:
                self._forget(len(prefix))
                self._decode(continuation, len(prefix))
                results.append(self._logits(len(continuation) - 1)[list(ask)].astype(np.float64))
            return results

    def close(self) -> None:
        """Free the model's memory."""
        self._llama_cpp.llama_batch_free(self._batch)
        self._llama.close()

    def _read(self, prefix: Sequence[int]) -> None:
        """Evaluate the text, unless it is what was read last."""
        if tuple(prefix) == self._live:
            return
        self._live = ()
        self._forget(0)
        for start in range(0, len(prefix), _BATCH):
            self._decode(prefix[start : start + _BATCH], start)
        self._live = tuple(prefix)

    def _forget(self, length: int) -> None:
        """Drop what the model read after the first `length` tokens."""
        memory = self._llama_cpp.llama_get_memory(self._llama.ctx)
        self._llama_cpp.llama_memory_seq_rm(memory, 0, length, -1)

    def _decode(self, tokens: Sequence[int], start: int) -> None:
        batch = self._batch
        batch.n_tokens = len(tokens)
        for at, token in enumerate(tokens):
            batch.token[at] = token
            batch.pos[at] = start + at
            batch.seq_id[at][0] = 0
            batch.n_seq_id[at] = 1
            batch.logits[at] = at == len(tokens) - 1
        if self._llama_cpp.llama_decode(self._llama.ctx, batch) != 0:
            self._live = ()
            raise ModelDamagedError("llama.cpp couldn't evaluate a text", "Try again; if it goes on, report it.")

    def _logits(self, at: int) -> npt.NDArray[np.float32]:
        """Return the logits at a place of the last batch: (vocabulary,), a view that the next call overwrites."""
        pointer = self._llama_cpp.llama_get_logits_ith(self._llama.ctx, at)
        return np.ctypeslib.as_array(pointer, shape=(self._llama.n_vocab(),))
