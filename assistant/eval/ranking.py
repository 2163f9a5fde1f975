"""Measures of a ranking of documents against graded judgements.

Each is over one query's ranking, best first; a query without a relevant document has none of them.
"""

import math
from collections.abc import Mapping, Sequence


def recall_at(k: int, ranking: Sequence[str], gains: Mapping[str, float]) -> float:
    """Return the share of the relevant documents (gain above 0) among the first k."""
    relevant = {document for document, gain in gains.items() if gain > 0}
    return len(relevant & set(ranking[:k])) / len(relevant)


def reciprocal_rank(ranking: Sequence[str], gains: Mapping[str, float]) -> float:
    """Return 1 / the rank of the first relevant document, 0 where there is none."""
    return next((1 / rank for rank, document in enumerate(ranking, 1) if gains.get(document, 0) > 0), 0.0)


def ndcg_at(k: int, ranking: Sequence[str], gains: Mapping[str, float]) -> float:
    """Return the discounted gain of the first k over that of the ideal ranking.

    Gains count linearly, as in trec_eval's ndcg_cut (Järvelin and Kekäläinen 2002 with log2(rank + 1)).
    """
    return _dcg([gains.get(document, 0.0) for document in ranking[:k]]) / _dcg(sorted(gains.values(), reverse=True)[:k])


def _dcg(gains: Sequence[float]) -> float:
    return sum(max(gain, 0.0) / math.log2(rank + 1) for rank, gain in enumerate(gains, 1))
