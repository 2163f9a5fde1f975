"""Train the language-model part of the support judge: a LoRA adapter that makes a small model answer yes or no.

    python -m assistant.training.judge_lm train  --gguf BASE.gguf --pairs pairs.jsonl --out RUN [--minutes 60]
    python -m assistant.training.judge_lm score  --gguf BASE.gguf --run RUN --pairs eval.jsonl --out scores.jsonl
    python -m assistant.training.judge_lm export --gguf BASE.gguf --run RUN --out judge.gguf

The model reads `title, abstract`, then one claim, and the probability of " yes" against " no" at the next position is
its judgement. All claims about one abstract are packed behind it in one sequence: each claim attends to the abstract
and to itself, and its positions go on where the abstract's end, so that the result is what separate sequences would
give (`verify` shows it) at a fraction of the cost. The weights trained on are those of the GGUF file that ships,
dequantised. Checkpoints hold all that is needed to go on: a killed run started again with the same arguments resumes.
"""

import argparse
import json
import math
import random
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from assistant.eval import binary
from assistant.eval.statistics import point
from assistant.judge.format import (
    CLAIM,
    MAX_CLAIM,
    MAX_CLAIM_FIRST,
    MAX_EVIDENCE,
    NO,
    OPENING,
    YES,
    claim_first_text,
    claim_text,
    evidence_text,
)
from assistant.training.adapters import (
    adapters,
    export_adapter,
    load_adapters,
    load_model,
    replace,
    saved_args,
    say,
    weights_of,
)

MAX_PACK = 900


@dataclass
class Pack:
    """Token ids of an evidence text and of the claims about it."""

    prefix: list[int]
    claims: list[list[int]]
    labels: list[int]
    weights: list[float]
    info: list[dict[str, Any]]

    @property
    def size(self) -> int:
        """Number of tokens."""
        return len(self.prefix) + sum(map(len, self.claims))


def read_packs(path: Path, tokenizer: Any, splits: Sequence[str] | None = None) -> list[Pack]:
    """Return the packs of a pairs file; evidence is cut to MAX_EVIDENCE tokens, and packs to MAX_PACK."""
    packs = []
    with path.open() as lines:
        for line in lines:
            row = json.loads(line)
            if splits and row["split"] not in splits:
                continue
            packs += make_packs(row, tokenizer)
    return packs


def make_packs(row: dict[str, Any], tokenizer: Any) -> list[Pack]:
    """Return one pack, or several where the claims don't fit into one.

    A claim that comes with sentences of its own (`nearest`) is asked before them and again behind them; the others
    share the evidence in front.
    """

    def ids_of(text: str) -> list[int]:
        return list(tokenizer(text, add_special_tokens=False)["input_ids"])

    prefix = ids_of(OPENING)
    claim_first = "nearest" in row["claims"][0]
    if not claim_first:
        prefix += ids_of(evidence_text(row["title"], row["evidence"]))[:MAX_EVIDENCE]
    packs: list[Pack] = []
    for claim in row["claims"]:
        if claim_first:
            ids = ids_of(claim_first_text(claim["claim"], row["title"], claim["nearest"]))[-MAX_CLAIM_FIRST:]
        else:
            ids = ids_of(claim_text(claim["claim"]))[-MAX_CLAIM:]
        if not packs or packs[-1].size + len(ids) > MAX_PACK:
            packs.append(Pack(prefix, [], [], [], []))
        info = {"paper": row["paper"], "source": row["source"], **claim}
        last = packs[-1]
        last.claims.append(ids)
        last.labels.append(int(claim["label"]))
        last.weights.append(float(claim.get("weight", 1.0)))
        last.info.append(info)
    return packs


class Judge:
    """Computes the yes-over-no logits of a pack."""

    def __init__(self, tokenizer: Any, model: Any) -> None:
        self.model = model
        yes, no = (tokenizer(word, add_special_tokens=False)["input_ids"] for word in (YES, NO))
        assert len(yes) == len(no) == 1, "yes and no must be single tokens"
        rows = model.lm_head.weight[[yes[0], no[0]]].detach().float()
        self.direction = rows[0] - rows[1]
        self.dtype = model.model.embed_tokens.weight.dtype

    def __call__(self, pack: Pack) -> torch.Tensor:
        """Return one logit (yes minus no) a claim."""
        ids = torch.tensor([pack.prefix + [token for claim in pack.claims for token in claim]])
        n, prefix = ids.shape[1], len(pack.prefix)
        group = torch.zeros(n, dtype=torch.long)
        position = torch.arange(n)
        at, ends = prefix, []
        for number, claim in enumerate(pack.claims, 1):
            group[at : at + len(claim)] = number
            position[at : at + len(claim)] = prefix + torch.arange(len(claim))
            at += len(claim)
            ends.append(at - 1)
        allowed = (group[None, :] == group[:, None]) | (group[None, :] == 0)
        allowed &= torch.arange(n)[None, :] <= torch.arange(n)[:, None]
        mask = torch.zeros(n, n, dtype=self.dtype).masked_fill(~allowed, torch.finfo(self.dtype).min)[None, None]
        hidden = self.model.model(
            input_ids=ids, attention_mask=mask, position_ids=position[None], use_cache=False
        ).last_hidden_state
        return hidden[0, ends].float() @ self.direction


