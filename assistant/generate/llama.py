"""The language model: messages in, text out, through llama.cpp.

llama_cpp is imported when first used, in this package alone. What comes out of papers can't become an
instruction of the chat template: the template is rendered around place holders, and only its own parts are turned
into tokens with special marks allowed.
"""

import itertools
import os
import re
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant import lexicon
from assistant.decoding import CopyGuard, WordGuard
from assistant.errors import ModelDamagedError, ModelMissingError, UsageError
from assistant.generate import grammar, merged
from assistant.generate.base import Completion, Sampling, without_thinking
from assistant.gguf import read_header
from assistant.models import ModelFile
from assistant.prompts import Message
from assistant.records import ModelId

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

CONTEXT = 4096
_OPENING = threading.Lock()


class LlamaCpp:
    """A GGUF model in this process. Calls are serialised: two threads on one context would crash it."""

    def __init__(
        self, file: ModelFile, *, threads: int = 0, context: int = CONTEXT, adapter: Path | None = None
    ) -> None:
        """Load the model.

        Args:
            file: a checked model file.
            adapter: a LoRA adapter that was trained for this very model.
            threads: 0 takes what the machine has free just now.
            context: tokens of context, cut to what the model was trained for.

        Raises:
            ModelDamagedError: llama.cpp can't load it.
        """
        self.model = ModelId(name=file.name, sha256=file.sha256)
        self._lock = threading.Lock()
        llama_cpp = import_llama()
        path, applied = merged.weights(file, adapter, llama_cpp)
        try:
            self._llama = open_llama(
                path,
                applied,
                context=min(context, read_header(file.path).context_length or context),
                threads=threads or free_threads(),
            )
        except (ValueError, RuntimeError, AssertionError) as error:
            raise ModelDamagedError(
                f"llama.cpp can't load {file.path} ({error})",
                "Use another GGUF file, or the default (assistant models pull); a model newer than the installed "
                "llama-cpp-python needs a newer one",
            ) from error
        self._template = _chat_template(self._llama, file)
        if file.entry is None:
            self._refuse_nonsense(file)

    def complete(self, messages: Sequence[Message], sampling: Sampling) -> Completion:
        """Return one text for some messages."""
        import llama_cpp

        with self._lock:
            prompt = self._tokens(messages, sampling.opening)
            room = self._llama.n_ctx() - len(prompt) - 1
            if room < 16:
                raise ValueError(f"the prompt has {len(prompt)} tokens, the context {self._llama.n_ctx()}")
            if sampling.among:
                return self._choose(prompt, sampling.among)
            guards = self._guards(prompt, sampling)
            result = self._llama.create_completion(
                prompt,
                logits_processor=llama_cpp.LogitsProcessorList(guards) if guards else None,
                max_tokens=min(sampling.max_tokens, room),
                temperature=sampling.temperature,
                top_p=0.95,
                top_k=40,
                min_p=0.05,
                repeat_penalty=1.0,
                seed=sampling.seed,
                grammar=self._grammar(sampling),
            )
        choice, usage = result["choices"][0], result["usage"]
        return Completion(
            text=without_thinking(sampling.opening + choice["text"]),
            prompt_tokens=usage["prompt_tokens"],
            completion_tokens=usage["completion_tokens"],
            whole=choice["finish_reason"] != "length",
            ease=_mean([p for guard in guards if isinstance(guard, WordGuard) for p in guard.log_probabilities]),
        )

    def _choose(self, prompt: Sequence[int], texts: Sequence[str]) -> Completion:
        """Return the text that the model takes: where texts part ways, it goes on with the more probable token.

        What they have in common is read at once, and what follows the last choice not at all. This gives the text that
        greedy writing under a grammar of these texts gives.
        """
        left = {text: [*self._plain_tokens(text), self._llama.token_eos()] for text in texts}
        self._read(prompt)
        taken: list[int] = []
        read = 0
        while len(left) > 1:
            following = sorted({tokens[len(taken)] for tokens in left.values()})
            if len(following) > 1:
                self._llama.eval(taken[read:])
                read = len(taken)
                logits = self._logits()
                following = [max(following, key=lambda token: float(logits[token]))]
            left = {text: tokens for text, tokens in left.items() if tokens[len(taken)] == following[0]}
            taken.append(following[0])
        return Completion(
            text=next(iter(left)), prompt_tokens=len(prompt), completion_tokens=len(taken), whole=True, ease=0.0
        )

    def _read(self, prompt: Sequence[int]) -> None:
        """Evaluate a prompt, but for what of it was evaluated last."""
        known = self._llama.input_ids[: self._llama.n_tokens].tolist()
        pairs = zip(known, prompt[:-1], strict=False)
        self._llama.n_tokens = sum(1 for _ in itertools.takewhile(lambda pair: pair[0] == pair[1], pairs))
        self._llama.eval(prompt[self._llama.n_tokens :])

    def _logits(self) -> "npt.NDArray[np.float32]":
        """Return the scores of the next token: (vocabulary,), a view that the next call overwrites."""
        import numpy as np

        pointer = import_llama().llama_get_logits_ith(self._llama.ctx, -1)
        return np.ctypeslib.as_array(pointer, shape=(self._llama.n_vocab(),))

    @property
    def context(self) -> int:
        """Tokens of a prompt and what is written after it, together at most."""
        return int(self._llama.n_ctx())

    def tokens(self, text: str) -> list[int]:
        """Return a text's tokens, none of them special."""
        return self._plain_tokens(text)

    def close(self) -> None:
        """Free the model's memory."""
        self._llama.close()

    @staticmethod
    def _grammar(sampling: Sampling) -> Any:
        if not sampling.marks:
            return None
        return import_llama().LlamaGrammar.from_string(
            grammar.cited(sampling.marks, sampling.statements), verbose=False
        )

    def _tokens(self, messages: Sequence[Message], opening: str) -> list[int]:
        """Return the prompt's tokens; only the template's own parts may hold special tokens."""
        marks = [f"\x02{number}\x03" for number in range(len(messages))]
        rendered = self._template([(message.role, mark) for message, mark in zip(messages, marks, strict=True)])
        tokens: list[int] = []
        for piece in re.split(r"(\x02\d+\x03)", rendered):
            if piece in marks:
                content = messages[marks.index(piece)].content
                tokens += self._plain_tokens(content)
            elif piece:
                tokens += self._llama.tokenize(piece.encode(), add_bos=False, special=True)
        if opening:
            tokens += self._plain_tokens(opening)
        begin = self._llama.token_bos()
        if self._llama.metadata.get("tokenizer.ggml.add_bos_token") == "true" and tokens[:1] != [begin]:
            tokens.insert(0, begin)  # a template may leave it to the tokenizer
        return tokens

    def _guards(self, prompt: Sequence[int], sampling: Sampling) -> "list[WordGuard | CopyGuard]":
        if not sampling.source:
            return []
        source = self._plain_tokens(" " + sampling.source)
        pieces = [self._llama.detokenize([token]) for token in source]
        opening = len(self._plain_tokens(sampling.opening)) if sampling.opening else 0
        guards: list[WordGuard | CopyGuard] = []
        if sampling.closed:
            guards.append(
                WordGuard(
                    lexicon.allowed(sampling.source),
                    lexicon.words_of(sampling.source.removeprefix(sampling.opening)),
                    self._plain_tokens,
                    end=[self._llama.token_eos()],
                    prompt_length=len(prompt),
                    opened=bool(sampling.opening),
                    min_kept=sampling.min_kept,
                )
            )
        if sampling.max_run:
            # The copy guard comes last: it takes away, and never brings back what the other has forbidden.
            guards.append(CopyGuard(source, pieces, sampling.max_run, prompt_length=len(prompt) - opening))
        return guards

    def _plain_tokens(self, text: str) -> list[int]:
        """Return a text's tokens, none of them special."""
        return list(self._llama.tokenize(text.encode(), add_bos=False, special=False))

    def _refuse_nonsense(self, file: ModelFile) -> None:
        """Damaged weights load and write nonsense; plain English is improbable to them.

        Raises:
            ModelDamagedError: the model finds plain English as improbable as noise.
        """
        if (surprise := self._surprise("The capital of France is Paris, and the sun rises in the east.")) > 9.0:
            raise ModelDamagedError(
                f"{file.path} loads but its weights are damaged (plain English at {surprise:.1f} nats a token)",
                "Fetch the file again, or use the default: assistant models pull.",
            )

    def _surprise(self, text: str) -> float:
        """Return the mean negative log-probability per token that the model gives a text, in nats."""
        import numpy as np

        tokens = self._llama.tokenize(text.encode(), add_bos=True, special=False)
        self._llama.reset()
        total = 0.0
        for before, token in itertools.pairwise(tokens):
            self._llama.eval([before])
            logits = self._logits().astype(np.float64)
            peak = logits.max()
            total += float(peak + np.log(np.exp(logits - peak).sum()) - logits[token])
        self._llama.reset()
        surprise = total / (len(tokens) - 1)
        return surprise if surprise == surprise else float("inf")  # not a number: nothing works


