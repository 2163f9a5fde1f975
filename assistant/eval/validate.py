"""Hold an evaluation set against what it promises: quotes, keys, counts, likenesses, and what a claim gives away.

A claim must not tell its label by itself: a classifier that reads the claims alone, and one that only counts the words
they share with the abstract, have to stay near chance.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterator, Sequence
from itertools import combinations, pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt

from assistant.eval import binary, dataset
from assistant.eval.dataset import Claim, Draft, LibraryPaper, Question
from assistant.eval.statistics import Floats, Metric, measure
from assistant.judge.base import Evidence, score_pairs
from assistant.judge.overlap import OverlapJudge
from assistant.records import Frozen
from assistant.terms import STOPWORDS, content_stems, tokens

CLAIM_ONLY_LIMIT = 0.60
OVERLAP_LIMIT = 0.75
COUNTS = {"papers": 120, "questions": 150, "claims": 400, "drafts": 20}
ERROR_TYPES = ("close", "heavy", "number", "negation", "swap", "overclaim", "addition", "neighbour")
KINDS = ("one", "several", "comparison", "number", "condition", "followup", "missing", "false_premise", "offtopic")
_LIKE = 0.6
_TEMPLATE_WORDS = 8
_LENGTHS_APART = 0.15
_FOLDS = 5
_REPEATS = 3
_STEPS = 200
_DECAY = 0.02


class Fault(Frozen):
    """Something in the set that isn't as promised."""

    check: str
    items: tuple[str, ...]
    message: str


class Validation(Frozen):
    """What a set holds, what its claims give away, and its faults."""

    counts: dict[str, int]
    words: dict[str, float]
    """Mean words of a claim, by label."""
    claim_only: Metric
    """Balanced accuracy of a classifier that reads the claim and nothing else, cross-validated by paper."""
    overlap: Metric
    """Balanced accuracy of token overlap at the threshold that suits these claims best."""
    faults: tuple[Fault, ...]


def validate(folder: Path | None = None, seed: int = 0) -> Validation:
    """Return what there is to say about the set in a folder; the bundled one by default."""
    papers, questions = dataset.papers(folder), dataset.questions(folder)
    claims, drafts = dataset.claims(folder), dataset.drafts(folder)
    counts = Counter({"papers": len(papers), "questions": len(questions), "claims": len(claims), "drafts": len(drafts)})
    counts.update(f"questions/{question.kind}" for question in questions)
    counts.update(f"claims/{claim.error_type}" for claim in claims)
    by_label: dict[str, list[int]] = defaultdict(list)
    for claim in claims:
        by_label[claim.label].append(len(claim.claim.split()))
    words = {label: round(float(np.mean(lengths)), 2) for label, lengths in sorted(by_label.items())}
    alone, overlap = claim_only(claims, seed), best_overlap(claims, papers, seed)
    faults = [
        *item_faults(folder),
        *_numbers(counts),
        *_lengths(words),
        *_limit("claim_only", alone, CLAIM_ONLY_LIMIT),
        *_limit("overlap", overlap, OVERLAP_LIMIT),
    ]
    return Validation(counts=dict(counts), words=words, claim_only=alone, overlap=overlap, faults=tuple(faults))


def item_faults(folder: Path | None = None) -> list[Fault]:
    """Return what is wrong with single items of a set: their keys and quotes, and their likeness to others."""
    papers, questions = dataset.papers(folder), dataset.questions(folder)
    claims, drafts = dataset.claims(folder), dataset.drafts(folder)
    return [
        *_keys(papers, questions, claims, drafts),
        *_quotes(papers, questions, claims),
        *_likenesses({q.id: q.question for q in questions}, dict.fromkeys((q.id for q in questions), "question")),
        *_likenesses({c.id: c.claim for c in claims}, {c.id: c.label for c in claims}),
        *_templates(claims),
    ]


# Keys, quotes and counts


