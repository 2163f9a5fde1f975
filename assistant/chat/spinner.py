"""The line on standard error that says what is going on, with the seconds that went by."""

import threading
import time
from collections.abc import Callable
from typing import TextIO

from assistant import render

_FRAMES = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
_ASCII_FRAMES = "|/-\\"
_EVERY_S = 0.1


class Spinner:
    """A line that turns and counts the seconds until it is cleared; it never wraps."""

    def __init__(self, stream: TextIO, width: Callable[[], int]) -> None:
        """Prepare a spinner.

        Args:
            stream: a terminal.
            width: how wide it is now, in columns.
        """
        self._stream = stream
        self._width = width
        self._unicode = (stream.encoding or "ascii").lower().startswith("utf")
        self._lock = threading.Lock()
        self._text = ""
        self._since = 0.0
        self._drawn = False
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def say(self, text: str) -> None:
        """Show what is going on; the seconds count from the first text after a clear with nothing running."""
        with self._lock:
            self._text = text
        if self._thread is None:
            self._since = time.monotonic()
            self._stop.clear()
            self._thread = threading.Thread(target=self._turn, daemon=True)
            self._thread.start()

    def clear(self) -> None:
        """Stop, and take the line away."""
        if self._thread is not None:
            self._stop.set()
            self._thread.join()
            self._thread = None
        self._erase()

    def _turn(self) -> None:
        frames = _FRAMES if self._unicode else _ASCII_FRAMES
        turn = 0
        while not self._stop.wait(_EVERY_S):
            with self._lock:
                line = f"{frames[turn % len(frames)]} {self._text} · {time.monotonic() - self._since:.1f} s"
                line = line if self._unicode else render.ascii_marks(line)
                self._stream.write(f"\r\x1b[K{line[: max(self._width() - 1, 1)]}")
                self._stream.flush()
                self._drawn = True
            turn += 1

    def _erase(self) -> None:
        if self._drawn:
            self._stream.write("\r\x1b[K")
            self._stream.flush()
            self._drawn = False
