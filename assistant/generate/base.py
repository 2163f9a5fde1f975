"""What answering gives to a language model, and takes from it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from assistant.prompts import Message
from assistant.records import ModelId


@dataclass(frozen=True)
class Completion:
    """What a model wrote.

    Attributes:
        text: the text, the forced opening included.
        prompt_tokens: tokens that were read (those of a reused prefix included).
        completion_tokens: tokens that were written.
        whole: False where the text was cut at the limit of tokens.
        ease: mean log-probability of the text's tokens without the guards, in nats; far below 0 where the guards
            pushed the model through words that it wouldn't say. 0 without guards.
    """

    text: str
    prompt_tokens: int
    completion_tokens: int
    whole: bool
    ease: float = 0.0


@dataclass(frozen=True)
class Sampling:
    """How to write.

    Attributes:
        temperature: 0 takes the most probable token each time.
        seed: seed of the sampling.
        max_tokens: limit of the length.
        opening: words that the text begins with.
        source: the sentence to be reworded; the text is held to one sentence within its vocabulary.
        max_run: how many words may be copied from the source in a row; names and numbers don't end a run.
        closed: whether only the source's own words, and words that claim nothing, may be used.
        min_kept: share of the source's content words that the text has to use.
        among: the only texts that may be written, if there are any.
        marks: numbers that may stand as marks `[n]`; the text is held to sentences that each end with some of them.
        statements: how many such sentences at most.
    """

    temperature: float = 0.0
    seed: int = 0
    max_tokens: int = 96
    opening: str = ""
    source: str = ""
    max_run: int = 0
    closed: bool = True
    min_kept: float = 0.6
    among: tuple[str, ...] = ()
    marks: tuple[int, ...] = ()
    statements: int = 0


class Generator(Protocol):
    """What answering needs of a language model."""

    @property
    def model(self) -> ModelId:
        """Which model it is."""

    def complete(self, messages: Sequence[Message], sampling: Sampling) -> Completion:
        """Return one text for some messages."""


def without_thinking(text: str) -> str:
    """Return a text without the parts that a model wrote for itself."""
    return re.sub(r"<think>.*?(?:</think>|$)", "", text, flags=re.DOTALL).strip()
