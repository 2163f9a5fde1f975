"""Make the training pairs of the support judge from the data sets that may train, and from hand-written claims.

    python -m assistant.training.judge_pairs --data ../shared/data --seed 0 --out pairs.jsonl

Each line of the output is one evidence text with the claims about it: `paper, source, split (train, dev), title,
evidence, claims: [{claim, label (1 supported, 0 not), type, origin, weight}]`. Sources:

- hand: claims written by hand over ACL abstracts and SciFact's (`data/acl_pairs.jsonl`, `data/scifact_pairs.jsonl`),
  with the same claims held against the most similar other paper, for half of the papers, as further failures;
- scifact, wice, pubmedqa: labelled claims. Their evidence is cut to some sentences, the deciding ones among them;
- rules: sentences of abstracts under `judge_rules`, edited in such a way that the claim alone tells nothing.

Never used: ACL 2018, the five pages, HealthVer, AttributionBench, and SciFact abstracts that no training claim cites.
A tenth of the papers (a fifth of SciFact's claims, a seventh of WiCE's) is held out as `dev`, and hand-written claims
that are marked `held_out`.
"""

import argparse
import json
import random
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

from assistant import models
from assistant.check import coverage
from assistant.config import DEFAULT_EMBEDDER, Settings
from assistant.embed import MiniLM, Remembering
from assistant.judge.checks import align
from assistant.judge.claim_first import nearest_sentences
from assistant.sentences import split as sentences
from assistant.training.judge_rules import pubmedqa_packs, rule_packs
from assistant.training.judge_sources import Row, acl_papers, claim, most_similar, pack, read, scifact_papers, share

HERE = Path(__file__).parent / "data"
HAND = (HERE / "acl_pairs.jsonl", HERE / "scifact_pairs.jsonl")


def hand_packs(data: Path, hand: Iterable[Path]) -> list[Row]:
    """Return the hand-written claims, each paper with two claims of its most similar neighbour as failures."""
    papers = acl_papers(data) | scifact_papers(data)
    by_paper: dict[str, list[Row]] = defaultdict(list)
    for row in (row for path in hand for row in read(path)):
        if row["paper"] in papers:
            by_paper[row["paper"]].append(row)
    ids = sorted(by_paper)
    near = most_similar([papers[i]["title"] + " " + papers[i]["abstract"] for i in ids])
    packs = []
    for place, (i, other) in enumerate(zip(ids, near, strict=True)):
        own = [claim(c["claim"], int(c["label"] == "support"), c["error_type"], "hand") for c in by_paper[i]]
        paired = any(c["type"] == "neighbour" for c in own)
        # Neighbours whose writer lent them each other's claims go to one side.
        group = min(i, ids[other]) if paired and near[other] == place else i
        held_out = any(row.get("held_out") for row in by_paper[i])
        split = "dev" if held_out or share(group) < 0.1 else "train"
        if split == "train" and share("foreign" + i) < 0.5 and not paired:
            foreign = [c["claim"] for c in by_paper[ids[other]] if c["label"] == "support"]
            own += [claim(text, 0, "neighbour", "neighbour", 0.5) for text in foreign[:1]]
        packs.append(
            pack(
                i,
                "scifact" if i.startswith("scifact:") else "acl",
                split,
                papers[i]["title"],
                papers[i]["abstract"],
                own,
            )
        )
    return packs


def trimmed(parts: Sequence[str], keep: Iterable[int], texts: Sequence[str], words: int, rng: random.Random) -> str:
    """Return some sentences in their order: those to keep, those most like the claims, and chance ones."""
    chosen = set(keep)
    liking = sorted(
        range(len(parts)), key=lambda i: -max((coverage(t, parts[i]) for t in texts), default=0) - 0.15 * rng.random()
    )
    for i in liking:
        if sum(len(parts[j].split()) for j in chosen) >= words:
            break
        chosen.add(i)
    return " ".join(parts[i] for i in sorted(chosen))


def scifact_packs(data: Path, rng: random.Random) -> list[Row]:
    """Return SciFact's training claims, grouped by abstract; a fifth of the claims, with their abstracts, is dev."""
    corpus = {r["doc_id"]: r for r in read(data / "scifact" / "corpus.jsonl")}
    by_doc: dict[int, list[tuple[str, int, str, list[int], int]]] = defaultdict(list)
    for row in read(data / "scifact" / "claims_train.jsonl"):
        for doc in row["cited_doc_ids"]:
            found = row["evidence"].get(str(doc), [])
            label = found[0]["label"] if found else "NEI"
            where = [s for e in found for s in e["sentences"]]
            by_doc[int(doc)].append((row["claim"], int(label == "SUPPORT"), label.lower(), where, row["id"]))
    corpus = {int(k): v for k, v in corpus.items()}
    held = {doc for doc, rows in by_doc.items() if any(share(f"scifact{r[4]}") < 0.2 for r in rows)}
    held_claims = {r[4] for doc in held for r in by_doc[doc]}
    packs = []
    for doc, rows in sorted(by_doc.items()):
        if doc not in corpus:
            continue
        parts, split = corpus[doc]["abstract"], "dev" if doc in held else "train"
        if split == "train":
            rows = [r for r in rows if r[4] not in held_claims]
            if not rows:
                continue
        evidence = " ".join(parts)
        if split == "train":
            keep = {s for r in rows for s in r[3]}
            evidence = trimmed(parts, keep, [r[0] for r in rows], rng.choice((60, 90, 120, 180)), rng)
        claims = [claim(text, label, kind, "scifact") for text, label, kind, _, _ in rows]
        packs.append(pack(f"scifact:{doc}", "scifact", split, corpus[doc]["title"], evidence, claims))
    return packs


