"""The language model: messages in, text out, through llama.cpp.

This is the only module that imports llama_cpp, when first used. What comes out of papers can't become an
instruction of the chat template: the template is rendered around place holders, and only its own parts are turned
into tokens with special marks allowed.
"""

import itertools
import os
import re
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from assistant.errors import ModelDamagedError, ModelMissingError
from assistant.models import ModelFile
from assistant.prompts import Message
from assistant.records import ModelId

if TYPE_CHECKING:
    import numpy as np

    Logits = np.ndarray[tuple[int], np.dtype[np.float32]]
    Tokens = np.ndarray[tuple[int], np.dtype[np.intc]]

CONTEXT = 4096

# One plain sentence: no line break, no bracket or markup, a full stop only at the end or inside a number or name.
ONE_SENTENCE = r"""
root ::= first char{12,320} "."
first ::= [A-Z0-9]
char ::= [^.\n\r\t<>\[\]{}|\\"“”_*#] | "." [0-9a-z]
"""


@dataclass(frozen=True)
class Completion:
    """What a model wrote.

    Attributes:
        text: the text, the forced opening included.
        prompt_tokens: tokens that were read (those of a reused prefix included).
        completion_tokens: tokens that were written.
        whole: False where the text was cut at the limit of tokens.
    """

    text: str
    prompt_tokens: int
    completion_tokens: int
    whole: bool


@dataclass(frozen=True)
class Sampling:
    """How to write.

    Attributes:
        temperature: 0 takes the most probable token each time.
        seed: seed of the sampling.
        max_tokens: limit of the length.
        opening: words that the text begins with.
        avoid: a text that must not be copied in long runs.
        max_run: how many words may be copied from `avoid` in a row; names and numbers don't end a run.
    """

    temperature: float = 0.0
    seed: int = 0
    max_tokens: int = 96
    opening: str = ""
    avoid: str = ""
    max_run: int = 0


class Generator(Protocol):
    """What answering needs of a language model."""

    @property
    def model(self) -> ModelId:
        """Which model it is."""

    def complete(self, messages: Sequence[Message], grammar: str, sampling: Sampling) -> Completion:
        """Return one text for some messages, under a GBNF grammar."""


class LlamaCpp:
    """A GGUF model in this process. Calls are serialised: two threads on one context would crash it."""

    def __init__(self, file: ModelFile, *, threads: int = 0, context: int = CONTEXT) -> None:
        """Load the model.

        Args:
            file: a checked model file.
            threads: 0 takes what the machine has free just now.
            context: tokens of context, cut to what the model was trained for.

        Raises:
            ModelDamagedError: llama.cpp can't load it.
        """
        self.model = ModelId(name=file.name, sha256=file.sha256)
        self._lock = threading.Lock()
        self._grammars: dict[str, Any] = {}
        try:
            import llama_cpp
        except (ImportError, OSError) as error:
            raise ModelMissingError(
                f"llama-cpp-python can't be loaded ({error})",
                "Install it again: pip install --force-reinstall llama-cpp-python.",
            ) from error
        try:
            self._llama: Any = llama_cpp.Llama(
                str(file.path),
                n_ctx=context,
                n_threads=threads or free_threads(),
                n_threads_batch=threads or free_threads(),
                verbose=False,
                seed=0,
            )
        except (ValueError, RuntimeError, AssertionError) as error:
            raise ModelDamagedError(
                f"llama.cpp can't load {file.path} ({error})",
                "Use another GGUF file, or the default: assistant models pull.",
            ) from error
        self._template = _chat_template(self._llama)
        if file.entry is None:
            self._refuse_nonsense(file)

    def complete(self, messages: Sequence[Message], grammar: str, sampling: Sampling) -> Completion:
        """Return one text for some messages, under a GBNF grammar."""
        with self._lock:
            prompt = self._tokens(messages, sampling.opening)
            room = self._llama.n_ctx() - len(prompt) - 1
            if room < 16:
                raise ValueError(f"the prompt has {len(prompt)} tokens, the context {self._llama.n_ctx()}")
            guards = self._guards(prompt, sampling)
            result = self._llama.create_completion(
                prompt,
                grammar=self._grammar(grammar) if grammar else None,
                logits_processor=guards,
                max_tokens=min(sampling.max_tokens, room),
                temperature=sampling.temperature,
                top_p=0.95,
                top_k=40,
                min_p=0.05,
                repeat_penalty=1.0,
                seed=sampling.seed,
            )
        choice, usage = result["choices"][0], result["usage"]
        return Completion(
            text=without_thinking(sampling.opening + choice["text"]),
            prompt_tokens=usage["prompt_tokens"],
            completion_tokens=usage["completion_tokens"],
            whole=choice["finish_reason"] != "length",
        )

    def close(self) -> None:
        """Free the model's memory."""
        self._llama.close()

    def _tokens(self, messages: Sequence[Message], opening: str) -> list[int]:
        """Return the prompt's tokens; only the template's own parts may hold special tokens."""
        marks = [f"\x02{number}\x03" for number in range(len(messages))]
        rendered = self._template([(message.role, mark) for message, mark in zip(messages, marks, strict=True)])
        tokens: list[int] = []
        for piece in re.split(r"(\x02\d+\x03)", rendered):
            if piece in marks:
                content = messages[marks.index(piece)].content
                tokens += self._llama.tokenize(content.encode(), add_bos=False, special=False)
            elif piece:
                tokens += self._llama.tokenize(piece.encode(), add_bos=False, special=True)
        if opening:
            tokens += self._llama.tokenize(opening.encode(), add_bos=False, special=False)
        return tokens

    def _grammar(self, text: str) -> Any:
        """Return a compiled grammar; the texts are constants of this package, never the user's or a paper's."""
        import llama_cpp

        if text not in self._grammars:
            self._grammars[text] = llama_cpp.LlamaGrammar.from_string(text, verbose=False)
        return self._grammars[text]

    def _guards(self, prompt: Sequence[int], sampling: Sampling) -> Any:
        import llama_cpp

        if not (sampling.avoid and sampling.max_run):
            return None

        def pieces(tokens: Sequence[int]) -> list[bytes]:
            return [self._llama.detokenize([token]) for token in tokens]

        source = self._llama.tokenize((" " + sampling.avoid.strip()).encode(), add_bos=False, special=False)
        opening = self._llama.tokenize(sampling.opening.encode(), add_bos=False, special=False)
        guard = CopyGuard(source, pieces(source), sampling.max_run, prompt_length=len(prompt) - len(opening))
        return llama_cpp.LogitsProcessorList([guard])

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
        import llama_cpp
        import numpy as np

        tokens = self._llama.tokenize(text.encode(), add_bos=True, special=False)
        self._llama.reset()
        total = 0.0
        for before, token in itertools.pairwise(tokens):
            self._llama.eval([before])
            logits = np.ctypeslib.as_array(
                llama_cpp.llama_get_logits_ith(self._llama.ctx, -1), shape=(self._llama.n_vocab(),)
            ).astype(np.float64)
            peak = logits.max()
            total += float(peak + np.log(np.exp(logits - peak).sum()) - logits[token])
        self._llama.reset()
        surprise = total / (len(tokens) - 1)
        return surprise if surprise == surprise else float("inf")  # not a number: nothing works


