"""How fast the judge that gates answers is, beside itself with its adapter applied as llama.cpp does it.

    python eval/bench/judge_speed.py [--claims 24] [--repeat 3]

Over some of the bundled claims, medians:

- cold start: seconds from nothing to the first score (the model is in the file cache of the system);
- reading: seconds to read an abstract that wasn't read before;
- a claim: seconds for one claim about an abstract that was read;

for the judge as it is, with its adapter's changes in the weights, and for the judge with the adapter applied while it
runs; the two take turns at each claim. What a claim takes is also divided by what plain reading of its tokens takes,
with the model as it was downloaded, without checks and calibration.
"""

import argparse
import random
import statistics
import time

from assistant import models
from assistant.config import DEFAULT_GENERATOR, Settings
from assistant.eval import dataset
from assistant.generate import Reader
from assistant.judge import Evidence, format, shipped


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--claims", type=int, default=24)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--threads", type=int, default=0, help="0: what the machine has free")
    args = parser.parse_args()
    settings = Settings()
    file = models.resolve(DEFAULT_GENERATOR, "generator", cache=settings.models, offline=True, announce=print)
    files = {"merged": file, "applied": file.model_copy(update={"cache": None})}
    pairs = random.Random(1).sample(dataset.bundled_pairs(), args.claims)
    shipped.gate(file, threads=args.threads)  # what is made once is made
    cold: dict[str, list[float]] = {name: [] for name in files}
    for _ in range(args.repeat):
        for name, model in files.items():
            began = time.perf_counter()
            judge = shipped.gate(model, threads=args.threads)
            judge.score([pairs[0].claim], Evidence("A method is proposed.", ""))
            cold[name].append(time.perf_counter() - began)
    judges = {name: shipped.gate(model, threads=args.threads) for name, model in files.items()}
    reading: dict[str, list[float]] = {name: [] for name in files}
    claim: dict[str, list[float]] = {name: [] for name in files}
    plain = []
    reader = Reader(file, threads=args.threads)
    opening = reader.tokens(format.OPENING, special=True)
    for pair in pairs * args.repeat:
        evidence = Evidence(pair.text, pair.title)
        for name, judge in judges.items():
            began = time.perf_counter()
            judge.score([pair.claim], evidence)
            first = time.perf_counter() - began
            began = time.perf_counter()
            judge.score([pair.claim + " "], evidence)
            again = time.perf_counter() - began
            reading[name].append(first - again)
            claim[name].append(again)
        prefix = opening + reader.tokens(format.evidence_text(pair.title, pair.text))
        asked = reader.tokens(format.claim_text(pair.claim))
        reader.follow(prefix, [asked], [])
        began = time.perf_counter()
        reader.follow(prefix, [asked], [])
        plain.append(time.perf_counter() - began)
    median = statistics.median
    for name in files:
        print(
            f"{name}: cold start {median(cold[name]):.2f} s; reading an abstract {median(reading[name]):.2f} s; "
            f"a claim {1000 * median(claim[name]):.0f} ms, {median(claim[name]) / median(plain):.2f} of plain reading"
        )
    print(
        f"applied / merged: reading {median(reading['applied']) / median(reading['merged']):.2f}, "
        f"a claim {median(claim['applied']) / median(claim['merged']):.2f}; "
        f"{1 / median(claim['merged']):.1f} claims a second"
    )


if __name__ == "__main__":
    main()
