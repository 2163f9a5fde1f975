"""Fetch one large file over the web: resumed where an earlier try ended, and there whole and verified or not at all.

What has arrived is kept beside the target with `.part` behind its name, through a broken connection and a killed
process; a Range request asks for the rest. A server that doesn't know ranges sends all of it again.
"""

import hashlib
import http.client
import os
import re
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import IO

from assistant.errors import ModelDamagedError, ModelMissingError

_TRIES = 5
"""Tries in a row that bring nothing before it is given up."""

_PAUSE = 2.0
"""Seconds before the second try; twice as long before each further one."""

_TIMEOUT = 30.0
_BLOCK = 1 << 20
_SAY_EVERY = 10.0
_LARGEST = 1 << 40


class _BrokenOffError(Exception):
    """The connection ended before the file did, or never came about; another try may go on from here."""


def fetch(
    url: str, target: Path, *, sha256: str | None, size: int | None, again: str, announce: Callable[[str], None]
) -> str:
    """Put the file at `url` to `target` and return its sha256.

    Args:
        url: http or https; what comes is held against the hash, so redirections and mirrors are no danger.
        target: where the file shall be; its folder is there.
        sha256: what its hash has to be; None takes what comes.
        size: its bytes, where they are known.
        again: the command that repeats the fetch, for error messages.
        announce: gets a line about the progress every few seconds.

    Raises:
        ModelMissingError: it can't be fetched; what has arrived is kept.
        ModelDamagedError: the server holds another file; nothing is kept.
        OSError: the disk doesn't take it.
    """
    part = part_of(target)
    failures = 0
    while True:
        before = _length(part)
        try:
            _go_on(url, part, size, announce)
            break
        except _BrokenOffError as error:
            failures = 1 if _length(part) > before else failures + 1
            if failures >= _TRIES:
                raise ModelMissingError(
                    f"{url} can't be fetched: {error}",
                    f"Check the network, then run `{again}`; it goes on from the {_length(part):,} bytes that are here",
                ) from error
            time.sleep(_PAUSE * 2 ** (failures - 1))
    with part.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if sha256 is not None and digest != sha256:
        part.unlink()
        raise ModelDamagedError(
            f"{url} holds another file than the catalogue means (sha256 {digest[:12]}…, {sha256[:12]}… expected)",
            f"Nothing was stored; run `{again}` to try once more, or choose another model",
        )
    os.replace(part, target)
    return digest


def part_of(target: Path) -> Path:
    """Return where what has arrived of a file is kept until it is whole."""
    return target.with_name(target.name + ".part")


def _length(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _go_on(url: str, part: Path, size: int | None, announce: Callable[[str], None]) -> None:
    """Fetch what is missing of a file into `part`; `size` is its exact length where that is known."""
    have = _length(part)
    if size is not None and have > size:
        part.unlink()
        have = 0
    if size is not None and have == size:
        return
    try:
        with _ask(url, have) as response:
            start, total = _extent(response, have)
            if size is not None and total not in (None, size):
                raise _foreign(url, f"it has {total:,} bytes, {size:,} were expected")
            whole = size or total
            if whole is None or whole > _LARGEST:
                raise _foreign(url, "the server doesn't say how long it is")
            with part.open("r+b" if start else "wb") as file:
                file.seek(start)
                file.truncate()
                _copy(response, file, whole, announce)
                file.flush()
                os.fsync(file.fileno())
    except (http.client.HTTPException, ConnectionError, TimeoutError) as error:
        raise _BrokenOffError(str(error) or type(error).__name__) from error
    if _length(part) < whole:
        raise _BrokenOffError(f"the connection broke off after {_length(part):,} of {whole:,} bytes")


def _ask(url: str, have: int) -> http.client.HTTPResponse:
    """Ask for a file from a byte on."""
    if not url.startswith(("https://", "http://")):
        raise ModelMissingError(f"{url} is no web address", "Mend the environment variable HF_ENDPOINT, or unset it")
    headers = {"User-Agent": "literature-assistant", "Accept-Encoding": "identity"}
    if have:
        headers["Range"] = f"bytes={have}-"
    try:
        response: http.client.HTTPResponse = urllib.request.urlopen(
            urllib.request.Request(url, headers=headers), timeout=_TIMEOUT
        )
    except urllib.error.HTTPError as error:
        if error.code == 416:  # what is here is no part of what is there: asked again from the start
            return _ask(url, 0)
        if error.code == 429 or error.code >= 500:
            raise _BrokenOffError(f"the server answers {error.code} {error.reason}") from error
        raise _foreign(url, f"the server answers {error.code} {error.reason}") from error
    except urllib.error.URLError as error:
        raise _BrokenOffError(str(error.reason)) from error
    return response


def _extent(response: http.client.HTTPResponse, have: int) -> tuple[int, int | None]:
    """Return the first byte that a response brings, and the length of the whole file if it says so."""
    if response.status == 206:
        found = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", response.headers.get("Content-Range", ""))
        if found is None or int(found[1]) != have:
            raise _BrokenOffError("the server sends another part than was asked for")
        return have, None if found[2] == "*" else int(found[2])
    length = response.headers.get("Content-Length")
    return 0, int(length) if length and length.isdigit() else None


def _foreign(url: str, why: str) -> ModelMissingError:
    return ModelMissingError(
        f"{url} can't be fetched: {why}", "Choose another model that `assistant models list` shows"
    )


def _copy(response: http.client.HTTPResponse, file: IO[bytes], whole: int, announce: Callable[[str], None]) -> None:
    began = said = time.monotonic()
    first = at = file.tell()
    while at < whole and (block := response.read(min(_BLOCK, whole - at))):
        file.write(block)
        at += len(block)
        now = time.monotonic()
        if now - said >= _SAY_EVERY:
            said, rate = now, (at - first) / (now - began)
            left = (whole - at) / rate / 60
            announce(f"{at / 1e9:.2f} of {whole / 1e9:.2f} GB, {rate / 1e6:.1f} MB/s, about {left:.0f} min left")
