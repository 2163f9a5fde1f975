"""Put a text on the clipboard, by the system's own program, else through the terminal."""

import base64
import os
import shutil
import subprocess
import sys

from assistant.errors import UsageError

_PROGRAMS = (
    ("pbcopy", (), ""),
    ("wl-copy", (), "WAYLAND_DISPLAY"),
    ("xclip", ("-selection", "clipboard"), "DISPLAY"),
    ("xsel", ("--clipboard", "--input"), "DISPLAY"),
    ("clip.exe", (), ""),
)
"""Each with its arguments, and the environment variable without which it can't work."""

# Terminals cut or refuse longer sequences.
_MAX_SEQUENCE = 74_994


def copy(text: str) -> str:
    """Put a text on the clipboard and return what is to be told about it.

    Raises:
        UsageError: there is neither a program for it nor a terminal.
    """
    for name, arguments, needs in _PROGRAMS:
        program = shutil.which(name)
        if program is None or (needs and not os.environ.get(needs)):
            continue
        done = subprocess.run([program, *arguments], input=text.encode(), capture_output=True, check=False, timeout=10)
        if done.returncode == 0:
            return "Copied."
    encoded = base64.b64encode(text.encode()).decode()
    for stream in (sys.stderr, sys.stdout):
        if stream.isatty() and os.environ.get("TERM") != "dumb" and len(encoded) <= _MAX_SEQUENCE:
            # OSC 52: the terminal's own clipboard, which also works through ssh.
            stream.write(f"\x1b]52;c;{encoded}\x07")
            stream.flush()
            return "Handed to the terminal's clipboard."
    raise UsageError("there is no clipboard here", "Write a file instead: /export FILE.")
