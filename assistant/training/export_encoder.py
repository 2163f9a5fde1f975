"""Write the graph of a BERT encoder, without its weights, for onnxruntime.

    python -m assistant.training.export_encoder assistant/graphs/minilm-embedder.onnx

The graph's initializers are declared and left empty; `assistant.onnx.load` binds the published weights to
them. So the repository carries some ten kilobytes of graph, and the weights come from the package that
publishes them.

Two spellings of the same encoder can be written: of standard operators, which onnxruntime then fuses as far
as it can, and of the fused operators of its `com.microsoft` domain (attention in one, skip connection and
normalisation in one, bias and GELU in one). Measured with MiniLM on two cores they are equally fast within the
noise (43 texts of 150 tokens a second in batches of 32), so the standard one ships.
"""

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import onnx
from onnx import TensorProto, helper

Head = Literal["embedding", "score"]


@dataclass(frozen=True)
class Encoder:
    """The shape of a BERT encoder; the defaults are all-MiniLM-L6-v2's."""

    layers: int = 6
    hidden: int = 384
    heads: int = 12
    intermediate: int = 1536
    vocabulary: int = 30522
    positions: int = 512
    types: int = 2
    epsilon: float = 1e-12


class _Graph:
    """The nodes and the empty initializers of a graph under construction."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.weights: list[Any] = []
        self.constants: dict[str, Any] = {}

    def node(self, kind: str, *inputs: str, outputs: int = 1, domain: str = "", **attributes: Any) -> str:
        """Add an operator and return the name of its first output; the others end in `.1`, `.2`."""
        name = f"{kind}_{len(self.nodes)}"
        names = [name, *(f"{name}.{i}" for i in range(1, outputs))]
        self.nodes.append(helper.make_node(kind, inputs, names, name=name, domain=domain, **attributes))
        return name

    def weight(self, name: str, *shape: int) -> str:
        """Declare an initializer whose values are bound when the graph is loaded."""
        tensor = TensorProto(name=name, data_type=TensorProto.FLOAT, dims=shape)
        tensor.data_location = TensorProto.EXTERNAL
        tensor.external_data.add(key="location", value="bound-when-loaded")
        self.weights.append(tensor)
        return name

    def integers(self, *values: int) -> str:
        """Return the name of a small constant vector of integers."""
        name = "ints_" + "_".join(map(str, values))
        self.constants[name] = helper.make_tensor(name, TensorProto.INT64, [len(values)], values)
        return name

    def number(self, value: float) -> str:
        """Return the name of a constant number."""
        name = f"number_{value!r}"
        self.constants[name] = helper.make_tensor(name, TensorProto.FLOAT, [], [value])
        return name


def build(shape: Encoder, head: Head, *, fused: bool) -> Any:
    """Return the model of an encoder with a head.

    Inputs: `input_ids`, `attention_mask`, `token_type_ids`, int32, texts by tokens, padded on the right.
    Output: `embedding` (unit vectors, texts by hidden) or `score` (one logit a text).
    """
    graph = _Graph()
    states = (_fused_body if fused else _plain_body)(graph, shape)
    output = (_embedding if head == "embedding" else _score)(graph, shape, states)
    graph.nodes.append(helper.make_node("Identity", [output], [head]))
    tokens = ["texts", "tokens"]
    inputs = ["input_ids", "attention_mask", "token_type_ids"]
    result = ["texts", shape.hidden] if head == "embedding" else ["texts"]
    proto = helper.make_graph(
        graph.nodes,
        f"bert-{head}",
        [helper.make_tensor_value_info(name, TensorProto.INT32, tokens) for name in inputs],
        [helper.make_tensor_value_info(head, TensorProto.FLOAT, result)],
        initializer=[*graph.weights, *graph.constants.values()],
    )
    domains = [helper.make_opsetid("", 20)]
    if fused:
        domains.append(helper.make_opsetid("com.microsoft", 1))
    return helper.make_model(proto, opset_imports=domains, ir_version=9, producer_name="literature-assistant")


def _fused_body(graph: _Graph, shape: Encoder) -> str:
    def fused(kind: str, *inputs: str, **attributes: Any) -> str:
        return graph.node(kind, *inputs, domain="com.microsoft", **attributes)

    wide = shape.hidden
    states = fused(
        "EmbedLayerNormalization",
        "input_ids",
        "token_type_ids",
        graph.weight("embeddings.word", shape.vocabulary, wide),
        graph.weight("embeddings.position", shape.positions, wide),
        graph.weight("embeddings.type", shape.types, wide),
        graph.weight("embeddings.norm.weight", wide),
        graph.weight("embeddings.norm.bias", wide),
        "attention_mask",
        outputs=2,
        epsilon=shape.epsilon,
    )
    lengths = f"{states}.1"
    for i in range(shape.layers):
        attended = fused(
            "Attention",
            states,
            graph.weight(f"layer.{i}.qkv.weight", wide, 3 * wide),
            graph.weight(f"layer.{i}.qkv.bias", 3 * wide),
            lengths,
            num_heads=shape.heads,
        )
        mixed = graph.node("MatMul", attended, graph.weight(f"layer.{i}.out.weight", wide, wide))
        states = _skip_norm(graph, shape, mixed, states, f"layer.{i}.attention_norm", f"layer.{i}.out.bias")
        up = graph.node("MatMul", states, graph.weight(f"layer.{i}.up.weight", wide, shape.intermediate))
        active = fused("BiasGelu", up, graph.weight(f"layer.{i}.up.bias", shape.intermediate))
        down = graph.node("MatMul", active, graph.weight(f"layer.{i}.down.weight", shape.intermediate, wide))
        states = _skip_norm(graph, shape, down, states, f"layer.{i}.output_norm", f"layer.{i}.down.bias")
    return states


def _skip_norm(graph: _Graph, shape: Encoder, new: str, skip: str, norm: str, bias: str) -> str:
    return graph.node(
        "SkipLayerNormalization",
        new,
        skip,
        graph.weight(f"{norm}.weight", shape.hidden),
        graph.weight(f"{norm}.bias", shape.hidden),
        graph.weight(bias, shape.hidden),
        domain="com.microsoft",
        epsilon=shape.epsilon,
    )


def _plain_body(graph: _Graph, shape: Encoder) -> str:
    node, wide, depth = graph.node, shape.hidden, shape.hidden // shape.heads

    def linear(source: str, name: str, rows: int, columns: int) -> str:
        product = node("MatMul", source, graph.weight(f"{name}.weight", rows, columns))
        return node("Add", product, graph.weight(f"{name}.bias", columns))

    def norm(source: str, name: str) -> str:
        scale, shift = graph.weight(f"{name}.weight", wide), graph.weight(f"{name}.bias", wide)
        return node("LayerNormalization", source, scale, shift, axis=-1, epsilon=shape.epsilon)

    words = node("Gather", graph.weight("embeddings.word", shape.vocabulary, wide), "input_ids")
    types = node("Gather", graph.weight("embeddings.type", shape.types, wide), "token_type_ids")
    length = node("Shape", "input_ids", start=1, end=2)
    places = node(
        "Slice",
        graph.weight("embeddings.position", shape.positions, wide),
        graph.integers(0),
        length,
        graph.integers(0),
    )
    states = norm(node("Add", node("Add", words, types), places), "embeddings.norm")
    mask = node("Cast", "attention_mask", to=TensorProto.FLOAT)
    hidden = node("Mul", node("Sub", graph.number(1.0), mask), graph.number(-1e9))
    hidden = node("Unsqueeze", hidden, graph.integers(1, 2))
    for i in range(shape.layers):
        merged = linear(states, f"layer.{i}.qkv", wide, 3 * wide)
        merged = node("Reshape", merged, graph.integers(0, 0, 3, shape.heads, depth))
        merged = node("Transpose", merged, perm=[2, 0, 3, 1, 4])
        query, key, value = (node("Gather", merged, _scalar(graph, which), axis=0) for which in range(3))
        scores = node("MatMul", query, node("Transpose", key, perm=[0, 1, 3, 2]))
        scores = node("Add", node("Mul", scores, graph.number(depth**-0.5)), hidden)
        attended = node("MatMul", node("Softmax", scores, axis=-1), value)
        attended = node("Reshape", node("Transpose", attended, perm=[0, 2, 1, 3]), graph.integers(0, 0, wide))
        mixed = linear(attended, f"layer.{i}.out", wide, wide)
        states = norm(node("Add", mixed, states), f"layer.{i}.attention_norm")
        active = node("Gelu", linear(states, f"layer.{i}.up", wide, shape.intermediate))
        down = linear(active, f"layer.{i}.down", shape.intermediate, wide)
        states = norm(node("Add", down, states), f"layer.{i}.output_norm")
    return states


def _scalar(graph: _Graph, value: int) -> str:
    name = f"int_{value}"
    graph.constants[name] = helper.make_tensor(name, TensorProto.INT64, [], [value])
    return name


def _embedding(graph: _Graph, shape: Encoder, states: str) -> str:
    """Mean over the tokens that are not padding, then the unit vector."""
    node = graph.node
    mask = node("Cast", "attention_mask", to=TensorProto.FLOAT)
    # (texts, 1, tokens) x (texts, tokens, hidden): the sum over the real tokens in one product. The mean only
    # rescales it, and so falls away in the unit vector.
    total = node("MatMul", node("Unsqueeze", mask, graph.integers(1)), states)
    total = node("Squeeze", total, graph.integers(1))
    length = node("ReduceL2", total, graph.integers(1), keepdims=1)
    return node("Div", total, node("Max", length, graph.number(1e-12)))


def _score(graph: _Graph, shape: Encoder, states: str) -> str:
    """BERT's pooler over the first token, then one linear output."""
    node = graph.node
    first = node("Gather", states, _scalar(graph, 0), axis=1)
    pooled = node("MatMul", first, graph.weight("pooler.weight", shape.hidden, shape.hidden))
    pooled = node("Tanh", node("Add", pooled, graph.weight("pooler.bias", shape.hidden)))
    score = node("MatMul", pooled, graph.weight("classifier.weight", shape.hidden, 1))
    return node("Squeeze", node("Add", score, graph.weight("classifier.bias", 1)), graph.integers(1))


def main() -> None:
    """Write the file that the command line asks for."""
    parser = argparse.ArgumentParser(description="Write the graph of a BERT encoder without its weights.")
    parser.add_argument("file", type=Path)
    parser.add_argument("--head", choices=["embedding", "score"], default="embedding")
    parser.add_argument("--fused", action="store_true", help="operators of onnxruntime's own domain")
    options = parser.parse_args()
    onnx.save(build(Encoder(), options.head, fused=options.fused), options.file)


if __name__ == "__main__":
    main()