class CopyGuard:
    """Ends verbatim runs while decoding: after `max_run` words in common, the source's next plain word is forbidden.

    Names and numbers go through, because leaving one out or changing it would be worse than copying it.
    """

    def __init__(self, source: Sequence[int], pieces: Sequence[bytes], max_run: int, prompt_length: int) -> None:
        """Prepare a guard.

        Args:
            source: the tokens of the text that must not be copied.
            pieces: the bytes of each of them.
            max_run: how many words may be copied in a row.
            prompt_length: how many tokens of the input came before the text.
        """
        self._source = list(source)
        self._starts_word = [piece[:1].isspace() or index == 0 for index, piece in enumerate(pieces)]
        self._plain = [piece[:1] == b" " and piece[1:].isalpha() and piece[1:].islower() for piece in pieces]
        self._max_run = max_run
        self._prompt_length = prompt_length

    def __call__(self, input_ids: "Tokens", scores: "Logits") -> "Logits":
        """Return the scores with the forbidden tokens at minus infinity."""
        written = [int(token) for token in input_ids[self._prompt_length :]]
        for after in range(1, len(self._source)):
            if self._plain[after] and self._run(written, after) >= self._max_run:
                scores[self._source[after]] = float("-inf")
        return scores

    def _run(self, written: list[int], after: int) -> int:
        """Return how many words before `after` in the source end the written text."""
        words = 0
        for back in range(1, min(after, len(written)) + 1):
            if self._source[after - back] != written[-back]:
                break
            words += self._starts_word[after - back]
        return words


def without_thinking(text: str) -> str:
    """Return a text without the parts that a model wrote for itself."""
    return re.sub(r"<think>.*?(?:</think>|$)", "", text, flags=re.DOTALL).strip()


def free_threads() -> int:
    """Return how many threads to use: the processors that are idle just now, at least one, at most eight.

    llama.cpp's threads wait for each other by spinning, so one thread too many costs more than it brings.
    """
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    busy = round(os.getloadavg()[0]) if hasattr(os, "getloadavg") else 0
    return max(1, min(allowed - min(busy, allowed - 1), 8))


def _chat_template(llama: Any) -> Callable[[Sequence[tuple[str, str]]], str]:
    """Return the model's own chat template as a function from (role, content) turns to text."""
    source = llama.metadata.get("tokenizer.chat_template")
    if not source:
        return lambda turns: "\n\n".join(content for _, content in turns) + "\n\n"
    from llama_cpp.llama_chat_format import Jinja2ChatFormatter

    def token_text(token: int) -> str:
        return llama.detokenize([token], special=True).decode(errors="replace") if token >= 0 else ""

    formatter = Jinja2ChatFormatter(
        template=source, eos_token=token_text(llama.token_eos()), bos_token=token_text(llama.token_bos())
    )
    return lambda turns: str(formatter(messages=[{"role": role, "content": content} for role, content in turns]).prompt)
