"""Fit the weights and the threshold of a judge on held-out claims.

    python -m assistant.training.fit_judge --judge gate --adapter gate.gguf --pairs pairs.jsonl --out weights.json
    python -m assistant.training.fit_judge --judge evaluation --adapter two.gguf --pairs pairs.jsonl --out weights.json

The judges' language models have seen the `train` claims, so only the `dev` claims of `judge_pairs` may fit weights.
Signals are kept in `--signals FILE`, and a run that was stopped goes on from there.

`supported` begins at `--threshold`, or without one at the probability with the greatest balanced accuracy among those
that call at most `--allow` of the contradicted claims supported, and `sure` is the same for `--allow-sure`, both by
cross-validation over the papers.
"""

import argparse
import hashlib
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from assistant import models, sentences
from assistant.config import DEFAULT_EMBEDDER, DEFAULT_GENERATOR, Settings
from assistant.eval import binary
from assistant.eval.statistics import point
from assistant.generate import Reader
from assistant.judge import calibration, checks, claim_first
from assistant.judge.base import Evidence
from assistant.judge.calibration import Calibration
from assistant.judge.claim_first import ClaimFirstJudge
from assistant.judge.entailment import EntailmentJudge

Row = dict[str, Any]
Floats = npt.NDArray[np.float64]
CONTRADICTED = ("contradict", "number", "negation", "swap")
_UNFITTED = Calibration(
    version="unfitted", adapter_sha256="", weights=(), bias=0, threshold=0.5, sure=0.8, partial=0.3, figures={}
)


def signals_of(rows: Sequence[Row], kind: str, adapter: Path, threads: int) -> Iterator[Row]:
    """Yield each claim with its signals."""
    settings = Settings()
    file = models.resolve(DEFAULT_GENERATOR, "generator", cache=settings.models, offline=True, announce=print)
    reader = Reader(file, adapter=adapter, threads=threads)
    if kind == "gate":
        gate = EntailmentJudge(reader, _UNFITTED)
    else:
        from assistant.embed import MiniLM, Remembering

        embedder = models.resolve(DEFAULT_EMBEDDER, "embedder", cache=settings.models, offline=True, announce=print)
        evaluation = ClaimFirstJudge(reader, Remembering(MiniLM(embedder, threads=threads)), _UNFITTED)
    for row in rows:
        evidence = Evidence(row["evidence"], row["title"])
        spans = sentences.split(evidence.text)
        texts = [claim["claim"] for claim in row["claims"]]
        if kind == "gate":
            values = []
            for text, answer in zip(texts, gate.answers(texts, evidence), strict=True):
                aligned = checks.align(text, spans)
                failed = checks.failures(text, evidence, aligned)
                values.append(calibration.signals(answer, aligned, failed, len(text.split())))
        else:
            values = [evaluation.signals(text, evidence, checks.align(text, spans)) for text in texts]
        for claim, value in zip(row["claims"], values, strict=True):
            kept = {name: claim[name] for name in ("claim", "label", "type", "origin")}
            yield {"paper": row["paper"], **kept, "split": row["split"], "signals": value}


def fit(values: Floats, labels: Floats, weights: Floats) -> Any:
    """Return a fitted logistic regression."""
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(C=1.0, max_iter=2000).fit(values, labels, sample_weight=weights)


def cross_validated(values: Floats, labels: Floats, weights: Floats, groups: Sequence[str]) -> Floats:
    """Return for each claim the probability by weights that were fitted without its paper."""
    from sklearn.model_selection import GroupKFold

    out = np.zeros(len(labels))
    for train, test in GroupKFold(10).split(values, labels, groups):
        out[test] = fit(values[train], labels[train], weights[train]).predict_proba(values[test])[:, 1]
    return out


def balanced(scores: Floats, labels: Floats, threshold: float) -> float:
    """Return the balanced accuracy at a threshold."""
    return point(binary.balanced_accuracy(labels == 1, scores >= threshold), len(labels))


def choose_threshold(scores: Floats, labels: Floats, contradicted: npt.NDArray[np.bool_], allow: float) -> float:
    """Return the best threshold among those that let at most a share of the contradicted claims pass."""
    grid = np.unique(np.quantile(scores, np.linspace(0.02, 0.98, 193)))
    lawful = [t for t in grid if (scores[contradicted] >= t).mean() <= allow]
    return float(max(lawful, key=lambda t: balanced(scores, labels, t)))


