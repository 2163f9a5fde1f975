"""Models that other programs on this machine already hold: Ollama's and LM Studio's folders are read, never written.

Ollama keeps a manifest a model, `manifests/REGISTRY/NAMESPACE/MODEL/TAG`, which names the layers by their sha256, and
each layer as `blobs/sha256-HASH`; the layer of the type `…image.model` is a GGUF file. LM Studio keeps the files
under the names that they have on Hugging Face, `PUBLISHER/REPOSITORY/FILE.gguf`.
"""

import contextlib
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from assistant.errors import ModelDamagedError, ModelMissingError, UsageError
from assistant.records import Frozen

OLLAMA, LM_STUDIO = "ollama:", "lmstudio:"

_REGISTRY, _NAMESPACE, _TAG = "registry.ollama.ai", "library", "latest"
_WEIGHTS, _ADAPTER = "application/vnd.ollama.image.model", "application/vnd.ollama.image.adapter"
_NAME_PART = re.compile(r"(?!\.)[\w.-]+", re.ASCII)
_DIGEST = re.compile(r"sha256[:-]([0-9a-f]{64})")
_LONGEST_MANIFEST = 1 << 20
# What lies beside a text generator: its eyes and ears, and all but the first of several parts.
_NOT_ALONE = re.compile(r"mmproj|projector|-(?!00001)\d{5}-of-\d{5}\.gguf$", re.IGNORECASE)


class HeldModel(Frozen):
    """A model file that another program holds."""

    name: str
    """As given to `--model`."""
    path: Path
    sha256: str | None = None
    """What the other program says it is; to be held against the file."""


def find(name: str) -> HeldModel | None:
    """Return the model that `ollama:NAME` or `lmstudio:NAME` means; None for a name of another kind.

    Raises:
        ModelMissingError: the other program doesn't hold it.
        ModelDamagedError: the other program's record of it can't be used.
        UsageError: the name is malformed, or could mean several files.
    """
    if name.startswith(OLLAMA):
        return _in_ollama(name.removeprefix(OLLAMA))
    if name.startswith(LM_STUDIO):
        return _in_lm_studio(name.removeprefix(LM_STUDIO))
    return None


def held() -> list[HeldModel]:
    """Return every model that Ollama and LM Studio hold, as far as their folders can be read."""
    return [*_all_of_ollama(), *_all_of_lm_studio()]


# Ollama


def _ollama_folders() -> list[Path]:
    """Return the folders that Ollama may keep models in: the one it is told, the user's, the service's on Linux."""
    if told := os.environ.get("OLLAMA_MODELS"):
        return [Path(told).expanduser()]
    return [Path.home() / ".ollama" / "models", Path("/usr/share/ollama/.ollama/models")]


def _in_ollama(name: str) -> HeldModel:
    manifest = _manifest_place(name)
    for folder in _ollama_folders():
        place = folder / "manifests" / manifest
        if place.is_file():
            return _from_manifest(f"{OLLAMA}{name}", place, folder)
    have = ", ".join(model.name for model in _all_of_ollama()) or "no models"
    raise ModelMissingError(
        f"Ollama holds no model {name!r} here (it holds {have})",
        f"Run `ollama pull {name}`, or set OLLAMA_MODELS to Ollama's folder of models",
    )


def _manifest_place(name: str) -> Path:
    """Return a model's manifest below `manifests`: `[[REGISTRY/]NAMESPACE/]MODEL[:TAG]`, as Ollama reads it."""
    path, _, tag = name.rpartition(":") if ":" in name.rsplit("/", 1)[-1] else (name, "", _TAG)
    parts = path.split("/")
    if len(parts) > 3 or not all(_NAME_PART.fullmatch(part) for part in (*parts, tag)):
        raise UsageError(f"{name!r} is no name of an Ollama model", "`ollama list` shows the names")
    defaults = [_REGISTRY, _NAMESPACE]
    return Path(*defaults[: 3 - len(parts)], *parts, tag)