def _keys(
    papers: dict[str, LibraryPaper], questions: Sequence[Question], claims: Sequence[Claim], drafts: Sequence[Draft]
) -> Iterator[Fault]:
    ids = Counter(item.id for items in (questions, claims, drafts) for item in items)
    for twice in (identifier for identifier, times in ids.items() if times > 1):
        yield Fault(check="ids", items=(twice,), message="two items have this id")
    named = {question.id: question.gold for question in questions} | {draft.id: draft.must_cite for draft in drafts}
    named |= {claim.id: (claim.paper,) for claim in claims}
    for identifier, keys in named.items():
        for key in sorted(set(keys) - set(papers)):
            yield Fault(check="keys", items=(identifier,), message=f"no paper of the library has the id {key}")
    for question in questions:
        if bool(question.gold) != question.answerable:
            yield Fault(check="keys", items=(question.id,), message="gold papers and `answerable` disagree")
        if question.follows is not None and question.follows not in ids:
            yield Fault(check="keys", items=(question.id,), message=f"follows {question.follows}, which isn't there")


def _quotes(papers: dict[str, LibraryPaper], questions: Sequence[Question], claims: Sequence[Claim]) -> Iterator[Fault]:
    for claim in claims:
        paper = papers.get(claim.paper)
        if claim.sentence is not None and paper and claim.sentence not in paper.abstract:
            yield Fault(check="quotes", items=(claim.id,), message="its deciding sentence isn't in the abstract")
        if claim.sentence is None and claim.label in ("support", "contradict"):
            yield Fault(check="quotes", items=(claim.id,), message=f"no sentence decides for {claim.label}")
    for question in questions:
        gold = [papers[key] for key in question.gold if key in papers]
        known = " ".join(f"{paper.title} {paper.abstract}" for paper in gold).lower()
        for fact in question.facts:
            if gold and not any(wording.lower() in known for wording in fact):
                yield Fault(check="quotes", items=(question.id,), message=f"the gold papers don't have the fact {fact}")


def _numbers(counts: Counter[str]) -> Iterator[Fault]:
    wanted = COUNTS | {f"questions/{kind}": 1 for kind in KINDS} | {f"claims/{kind}": 1 for kind in ERROR_TYPES}
    for name, least in wanted.items():
        if counts[name] < least:
            yield Fault(check="counts", items=(), message=f"{counts[name]} {name}, at least {least} promised")


# Likenesses


def _likenesses(texts: dict[str, str], kinds: dict[str, str]) -> Iterator[Fault]:
    """Yield the pairs of one kind that share most of their content stems, and any two that are the same.

    A true claim and its false counterpart are of different kinds: they are meant to be alike.
    """
    stems = {identifier: frozenset(content_stems(text)) for identifier, text in texts.items()}
    for one, other in combinations(texts, 2):
        shared, either = len(stems[one] & stems[other]), len(stems[one] | stems[other])
        if texts[one] == texts[other] or (kinds[one] == kinds[other] and shared > _LIKE * either):
            yield Fault(check="likeness", items=(one, other), message="nearly the same")


def skeleton(text: str) -> str:
    """Return a text with its content words and numbers blanked: what two sentences of one template share."""
    return " ".join(word.lower() if word.lower() in STOPWORDS else "_" for word in tokens(text))


def _templates(claims: Sequence[Claim]) -> Iterator[Fault]:
    """Yield the claims of one error type that have the same skeleton, short ones apart."""
    alike = defaultdict(list)
    for claim in claims:
        if len(tokens(claim.claim)) >= _TEMPLATE_WORDS:
            alike[claim.error_type, skeleton(claim.claim)].append(claim.id)
    for (kind, form), items in alike.items():
        if len(items) > 1:
            yield Fault(check="templates", items=tuple(items), message=f"{kind}: all of the form “{form}”")


def _lengths(words: dict[str, float]) -> Iterator[Fault]:
    if words and max(words.values()) > (1 + _LENGTHS_APART) * min(words.values()):
        yield Fault(check="lengths", items=(), message=f"claims of different labels differ in length: {words}")


# What a claim gives away


def _limit(name: str, metric: Metric, limit: float) -> Iterator[Fault]:
    if metric.value is not None and metric.value > limit:
        yield Fault(check=name, items=(), message=f"{metric.value:.3f} balanced accuracy, at most {limit:.2f} promised")


def claim_only(claims: Sequence[Claim], seed: int = 0) -> Metric:
    """Return the balanced accuracy of a logistic regression on the claims' words, pairs of words, and length.

    Cross-validated in five folds that keep the claims about one paper together, so that no abstract's words are
    learned; the mean probability over three draws of the folds decides.
    """
    truth = np.array([claim.label == "support" for claim in claims], dtype=bool)
    features = _features([claim.claim for claim in claims])
    probability = np.zeros(len(claims))
    random = np.random.default_rng(seed)
    numbered = {paper: place for place, paper in enumerate(sorted({claim.paper for claim in claims}))}
    member = np.array([numbered[claim.paper] for claim in claims])
    for _ in range(_REPEATS):
        fold = (random.permutation(len(numbered)) % _FOLDS)[member]
        for held in range(_FOLDS):
            weights = _fitted(features[fold != held], truth[fold != held])
            probability[fold == held] += _sigmoid(features[fold == held] @ weights) / _REPEATS
    return measure(
        binary.balanced_accuracy(truth, probability >= 0.5), len(claims), [claim.claim for claim in claims], seed
    )


