"""How well the matcher tells duplicates from near-duplicates: precision and recall on eval/duplicates.jsonl.

    python eval/bench/duplicates.py            # the pairs for development
    python eval/bench/duplicates.py --final    # the third that was set aside and is used once, at the end

Each line of the set is a pair: `{id, split, label, kind, one, other}`, with `label` same or different, `kind` the kind
of difference, and the two records as objects of the fields of `assistant.records.Bibliography`. With blocking, a pair
counts as found only if the two records also share a block, as in the library.
"""

import argparse
import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from assistant.identity import blocks, same_paper
from assistant.records import Bibliography

FILE = Path(__file__).parent.parent / "duplicates.jsonl"


class Pair(NamedTuple):
    """Two records, whether they are the same paper, and in what they differ."""

    id: str
    split: str
    same: bool
    kind: str
    one: Bibliography
    other: Bibliography


class Scores(NamedTuple):
    """Precision and recall, with the pairs that were told wrong."""

    precision: float
    recall: float
    wrong: tuple[Pair, ...]


def load(path: Path = FILE) -> list[Pair]:
    """Return the pairs of the set."""
    rows = map(json.loads, path.read_text(encoding="utf-8").splitlines())
    return [
        Pair(
            row["id"], row["split"], row["label"] == "same", row["kind"],
            Bibliography.model_validate(row["one"]), Bibliography.model_validate(row["other"]),
        )
        for row in rows
    ]  # fmt: skip


def score(pairs: Iterable[Pair], *, blocking: bool) -> Scores:
    """Return how well the matcher does on some pairs, in both directions of each."""
    counts: Counter[tuple[bool, bool]] = Counter()
    wrong = []
    for pair in pairs:
        met = not blocking or bool(blocks(pair.one) & blocks(pair.other))
        forth, back = same_paper(pair.one, pair.other), same_paper(pair.other, pair.one)
        if forth != back:
            raise AssertionError(f"the matcher depends on the order of {pair.id}")
        said = met and forth
        counts[said, pair.same] += 1
        if said != pair.same:
            wrong.append(pair)
    precision = counts[True, True] / max(counts[True, True] + counts[True, False], 1)
    recall = counts[True, True] / max(counts[True, True] + counts[False, True], 1)
    return Scores(precision, recall, tuple(wrong))


def main() -> None:
    """Print the figures, then each pair that was told wrong."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--final", action="store_true", help="score the third that was set aside")
    wanted = "final" if parser.parse_args().final else "dev"
    pairs = [pair for pair in load() if pair.split == wanted]
    same = sum(pair.same for pair in pairs)
    print(f"{wanted}: {len(pairs)} pairs, {same} the same, {len(pairs) - same} different")
    for blocking in (False, True):
        found = score(pairs, blocking=blocking)
        name = "with blocking" if blocking else "without blocking"
        print(f"{name:>17}: precision {found.precision:.4f}, recall {found.recall:.4f}, {len(found.wrong)} wrong")
        for pair in found.wrong:
            missed = "missed" if pair.same else "merged"
            print(f"    {pair.id} {missed} ({pair.kind}): {pair.one.title!r} / {pair.other.title!r}")


if __name__ == "__main__":
    main()
