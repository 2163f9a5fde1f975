"""The metrics of answers, each with its definition and source."""

from collections.abc import Callable, Mapping, Sequence

from assistant.records import Answer, Statement

Supports = Callable[[str, Sequence[str]], bool]
"""Tells whether some passages, taken together, support a statement."""


def citation_recall(statement: Statement, passages: Mapping[str, str], supports: Supports) -> float:
    """Return 1 if the statement's cited passages together support it, else 0.

    ALCE (Gao et al. 2023, "Enabling Large Language Models to Generate Text with Citations"), section 3: a statement
    without a citation has recall 0.

    Args:
        statement: the statement.
        passages: what each key's citation stands for, by key.
        supports: the judge.
    """
    cited = [passages[citation.key] for citation in statement.citations]
    return float(bool(cited) and supports(statement.text, cited))


def citation_precision(statement: Statement, passages: Mapping[str, str], supports: Supports) -> list[float]:
    """Return, for each citation of a statement, 1 if it is relevant, else 0.

    ALCE, section 3: all citations of a statement without recall are irrelevant; otherwise a citation is irrelevant
    if it doesn't support the statement alone and the others support it without it.
    """
    keys = [citation.key for citation in statement.citations]
    if not citation_recall(statement, passages, supports):
        return [0.0] * len(keys)
    scores = []
    for place, key in enumerate(keys):
        others = [passages[other] for at, other in enumerate(keys) if at != place]
        alone = supports(statement.text, [passages[key]])
        scores.append(float(alone or not (others and supports(statement.text, others))))
    return scores


def exact_quotes(answer: Answer, abstracts: Mapping[str, str]) -> list[float]:
    """Return, for each citation of an answer, 1 if its quote equals `abstract[start:end]`, else 0."""
    return [
        float(abstracts.get(c.key, "")[c.start : c.end] == c.quote and bool(c.quote))
        for statement in answer.statements
        for c in statement.citations
    ]


def gold_recall(answer: Answer, gold: Sequence[str]) -> float:
    """Return the share of the gold papers that the answer cites."""
    cited = {source.key for source in answer.sources}
    return len(cited & set(gold)) / len(gold)


def gold_precision(answer: Answer, gold: Sequence[str]) -> float:
    """Return the share of the papers that the answer cites that are gold; an answer that cites none has 0."""
    cited = {source.key for source in answer.sources}
    return len(cited & set(gold)) / len(cited) if cited else 0.0


def fact_coverage(text: str, facts: Sequence[Sequence[str]]) -> float:
    """Return the share of the facts of which the text has at least one wording, compared in lower case."""
    lowered = text.lower()
    return sum(any(wording.lower() in lowered for wording in fact) for fact in facts) / len(facts)
