"""Fixtures that several test files share."""

import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant.config import DEFAULT_EMBEDDER, DEFAULT_GENERATOR, Settings
from assistant.embed import MiniLM
from assistant.generate import LlamaCpp
from assistant.models import ModelFile, resolve, rewording_adapter

# A shell that runs the tests in the background ignores SIGINT, and so would every program that is started from here.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

SHARED = Path(__file__).parent.parent.parent / "shared"


@pytest.fixture(scope="session")
def model_cache() -> Path:
    """The real model cache: ASSISTANT_MODELS, or the user's cache folder."""
    return Settings().models


@pytest.fixture(scope="session")
def embedder(model_cache: Path) -> MiniLM:
    """The real embedder."""
    return MiniLM(resolve(DEFAULT_EMBEDDER, "embedder", cache=model_cache, offline=False, announce=print))


@pytest.fixture(scope="session")
def generator_file(model_cache: Path) -> ModelFile:
    """The real default generator's file."""
    return resolve(DEFAULT_GENERATOR, "generator", cache=model_cache, offline=False, announce=print)


@pytest.fixture(scope="session")
def generator(generator_file: ModelFile) -> LlamaCpp:
    """The real default generator."""
    return LlamaCpp(generator_file, adapter=rewording_adapter(generator_file))


def shared(name: str) -> Path:
    """Return a folder of real material that stands beside the checkout; skip the test where there is none.

    With ASSISTANT_TESTS_NO_SKIP set, its absence is a failure.
    """
    path = SHARED / name
    if not path.exists():
        reason = f"the shared material {name} is not beside this checkout"
        if os.environ.get("ASSISTANT_TESTS_NO_SKIP"):
            pytest.fail(reason)
        pytest.skip(reason)
    return path


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home of the test's own, which commands find by themselves."""
    path = tmp_path / "home"
    monkeypatch.setenv("ASSISTANT_HOME", str(path))
    return path


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[object]]:
    """Refuse every connection beyond this process's own machine sockets, and list the attempts."""
    attempts: list[object] = []

    def refuse(self: socket.socket, address: object) -> None:
        if self.family != socket.AF_UNIX:
            attempts.append(address)
            raise OSError(f"no connection is allowed in this test: {address}")

    def refuse_lookup(host: object, *_: object, **__: object) -> list[object]:
        attempts.append(host)
        raise OSError(f"no look-up is allowed in this test: {host}")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket.socket, "connect_ex", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse_lookup)
    yield attempts
    assert attempts == []