def figures(rows: Sequence[Row], scores: Floats, threshold: float) -> dict[str, float]:
    """Return AUC, balanced accuracy, calibration error, and the share judged rightly by type."""
    labels = np.array([row["label"] for row in rows], float)
    contradicted = np.array([row["type"] in CONTRADICTED for row in rows])
    found = {
        "claims": float(len(rows)),
        "auc": point(binary.auroc(labels == 1, scores), len(rows)),
        "balanced_accuracy": balanced(scores, labels, threshold),
        "contradicted_called_supported": float((scores[contradicted] >= threshold).mean()),
        "calibration_error": point(binary.expected_calibration_error(labels == 1, scores), len(rows)),
    }
    for origin in sorted({row["origin"] for row in rows}):
        here = np.array([row["origin"] == origin for row in rows])
        if 0 < labels[here].sum() < here.sum():
            found[f"auc {origin}"] = point(binary.auroc(labels[here] == 1, scores[here]), int(here.sum()))
            found[f"balanced_accuracy {origin}"] = balanced(scores[here], labels[here], threshold)
    for kind in sorted({row["type"] for row in rows if row["origin"] == "hand"}):
        here = np.array([row["type"] == kind and row["origin"] == "hand" for row in rows])
        right = (scores[here] >= threshold) == (labels[here] == 1)
        found[f"right {kind}"] = float(right.mean())
    return {name: round(value, 4) for name, value in found.items()}


def main(arguments: Sequence[str] | None = None) -> None:
    """Fit and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--judge", choices=("gate", "evaluation"), required=True)
    parser.add_argument("--adapter", type=Path, required=True)
    parser.add_argument("--pairs", type=Path, required=True)
    parser.add_argument("--signals", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--version", default="")
    parser.add_argument(
        "--threshold", type=float, help="probability from which a claim is supported; 0.5: if likelier than not"
    )
    parser.add_argument("--allow", type=float, default=0.2, help="share of contradicted claims that may pass")
    parser.add_argument("--allow-sure", type=float, default=0.05, help="share of them that may be sure")
    parser.add_argument("--limit", type=int, default=0, help="evidence texts, 0 for all")
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args(arguments)
    rows = read_pairs(args.pairs, args.limit)
    known = read_lines(args.signals)
    done = {row["paper"] for row in known}
    with args.signals.open("a", encoding="utf-8") as out:
        for line in signals_of([r for r in rows if r["paper"] not in done], args.judge, args.adapter, args.threads):
            known.append(line)
            out.write(json.dumps(line, ensure_ascii=False) + "\n")
            out.flush()
    report(args, [row for row in known if row["origin"] != "rules"])


def read_lines(path: Path) -> list[Row]:
    """Return the objects of a JSON Lines file, none where there is no file."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []


def read_pairs(path: Path, limit: int) -> list[Row]:
    """Return the held-out evidence texts with their claims, at most `limit` unless it is 0."""
    rows = [row for row in read_lines(path) if row["split"] == "dev"]
    return rows[:limit] if limit else rows


def report(args: argparse.Namespace, known: Sequence[Row]) -> None:
    """Fit on what may fit, print the figures, and write the weights."""
    values = np.array([row["signals"] for row in known])
    labels = np.array([row["label"] for row in known], float)
    sizes = {origin: sum(row["origin"] == origin for row in known) for origin in {row["origin"] for row in known}}
    weights = np.array([min(1.0, 150 / sizes[row["origin"]]) if row["origin"] != "hand" else 1.0 for row in known])
    groups = [row["paper"] for row in known]
    names = calibration.SIGNALS if args.judge == "gate" else claim_first.SIGNALS
    scores = cross_validated(values, labels, weights, groups)
    contradicted = np.array([row["type"] in CONTRADICTED for row in known])
    threshold = args.threshold or choose_threshold(scores, labels, contradicted, args.allow)
    model = fit(values, labels, weights)
    print(dict(zip(names, model.coef_[0].round(2).tolist(), strict=True)), "threshold", round(threshold, 3))
    for name, column in zip(names, values.T, strict=True):
        print(f"  {name:16s} alone, AUC {figures(known, column.astype(float), 0.0)['auc']:.3f}")
    reached = figures(known, scores, threshold)
    for allow in (0.05, 0.1, 0.15, 0.2, 1.0):
        at = choose_threshold(scores, labels, contradicted, allow)
        print(f"allowing {allow:.2f}: threshold {at:.3f} " + json.dumps(figures(known, scores, at)))
    print(json.dumps(reached, indent=1))
    found = Calibration(
        version=args.version or args.judge,
        adapter_sha256=hashlib.sha256(args.adapter.read_bytes()).hexdigest(),
        weights=tuple(model.coef_[0].round(4).tolist()),
        bias=round(float(model.intercept_[0]), 4),
        threshold=round(threshold, 4),
        sure=round(choose_threshold(scores, labels, contradicted, args.allow_sure), 4),
        partial=round(0.6 * threshold, 4),
        figures=reached,
    )
    args.out.write_text(found.model_dump_json(indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
