"""Long evidence in windows that a small model can read at once."""

from collections.abc import Callable, Sequence

from assistant.judge import checks, format
from assistant.judge.base import Evidence
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
