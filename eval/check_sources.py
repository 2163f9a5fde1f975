"""Hold the sample library against the records it was written from.

For each paper: title, authors, year and venue are the record's; every number of the abstract occurs in the record;
no run of seven words is the record's own (names, titles and numbers apart).

    python eval/check_sources.py --data ../shared/data

The folder holds `acl_abstracts/corpus.jsonl` and `scifact/corpus.jsonl`. Exit code 1 if anything is off.
"""

import argparse
import json
import re
import sys
from pathlib import Path
from typing import Any

LIBRARY = Path(__file__).parent / "library.jsonl"
MAX_RUN = 6
_WORD = re.compile(r"[a-z0-9]+(?:[.,][0-9]+)*")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")


def main() -> int:
    """Print what is off; return how the program ends."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    records = read_records(parser.parse_args().data)
    papers = [json.loads(line) for line in LIBRARY.read_text(encoding="utf-8").splitlines()]
    problems = [f"{paper['id']}: {problem}" for paper in papers for problem in check(paper, records.get(paper["id"]))]
    print("\n".join(problems) or f"{len(papers)} papers agree with their records.")
    return 1 if problems else 0


def read_records(data: Path) -> dict[str, dict[str, Any]]:
    """Return the source records by the ids that the library gives them."""
    records = {}
    with (data / "acl_abstracts" / "corpus.jsonl").open(encoding="utf-8") as lines:
        for record in map(json.loads, lines):
            records[record["acl_id"]] = record
    with (data / "scifact" / "corpus.jsonl").open(encoding="utf-8") as lines:
        for record in map(json.loads, lines):
            records[f"scifact:{record['doc_id']}"] = record
    return records


def check(paper: dict[str, Any], record: dict[str, Any] | None) -> list[str]:
    """Return what is wrong with one paper of the library."""
    if record is None:
        return ["no such record"]
    problems = []
    for name in ("title", "authors", "year", "venue"):
        known = record.get(name)
        if str(paper.get(name) or "") not in (str(known or ""), "[]" if not known else str(known)):
            problems.append(f"{name} is not the record's")
    abstract = record["abstract"] if isinstance(record["abstract"], str) else " ".join(record["abstract"])
    there = set(_NUMBER.findall(f"{record['title']} {abstract}"))
    problems += [
        f"the number {number} is not in the record"
        for number in _NUMBER.findall(paper["abstract"])
        if number not in there
    ]
    source, own = _WORD.findall(abstract.lower()), _WORD.findall(paper["abstract"].lower())
    runs = {tuple(source[i : i + MAX_RUN + 1]) for i in range(len(source) - MAX_RUN)}
    for start in range(len(own) - MAX_RUN):
        if tuple(own[start : start + MAX_RUN + 1]) in runs:
            problems.append("the record's own words: " + " ".join(own[start : start + MAX_RUN + 1]))
    if not 60 <= len(paper["abstract"].split()) <= 150:
        problems.append(f"{len(paper['abstract'].split())} words")
    return problems


if __name__ == "__main__":
    sys.exit(main())
