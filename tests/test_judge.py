"""The support judge: its checks explain themselves, its score depends on claim and evidence alone."""

import pytest

from assistant import sentences
from assistant.embed import Embedder
from assistant.judge import Evidence, Judge, calibration, checks, score_pairs
from assistant.judge.base import Failure, Support
from assistant.judge.calibration import Calibration
from assistant.judge.quantities import quantities
from assistant.judge.windows import MAX_READ, joined, nearest, windowed
from assistant.models import ModelFile

ABSTRACT = (
    "We release a corpus of 95K questions in three languages. A retrieval model with 1.3 million parameters reaches "
    "an accuracy of 71.4%, up from 65%. It does not need labels. Removing the Shared Encoder (SE) lowers accuracy. "
    "Larger batches may help."
)
EVIDENCE = Evidence(ABSTRACT, "A corpus of questions")


def failed(claim: str, evidence: Evidence = EVIDENCE) -> dict[str, str]:
    """Return the failed checks of a claim, by name."""
    aligned = checks.align(claim, sentences.split(evidence.text))
    return {failure.check: failure.why for failure in checks.failures(claim, evidence, aligned)}


# ---------------------------------------------------------------------- numbers


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("95K questions", [95_000]),
        ("1.3 million parameters and 95,000 questions", [1_300_000, 95_000]),
        ("twenty-one tasks, half of them new", [21]),
        ("two hundred runs", [200]),
        ("the 3rd of 12 systems", [3, 12]),
        ("accuracy rose by 6.4 percent", [6.4]),
        ("one of them", []),
        ("twice as fast", [2]),
        ("in 2019, a 40x speedup", [2019, 40]),
    ],
)
def test_numbers_are_read_in_digits_and_words(text: str, values: list[float]) -> None:
    """Digits, words, thousands and scales come to the same numbers."""
    assert [quantity.value for quantity in quantities(text)] == pytest.approx(values)


@pytest.mark.parametrize(
    ("said", "there", "agrees"),
    [
        ("71%", "71.4%", True),
        ("72%", "71.4%", False),
        ("over 70%", "71.4%", True),
        ("over 75%", "71.4%", False),
        ("nearly 75%", "71.4%", True),
        ("nearly 71%", "71.4%", False),
        ("about 95,000", "95K", True),
        ("about 60,000", "95K", False),
        ("three", "3", True),
        ("71.4", "71.41", True),
        ("71.5", "71.41", False),
    ],
)
def test_numbers_agree_when_the_bound_allows_it(said: str, there: str, agrees: bool) -> None:
    """A claim may round, and may say "over" or "nearly" on the right side only."""
    assert quantities(said)[0].agrees(quantities(there)[0]) is agrees


# ---------------------------------------------------------------------- checks


@pytest.mark.parametrize(
    ("claim", "check", "words"),
    [
        ("The corpus holds 195K questions.", "number", ("95K", "195K")),
        ("The corpus covers four languages.", "count", ("three", "four")),
        ("The model is compared with BERT on the corpus of questions.", "name", ("BERT",)),
        ("The retrieval model doesn't reach an accuracy of 71.4%, up from 65%.", "negation", ("n't",)),
        ("It does need labels.", "negation", ("not",)),
        ("Removing the shared encoder raises accuracy.", "direction", ("rais", "lower")),
        ("The retrieval model always reaches an accuracy of 71.4%.", "scope", ("always",)),
        ("Larger batches help.", "hedge", ("may",)),
    ],
)
def test_a_failed_check_says_what_the_abstract_says(claim: str, check: str, words: tuple[str, ...]) -> None:
    """Each check finds its error and names both sides in words."""
    why = failed(claim)
    assert check in why
    assert all(word in why[check] for word in words), why[check]


@pytest.mark.parametrize(
    "claim",
    [
        "The released corpus has 95,000 questions in three languages.",
        "Over 70% accuracy is reached by the retrieval model.",
        "The retrieval model gains 6.4 points of accuracy.",
        "Taking out the SE lowers accuracy.",
        "The model does not need any labels.",
    ],
)
def test_true_claims_pass_the_checks(claim: str) -> None:
    """A true claim fails no check, rounded, derived and abbreviated ones included."""
    assert not failed(claim)


def test_the_aligned_sentence_is_the_one_that_decides() -> None:
    """The sentence with the claim's rare words comes first."""
    spans = sentences.split(ABSTRACT)
    assert checks.align("Labels are not needed.", spans)[0].span.text == "It does not need labels."


# ---------------------------------------------------------------------- from signals to a verdict

WEIGHTS = Calibration(
    version="test",
    adapter_sha256="",
    weights=(1.0,) + (0.0,) * (len(calibration.SIGNALS) - 1),
    bias=0.0,
    threshold=0.7,
    sure=0.9,
    partial=0.4,
    figures={},
)


