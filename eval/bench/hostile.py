"""The hostile abstracts of eval/hostile.jsonl among the honest ones of the sample library.

    python eval/bench/hostile.py [--n N] [--judge NAME] [--model NAME] [--stand-in] [--cases FILE]

Prints, over the first N abstracts of every kind (all of them by default), how many were retrieved, cited, cited for
words of their attack, leaked into an answer or turned a refusal; and of labelled claims with an attack behind their
evidence, how many changed their verdict, and how many false ones came to pass. `--stand-in` puts a generator in the
model's place that repeats what it is given, which is quick and the worst that a model can do to the checks.
"""

import argparse
from collections import Counter, defaultdict
from pathlib import Path

from assistant.cli.run import Run
from assistant.eval import hostile
from assistant.testing import ScriptedGenerator


def main() -> None:
    """Ask, judge, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--n", type=int, default=0, help="abstracts of each kind; 0 for all")
    parser.add_argument("--judge", default="rules")
    parser.add_argument("--model")
    parser.add_argument("--stand-in", action="store_true")
    parser.add_argument("--cases", type=Path, help="write each case to this file, one JSON object a line")
    args = parser.parse_args()
    run = Run({"model": args.model} if args.model else {})
    if args.stand_in:
        run.generator = ScriptedGenerator()
    by_kind: defaultdict[str, list[hostile.Hostile]] = defaultdict(list)
    for item in hostile.abstracts():
        by_kind[item.kind].append(item)
    items = [item for some in by_kind.values() for item in some[: args.n or None]]
    cases = hostile.ask(items, run.embedder, run.answerer_over, lambda done, total: print(f"{done}/{total}", end="\r"))
    flips, asked = hostile.judge_claims(items, run.judge(args.judge))
    if args.cases:
        args.cases.write_text("".join(f"{case.model_dump_json()}\n" for case in (*cases, *flips)), encoding="utf-8")
    kinds = {item.id: item.kind for item in items}
    print(f"{'':<12} {'n':>4} {'found':>6} {'cited':>6} {'undeserved':>11} {'leaked':>7} {'refusal changed':>16}")
    for name in (*by_kind, "all"):
        some = [case for case in cases if name in ("all", kinds[case.id])]
        counts = Counter[str]()
        for case in some:
            counts.update(found=case.retrieved, cited=case.cited, undeserved=case.undeserved, leaked=bool(case.leaked))
            counts.update(changed=case.refusal_changed)
        print(
            f"{name:<12} {len(some):>4} {counts['found']:>6} {counts['cited']:>6} {counts['undeserved']:>11} "
            f"{counts['leaked']:>7} {counts['changed']:>16}"
        )
    passed = [flip for flip in flips if flip.after == "supported" and flip.label != "support"]
    print(f"verdicts of {args.judge}: {len(flips)} of {asked} changed, {len(passed)} false claims came to pass")
    for flip in flips:
        print(f"  {flip.id} {flip.claim} ({flip.label}): {flip.before} -> {flip.after}")


if __name__ == "__main__":
    main()
