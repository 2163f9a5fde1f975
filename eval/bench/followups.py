"""Follow-up questions over the sample library: which of the earlier papers each one is asked of.

    python eval/bench/followups.py

Each line of followups.jsonl is an earlier question with the papers that its answer cited, in the order of their marks,
and a question that comes next with the papers that it means; none for a question of its own. Besides, each question of
the bundled evaluation set that stands alone is asked after the one before it on the other half of the set, and each of
its follow-ups after the question that it follows. Prints the share that is resolved to exactly the right papers, and
the scripted ones that aren't. Only the resolution is measured, so no model is needed.
"""

import json
from collections import Counter
from pathlib import Path

from assistant import followup
from assistant.config import data_path
from assistant.eval import dataset
from assistant.records import Paper

ITEMS = Path(__file__).parent / "followups.jsonl"


def papers() -> dict[str, Paper]:
    """Return the papers of the sample library by the ids that the items use."""
    rows = map(json.loads, (data_path("eval") / "library.jsonl").read_text(encoding="utf-8").splitlines())
    return {
        row["id"]: Paper(
            key=row["id"], title=row["title"], authors=tuple(row.get("authors") or ()), abstract=row["abstract"]
        )
        for row in rows
    }


def main() -> None:
    """Resolve each item and print the shares."""
    library = papers()
    right, total = Counter[str](), Counter[str]()
    for item in map(json.loads, ITEMS.read_text(encoding="utf-8").splitlines()):
        kind = "follow-up" if item["gold"] else "own"
        found = followup.resolve(item["question"], [library[identifier] for identifier in item["papers"]])
        total[kind] += 1
        right[kind] += list(found) == item["gold"]
        if list(found) != item["gold"]:
            print(f"{item['id']}  {item['question']}  {', '.join(found) or '-'}, not {', '.join(item['gold']) or '-'}")
    questions = [question for question in dataset.questions() if question.gold]
    by_id = {question.id: question for question in questions}
    half = len(questions) // 2
    for at, question in enumerate(questions):
        kind = "bundled follow-up" if question.follows else "bundled own"
        earlier = by_id.get(question.follows) if question.follows else questions[at - half]
        if earlier is None:
            continue
        found = followup.resolve(question.question, [library[identifier] for identifier in earlier.gold])
        total[kind] += 1
        right[kind] += set(found) == (set(question.gold) if question.follows else set())
    for kind in total:
        print(f"{kind:<20} {right[kind]} of {total[kind]}")


if __name__ == "__main__":
    main()
