"""A model with an adapter's changes written into its weights, made once and kept in the folder of the models.

llama.cpp applies an adapter beside every layer each time, and reads the quantised weights of the default model with
its slowest code. A file of half-precision weights with the changes in them gives nearly the same scores (the judge's
logits differ by 0.08 in the mean, and spread by 2.5) at more than three times the speed, in three times the model's
room: `eval/bench/judge_speed.py`. Where there is no room, or the folder can't be written, the adapter is applied as it
was.
"""

import ctypes
import hashlib
import logging
import shutil
import tempfile
from pathlib import Path
from typing import Any

from assistant import gguf, models
from assistant.errors import ModelDamagedError
from assistant.models import ModelFile

_VERSION = 1
"""Part of the names of the files made; raise it when they are made otherwise."""

_FOLDER = "merged"
_WORK = ".merge-"
_FLOAT32, _FLOAT16 = 0, 1
_ROOM = 4
"""Times the size of the model's file that has to be free: half precision takes three of a model of five bits."""


def weights(model: ModelFile, adapter: Path | None, llama_cpp: Any) -> tuple[Path, Path | None]:
    """Return the file to load, and the adapter to apply to it when it is loaded.

    Args:
        model: a checked model file.
        adapter: a LoRA adapter that was trained for this very model.
        llama_cpp: the module.
    """
    if adapter is None or model.cache is None:
        return model.path, adapter
    try:
        return _kept(model, adapter, llama_cpp), None
    except (OSError, ModelDamagedError, ValueError, KeyError):
        return model.path, adapter


def _kept(model: ModelFile, adapter: Path, llama_cpp: Any) -> Path:
    """Return the merged file, made now unless it is here and unchanged."""
    from filelock import FileLock

    assert model.cache is not None
    made_of = f"{_VERSION} {model.sha256} {hashlib.sha256(adapter.read_bytes()).hexdigest()}"
    folder = model.cache / _FOLDER
    path = folder / f"{adapter.stem}-{hashlib.sha256(made_of.encode()).hexdigest()[:12]}.gguf"
    if models.is_sealed(path, model.cache):
        return path
    folder.mkdir(exist_ok=True)
    with FileLock(folder / ".lock"):
        if models.is_sealed(path, model.cache):  # another process was quicker
            return path
        for leftover in (*folder.glob(_WORK + "*"), *folder.glob(f"{adapter.stem}-*")):
            shutil.rmtree(leftover) if leftover.is_dir() else leftover.unlink()
        if shutil.disk_usage(folder).free < _ROOM * model.path.stat().st_size:
            raise OSError("no room for the merged weights")
        with tempfile.TemporaryDirectory(prefix=_WORK, dir=folder) as work:
            made = Path(work) / path.name
            _halve(model.path, made, llama_cpp)
            _add(made, adapter)
            models.seal(made)
            models.move_sealed(made, path)
    return path


def _halve(source: Path, target: Path, llama_cpp: Any) -> None:
    """Write a model's weights in half precision.

    Raises:
        OSError: llama.cpp couldn't.
    """
    logging.getLogger("llama-cpp-python").setLevel(logging.ERROR)  # or it tells of each tensor
    options = llama_cpp.llama_model_quantize_default_params()
    options.ftype = llama_cpp.LLAMA_FTYPE_MOSTLY_F16
    options.allow_requantize = True
    if llama_cpp.llama_model_quantize(str(source).encode(), str(target).encode(), ctypes.byref(options)) != 0:
        raise OSError(f"llama.cpp couldn't convert {source}")


def _add(model: Path, adapter: Path) -> None:
    """Add an adapter's changes to the weights of a model's file of half precision, in place.

    Raises:
        ModelDamagedError: one of them isn't sound.
        KeyError, ValueError: they don't go together.
        OSError: the disk.
    """
    import numpy as np

    tensors, changes = gguf.read_tensors(model), gguf.read_tensors(adapter)
    alpha = float(gguf.read_header(adapter).metadata["adapter.lora.alpha"])
    for name in sorted(changes):
        if not name.endswith(".lora_a"):
            continue
        down = _values(adapter, changes[name], "r").astype(np.float32)
        up = _values(adapter, changes[name.removesuffix("a") + "b"], "r").astype(np.float32)
        kept = _values(model, tensors[name.removesuffix(".lora_a")], "r+")
        kept[:] = kept + alpha / len(down) * (up @ down)
        kept.flush()


def _values(path: Path, tensor: gguf.Tensor, mode: Any) -> Any:
    """Return the values of a tensor of plain numbers, as they lie in the file."""
    import numpy as np

    types = {_FLOAT32: np.float32, _FLOAT16: np.float16}
    return np.memmap(path, dtype=types[tensor.kind], mode=mode, offset=tensor.start, shape=tensor.shape)
