"""Whether a statement contradicts what the conversation said before."""

import re
from collections.abc import Sequence

from assistant import check, sentences
from assistant.judge import Evidence, Judge, checks
from assistant.records import Statement

# Two statements can only contradict each other where they speak of the same thing: numbers apart, so large a share of
# the words of each has to occur in the other.
_SAME_MATTER = 0.6
_TELLING = frozenset({"number", "count", "negation", "direction"})
_DIGITS = re.compile(r"[\w.,%]*\d[\w.,%]*")


def contradicted(
    statement: Statement, earlier: Sequence[tuple[int, Statement]], judge: Judge
) -> list[tuple[int, Statement, str]]:
    """Return the earlier statements that a statement contradicts, each with its turn and what differs, in words.

    The judge is asked both ways, because it sees a denial only where the claim denies. Its word counts where a check
    can name what differs: a number, a denial, a direction.

    Args:
        statement: the new one.
        earlier: those before it, each with its turn.
        judge: asked only where two statements speak of the same thing.
    """
    claim = _plain(statement)
    found = []
    for turn, other in earlier:
        text = _plain(other)
        if text == claim or not _same_matter(claim, text):
            continue
        why = _difference(claim, text) or _difference(text, claim)
        if why and any(
            judge.score([one], Evidence(against))[0].verdict == "contradicted"
            for one, against in ((claim, text), (text, claim))
        ):
            found.append((turn, other, why))
    return found


def _difference(claim: str, text: str) -> str:
    """Return in words what one statement says otherwise than another, or nothing."""
    failed = checks.failures(claim, Evidence(text), checks.align(claim, sentences.split(text)))
    told = "; ".join(failure.why for failure in failed if failure.check in _TELLING)
    return told.replace("the abstract", "the other").replace("the sentence", "this one")


def _plain(statement: Statement) -> str:
    return statement.text.strip().strip("“”")


def _same_matter(one: str, other: str) -> bool:
    left, right = _DIGITS.sub(" ", one), _DIGITS.sub(" ", other)
    return check.coverage(left, right) >= _SAME_MATTER and check.coverage(right, left) >= _SAME_MATTER
