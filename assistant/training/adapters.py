"""LoRA adapters of a GGUF model in torch: put on, kept, and written as llama.cpp reads them."""

import json
import math
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

TARGETS = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")
GGUF_NAMES = dict(
    zip(TARGETS, ("attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down"), strict=True)
)


class Lora(nn.Module):
    """A frozen linear layer with a trained low-rank addition."""

    def __init__(self, base: nn.Linear, rank: int, alpha: float, dropout: float) -> None:
        super().__init__()
        self.base = base
        self.scale = alpha / rank
        self.dropout = dropout
        self.a = nn.Parameter(torch.randn(rank, base.in_features) / math.sqrt(base.in_features))
        self.b = nn.Parameter(torch.zeros(base.out_features, rank))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return base(x) + scale * b a x."""
        y = self.base(x)
        low = nn.functional.linear(x, self.a.to(x.dtype))
        if self.dropout and self.training:
            low = nn.functional.dropout(low, self.dropout)
        return y + nn.functional.linear(low, self.b.to(x.dtype)) * self.scale


def load_model(
    gguf: Path, rank: int, alpha: float, dropout: float, dtype: torch.dtype, first: int = 0
) -> tuple[Any, Any]:
    """Return the tokenizer and the dequantised model with fresh adapters on all linear layers."""
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(gguf.parent, gguf_file=gguf.name)
    model = AutoModelForCausalLM.from_pretrained(
        gguf.parent, gguf_file=gguf.name, dtype=torch.float32, attn_implementation="eager"
    )
    model.to(dtype)
    model.config.use_cache = False
    model.requires_grad_(False)
    for layer in model.model.layers[first:]:
        for block in (layer.self_attn, layer.mlp):
            for name in TARGETS:
                if hasattr(block, name):
                    setattr(block, name, Lora(getattr(block, name), rank, alpha, dropout))
    return tokenizer, model


def adapters(model: Any) -> dict[str, nn.Parameter]:
    """Return the trained parameters by name."""
    return {name: value for name, value in model.named_parameters() if value.requires_grad}


def weights_of(model: Any) -> dict[str, torch.Tensor]:
    """Return a copy of the adapter's weights."""
    return {name: value.detach().clone() for name, value in adapters(model).items()}


def replace(path: Path, content: Any) -> None:
    """Save so that the file is there whole or not at all."""
    part = path.with_suffix(".part")
    torch.save(content, part)
    part.replace(path)


def load_adapters(model: Any, path: Path) -> None:
    """Put saved adapter weights into the model."""
    saved = torch.load(path, weights_only=True)
    params = adapters(model)
    with torch.no_grad():
        for name, value in saved.items():
            params[name].copy_(value)


def say(out: Path, text: str) -> None:
    """Print a line and keep it in the run's log."""
    line = time.strftime("%H:%M:%S ") + text
    print(line, flush=True)
    with (out / "log.txt").open("a") as log:
        log.write(line + "\n")


def saved_args(run: Path) -> dict[str, str]:
    """Return the arguments that a run was trained with."""
    return dict(json.loads((run / "args.json").read_text()))


def export_adapter(run: Path, weights: str, base: Path, out: Path, notes: Mapping[str, str]) -> None:
    """Write a run's adapter as a GGUF file of half-precision factors.

    Args:
        run: the run's folder.
        weights: the name of the file in it that holds the factors.
        base: the model that the adapter was trained for.
        out: the file to write.
        notes: text fields of the file, by key.
    """
    import gguf

    saved = torch.load(run / weights, weights_only=True)
    reader = gguf.GGUFReader(base)
    heads = int(reader.fields["llama.attention.head_count"].contents())
    kv_heads = int(reader.fields["llama.attention.head_count_kv"].contents())
    out.parent.mkdir(parents=True, exist_ok=True)
    writer = gguf.GGUFWriter(out, "llama")
    writer.add_type(gguf.GGUFType.ADAPTER)
    writer.add_string(gguf.Keys.Adapter.TYPE, "lora")
    writer.add_float32(gguf.Keys.Adapter.LORA_ALPHA, float(saved_args(run)["alpha"]))
    for key, text in notes.items():
        writer.add_string(key, text)
    for name, value in sorted(saved.items()):
        parts = name.split(".")
        layer, module, factor = parts[parts.index("layers") + 1], parts[-2], parts[-1]
        array = value.float().numpy()
        if factor == "b" and module in ("q_proj", "k_proj"):
            array = llama_order(array, heads if module == "q_proj" else kv_heads)
        writer.add_tensor(
            f"blk.{layer}.{GGUF_NAMES[module]}.weight.lora_{factor}", np.ascontiguousarray(array.astype(np.float16))
        )
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    print(out, out.stat().st_size)


def llama_order(rows: np.ndarray, heads: int) -> np.ndarray:
    """Return the rows of a query or key projection in the order of llama.cpp's rotary embedding."""
    size = rows.shape[0]
    return rows.reshape(heads, 2, size // heads // 2, *rows.shape[1:]).swapaxes(1, 2).reshape(rows.shape)
