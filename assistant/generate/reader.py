"""A language model that only reads: what it would say behind a text and one of its continuations.

A text is read once, and any number of continuations are held against it: the model's state behind the text is kept,
and each continuation is forgotten before the next. So a continuation's result doesn't depend on the others. The states
behind the texts read last are kept too: a conversation comes back to the same papers.
"""

import ctypes
import threading
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from assistant.errors import ModelDamagedError
from assistant.generate import merged
from assistant.generate.llama import free_threads, import_llama, open_llama
from assistant.models import ModelFile

_BATCH = 512
_KEPT_BYTES = 160 * 2**20
"""The default model's states take some 23 KB a token, so this holds about 25 long abstracts."""


class _States:
    """The model's states behind texts, as llama.cpp writes them; the longest unused go where there are too many."""

    def __init__(self) -> None:
        self._of: OrderedDict[tuple[int, ...], ctypes.Array[ctypes.c_uint8]] = OrderedDict()

    def get(self, text: tuple[int, ...]) -> "ctypes.Array[ctypes.c_uint8] | None":
        """Return the state behind a text, where it is kept."""
        if text in self._of:
            self._of.move_to_end(text)
        return self._of.get(text)

    def keep(self, text: tuple[int, ...], state: "ctypes.Array[ctypes.c_uint8]") -> None:
        """Keep a state, and let go of what there is no room for."""
        self._of[text] = state
        while sum(map(len, self._of.values())) > _KEPT_BYTES:
            self._of.popitem(last=False)


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
            self._llama = open_llama(path, applied, context=context, threads=count, n_batch=_BATCH)
        except (ValueError, RuntimeError, AssertionError) as error:
            raise ModelDamagedError(
                f"llama.cpp can't load {adapter or file.path} ({error})", "Install literature-assistant again."
            ) from error
        self._batch: Any = self._llama_cpp.llama_batch_init(_BATCH, 0, 1)
        self._live: tuple[int, ...] = ()
        self._states = _States()

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
        """Bring the model behind the text: it is there already, or was before, or reads it."""
        text = tuple(prefix)
        if text == self._live:
            return
        self._live = ()
        self._forget(0)
        if not self._restored(text):
            for start in range(0, len(text), _BATCH):
                self._decode(text[start : start + _BATCH], start)
            self._keep(text)
        self._live = text

    def _restored(self, text: tuple[int, ...]) -> bool:
        """Bring back the state behind a text, where it is kept."""
        state = self._states.get(text)
        if state is None:
            return False
        if self._llama_cpp.llama_state_seq_set_data(self._llama.ctx, state, len(state), 0) == len(state):
            return True
        self._forget(0)
        return False

    def _keep(self, text: tuple[int, ...]) -> None:
        """Keep the state behind a text that was read just now."""
        state = (ctypes.c_uint8 * self._llama_cpp.llama_state_seq_get_size(self._llama.ctx, 0))()
        if self._llama_cpp.llama_state_seq_get_data(self._llama.ctx, state, len(state), 0) == len(state):
            self._states.keep(text, state)

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