def import_llama() -> Any:
    """Return the llama_cpp module.

    Raises:
        ModelMissingError: it isn't installed, or can't be loaded.
    """
    try:
        import llama_cpp
    except (ImportError, OSError) as error:
        raise ModelMissingError(
            f"llama-cpp-python can't be loaded ({error})",
            "Install it again: pip install --force-reinstall llama-cpp-python.",
        ) from error
    return llama_cpp


def open_llama(path: Path, adapter: Path | None, *, context: int, threads: int, **options: Any) -> Any:
    """Return a model as llama-cpp-python opens it.

    llama.cpp lays weights out anew for the matrix units of some server processors (AMX), and its product over that
    layout ends the process (ggml-org/llama.cpp#20824); there they stay as they are in the file.

    Args:
        path: the weights.
        adapter: applied while the model runs.
        context: tokens of context.
        threads: how many it uses.
        options: further ones of `llama_cpp.Llama`.

    Raises:
        ValueError, RuntimeError, AssertionError: llama.cpp can't load it.
    """
    library = import_llama().llama_cpp
    # The class doesn't hand the setting on, so the defaults that it starts from are changed while it does.
    with _OPENING:
        defaults = library.llama_model_default_params

        def as_in_file() -> Any:
            params = defaults()
            params.use_extra_bufts = False
            return params

        if b"AMX_INT8 = 1" in library.llama_print_system_info():
            library.llama_model_default_params = as_in_file
        try:
            return import_llama().Llama(
                str(path),
                n_ctx=context,
                n_threads=threads,
                n_threads_batch=threads,
                verbose=False,
                seed=0,
                lora_path=str(adapter) if adapter else None,
                **options,
            )
        finally:
            library.llama_model_default_params = defaults


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0