def train(args: argparse.Namespace) -> None:
    """Train until the packs are used up `epochs` times or the minutes are over; the schedule follows the nearer."""
    torch.manual_seed(args.seed)
    torch.set_num_threads(1)
    out = args.out
    out.mkdir(parents=True, exist_ok=True)
    dtype = torch.bfloat16 if args.bf16 else torch.float32
    tokenizer, model = load_model(args.gguf, args.rank, args.alpha, args.dropout, dtype, args.first)
    judge = Judge(tokenizer, model)
    packs = read_packs(args.pairs, tokenizer, ["train"])
    dev = read_packs(args.pairs, tokenizer, ["dev"])
    random.Random(1).shuffle(dev)
    dev.sort(key=lambda pack: pack.info[0]["origin"] != "hand")
    dev = dev[: args.dev_packs]
    params = adapters(model)
    if args.start:
        load_adapters(model, args.start / "adapter.pt")
    groups = [
        {"params": [p for name, p in params.items() if name.endswith(".a")], "lr": args.lr},
        {"params": [p for name, p in params.items() if name.endswith(".b")], "lr": args.lr},
    ]
    optimizer = torch.optim.AdamW(groups, weight_decay=args.decay, betas=(0.9, 0.98))
    step, seen, spent, best = 0, 0, 0.0, -1.0
    state_file = out / "state.pt"
    if state_file.exists():
        state = torch.load(state_file, weights_only=False)
        with torch.no_grad():
            for name, value in state["adapter"].items():
                params[name].copy_(value)
        optimizer.load_state_dict(state["optimizer"])
        step, seen, spent, best = state["step"], state["seen"], state["spent"], state["best"]
    say(
        out,
        f"{len(packs)} train packs with {sum(len(p.claims) for p in packs)} claims, {len(dev)} dev packs with "
        f"{sum(len(p.claims) for p in dev)} claims, {sum(p.numel() for p in params.values()) / 1e6:.1f}M parameters, "
        f"from step {step}",
    )
    (out / "args.json").write_text(json.dumps({k: str(v) for k, v in vars(args).items()}, indent=1))
    total_packs = args.epochs * len(packs)
    began, lost, last_losses = time.monotonic() - spent, 0, []
    model.train()
    trained = list(params.values())

    def gradient(pack: Pack) -> tuple[float, tuple[torch.Tensor, ...]]:
        torch.set_num_threads(1)
        target = torch.tensor(pack.labels).float() * (1 - 2 * args.smooth) + args.smooth
        weight = torch.tensor(pack.weights)
        logits = judge(pack)
        loss = nn.functional.binary_cross_entropy_with_logits(logits, target, weight, reduction="sum")
        if args.rank_loss:
            # Claims about one abstract differ in nothing but their meaning, so each true one should beat each false.
            right, wrong = logits[target > 0.5], logits[target < 0.5]
            if len(right) and len(wrong):
                margins = nn.functional.softplus(wrong[None, :] - right[:, None])
                loss = loss + args.rank_loss * len(pack.claims) * margins.mean()
        return float(loss.detach()), torch.autograd.grad(loss, trained)

    # Each worker computes whole packs on one core: threads that share one product would wait for the slower core.
    workers = ThreadPoolExecutor(args.threads)
    order = endless(packs, args.seed)
    for _ in range(seen):
        next(order)
    while True:
        spent = time.monotonic() - began
        done = max(seen / total_packs, spent / 60 / args.minutes)
        if done >= 1:
            break
        for group in optimizer.param_groups:
            group["lr"] = (
                args.lr * min(1.0, (step + 1) / args.warmup) * (0.03 + 0.97 * 0.5 * (1 + math.cos(math.pi * done)))
            )
        batch = [next(order) for _ in range(args.batch)]
        seen += len(batch)
        count = sum(sum(pack.weights) for pack in batch)
        loss_sum = 0.0
        for pack_loss, gradients in workers.map(gradient, batch):
            loss_sum += pack_loss
            for parameter, gradient_part in zip(trained, gradients, strict=True):
                part = gradient_part / count
                parameter.grad = part if parameter.grad is None else parameter.grad.add_(part)
        norm = torch.nn.utils.clip_grad_norm_(params.values(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        step += 1
        last_losses.append(loss_sum / count)
        lost += sum(pack.size for pack in batch)
        if step % 10 == 0:
            say(
                out,
                f"step {step} seen {seen} done {done:.2f} loss {np.mean(last_losses[-10:]):.3f} norm {float(norm):.2f} "
                f"{lost} tokens {(time.monotonic() - began) / 60:.1f} min",
            )
        if step % args.save == 0:
            save(out, model, optimizer, {"step": step, "seen": seen, "spent": time.monotonic() - began, "best": best})
        if step % args.every == 0:
            best = evaluate_and_save(out, judge, dev, model, optimizer, step, seen, time.monotonic() - began, best)
    evaluate_and_save(out, judge, dev, model, optimizer, step, seen, time.monotonic() - began, best)
    say(out, "finished")


def evaluate_and_save(
    out: Path,
    judge: Judge,
    dev: list[Pack],
    model: Any,
    optimizer: Any,
    step: int,
    seen: int,
    spent: float,
    best: float,
) -> float:
    """Write figures, the adapter and all that resuming needs; return the best AUC so far."""
    save(out, model, optimizer, {"step": step, "seen": seen, "spent": spent, "best": best})
    if not dev:
        return best
    figures = report(score_packs(judge, dev))
    say(out, f"step {step} dev: " + json.dumps(figures))
    best_now = figures.get("hand auc", figures["auc"])
    if best_now > best:
        replace(out / "best.pt", weights_of(model))
    return max(best, best_now)


def save(out: Path, model: Any, optimizer: Any, counters: dict[str, float]) -> None:
    """Write the adapter and all that resuming needs."""
    weights = weights_of(model)
    replace(out / "state.pt", {"adapter": weights, "optimizer": optimizer.state_dict(), **counters})
    replace(out / "adapter.pt", weights)


def endless(packs: list[Pack], seed: int) -> Iterator[Pack]:
    """Yield the packs again and again, each time in another order."""
    epoch = 0
    while True:
        order = list(packs)
        random.Random(seed * 1000 + epoch).shuffle(order)
        yield from order
        epoch += 1


def score_packs(judge: Judge, packs: list[Pack], threads: int = 2) -> list[dict[str, Any]]:
    """Return the rows of all claims with their logit."""
    judge.model.eval()

    def one(pack: Pack) -> list[float]:
        torch.set_num_threads(1)
        with torch.inference_mode():
            return judge(pack).tolist()

    with ThreadPoolExecutor(threads) as workers:
        rows = [
            {**info, "logit": logit}
            for pack, logits in zip(packs, workers.map(one, packs), strict=True)
            for info, logit in zip(pack.info, logits, strict=True)
        ]
    judge.model.train()
    return rows


def auc(scores: Sequence[float], labels: Sequence[int]) -> float:
    """Return the area under the ROC curve."""
    return point(binary.auroc(np.asarray(labels) == 1, np.asarray(scores, dtype=float)), len(scores))


def best_threshold(scores: Sequence[float], labels: Sequence[int]) -> tuple[float, float]:
    """Return the threshold of the greatest balanced accuracy, and that accuracy."""
    s, y = np.asarray(scores, dtype=float), np.asarray(labels)
    grid = np.unique(np.quantile(s, np.linspace(0.01, 0.99, 99)))
    accuracies = [((s >= t)[y == 1].mean() + (s < t)[y == 0].mean()) / 2 for t in grid]
    at = int(np.argmax(accuracies))
    return float(grid[at]), float(accuracies[at])


def report(rows: list[dict[str, Any]]) -> dict[str, float]:
    """Return AUC and balanced accuracy overall and by origin, and the share judged rightly by error type."""
    figures: dict[str, float] = {}
    scores, labels = [r["logit"] for r in rows], [r["label"] for r in rows]
    _, figures["bacc*"] = best_threshold(scores, labels)
    figures["auc"] = auc(scores, labels)
    origins = defaultdict(list)
    types = defaultdict(list)
    for row in rows:
        origins[row["origin"]].append(row)
        if row["origin"] == "hand":
            types[row["type"]].append((row["logit"] >= 0) == bool(row["label"]))
    for origin, some in sorted(origins.items()):
        figures[f"{origin} n"] = len(some)
        y = [r["label"] for r in some]
        if min(y) < max(y):
            s = np.array([r["logit"] for r in some])
            figures[f"{origin} auc"] = auc(s.tolist(), y)
            figures[f"{origin} bacc0"] = float(
                ((s >= 0)[np.array(y) == 1].mean() + (s < 0)[np.array(y) == 0].mean()) / 2
            )
    for kind, right in sorted(types.items()):
        figures[f":{kind}"] = float(np.mean(right))
    return {name: round(value, 3) for name, value in figures.items()}


def load_run(args: argparse.Namespace, dtype: torch.dtype) -> tuple[Any, Any]:
    """Return the tokenizer and the model with a run's trained adapter."""
    kept = saved_args(args.run)
    tokenizer, model = load_model(args.gguf, int(kept["rank"]), float(kept["alpha"]), 0.0, dtype, int(kept["first"]))
    load_adapters(model, args.run / args.weights)
    return tokenizer, model


def score(args: argparse.Namespace) -> None:
    """Write the logits of all claims of a pairs file, and print figures."""
    torch.set_num_threads(args.threads)
    tokenizer, model = load_run(args, torch.bfloat16 if args.bf16 else torch.float32)
    rows = score_packs(Judge(tokenizer, model), read_packs(args.pairs, tokenizer, args.split or None))
    args.out.write_text("".join(json.dumps(row) + "\n" for row in rows))
    print(json.dumps(report(rows), indent=1))


def verify(args: argparse.Namespace) -> None:
    """Show that a pack gives what its claims give one by one."""
    tokenizer, model = load_model(args.gguf, 8, 8, 0.0, torch.float32)
    with torch.no_grad():
        for name, value in adapters(model).items():
            if name.endswith(".b"):
                value.normal_(0, 0.02)
    judge = Judge(tokenizer, model)
    model.eval()
    with torch.inference_mode():
        for pack in read_packs(args.pairs, tokenizer)[:3]:
            together = judge(pack)
            alone = []
            for claim in pack.claims:
                hidden = model.model(input_ids=torch.tensor([pack.prefix + claim]), use_cache=False).last_hidden_state
                alone.append(hidden[0, -1] @ judge.direction)
            print(pack.size, float((together - torch.stack(alone)).abs().max()), together.tolist()[:4])


def export(args: argparse.Namespace) -> None:
    """Write the adapter as llama.cpp reads it."""
    notes = {"general.name": "support judge", "judge.opening": OPENING, "judge.claim": CLAIM}
    export_adapter(args.run, args.weights, args.gguf, args.out, notes)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one of the commands."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)
    for function in (train, score, verify, export):
        sub = commands.add_parser(function.__name__)
        sub.set_defaults(function=function)
        sub.add_argument("--gguf", type=Path, required=True)
        sub.add_argument("--threads", type=int, default=2)
        if function is not export:
            sub.add_argument("--pairs", type=Path, required=True)
            sub.add_argument("--bf16", action=argparse.BooleanOptionalAction, default=True)
        if function is not verify:
            sub.add_argument("--out", type=Path, required=True)
        if function in (score, export):
            sub.add_argument("--run", type=Path, required=True)
            sub.add_argument("--weights", default="adapter.pt")
        if function is score:
            sub.add_argument("--split", nargs="*")
        if function is train:
            sub.add_argument("--start", type=Path, help="begin with the adapter of another run")
            sub.add_argument("--rank", type=int, default=24)
            sub.add_argument("--alpha", type=float, default=48)
            sub.add_argument("--dropout", type=float, default=0.0)
            sub.add_argument("--lr", type=float, default=5e-4)
            sub.add_argument("--decay", type=float, default=0.01)
            sub.add_argument("--rank-loss", type=float, default=0.0, help="weight of true before false of an abstract")
            sub.add_argument("--smooth", type=float, default=0.03)
            sub.add_argument("--warmup", type=int, default=20)
            sub.add_argument("--batch", type=int, default=6, help="packs a step")
            sub.add_argument("--epochs", type=float, default=3)
            sub.add_argument("--minutes", type=float, default=60)
            sub.add_argument("--first", type=int, default=0, help="first layer that gets adapters")
            sub.add_argument("--every", type=int, default=200, help="steps between looks at the held-out claims")
            sub.add_argument("--save", type=int, default=40, help="steps between checkpoints")
            sub.add_argument("--dev-packs", type=int, default=100)
            sub.add_argument("--seed", type=int, default=0)
    args = parser.parse_args(arguments)
    args.function(args)


if __name__ == "__main__":
    main(sys.argv[1:])
