"""What the makers of the judge's training pairs share: the papers that may train, and the form of a line."""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

Row = dict[str, Any]
YEARS = ("2016", "2017", "2019", "2020", "2021")


def share(text: str) -> float:
    """Return a number in [0, 1) that depends on the text alone."""
    return int(hashlib.sha256(text.encode()).hexdigest()[:8], 16) / 2**32


def read(path: Path) -> list[Row]:
    """Return the objects of a JSON Lines file."""
    with path.open() as lines:
        return [json.loads(line) for line in lines if line.strip()]


def acl_papers(data: Path) -> dict[str, Row]:
    """Return the ACL papers that may train, by id: every year but 2018."""
    papers = read(data / "acl_abstracts" / "corpus.jsonl")
    return {p["acl_id"]: p for p in papers if str(p["year"]) in YEARS and p["abstract"]}


def scifact_papers(data: Path) -> dict[str, Row]:
    """Return the SciFact abstracts that a training claim cites, by `scifact:ID`."""
    cited = {str(doc) for row in read(data / "scifact" / "claims_train.jsonl") for doc in row["cited_doc_ids"]}
    return {
        f"scifact:{row['doc_id']}": {"title": row["title"], "abstract": " ".join(" ".join(row["abstract"]).split())}
        for row in read(data / "scifact" / "corpus.jsonl")
        if str(row["doc_id"]) in cited
    }


def claim(text: str, label: int, kind: str, origin: str, weight: float = 1.0) -> Row:
    """Return one claim in the form of the output."""
    return {"claim": text, "label": label, "type": kind, "origin": origin, "weight": weight}


def pack(paper: str, source: str, split: str, title: str, evidence: str, claims: list[Row]) -> Row:
    """Return one line of the output."""
    return {"paper": paper, "source": source, "split": split, "title": title, "evidence": evidence, "claims": claims}


def most_similar(texts: Sequence[str]) -> list[int]:
    """Return for each text the index of the other text that is most like it (tf-idf cosine)."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    matrix = TfidfVectorizer(sublinear_tf=True, stop_words="english").fit_transform(texts)
    like = (matrix @ matrix.T).toarray()
    like[range(len(texts)), range(len(texts))] = -1
    return [int(i) for i in like.argmax(1)]
