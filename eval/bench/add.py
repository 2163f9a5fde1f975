"""How quickly a library grows, and what it costs: `assistant add` of the first N papers of a JSON lines file.

    python eval/bench/add.py corpus.jsonl [N ...]        (1000 10000 and all of them by default)

Each size is a process of its own in a home of its own. Prints, a row a size: papers a second, the largest memory of the
process in MiB, disk in KiB a paper (catalogue and index), seconds of a second add of the same file and its share of the
first, and seconds of the first `search` of a new process. The models have to be in the cache already.
"""

import os
import subprocess
import sys
import tempfile
import time
from itertools import islice
from pathlib import Path


def timed(home: Path, *arguments: str) -> tuple[float, float]:
    """Run a command of the assistant; return its seconds and its largest memory in MiB."""
    start = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "assistant", "--home", str(home), "--json", *arguments], stdout=subprocess.DEVNULL
    )
    _, status, used = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"assistant {' '.join(arguments)} failed")
    return time.perf_counter() - start, used.ru_maxrss / 1024


def measure(corpus: Path, size: int | None) -> None:
    """Add the first papers of the file and print one row."""
    with tempfile.TemporaryDirectory() as folder:
        home, listing = Path(folder) / "home", Path(folder) / "papers.jsonl"
        with corpus.open(encoding="utf-8") as lines:
            papers = list(islice(lines, size))
        listing.write_text("".join(papers), encoding="utf-8")
        first, memory = timed(home, "add", str(listing))
        again, _ = timed(home, "add", str(listing))
        disk = sum(path.stat().st_size for path in home.rglob("*") if path.is_file())
        query, _ = timed(home, "search", "neural machine translation of rare words")
    print(
        f"{len(papers):>7} {len(papers) / first:>9.1f} {memory:>9.0f} {disk / 1024 / len(papers):>12.1f}"
        f" {again:>10.1f} {again / first:>6.1%} {query:>12.2f}",
        flush=True,
    )


def main(corpus: str, *sizes: str) -> None:
    """Measure each size."""
    print(" papers  papers/s  peak MiB  KiB a paper  again (s)  share  first search (s)")
    for size in [int(size) for size in sizes] or [1_000, 10_000, None]:
        measure(Path(corpus), size)


if __name__ == "__main__":
    main(*sys.argv[1:])