def wice_packs(data: Path, rng: random.Random) -> list[Row]:
    """Return WiCE's development rows, their evidence cut; a seventh of the claims is held out.

    WiCE's evidence comes in windows that share one label: of a training claim only the window most like it is used.
    """
    rows = [r for r in read(data / "judge" / "dev.jsonl") if r["source"] == "wice"]
    best = {r["claim"]: r for r in sorted(rows, key=lambda r: coverage(r["claim"], r["evidence"]))}
    packs = []
    for row in rows:
        split = "dev" if share("wice" + row["claim"]) < 1 / 7 else "train"
        if split == "train" and best[row["claim"]] is not row:
            continue
        evidence = row["evidence"]
        if split == "train":
            parts = [s.text for s in sentences(evidence)]
            evidence = trimmed(parts, (), [row["claim"]], 110, rng)
            if row["binary"] and coverage(row["claim"], evidence) < 0.9 * coverage(row["claim"], row["evidence"]):
                continue
            if len(evidence.split()) > 220:
                continue
        claims = [claim(row["claim"], row["binary"], row["label"], "wice")]
        packs.append(pack(row["id"], "wice", split, row["title"], evidence, claims))
    return packs


def claim_only(packs: list[Row], origin: str | None = None) -> float:
    """Return the AUC, cross-validated by paper, of a classifier that sees the claims without their evidence."""
    import numpy as np
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import roc_auc_score
    from sklearn.model_selection import GroupKFold, cross_val_predict
    from sklearn.pipeline import make_pipeline

    rows = [(c["claim"], c["label"], p["paper"]) for p in packs for c in p["claims"] if origin in (None, c["origin"])]
    texts, labels, groups = zip(*rows, strict=True)
    model = make_pipeline(
        TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, min_df=2), LogisticRegression(C=3, max_iter=500)
    )
    scores = cross_val_predict(model, texts, np.array(labels), groups=groups, cv=GroupKFold(5), method="predict_proba")
    return float(roc_auc_score(labels, scores[:, 1]))


def with_nearest(packs: Sequence[Row]) -> list[Row]:
    """Return the packs with the sentences nearest to each claim, as the judge that reads the claim first gets them."""
    settings = Settings()
    file = models.resolve(DEFAULT_EMBEDDER, "embedder", cache=settings.models, offline=True, announce=print)
    embedder = Remembering(MiniLM(file))
    found = []
    for row in packs:
        spans = sentences(row["evidence"])
        claims = [
            {**one, "nearest": nearest_sentences(one["claim"], align(one["claim"], spans), embedder)}
            for one in row["claims"]
        ]
        found.append({**row, "claims": claims})
    return found


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the pairs and report what they hold."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--hand", type=Path, nargs="+", default=HAND)
    parser.add_argument("--hand-times", type=int, default=2, help="copies of the hand-written claims")
    parser.add_argument("--rules", type=int, default=500, help="abstracts with rule-made claims")
    parser.add_argument("--pubmedqa", type=int, default=120, help="PubMedQA texts to train on, at most")
    parser.add_argument("--nearest", action="store_true", help="give each claim the sentences nearest to it")
    parser.add_argument("--wice", action=argparse.BooleanOptionalAction, default=True)
    args = parser.parse_args(arguments)
    rng = random.Random(args.seed)
    hand = hand_packs(args.data, args.hand)
    packs = [p for p in hand for _ in range(args.hand_times if p["split"] == "train" else 1)]
    packs += scifact_packs(args.data, rng)
    if args.wice:
        packs += wice_packs(args.data, rng)
    medical = pubmedqa_packs(args.data, rng)
    rng.shuffle(medical)
    packs += [p for p in medical if p["split"] == "dev"] + [p for p in medical if p["split"] == "train"][
        : args.pubmedqa
    ]
    if args.rules:
        packs += rule_packs(args.data, {p["paper"] for p in hand}, args.rules, rng)
    rng.shuffle(packs)
    if args.nearest:
        packs = with_nearest(packs)
    with args.out.open("w") as out:
        for row in packs:
            out.write(json.dumps(row, ensure_ascii=False) + "\n")
    counts = Counter((p["split"], c["origin"], c["label"]) for p in packs for c in p["claims"])
    for key, number in sorted(counts.items()):
        print(*key, number)
    train = [p for p in packs if p["split"] == "train"]
    unique = list({(p["paper"], p["evidence"]): p for p in train}.values())
    print("claim alone, AUC:", round(claim_only(unique), 3))
    for origin in sorted({c["origin"] for p in unique for c in p["claims"]} - {"neighbour"}):
        print("claim alone, AUC,", origin, round(claim_only(unique, origin), 3))


if __name__ == "__main__":
    main(sys.argv[1:])
