"""Train the wording adapter: a LoRA that makes the small model put one sentence faithfully into other words.

    python -m assistant.training.reword_lm train  --gguf BASE.gguf --acl ACL.jsonl --scifact SCIFACT.jsonl --out RUN
    python -m assistant.training.reword_lm write  --gguf BASE.gguf --acl ACL.jsonl --scifact SCIFACT.jsonl --run RUN
    python -m assistant.training.reword_lm export --gguf BASE.gguf --run RUN --out reword.gguf

The pairs in `data/reword.jsonl` hold the paraphrase and where its sentence stands; the sentence is looked up in the
public corpus, so that no text of a paper is kept here. The model reads the very prompt of `prompts/reword.yaml` with
the sentence in the third person, in its own chat template, and only the paraphrase counts in the loss. The weights
trained on are those of the GGUF file that ships, dequantised. A tenth of the papers is held out. A killed run that is
started again with the same arguments goes on from its last checkpoint.
"""

import argparse
import hashlib
import json
import math
import random
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from assistant import check, prompts
from assistant.sentences import split
from assistant.training.adapters import adapters, export_adapter, load_adapters, load_model, replace, saved_args, say

PAIRS = Path(__file__).parent / "data" / "reword.jsonl"
HELD_OUT = 0.1
MAX_TOKENS = 96
"""Most tokens of a paraphrase that is written."""


@dataclass
class Example:
    """Token ids of the prompt and of the paraphrase, its end included."""

    paper: str
    source: str
    text: str
    prompt: list[int]
    target: list[int]

    @property
    def size(self) -> int:
        """Number of tokens."""
        return len(self.prompt) + len(self.target)


def abstracts(acl: Path, scifact: Path) -> dict[str, str]:
    """Return the abstracts of both corpora by the paper's id as the pairs give it."""
    found = {}
    with acl.open() as lines:
        for row in map(json.loads, lines):
            found[row["acl_id"]] = row["abstract"]
    with scifact.open() as lines:
        for row in map(json.loads, lines):
            found[f"scifact:{row['doc_id']}"] = " ".join(row["abstract"])
    return found


def prompt_ids(tokenizer: Any, source: str) -> list[int]:
    """Return the prompt's tokens, piece by piece as `assistant.generate` makes them."""
    ids: list[int] = []
    for message in prompts.load("reword").fill(sentence=source):
        ids += tokenizer(f"<|im_start|>{message.role}\n", add_special_tokens=False)["input_ids"]
        ids += tokenizer(message.content, add_special_tokens=False)["input_ids"]
        ids += tokenizer("<|im_end|>\n", add_special_tokens=False)["input_ids"]
    return ids + tokenizer("<|im_start|>assistant\n", add_special_tokens=False)["input_ids"]


def read_examples(pairs: Path, texts: dict[str, str], tokenizer: Any) -> list[Example]:
    """Return the examples of a pairs file."""
    examples = []
    with pairs.open() as lines:
        for row in map(json.loads, lines):
            source = check.third_person(split(texts[row["paper"]])[row["sentence"]].text)
            target = tokenizer(row["text"] + "<|im_end|>", add_special_tokens=False)["input_ids"]
            examples.append(Example(row["paper"], source, row["text"], prompt_ids(tokenizer, source), target))
    return examples


def held_out(paper: str) -> bool:
    """Tell whether a paper is never trained on; depends on its id alone."""
    return int(hashlib.sha256(paper.encode()).hexdigest()[:8], 16) / 2**32 < HELD_OUT


def batches(examples: Sequence[Example], size: int, seed: int) -> Iterator[list[Example]]:
    """Yield batches of examples of like length, for ever, in an order that depends on the seed alone."""
    epoch = 0
    while True:
        rng = random.Random(seed * 1000 + epoch)
        order = sorted(rng.sample(examples, len(examples)), key=lambda e: e.size + rng.random() * 12)
        groups = [order[at : at + size] for at in range(0, len(order), size)]
        rng.shuffle(groups)
        yield from groups
        epoch += 1


