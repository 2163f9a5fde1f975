"""Encoders in onnxruntime: a shipped graph without weights, and the weights bound to it when it is loaded.

This is the only module that imports onnxruntime. The embedder, the reranker and the judge share it: their
graphs are of one architecture (BERT) and differ in the head, and `encoder_weights` turns the tensors that
transformers publishes into the names and layouts of the graphs (`assistant.training.export_encoder`).
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Array = npt.NDArray[Any]

GRAPHS = Path(__file__).parent / "graphs"
"""The folder of the shipped graphs."""


class Session:
    """A loaded graph that turns arrays into arrays; safe to call from several threads."""

    def __init__(self, session: Any) -> None:
        self._session = session
        self.inputs: tuple[str, ...] = tuple(entry.name for entry in session.get_inputs())
        self.outputs: tuple[str, ...] = tuple(entry.name for entry in session.get_outputs())

    def run(self, inputs: Mapping[str, "Array"]) -> "list[Array]":
        """Return the graph's outputs, in its order, for one batch of inputs by name."""
        outputs: list[Array] = self._session.run(None, dict(inputs))
        return outputs


def load(graph: Path, weights: Mapping[str, "Array"], threads: int) -> Session:
    """Return a session of the graph file with the weights bound to its initializers of the same names.

    Args:
        graph: an ONNX file whose initializers are declared as external and hold no values.
        weights: one array for each of these initializers, of its shape and type.
        threads: threads inside an operator; 0 takes `default_threads()`.
    """
    import numpy as np
    import onnxruntime as ort  # type: ignore[import-untyped]

    ort.disable_telemetry_events()
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads or default_threads()
    options.inter_op_num_threads = 1
    options.execution_mode = ort.ExecutionMode.ORT_SEQUENTIAL
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_ALL
    options.log_severity_level = 3
    arrays = {name: np.ascontiguousarray(array) for name, array in weights.items()}
    options.add_external_initializers(
        list(arrays), [ort.OrtValue.ortvalue_from_numpy(array) for array in arrays.values()]
    )
    return Session(ort.InferenceSession(graph, options, providers=["CPUExecutionProvider"]))


def default_threads() -> int:
    """Return the threads of an encoder when nobody says: the processors this process may use, at most 4."""
    return min(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1, 4)


def encoder_weights(tensors: Mapping[str, "Array"], prefix: str = "") -> "dict[str, Array]":
    """Return the weights of a BERT encoder under the names and in the layouts of the shipped graphs.

    Args:
        tensors: a model's tensors under the names of transformers' `BertModel`, or of
            `BertForSequenceClassification` with `prefix` "bert.".
        prefix: what stands before the encoder's names.

    Linear layers are transposed (torch keeps outputs by inputs), and query, key and value become one matrix.
    """
    import numpy as np

    def take(name: str) -> "npt.NDArray[np.float32]":
        return tensors[prefix + name].astype(np.float32, copy=False)

    def linear(new: str, *names: str) -> "dict[str, Array]":
        matrix = np.concatenate([take(f"{name}.weight") for name in names]).T
        bias = np.concatenate([take(f"{name}.bias") for name in names])
        return {f"{new}.weight": np.ascontiguousarray(matrix), f"{new}.bias": bias}

    def norm(new: str, name: str) -> "dict[str, Array]":
        return {f"{new}.weight": take(f"{name}.weight"), f"{new}.bias": take(f"{name}.bias")}

    weights: dict[str, Array] = {
        "embeddings.word": take("embeddings.word_embeddings.weight"),
        "embeddings.position": take("embeddings.position_embeddings.weight"),
        "embeddings.type": take("embeddings.token_type_embeddings.weight"),
        **norm("embeddings.norm", "embeddings.LayerNorm"),
    }
    layer = 0
    while f"{prefix}encoder.layer.{layer}.output.dense.weight" in tensors:
        old, new = f"encoder.layer.{layer}", f"layer.{layer}"
        attention = f"{old}.attention.self"
        weights |= linear(f"{new}.qkv", f"{attention}.query", f"{attention}.key", f"{attention}.value")
        weights |= linear(f"{new}.out", f"{old}.attention.output.dense")
        weights |= norm(f"{new}.attention_norm", f"{old}.attention.output.LayerNorm")
        weights |= linear(f"{new}.up", f"{old}.intermediate.dense")
        weights |= linear(f"{new}.down", f"{old}.output.dense")
        weights |= norm(f"{new}.output_norm", f"{old}.output.LayerNorm")
        layer += 1
    if "classifier.weight" in tensors:
        weights |= linear("pooler", "pooler.dense")
        weights |= {
            "classifier.weight": np.ascontiguousarray(tensors["classifier.weight"].astype(np.float32).T),
            "classifier.bias": tensors["classifier.bias"].astype(np.float32),
        }
    return weights
