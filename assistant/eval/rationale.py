"""The scores of SciFact: is the label right, and are the deciding sentences the right ones?

Wadden et al. 2020, "Fact or Fiction: Verifying Scientific Claims", section 5, as its evaluator counts them. Gold
evidence of a claim and a document is one label and one or more rationales, each a set of sentences that suffices;
no evidence is the third label and counts only through what it makes precision and recall lose.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Stance = Literal["SUPPORT", "CONTRADICT"]
MAX_SENTENCES = 3
"""How many predicted sentences of a document count, at abstract level."""

Pair = tuple[str, str]
"""A claim's id and a document's."""


@dataclass(frozen=True)
class Gold:
    """What the annotators found in one document about one claim."""

    label: Stance
    rationales: tuple[frozenset[int], ...]


@dataclass(frozen=True)
class Predicted:
    """What a system found there."""

    label: Stance
    sentences: tuple[int, ...]


def f1_scores(gold: Mapping[Pair, Gold], predicted: Mapping[Pair, Predicted]) -> dict[str, float]:
    """Return precision, recall and F1 of the four tasks, named as SciFact's evaluator names them.

    `abstract_label_only`: the document's label is right. `abstract_rationalized`: also, a whole rationale is among
    the first three predicted sentences. `sentence_selection`: a predicted sentence belongs to a rationale of which
    all sentences are predicted. `sentence_label`: also, the document's label is right.
    """
    label_only = rationalized = selected = labelled = 0
    for pair, found in predicted.items():
        truth = gold.get(pair)
        if truth is None:
            continue
        right = found.label == truth.label
        label_only += right
        first = set(found.sentences[:MAX_SENTENCES])
        rationalized += right and any(rationale <= first for rationale in truth.rationales)
        hits = sum(
            any(sentence in rationale and rationale <= set(found.sentences) for rationale in truth.rationales)
            for sentence in found.sentences
        )
        selected += hits
        labelled += hits if right else 0
    documents = (len(predicted), len(gold))
    sentences = (
        sum(len(found.sentences) for found in predicted.values()),
        sum(len(rationale) for truth in gold.values() for rationale in truth.rationales),
    )
    scores: dict[str, float] = {}
    for name, hits, (retrieved, relevant) in (
        ("abstract_label_only", label_only, documents),
        ("abstract_rationalized", rationalized, documents),
        ("sentence_selection", selected, sentences),
        ("sentence_label", labelled, sentences),
    ):
        precision = hits / retrieved if retrieved else 0.0
        recall = hits / relevant if relevant else 0.0
        both = precision + recall
        scores[f"{name}_precision"] = precision
        scores[f"{name}_recall"] = recall
        scores[f"{name}_f1"] = 2 * precision * recall / both if both else 0.0
    return scores
