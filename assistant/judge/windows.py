"""Long evidence in windows that a small model can read at once."""

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from assistant.judge import checks, format
from assistant.judge.base import Evidence
from assistant.judge.checks import Alignment
from assistant.sentences import Span

MAX_READ = 4
"""How many windows are read for one claim: those that cover it best."""


def windowed(evidence: Evidence, spans: Sequence[Span], tokens: Callable[[str], Sequence[int]]) -> list[list[Span]]:
    """Return runs of sentences of at most `format.MAX_WINDOW` tokens, each beginning in the middle of the one before.

    Args:
        evidence: the text; its title is read with every window.
        spans: its sentences.
        tokens: the model's tokenizer.
    """
    title = len(tokens(evidence.title))
    lengths = [len(tokens(span.text)) + 1 for span in spans]
    windows: list[list[Span]] = []
    start = 0
    while start < len(spans):
        end, total = start, title
        while end < len(spans) and (end == start or total + lengths[end] <= format.MAX_WINDOW):
            total += lengths[end]
            end += 1
        windows.append(list(spans[start:end]))
        if end == len(spans):
            break
        start = max(start + 1, (start + end) // 2)
    return windows


def joined(evidence: Evidence, window: Sequence[Span]) -> Span:
    """Return a window as one stretch of the evidence."""
    start, end = window[0].start, window[-1].end
    return Span(evidence.text[start:end], start, end)


def nearest(claim: str, evidence: Evidence, windows: Sequence[list[Span]]) -> list[list[Span]]:
    """Return the windows that cover a claim best, at most MAX_READ, the best first."""
    covers = [checks.align(claim, [joined(evidence, window)])[0].coverage for window in windows]
    order = sorted(range(len(windows)), key=lambda at: (-covers[at], at))
    return [windows[at] for at in order[:MAX_READ]]


def nearest_sentences(
    aligned: Sequence[Alignment], cosines: npt.NDArray[np.float32], words: int = format.NEAREST_WORDS
) -> list[Span]:
    """Return the sentences that are nearest to a claim, by words and by meaning, in their order in the text.

    Args:
        aligned: sentences of the evidence with how much of the claim each covers.
        cosines: (sentences,) of their vectors with the claim's.
        words: how many words they may have together; the nearest two are always among them.
    """
    order = sorted(
        range(len(aligned)), key=lambda at: (-aligned[at].coverage - float(cosines[at]), aligned[at].span.start)
    )
    chosen, total = order[:2], sum(len(aligned[at].span.text.split()) for at in order[:2])
    for at in order[2:]:
        length = len(aligned[at].span.text.split())
        if total + length > words:
            break
        chosen.append(at)
        total += length
    return sorted((aligned[at].span for at in chosen), key=lambda span: span.start)
