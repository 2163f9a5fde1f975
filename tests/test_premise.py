"""What a question takes for granted, and what happens where the abstract denies it."""

import pytest

from assistant import prompts
from assistant.answer import Answerer, Done, Reading
from assistant.judge.base import Evidence, Support
from assistant.premise import claim_of
from assistant.retrieve import Retriever
from assistant.testing import ScriptedGenerator
from tests.test_answers import retriever  # noqa: F401

QUESTION = "Why does the net miss most of the sheep on hill farms?"


@pytest.mark.parametrize(
    ("question", "claim"),
    [
        ("Why do LSTM readers get worse with more context?", "LSTM readers get worse with more context."),
        ("Why is it harmful to share a parser?", "It is harmful to share a parser."),
        ("Why were the first nets the best at picking senses?", "The first nets were the best at picking senses."),
        ("Why was the official scoring of a contest criticised?", "The official scoring of a contest was criticised."),
        ("Given that nets beat shepherds at counting, how large is their lead?", "Nets beat shepherds at counting."),
        ("What made Lantern the winner of the contest?", "Lantern was the winner of the contest."),
        ("Why do nets need so much light, and how much is enough?", "Nets need so much light."),
        ("Which lamp model sees at night?", ""),
        ("How many sheep are there?", ""),
        ("Why?", ""),
    ],
)  # fmt: skip
def test_what_a_question_takes_for_granted(question: str, claim: str) -> None:
    """Questions for a reason, and those that open with a condition, hold a claim; others hold none."""
    assert claim_of(question) == claim


class Denying:
    """Finds one claim all but impossible and everything else supported."""

    name = "denying"

    def __init__(self, denies: str) -> None:
        self._denies = denies

    def score(self, claims: list[str], evidence: Evidence) -> list[Support]:
        start = evidence.text.find("The net misses")
        end = evidence.text.find(".", start) + 1
        return [
            Support(probability=0.05, support=0.05, verdict="contradicted", sure=False, start=start, end=end, checks=())
            if claim == self._denies
            else Support(probability=0.95, support=0.95, verdict="supported", sure=True, start=0, end=1, checks=())
            for claim in claims
        ]


def test_a_false_premise_is_named_and_corrected(retriever: Retriever) -> None:  # noqa: F811
    """The answer opens with the sentence that denies the premise, cites it, and says why."""
    judge = Denying(claim_of(QUESTION))
    events = list(Answerer(retriever, ScriptedGenerator(), prompts.load("reword"), judge=judge).stream(QUESTION))
    (reading,) = (event for event in events if isinstance(event, Reading))
    assert reading.denied == "The net miss most of the sheep on hill farms."
    (done,) = (event for event in events if isinstance(event, Done))
    assert (done.answer.abstained, done.answer.reason) == (False, "false_premise")
    assert done.answer.statements[0].citations[0].quote == "The net misses 3% of the sheep on hill farms."


def test_a_premise_that_holds_is_not_mentioned(retriever: Retriever) -> None:  # noqa: F811
    """Where the judge doesn't deny what is taken for granted, nothing is said about it."""
    events = list(Answerer(retriever, ScriptedGenerator(), prompts.load("reword"), judge=Denying("")).stream(QUESTION))
    assert all(not event.denied for event in events if isinstance(event, Reading))
    assert all(event.answer.reason != "false_premise" for event in events if isinstance(event, Done))
