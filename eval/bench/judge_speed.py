"""How fast the judge that gates answers is, beside plain reading of the same tokens with the same model.

    python eval/bench/judge_speed.py [--claims 60] [--repeat 5]

Over the bundled claims, medians of the repeats:

- cold start: seconds from nothing to the first score (the model is in the file cache of the system);
- reading: seconds to read an abstract that wasn't read before;
- a claim: seconds for one claim about an abstract that was read, and the same divided by what plain reading of the
  claim's tokens takes without adapter, checks and calibration.
"""

import argparse
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
    parser.add_argument("--claims", type=int, default=60)
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--threads", type=int, default=0, help="0: what the machine has free")
    args = parser.parse_args()
    settings = Settings()
    file = models.resolve(DEFAULT_GENERATOR, "generator", cache=settings.models, offline=True, announce=print)
    pairs = dataset.bundled_pairs()[: args.claims]
    cold, reading, claim, plain = [], [], [], []
    for _ in range(args.repeat):
        began = time.perf_counter()
        judge = shipped.gate(file, threads=args.threads)
        judge.score([pairs[0].claim], Evidence("A method is proposed.", ""))
        cold.append(time.perf_counter() - began)
        reader = Reader(file, threads=args.threads)
        opening = reader.tokens(format.OPENING, special=True)
        for pair in pairs:
            evidence = Evidence(pair.text, pair.title)
            began = time.perf_counter()
            judge.score([pair.claim], evidence)
            first = time.perf_counter() - began
            began = time.perf_counter()
            judge.score([pair.claim + " "], evidence)
            again = time.perf_counter() - began
            reading.append(first - again)
            claim.append(again)
            prefix = opening + reader.tokens(format.evidence_text(pair.title, pair.text))
            asked = reader.tokens(format.claim_text(pair.claim))
            reader.follow(prefix, [asked], [])
            began = time.perf_counter()
            reader.follow(prefix, [asked], [])
            plain.append(time.perf_counter() - began)
    print(f"cold start {statistics.median(cold):.2f} s; reading an abstract {statistics.median(reading):.2f} s")
    print(
        f"a claim {1000 * statistics.median(claim):.0f} ms, plain reading {1000 * statistics.median(plain):.0f} ms: "
        f"ratio {statistics.median(claim) / statistics.median(plain):.2f}, "
        f"{1 / statistics.median(claim):.1f} pairs a second"
    )


if __name__ == "__main__":
    main()