def support(answer: float, *failures: Failure, claim: str = "Labels are not needed.") -> Support:
    """Return the support that an answer of the model comes to."""
    aligned = checks.align(claim, sentences.split(ABSTRACT))
    values = calibration.signals(answer, aligned, failures, len(claim.split()))
    return WEIGHTS.support(values, failures, aligned)


@pytest.mark.parametrize("answer", [-9.0, -1.0, 0.0, 0.5, 0.846, 0.848, 1.0, 2.0, 40.0])
def test_support_is_at_least_a_half_exactly_when_supported(answer: float) -> None:
    """The scaled probability and the verdict never disagree."""
    found = support(answer)
    assert (found.support >= 0.5) == (found.verdict == "supported") == (found.probability >= 0.7)
    assert found.sure == (found.probability >= 0.9)


def test_support_keeps_the_order_of_the_probabilities() -> None:
    """Scaling moves the threshold to one half and reverses nothing."""
    scaled = [calibration.scaled(place / 200, 0.7) for place in range(201)]
    assert scaled == sorted(scaled)
    assert (scaled[0], scaled[-1]) == (0.0, 1.0)


def test_what_fails_is_told_apart() -> None:
    """A failed number contradicts, a half-covered claim is partial, and a claim off the text is undecidable."""
    number = Failure(check="number", why="the abstract says 95K, the sentence 195K")
    assert support(-3.0, number).verdict == "contradicted"
    assert support(0.0).verdict == "partial"
    assert support(-3.0).verdict == "unsupported"
    assert support(-3.0, claim="Dropout regularises the convolutional decoder.").verdict == "undecidable"


# ---------------------------------------------------------------------- windows


def test_long_evidence_is_read_in_windows_that_overlap() -> None:
    """Every sentence is in a window, windows fit, and the nearest ones hold what the claim is about."""
    filler = [f"Sentence {number} tells of the weather on day {number} at some length." for number in range(300)]
    filler[217] = "The zebra crossing was painted with luminous paint."
    evidence = Evidence(" ".join(filler))
    spans = sentences.split(evidence.text)
    windows = windowed(evidence, spans, str.split)
    assert {span for window in windows for span in window} == set(spans)
    assert all(sum(len(span.text.split()) + 1 for span in window) <= 520 for window in windows)
    near = nearest("Luminous paint marks the zebra crossing.", evidence, windows)
    assert len(near) == MAX_READ
    assert "zebra" in joined(evidence, near[0]).text


# ---------------------------------------------------------------------- the judges that ship


@pytest.fixture(scope="module")
def judges(generator_file: ModelFile, embedder: Embedder) -> list[Judge]:
    """The gate and the evaluation's judge, with the real model."""
    from assistant.judge import shipped

    return [shipped.gate(generator_file, threads=1), shipped.evaluation(generator_file, embedder, threads=1)]


CLAIMS = (
    "The corpus consists of 95K questions.",
    "No labels are required.",
    "Accuracy falls when the shared encoder is taken out.",
    "The corpus was annotated by crowd workers over two years.",
)


def test_a_score_does_not_depend_on_the_batch(judges: list[Judge]) -> None:
    """One by one, in another order, beside other evidence: the probability moves by less than 1e-3."""
    other = Evidence("Sheep graze on hills. " * 20, "Sheep")
    for judge in judges:
        together = judge.score(CLAIMS, EVIDENCE)
        turned = judge.score(CLAIMS[::-1], EVIDENCE)[::-1]
        mixed = score_pairs(judge, [pair for claim in CLAIMS for pair in ((claim, other), (claim, EVIDENCE))])[1::2]
        for a, b, c, claim in zip(together, turned, mixed, CLAIMS, strict=True):
            alone = judge.score([claim], EVIDENCE)[0]
            assert max(abs(x.probability - alone.probability) for x in (a, b, c)) < 1e-3


def test_a_true_claim_scores_above_its_opposite(judges: list[Judge]) -> None:
    """What the abstract says beats what it says the opposite of."""
    for judge in judges:
        true, false = judge.score(
            ["The corpus consists of 95K questions.", "The corpus consists of 12K photographs of sheep."], EVIDENCE
        )
        assert true.probability > false.probability
        assert true.start is not None
        assert true.end is not None
        assert ABSTRACT[true.start : true.end].startswith("We release a corpus")


def test_evidence_of_many_thousand_words_is_judged(judges: list[Judge]) -> None:
    """A book's length of text is read in windows, and the deciding sentence is in the right one."""
    text = "The weather was mild and the sea was calm. " * 600 + ABSTRACT + " The sun set late that day." * 600
    for judge in judges:
        found = judge.score(["The corpus consists of 95K questions."], Evidence(text))[0]
        assert found.start is not None
        assert "95K" in text[found.start : found.end]


def test_no_evidence_supports_nothing(judges: list[Judge]) -> None:
    """An empty abstract supports no claim."""
    for judge in judges:
        assert [found.verdict for found in judge.score(CLAIMS, Evidence(""))] == ["unsupported"] * len(CLAIMS)