def _from_manifest(name: str, place: Path, folder: Path) -> HeldModel:
    layers = _layers(name, place)
    digests = [layer.get("digest") for layer in layers if layer.get("mediaType") == _WEIGHTS]
    if any(layer.get("mediaType") == _ADAPTER for layer in layers):
        raise UsageError(
            f"{name} is a model with an adapter on top, which can't be used here",
            "Give the model without it, or a GGUF file that holds both",
        )
    found = [_DIGEST.fullmatch(digest) for digest in digests if isinstance(digest, str)]
    if len(found) != 1 or found[0] is None:
        raise ModelDamagedError(
            f"Ollama's record of {name} names no weights", f"Run `ollama pull` for it again: {place}"
        )
    blob = folder / "blobs" / f"sha256-{found[0][1]}"
    if not blob.is_file():
        raise ModelMissingError(f"Ollama's weights of {name} are not at {blob}", "Run `ollama pull` for it again")
    return HeldModel(name=name, path=blob, sha256=found[0][1])


def _layers(name: str, place: Path) -> list[dict[str, Any]]:
    try:
        if place.stat().st_size > _LONGEST_MANIFEST:
            raise ValueError("too long")
        layers = json.loads(place.read_bytes())["layers"]
        return [layer for layer in layers if isinstance(layer, dict)]
    except OSError as error:
        raise ModelMissingError(
            f"Ollama's record of {name} can't be read: {error.strerror or error}", f"Check the permissions of {place}"
        ) from error
    except (ValueError, KeyError, TypeError) as error:
        raise ModelDamagedError(
            f"Ollama's record of {name} is malformed: {place}", "Run `ollama pull` for it"
        ) from error


def _all_of_ollama() -> Iterator[HeldModel]:
    for folder in _ollama_folders():
        root = folder / "manifests"
        for place in sorted(root.glob("*/*/*/*")):
            registry, namespace, model, tag = place.relative_to(root).parts
            shown = [part for part, usual in ((registry, _REGISTRY), (namespace, _NAMESPACE)) if part != usual]
            try:
                yield _from_manifest(f"{OLLAMA}{'/'.join([*shown, model])}:{tag}", place, folder)
            except (ModelMissingError, ModelDamagedError, UsageError):
                continue  # not one that could be used


# LM Studio


def _lm_studio_folders() -> list[Path]:
    """Return the folders that LM Studio may keep models in: the one in its settings, else those of its versions."""
    home = Path.home() / ".lmstudio"
    with contextlib.suppress(OSError, UnicodeDecodeError):
        home = Path((Path.home() / ".lmstudio-home-pointer").read_text(encoding="utf-8").strip() or home)
    told = None
    with contextlib.suppress(OSError, ValueError, AttributeError):
        told = json.loads((home / "settings.json").read_bytes()).get("downloadsFolder")
    folders = [Path(told)] if isinstance(told, str) and told else []
    return list(dict.fromkeys([*folders, home / "models", Path.home() / ".cache" / "lm-studio" / "models"]))


def _all_of_lm_studio() -> Iterator[HeldModel]:
    for folder in _lm_studio_folders():
        for path in sorted(folder.glob("*/*/*.gguf")):
            if not _NOT_ALONE.search(path.name):
                yield HeldModel(name=LM_STUDIO + path.relative_to(folder).as_posix(), path=path)


def _in_lm_studio(name: str) -> HeldModel:
    """Return the one file whose path, or the end or beginning of it, is `name`, capitals aside."""
    wanted = name.lower().removesuffix(".gguf").split("/")
    models = list(_all_of_lm_studio())
    fitting = [model for model in models if _means(wanted, model.name.removeprefix(LM_STUDIO))]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        raise UsageError(
            f"lmstudio:{name} could mean {len(fitting)} files",
            f"Give one of them: {', '.join(model.name for model in fitting[:6])}",
        )
    have = ", ".join(model.name for model in models[:6]) or "no GGUF files"
    raise ModelMissingError(
        f"LM Studio holds no model {name!r} here (it holds {have})",
        "Download it in LM Studio, or give the path of its GGUF file",
    )


def _means(wanted: list[str], path: str) -> bool:
    parts = path.lower().removesuffix(".gguf").split("/")
    return any(parts[start : start + len(wanted)] == wanted for start in range(len(parts)))
