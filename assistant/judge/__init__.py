"""The support judge: does this passage say what this sentence claims?"""

from assistant.judge.base import Evidence, Failure, Judge, Support, score_pairs

__all__ = ["Evidence", "Failure", "Judge", "Support", "score_pairs"]
