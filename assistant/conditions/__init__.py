"""Read a question's conditions out of it: "mixture of experts since 2023, with code, but not vision models".

Plain rules, no model: each rule looks for one manner of asking, takes the words that ask out of the question, and
notes what they ask for. What is left is the topic to search for. A rule fires only where the words ask for a kind of
paper; "models without labels", "skip connections", "deaths in 2001" say something about the topic and stay in it. So
the loose manners ("in 2001", "not Y", "without Y") count only in a question that lists papers, never in a statement.
"""

from datetime import date

from assistant.conditions import dates, exclusions, people, places, traits
from assistant.conditions.question import Question
from assistant.conditions.record import Asked, Conditions, Known

__all__ = ["Asked", "Conditions", "Known", "read"]


def read(question: str, known: Known, today: date) -> Asked:
    """Return a question's conditions and what is left of it.

    Args:
        question: in the user's words.
        known: what the library holds: a name counts as an author only where somebody bears it.
        today: what "this year" and "the last three years" count from.
    """
    rest = Question(question, known, today)
    dates.take(rest)
    people.take(rest)
    places.take(rest)
    traits.take_code(rest)
    exclusions.take(rest)
    traits.take_kinds(rest)
    return rest.asked()
