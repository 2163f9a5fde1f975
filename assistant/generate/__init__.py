"""The language models that word statements."""

from assistant.generate.base import Completion, Generator, Sampling
from assistant.generate.llama import LlamaCpp
from assistant.generate.load import load
from assistant.generate.reader import Reader

__all__ = ["Completion", "Generator", "LlamaCpp", "Reader", "Sampling", "load"]