def _features(texts: Sequence[str]) -> Floats:
    """Return unit rows: which words and pairs of words each text has, those in two texts or more, and its length."""
    rows = []
    for text in texts:
        words = [re.sub(r"\d+", "0", word.lower()) for word in tokens(text)]
        rows.append({*words, *(f"{one} {other}" for one, other in pairwise(words))})
    seen = Counter(term for row in rows for term in row)
    columns = {term: place for place, term in enumerate(sorted(term for term, times in seen.items() if times > 1))}
    matrix = np.zeros((len(texts), len(columns) + 2))
    for place, row in enumerate(rows):
        for term in row & columns.keys():
            matrix[place, columns[term]] = 1.0
    matrix /= np.maximum(np.linalg.norm(matrix, axis=1, keepdims=True), 1.0)
    lengths = np.array([len(text.split()) for text in texts], dtype=float)
    matrix[:, -2] = (lengths - lengths.mean()) / max(float(lengths.std()), 1e-9) / 4
    matrix[:, -1] = 1.0
    return matrix


def _fitted(features: Floats, truth: npt.NDArray[np.bool_]) -> Floats:
    """Return the weights of a logistic regression, both classes weighing the same, by gradient descent."""
    balance = np.where(truth, 0.5 / max(truth.mean(), 1e-9), 0.5 / max(1 - truth.mean(), 1e-9)) / len(truth)
    weights = np.zeros(features.shape[1])
    for _ in range(_STEPS):
        error = (_sigmoid(features @ weights) - truth) * balance
        weights -= 4.0 * (features.T @ error + _DECAY / len(truth) * weights)
    return weights


def _sigmoid(values: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-np.clip(values, -30, 30))))


def best_overlap(claims: Sequence[Claim], papers: dict[str, LibraryPaper], seed: int = 0) -> Metric:
    """Return the balanced accuracy of token overlap at the threshold that is best on these very claims."""
    known = [claim for claim in claims if claim.paper in papers]
    asked = [
        (claim.claim, Evidence(text=papers[claim.paper].abstract, title=papers[claim.paper].title)) for claim in known
    ]
    shares = np.array([support.probability for support in score_pairs(OverlapJudge(), asked)])
    truth = np.array([claim.label == "support" for claim in known], dtype=bool)
    groups: list[Hashable] = [claim.claim for claim in known]
    ones = np.ones((1, len(known)))
    best = max(
        sorted(set(shares.tolist())),
        key=lambda threshold: float(binary.balanced_accuracy(truth, shares >= threshold)(ones)[0]),
        default=0.0,
    )
    return measure(binary.balanced_accuracy(truth, shares >= best), len(known), groups, seed)


def table(found: Validation) -> Iterator[str]:
    """Yield the lines that show a validation: counts, what the claims give away, each fault."""
    yield ", ".join(f"{count} {name}" for name, count in found.counts.items() if "/" not in name)
    for kind in ("questions", "claims"):
        inside = {name.split("/")[1]: n for name, n in found.counts.items() if name.startswith(f"{kind}/")}
        yield f"{kind}: " + ", ".join(f"{n} {name}" for name, n in inside.items())
    yield "words a claim: " + ", ".join(f"{label} {mean:.1f}" for label, mean in found.words.items())
    for name, metric, limit in (
        ("claim-only classifier", found.claim_only, CLAIM_ONLY_LIMIT),
        ("token overlap", found.overlap, OVERLAP_LIMIT),
    ):
        yield (
            f"{name}: balanced accuracy {metric.value:.3f} [{metric.low:.3f}, {metric.high:.3f}], at most {limit:.2f}"
        )
    yield ""
    for fault in found.faults:
        yield f"{fault.check}: {', '.join(fault.items)}{': ' if fault.items else ''}{fault.message}"
    yield f"{len(found.faults)} faults" if found.faults else "No faults."
