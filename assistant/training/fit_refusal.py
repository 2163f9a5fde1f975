"""Fit the decision whether a library answers a question.

The hand-written questions over ACL abstracts are asked of two libraries. Each holds half of the papers that answer
them, and fillers; so each question is asked once where its paper is there and once where it isn't. Prints the
logistic weights for `assistant/select.py`, their AUC by cross-validation over the papers, and what thresholds cost.

    python -m assistant.training.fit_refusal --data ../shared/data
"""

import argparse
import json
import random
import tempfile
from pathlib import Path

import numpy as np

from assistant import ingest, select
from assistant.config import DEFAULT_EMBEDDER, Settings
from assistant.embed import Embedder, MiniLM, Remembering
from assistant.eval import binary
from assistant.eval.statistics import point
from assistant.library import Library
from assistant.models import resolve
from assistant.records import Record, Source
from assistant.retrieve import Retriever
from assistant.store import Store, write_lock

QUESTIONS = Path(__file__).parent / "data" / "acl_questions.jsonl"
_RESERVED_YEAR = "2018"
_FILLERS = 300
_RIDGE = 1e-3
_SENTENCES = 20_000


def main() -> None:
    """Fit and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--data", type=Path, required=True, help="folder with acl_abstracts/corpus.jsonl")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    questions = [json.loads(line) for line in QUESTIONS.read_text(encoding="utf-8").splitlines()]
    corpus = {}
    for line in (arguments.data / "acl_abstracts" / "corpus.jsonl").open(encoding="utf-8"):
        paper = json.loads(line)
        if paper["year"] != _RESERVED_YEAR:
            corpus[paper["acl_id"]] = paper
    generator = random.Random(arguments.seed)
    gold = sorted({key for question in questions for key in question["gold"]})
    generator.shuffle(gold)
    fillers = generator.sample(sorted(set(corpus) - set(gold)), 2 * _FILLERS)
    half = len(gold) // 2
    settings = Settings()
    file = resolve(DEFAULT_EMBEDDER, "embedder", cache=settings.models, offline=False, announce=print)
    embedder = Remembering(MiniLM(file), most=_SENTENCES)
    rows, labels, groups = [], [], []
    for part, (held, extra) in enumerate(((gold[:half], fillers[:_FILLERS]), (gold[half:], fillers[_FILLERS:]))):
        with tempfile.TemporaryDirectory() as home:
            retriever = _library(Path(home), [corpus[key] for key in [*held, *extra]], embedder)
            for question in questions:
                found = retriever.search(question["question"], 10)
                rows.append(select.decision_features(question["question"], found, retriever.library, embedder))
                labels.append(float(question["gold"][0] in held))
                groups.append(question["gold"][0])
            retriever.library.close()
        print(f"library {part + 1}: {len(held) + len(extra)} papers, {len(questions)} questions")
    x, y = np.array(rows), np.array(labels)
    folds = np.array([hash_fold(group) for group in groups])
    scores = np.zeros(len(y))
    for fold in range(5):
        weights = fit(x[folds != fold], y[folds != fold])
        scores[folds == fold] = predict(weights, x[folds == fold])
    print(f"AUC by cross-validation: {point(binary.auroc(y == 1, scores), len(y)):.3f}")
    weights = fit(x, y)
    rounded = tuple(round(float(weight), 2) for weight in weights)
    print(f"_WEIGHTS = {rounded[1:]}  _BIAS = {rounded[0]}")
    for threshold in (0.2, 0.3, 0.35, 0.4, 0.5):
        refused = scores < threshold
        there, gone = refused[y == 1].mean(), refused[y == 0].mean()
        print(f"below {threshold}: refused with the paper there {there:.2f}, without it {gone:.2f}")


def _library(home: Path, papers: list[dict[str, str]], embedder: Embedder) -> Retriever:
    settings = Settings(home=home)
    library = Library.create(settings.catalogue)
    records = (
        Record(
            title=paper["title"],
            abstract=paper["abstract"],
            ids=(paper["acl_id"],),
            source=Source(file="acl", line=line),
        )
        for line, paper in enumerate(papers, start=1)
    )
    with write_lock(settings.write_lock):
        ingest.add(records, library, embedder)
    store = Store(library, settings.index, settings.write_lock, print)
    return Retriever(library, store, embedder, reads_conditions=False)


def hash_fold(group: str) -> int:
    """Return the fold of a paper, the same in every run."""
    return sum(group.encode()) % 5


def fit(x: "np.ndarray", y: "np.ndarray") -> "np.ndarray":
    """Return bias and weights of a logistic regression, by Newton's method."""
    z = np.c_[np.ones(len(x)), x]
    weights = np.zeros(z.shape[1])
    for _ in range(50):
        p = 1 / (1 + np.exp(-z @ weights))
        gradient = z.T @ (y - p) - _RIDGE * len(y) * np.r_[0, weights[1:]]
        hessian = (z * (p * (1 - p))[:, None]).T @ z + _RIDGE * len(y) * np.diag(np.r_[0, np.ones(len(weights) - 1)])
        weights = weights + np.linalg.solve(hessian, gradient)
    return weights


def predict(weights: "np.ndarray", x: "np.ndarray") -> "np.ndarray":
    """Return probabilities."""
    return 1 / (1 + np.exp(-(weights[0] + x @ weights[1:])))


if __name__ == "__main__":
    main()
