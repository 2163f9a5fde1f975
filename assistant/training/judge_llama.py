"""Score claims with the judge as it ships: the GGUF model and the GGUF adapter, in llama.cpp.

    python -m assistant.training.judge_llama --gguf BASE.gguf --adapter judge.gguf --pairs eval.jsonl --out scores.jsonl

Writes the same rows as `judge_lm score`, so that the two can be compared, and says how long it took.
"""

import argparse
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from assistant.judge.format import MAX_CLAIM, MAX_EVIDENCE, NO, OPENING, YES, claim_text, evidence_text


def main(arguments: Sequence[str] | None = None) -> None:
    """Score a pairs file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gguf", type=Path, required=True)
    parser.add_argument("--adapter", type=Path)
    parser.add_argument("--pairs", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--split", nargs="*")
    parser.add_argument("--limit", type=int, default=10**9, help="packs")
    args = parser.parse_args(arguments)

    import llama_cpp

    llama = llama_cpp.Llama(
        str(args.gguf),
        lora_path=str(args.adapter) if args.adapter else None,
        n_ctx=1024,
        n_batch=512,
        n_threads=args.threads,
        n_threads_batch=args.threads,
        verbose=False,
    )

    def tokens(text: str, special: bool = False) -> list[int]:
        return list(llama.tokenize(text.encode(), add_bos=False, special=special))

    (yes,), (no,) = tokens(YES), tokens(NO)
    last = llama_cpp.llama_get_logits_ith
    opening = tokens(OPENING, special=True)
    rows = [json.loads(line) for line in args.pairs.read_text().splitlines()]
    rows = [row for row in rows if not args.split or row["split"] in args.split][: args.limit]
    began, read, asked = time.monotonic(), 0, 0
    with args.out.open("w") as out:
        for row in rows:
            prefix = opening + tokens(evidence_text(row["title"], row["evidence"]))[:MAX_EVIDENCE]
            llama.reset()
            llama.eval(prefix)
            read += len(prefix)
            for claim in row["claims"]:
                ids = tokens(claim_text(claim["claim"]))[-MAX_CLAIM:]
                llama.n_tokens = len(prefix)  # eval forgets what came after
                llama.eval(ids)
                asked += 1
                logits = np.ctypeslib.as_array(last(llama.ctx, -1), shape=(llama.n_vocab(),))
                line = {
                    "paper": row["paper"],
                    "source": row["source"],
                    **claim,
                    "logit": float(logits[yes] - logits[no]),
                }
                out.write(json.dumps(line, ensure_ascii=False) + "\n")
    took = time.monotonic() - began
    print(
        f"{len(rows)} texts ({read} tokens), {asked} claims in {took:.1f} s: "
        f"{1000 * took / max(asked, 1):.0f} ms a claim"
    )


if __name__ == "__main__":
    main(sys.argv[1:])
