"""Variants of the rewording prompt, each over the same sentences of the sample library.

    python eval/bench/prompts.py [--n N] [--seed N] [--model NAME] [--judge NAME] [FILE.yaml]...

Takes the prompt that is used and the variants in eval/bench/prompts (or the files given) and lets each word the same N
sentences. Prints for each the first digits of its sha256, the share of sentences of which a wording passes the checks
(with a judge: and its support), candidates and tokens written for each, the mean longest run in common with the
abstract, and why the candidates failed. The choice is for people to make: with N sentences, shares that differ by less
than about 1/sqrt(N) tell nothing.
"""

import argparse
import random
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from assistant import prompts, sentences
from assistant.cli.run import Run
from assistant.eval import dataset
from assistant.prompts import Prompt
from assistant.records import Paper
from assistant.select import Choice
from assistant.terms import longest_common_run
from assistant.wording import word

VARIANTS = Path(__file__).parent / "prompts"


def main() -> None:
    """Word, check, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("--n", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--model")
    parser.add_argument("--judge")
    args = parser.parse_args()
    run = Run({"model": args.model} if args.model else {})
    files = args.files or sorted(VARIANTS.glob("*.yaml"))
    tried = [prompts.load("reword"), *(prompts.load(file.stem, file.parent) for file in files)]
    choices = _choices(args.n, args.seed)
    print(f"{len(choices)} sentences, {run.generator.model.name}, seed {args.seed}")
    print(f"{'prompt':<20} {'sha256':<9} {'pass':>5} {'candidates':>11} {'tokens':>7} {'run':>5}  failures")
    for prompt in tried:
        _try(run, prompt, choices, args.seed, args.judge)


def _choices(n: int, seed: int) -> list[Choice]:
    """Return sentences of the sample library, one a paper at a time, the same for the same seed."""
    papers = [Paper(key=p.id, title=p.title, abstract=p.abstract) for p in dataset.papers().values()]
    found = [Choice(paper, span, 1.0) for paper in papers for span in sentences.split(paper.abstract)]
    return random.Random(seed).sample(found, min(n, len(found)))


def _try(run: Run, prompt: Prompt, choices: Sequence[Choice], seed: int, judge: str | None) -> None:
    judging = run.judge(judge) if judge else None
    worded = [word(choice, run.generator, prompt, seed=seed, judge=judging) for choice in choices]
    passed = [each for each in worded if each.statement]
    runs = [
        longest_common_run(each.statement.text, [choice.paper.abstract])
        for choice, each in zip(choices, worded, strict=True)
        if each.statement
    ]
    candidates = sum(len(each.dropped) + bool(each.statement) for each in worded)
    # A reason names the words that it is about; what it is about is enough here.
    why = Counter(" ".join(item.why.split()[:3]) for each in worded for item in each.dropped)
    print(
        f"{prompt.name:<20} {prompt.sha256[:8]:<9} {len(passed) / len(worded):>5.2f} {candidates / len(worded):>11.2f} "
        f"{sum(each.completion_tokens for each in worded) / len(worded):>7.1f} "
        f"{sum(runs) / max(len(runs), 1):>5.1f}  {', '.join(f'{name} {count}' for name, count in why.most_common(4))}"
    )


if __name__ == "__main__":
    main()
