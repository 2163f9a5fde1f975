"""Statements that contradict what a conversation said before."""

import pytest

from assistant.chat.consistency import contradicted
from assistant.judge.rules import RulesJudge
from assistant.records import Citation, Origin, Statement


def statement(text: str, origin: Origin = "generated") -> Statement:
    """Return a statement of some paper."""
    cited = Citation(key="k", title="A Paper", quote=text, start=0, end=len(text))
    return Statement(text=text, origin=origin, verdict="supported", checked_by="rules", citations=(cited,))


CONTRADICTING = (
    ("The net misses 3% of the sheep on hill farms.", "The net misses 8% of the sheep on hill farms."),
    ("The corpus covers 14 languages.", "The corpus covers 15 languages."),
    ("Larger lamps did not help night vision.", "Larger lamps help night vision."),
    ("Larger lamps help night vision.", "Larger lamps did not help night vision."),
    ("The drug increases blood pressure in rats.", "The drug decreases blood pressure in rats."),
    ("Pretraining improves parsing of tweets.", "Pretraining worsens parsing of tweets."),
    ("Decoding on phones is cheap with small nets.", "Decoding on phones is expensive with small nets."),
    ("Lantern reaches an accuracy of 67.2 points on NightSet.", "Lantern reaches 59.3 points of accuracy on NightSet."),
    ("Counting from the air saves time for shepherds.", "Counting from the air never saves time for shepherds."),
    ("The trial enrolled 120 patients with asthma.", "The trial enrolled 210 patients with asthma."),
    ("Dropout reduces the error of small networks.", "Dropout increases the error of small networks."),
    ("“The vaccine protects infants against measles.”", "“The vaccine does not protect infants against measles.”"),
)

AGREEING = (
    ("The net misses 3% of the sheep on hill farms.", "The net overlooks 3% of the sheep on hill farms."),
    ("The net misses 3% of the sheep on hill farms.", "The net has 12 layers."),
    ("The corpus covers 14 languages.", "The map covers 4,000 river names."),
    ("The drug increases blood pressure in rats.", "Sleep decreases the number of errors in drivers."),
    ("Larger lamps did not help night vision.", "Larger lamps did not help night vision."),
    ("Ground counts remain the most exact.", "Counting from the air saves time."),
    ("The model is trained on 12 hours of video.", "The system is evaluated on 3 languages."),
    ("Pretraining improves parsing of tweets.", "Parsing of tweets is improved by pretraining."),
)


@pytest.mark.parametrize(("earlier", "later"), CONTRADICTING)
def test_a_contradiction_is_marked(earlier: str, later: str) -> None:
    """A statement at odds with an earlier one is found, with the turn and what differs."""
    ((turn, found, why),) = contradicted(statement(later), [(3, statement(earlier))], RulesJudge())
    assert (turn, found.text) == (3, earlier)
    assert why


@pytest.mark.parametrize(("earlier", "later"), AGREEING)
def test_what_agrees_or_speaks_of_something_else_is_not_marked(earlier: str, later: str) -> None:
    """Another wording, and another matter, are no contradiction."""
    assert contradicted(statement(later), [(1, statement(earlier))], RulesJudge()) == []