def loss(model: Any, batch: Sequence[Example]) -> tuple[torch.Tensor, int]:
    """Return the summed cross-entropy of the paraphrases in nats, and how many tokens they have.

    Shorter examples are filled up at the right, where causal attention can't see it.
    """
    longest = max(example.size for example in batch)
    ids = torch.zeros(len(batch), longest, dtype=torch.long)
    rows: list[int] = []
    places: list[int] = []
    targets: list[int] = []
    for row, example in enumerate(batch):
        ids[row, : example.size] = torch.tensor(example.prompt + example.target)
        rows += [row] * len(example.target)
        places += range(len(example.prompt) - 1, example.size - 1)
        targets += example.target
    hidden = model.model(input_ids=ids, use_cache=False).last_hidden_state
    logits = model.lm_head(hidden[rows, places]).float()
    return nn.functional.cross_entropy(logits, torch.tensor(targets), reduction="sum"), len(targets)


def train(args: argparse.Namespace) -> None:
    """Train for a number of epochs and report the loss on the held-out papers after each."""
    torch.manual_seed(args.seed)
    torch.set_num_threads(1)
    # Each worker computes whole examples on one core: threads that share one product wait for the slower core.
    workers = ThreadPoolExecutor(args.threads)
    args.out.mkdir(parents=True, exist_ok=True)
    tokenizer, model = load_model(
        args.gguf, args.rank, args.alpha, args.dropout, torch.bfloat16 if args.bf16 else torch.float32
    )
    examples = read_examples(args.pairs, abstracts(args.acl, args.scifact), tokenizer)
    learn = [example for example in examples if not held_out(example.paper)]
    dev = [example for example in examples if held_out(example.paper)]
    params = adapters(model)
    optimizer = torch.optim.AdamW(params.values(), lr=args.lr, weight_decay=args.decay, betas=(0.9, 0.98))
    a_pass = math.ceil(len(learn) / args.batch)
    steps = math.ceil(args.epochs * a_pass)
    step = 0
    state_file = args.out / "state.pt"
    if state_file.exists():
        state = torch.load(state_file, weights_only=False)
        load_adapters(model, args.out / "adapter.pt")
        optimizer.load_state_dict(state["optimizer"])
        step = state["step"]
        torch.set_rng_state(state["rng"])
    (args.out / "args.json").write_text(json.dumps({k: str(v) for k, v in vars(args).items()}, indent=1))
    say(args.out, f"{len(learn)} pairs to learn, {len(dev)} held out, {steps} steps, from step {step}")
    if not step:
        say(args.out, f"held-out loss before training {mean_loss(model, dev, workers):.4f}")
    feed = batches(learn, args.batch, args.seed)
    for _ in range(step):
        next(feed)
    trained = list(params.values())

    def gradient(part: Sequence[Example]) -> tuple[float, int, tuple[torch.Tensor, ...]]:
        torch.set_num_threads(1)
        total, count = loss(model, part)
        return float(total.detach()), count, torch.autograd.grad(total, trained)

    model.train()
    began, recent = time.monotonic(), list[float]()
    while step < steps:
        for group in optimizer.param_groups:
            group["lr"] = args.lr * min(1.0, (step + 1) / args.warmup) * (0.05 + 0.95 * _cosine(step / steps))
        parts = list(workers.map(gradient, divide(next(feed), args.threads)))
        count = sum(part[1] for part in parts)
        for value, *gradients in zip(trained, *(part[2] for part in parts), strict=True):
            value.grad = sum(gradients[1:], gradients[0]) / count
        nn.utils.clip_grad_norm_(params.values(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        step += 1
        recent.append(sum(part[0] for part in parts) / count)
        if step % 10 == 0:
            say(args.out, f"step {step} loss {np.mean(recent[-10:]):.4f} {(time.monotonic() - began) / 60:.1f} min")
        if step % a_pass == 0 or step == steps:
            say(args.out, f"step {step} epoch {step / a_pass:.2f} held-out loss {mean_loss(model, dev, workers):.4f}")
        if step % args.every == 0 or step % a_pass == 0 or step == steps:
            weights = {name: value.detach().clone() for name, value in params.items()}
            replace(args.out / "adapter.pt", weights)
            rest = {"optimizer": optimizer.state_dict(), "step": step, "rng": torch.get_rng_state()}
            replace(state_file, rest)
            if step % a_pass == 0:
                replace(args.out / f"epoch{step // a_pass}.pt", weights)
    say(args.out, "finished")


def _cosine(done: float) -> float:
    return 0.5 * (1 + math.cos(math.pi * done))


def divide(batch: list[Example], parts: int) -> list[list[Example]]:
    """Return a batch in parts, the short examples first."""
    ordered = sorted(batch, key=lambda example: example.size)
    size = math.ceil(len(ordered) / parts)
    return [ordered[at : at + size] for at in range(0, len(ordered), size)]


def mean_loss(model: Any, examples: Sequence[Example], workers: ThreadPoolExecutor, size: int = 8) -> float:
    """Return the mean cross-entropy per token over some examples."""

    def one(part: Sequence[Example]) -> tuple[float, int]:
        torch.set_num_threads(1)
        with torch.inference_mode():
            total, count = loss(model, part)
            return float(total), count

    model.eval()
    ordered = sorted(examples, key=lambda example: example.size)
    sums = list(workers.map(one, [ordered[at : at + size] for at in range(0, len(ordered), size)]))
    model.train()
    return sum(total for total, _ in sums) / max(sum(count for _, count in sums), 1)


def write(args: argparse.Namespace) -> None:
    """Print what the trained model makes of some held-out sentences, greedily."""
    torch.set_num_threads(args.threads)
    tokenizer, model = _trained(args)
    examples = read_examples(args.pairs, abstracts(args.acl, args.scifact), tokenizer)
    dev = [example for example in examples if held_out(example.paper)]
    for example in random.Random(5).sample(dev, min(args.count, len(dev))):
        text = tokenizer.decode(greedy(model, example.prompt, tokenizer.eos_token_id))
        print(f"SOURCE {example.source}\nWRITES {text}\nBY HAND {example.text}\n")


def greedy(model: Any, prompt: Sequence[int], end: int) -> list[int]:
    """Return the most probable continuation, token by token."""
    model.eval()
    written: list[int] = []
    past, given = None, list(prompt)
    with torch.inference_mode():
        while len(written) < MAX_TOKENS:
            result = model(input_ids=torch.tensor([given]), past_key_values=past, use_cache=True)
            past, token = result.past_key_values, int(result.logits[0, -1].argmax())
            if token == end:
                break
            written.append(token)
            given = [token]
    return written


def _trained(args: argparse.Namespace) -> tuple[Any, Any]:
    kept = saved_args(args.run)
    dtype = torch.bfloat16 if args.bf16 else torch.float32
    tokenizer, model = load_model(args.gguf, int(kept["rank"]), float(kept["alpha"]), 0.0, dtype)
    load_adapters(model, args.run / args.weights)
    return tokenizer, model


def export(args: argparse.Namespace) -> None:
    """Write the adapter as llama.cpp reads it."""
    notes = {"general.name": "reword", "reword.prompt.sha256": prompts.load("reword").sha256}
    export_adapter(args.run, args.weights, args.gguf, args.out, notes)


def main(arguments: Iterable[str] | None = None) -> None:
    """Run one of the commands."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)
    for function in (train, write, export):
        sub = commands.add_parser(function.__name__)
        sub.set_defaults(function=function)
        sub.add_argument("--gguf", type=Path, required=True)
        if function is not export:
            sub.add_argument("--acl", type=Path, required=True, help="abstracts of the ACL Anthology, one JSON a line")
            sub.add_argument("--scifact", type=Path, required=True, help="SciFact's corpus.jsonl")
            sub.add_argument("--pairs", type=Path, default=PAIRS)
            sub.add_argument("--threads", type=int, default=2)
            sub.add_argument(
                "--bf16", action=argparse.BooleanOptionalAction, default=False, help="quicker only where built in"
            )
        if function is not write:
            sub.add_argument("--out", type=Path, required=True)
        if function is not train:
            sub.add_argument("--run", type=Path, required=True)
            sub.add_argument("--weights", default="adapter.pt")
        if function is write:
            sub.add_argument("--count", type=int, default=20)
        if function is train:
            sub.add_argument("--rank", type=int, default=16)
            sub.add_argument("--alpha", type=float, default=32)
            sub.add_argument("--dropout", type=float, default=0.05)
            sub.add_argument("--lr", type=float, default=3e-4)
            sub.add_argument("--decay", type=float, default=0.01)
            sub.add_argument("--warmup", type=int, default=15)
            sub.add_argument("--batch", type=int, default=8)
            sub.add_argument("--epochs", type=float, default=3)
            sub.add_argument("--every", type=int, default=25)
            sub.add_argument("--seed", type=int, default=0)
    args = parser.parse_args(list(arguments) if arguments is not None else None)
    args.function(args)


if __name__ == "__main__":
    main(sys.argv[1:])