def free_threads() -> int:
    """Return how many threads to use: the processors that are idle just now, at least one, at most eight.

    llama.cpp's threads wait for each other by spinning, so one thread too many costs more than it brings.
    """
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    busy = round(os.getloadavg()[0]) if hasattr(os, "getloadavg") else 0
    return max(1, min(allowed - min(busy, allowed - 1), 8))


Template = Callable[[Sequence[tuple[str, str]]], str]
"""Turns of (role, content) to text."""


def _chat_template(llama: Any, file: ModelFile) -> Template:
    """Return the model's own chat template.

    A template that knows no system turn gets that text at the head of the user's.

    Raises:
        UsageError: the template can't be used.
    """
    source = llama.metadata.get("tokenizer.chat_template")
    if not source:
        return lambda turns: "\n\n".join(content for _, content in turns) + "\n\n"
    from llama_cpp.llama_chat_format import Jinja2ChatFormatter

    def token_text(token: int) -> str:
        return llama.detokenize([token], special=True).decode(errors="replace") if token >= 0 else ""

    try:
        formatter = Jinja2ChatFormatter(
            template=source, eos_token=token_text(llama.token_eos()), bos_token=token_text(llama.token_bos())
        )
    except Exception as error:  # whatever a template makes of the engine
        raise _bad_template(file, str(error)) from error

    def render(turns: Sequence[tuple[str, str]]) -> str:
        messages = [{"role": role, "content": content} for role, content in turns]
        return str(formatter(messages=messages, enable_thinking=False).prompt)

    why = "it leaves out what it is given"
    for template in (render, lambda turns: render(_folded(turns))):
        try:
            tried = template([("system", "\x02A\x03"), ("user", "\x02B\x03")])
        except Exception as error:  # the same
            why = str(error)
            continue
        if tried.count("\x02A\x03") == tried.count("\x02B\x03") == 1:
            return template
    raise _bad_template(file, why)


def _folded(turns: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return the turns with the system's text at the head of the first turn of the user."""
    system = "".join(content + "\n\n" for role, content in turns if role == "system")
    rest = [turn for turn in turns if turn[0] != "system"]
    return [(role, system + content if n == 0 else content) for n, (role, content) in enumerate(rest)]


def _bad_template(file: ModelFile, why: str) -> UsageError:
    return UsageError(
        f"the chat template of {file.path} can't be used ({why.splitlines()[0] if why else 'no reason given'})",
        "Use another GGUF file of this model, or a server that runs it: --model http://127.0.0.1:8080/v1",
    )
