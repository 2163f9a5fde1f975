"""From what a user calls a model to the generator that runs it."""

from collections.abc import Callable
from pathlib import Path

from assistant.errors import ModelMissingError
from assistant.generate.base import Generator
from assistant.generate.llama import LlamaCpp
from assistant.generate.server import Server, address, is_address
from assistant.models import resolve, rewording_adapter


def load(
    name: str, *, cache: Path, offline: bool, threads: int = 0, key: str = "", announce: Callable[[str], None]
) -> Generator:
    """Return the generator for a name of the catalogue, a GGUF file, another program's model or a server's address.

    Args:
        name: as given to `--model`.
        cache: the folder of the models.
        offline: forbid every connection that leaves this machine.
        threads: 0 takes what the machine has free.
        key: for a server that wants one.
        announce: gets a line where something takes long, or leaves this machine.

    Raises:
        UsageError: the name means nothing, or something that can't write text.
        NotReadyError: the model isn't here, is damaged, or its server doesn't answer.
        ServerError: what answers at the address is no such server.
    """
    if not is_address(name):
        file = resolve(name, "generator", cache=cache, offline=offline, announce=announce)
        return LlamaCpp(file, threads=threads, adapter=rewording_adapter(file))
    place = address(name)
    if not place.loopback:
        if offline:
            raise ModelMissingError(
                f"the server {place.host} is not this machine, and connections are forbidden (--offline)",
                "Leave out --offline, or choose a model on this machine",
            )
        announce(
            f"the model runs on {place.host}, which receives your questions, the titles and abstracts found for them, "
            f"and the wordings that come of them{'' if place.secure else ', unencrypted'}"
        )
    return Server(place, key=key)
