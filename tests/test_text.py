"""Sentences, terms, checks and rendering: what the program itself knows about text."""

import pytest

from assistant import check, markup, recast, render, sentences, terms
from assistant.recast import Subject
from assistant.records import Paper
from assistant.retrieve import introduced_name


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("One. Two! Three?", 3),
        ("It needs 3.5 watts. That is little.", 2),
        ("Lamps, e.g. small ones, burn. They shine.", 2),
        ("Quill et al. show this. Others do not.", 2),
        ("See Fig. 3 and Sec. 2. Then stop.", 2),
        ("GPT-3.5 and v2.1 are models. mT5 is one too.", 2),
        ("We ask: why? (Because.) It is so.", 3),
        ("Ada B. Quill wrote it. So did Bo.", 2),
        ("no capital here. still going", 1),
        ("", 0),
    ],
)
def test_sentences(text: str, pieces: int) -> None:
    """A full stop ends a sentence only where one ends, and offsets are exact."""
    spans = sentences.split(text)
    assert len(spans) == pieces
    assert all(text[span.start : span.end] == span.text for span in spans)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("95,000 rows, 3.50 % and 2.7x", ["95000", "3.5%", "2.7x"]),
        ("CLIP2 and GPT-4 hold no numbers of their own, 7 does", ["7"]),
        ("from 59.3 to 67.2", ["59.3", "67.2"]),
    ],
)
def test_numbers(text: str, found: list[str]) -> None:
    """Numbers are compared in one form, whatever their commas, zeros and signs."""
    assert terms.numbers(text) == found


def test_longest_common_run() -> None:
    """The longest run in common is counted in words."""
    assert terms.longest_common_run("the lamp burns all night long", ["A lamp burns all night, they say."]) == 4


ABSTRACT = (
    "We present Lantern, a small lamp model. It raises accuracy from 59.3 to 67.2 on the NightSet data set without "
    "extra labels. The lamp may help some night workers. It does not work under water."
)


def verdict(statement: str, sentence: int) -> check.Finding:
    return check.check(statement, sentences.split(ABSTRACT)[sentence].text, ABSTRACT, "Lantern: A Lamp")


@pytest.mark.parametrize(
    ("statement", "sentence", "shown"),
    [
        ("The authors introduce Lantern, a small lamp model.", 0, True),
        ("It boosts accuracy from 59.3 to 67.2 on the NightSet data set without extra labels.", 1, True),
        ("On the NightSet data set, accuracy is raised from 59.3 to 76.2 without extra labels.", 1, False),
        ("On NightSet, accuracy is lowered from 59.3 to 67.2 without extra labels.", 1, False),
        ("On NightSet, accuracy is raised from 59.3 to 67.2 with extra labels.", 1, False),
        ("On DaySet, accuracy is raised from 59.3 to 67.2 without extra labels.", 1, False),
        ("The lamp always helps all night workers.", 2, False),
        ("It works well under water.", 3, False),
        ("We present Lantern, a small lamp model.", 0, False),
        ("The sentence presents Lantern, a small lamp model in other words.", 0, False),
        ("The lamp lamp lamp model is a small lamp lamp model.", 0, False),
        ("It raises accuracy from 59.3 to 67.2 on the NightSet data set after extra labels.", 1, False),
        ("It raises accuracy from 59.3 to 67.2 on NightSet with labels that are extra.", 1, False),
        ("Sharks swim in the ocean at night.", 3, False),
    ],
)
def test_checks(statement: str, sentence: int, shown: bool) -> None:
    """Changed numbers, names, directions, negations, scope and form fail, each with a reason; a rewording passes."""
    finding = verdict(statement, sentence)
    assert finding.shown == shown, finding
    assert bool(finding.why) == (finding.verdict != "supported")


@pytest.mark.parametrize(
    ("statement", "shown"),
    [
        ("Lantern exceeds the older lamps on all three tasks.", True),
        ("On all three tasks, the older lamps surpass Lantern.", False),
        ("Lantern is outperformed by the older lamps on all three tasks.", False),
    ],
)
def test_what_surpasses_stays_what_surpasses(statement: str, shown: bool) -> None:
    """The two sides of a comparison can't change places, actively or passively."""
    sentence = "Lantern outperforms the older lamps on all three tasks."
    finding = check.check(statement, sentence, sentence, "Lantern")
    assert finding.shown == shown, finding


def test_a_dropped_hedge_is_marked() -> None:
    """A statement that is surer than the abstract is at most partly supported."""
    assert verdict("The lamp helps some night workers.", 2).verdict != "supported"


def test_the_number_is_named_in_the_reason() -> None:
    """The reason says which number is wrong and what the sentence has."""
    assert "76.2" in verdict("NightSet accuracy rises from 59.3 to 76.2 without extra labels.", 1).why


def test_third_person() -> None:
    """No first person is left over, and the subject stands where "we" opened the sentence."""
    assert (
        check.third_person("In this paper, we also show our lamp.", "Quill et al.") == "Quill et al. show their lamp."
    )
    assert check.third_person("However, lamps burn.") == "Lamps burn."


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("T-MAC: CPU Renaissance", "T-MAC"),
        ("Lanterns: Seeing by Little Light", "Lanterns"),
        ("Less is More: Removing Text", None),
        ("A Study of Lamps", None),
        ("MM1.5: Methods", "MM1.5"),
    ],
)
def test_introduced_names(title: str, name: str | None) -> None:
    """A title introduces a name where a short head with a name stands before a colon."""
    assert introduced_name(title) == name


HOSTILE = "a\x1b[31mred\x1b]52;c;x\x07 \u202ereversed\u200b end\rover"


def test_hostile_text_does_nothing() -> None:
    """Escape sequences, direction marks and carriage returns are shown, not obeyed."""
    shown = render.visible(HOSTILE)
    assert not any(mark in shown for mark in "\x1b\x07\r\u202e\u200b")
    assert "\\u{1b}" in shown


PAPER = Paper(
    key="quillLamps2020",
    title=r"Lamps \input{secret} & 100% {light}",
    authors=("Ada Quill", "Bo Marsh"),
    authors_truncated=True,
    year=2020,
    date="2020-06-03",
    abstract="Lamps burn.",
    venue="Proceedings of the Lamp Conference",
)


@pytest.mark.parametrize(
    ("statement", "sentence", "shown"),
    [
        ("The lamp counts sheep.", "The lamp counts sheep, although it does not see them in thick fog.", True),
        (
            "The authors present Bench, a set of night tasks.",
            "We present Bench, a set of night tasks where old scores fail to show any change of skill.",
            True,
        ),
        ("The lamp counts sheep in fog.", "The lamp counts sheep that it does not see in fog.", False),
        ("The lamp improves the counts.", "We show that the lamp does not improve the counts of sheep.", False),
        ("The counts fall by 10 points.", "Without training on hills, the counts fall by 10 points.", False),
        ("The lamps solve the task.", "None of the lamps, which cost a lot of money, solves the task.", False),
        ("The lamp does find black sheep.", "The lamp does not, in our tests on hills, find black sheep.", False),
    ],
)
def test_a_denial_may_be_left_out_only_with_all_of_its_clause(statement: str, sentence: str, shown: bool) -> None:
    """What a relative clause denies needn't be told; what the statement itself is about stays denied."""
    assert check.check(statement, sentence, sentence, "Lamps").shown == shown


@pytest.mark.parametrize(
    ("text", "typed", "compiled"),
    [
        (r"up to $2.5\times$ faster", "up to 2.5× faster", r"up to 2.5\(\times\) faster"),
        (r"rates of $>$90%", "rates of >90%", r"rates of \textgreater{}90\%"),
        (r"$\frac{1}{9}\text{th}$ of it", "1/9th of it", "1/9th of it"),
        (r"$95.42\%$ of $r$", "95.42% of r", r"95.42\% of r"),
        ("costs $5 and $6 today", "costs $5 and $6 today", r"costs \$5 and \$6 today"),
        ("$ lower cost and 4%$", "$ lower cost and 4%$", r"\$ lower cost and 4\%\$"),
        (r"“exact $2\times$”", r"“exact $2\times$”", r"``exact \$2\textbackslash{}times\$''"),
        (r"{\SST} keeps 90\% of \emph{all} Q\&A", "SST keeps 90% of all Q&A", r"SST keeps 90\% of all Q\&A"),
        (r"$\input{x}$", r"$\input{x}$", r"\$\textbackslash{}input\{x\}\$"),
    ],
)
def test_simple_formulas_are_typed_out(text: str, typed: str, compiled: str) -> None:
    """A draft reads as an author would type it; what isn't simple stays as it is, and stays harmless."""
    assert markup.typed_out(text) == typed
    assert render.latex(typed) == compiled


def test_bibtex_escapes_everything() -> None:
    """Nothing in a title can become a LaTeX command, and unknown fields are left out."""
    entry = render.bibtex(PAPER)
    assert r"\input{secret}" not in entry
    assert r"\textbackslash{}input\{secret\} \& 100\%" in entry
    assert "author = {Ada Quill and Bo Marsh and others}" in entry
    assert entry.startswith("@inproceedings{quillLamps2020,")
    assert "doi" not in entry


def test_bibtex_of_a_page_without_authors() -> None:
    """A paper of which only title and abstract are known gets an entry without invented fields."""
    entry = render.bibtex(Paper(key="lamps", title="Lamps"))
    assert entry == "@misc{lamps,\n  title = {{Lamps}}\n}"


@pytest.mark.parametrize(
    ("sentence", "statement"),
    [
        ("Lamps fail due to thick fog.", "The authors note that lamps fail owing to thick fog."),
        ("The net is able to count sheep at night.", "The authors note that the net can count sheep at night."),
        ("Shepherds rely on lamps in fog.", "The authors note that shepherds depend on lamps in fog."),
        ("The survey consists of ground counts.", "The authors note that the survey comprises ground counts."),
    ],
)
def test_words_that_say_the_same_are_the_same_to_the_checks(sentence: str, statement: str) -> None:
    """Prepositions and auxiliaries that weigh a claim may stand for those that say the same, and for no others."""
    assert check.check(statement, sentence, sentence, "Lamps").verdict == "supported"


@pytest.mark.parametrize(
    ("sentence", "never"),
    [
        ("Previous attempts to count sheep on hills need lamps in order to see.", "tries to"),
        ("Previous attempts to count sheep on hills need lamps in order to see.", "Previous, "),
        ("The need to count sheep grows due to larger hill farms in the north.", "the must"),
        ("The method improves results in three tasks due to a larger lamp.", "improves leads"),
        ("The accuracy drops as the number of layers in the net grows due to noise.", "layers' number"),
        ("Vision Language Models offer a way to read signs due to their training.", "vision Language"),
        ("The model is trained on noisy counts using a lamp due to fog.", "is that are"),
        ("We show the merits of using a lamp on hill farms due to fog.", "of with"),
        ("The patterns present in sheep counts differ from farm to farm due to fog.", "introduce in"),
        ("In the test, counts are compared to those of shepherds due to fog.", "are relative"),
        ("An approach to counting sheep on hills needs a lamp due to fog.", "method to counting"),
        ("A lamp allows for counting sheep on hills at night due to fog.", "permits for"),
        ("The net counts sheep, which is the main source of its use due to fog.", ", that is"),
        ("Counting sheep in fog is a more difficult task due to noise.", "more hard"),
        ("The set of automatically annotated data for training grows due to lamps.", "automatically data"),
        ("We report on a combination of night lamps and day lamps for hills due to fog.", "as well as"),
    ],
)
def test_a_noun_is_not_reworded_as_a_verb(sentence: str, never: str) -> None:
    """A word is replaced only where it is what the replacement stands for, and names keep their capitals."""
    offered = recast.rewordings(sentence, Subject("The authors", named=False), sentence, 99)
    assert offered
    assert not any(never in text for text in offered)


def test_rewordings_that_leave_nothing_out_come_first() -> None:
    """Of several ways to tell a sentence, the model is offered first those that say all of it."""
    sentence = "We use a lamp on eight hill farms to count sheep, which saves shepherds many hours of work in winter."
    offered = recast.rewordings(sentence, Subject("The authors", named=False), sentence, 99)
    said = ["hours of work" in text for text in offered]
    assert said[0]
    assert not said[-1]
    assert said == sorted(said, reverse=True)


@pytest.mark.parametrize(
    ("sentence", "told"),
    [
        (
            "We publicly release counts of sheep from 40 hill farms in the north.",
            "The authors publicly release counts of sheep from 40 hill farms in the north.",
        ),
        (
            "In this study, we transcribe the calls of 40 sheep on hills at night.",
            "The authors transcribe the calls of 40 sheep on hills at night.",
        ),
        (
            "To address these challenges, in this paper we propose a lamp that counts sheep on hills at night.",
            "The authors propose a lamp that counts sheep on hills at night.",
        ),
        (
            "But how to count sheep in fog remains an open question on hills.",
            "The authors note that how to count sheep in fog is still an open question on hills.",
        ),
        (
            "In this paper, we meet this challenge, and propose Lantern, a lamp that counts sheep on hills at night.",
            "The authors propose Lantern, a lamp that counts sheep on hills at night.",
        ),
        (
            "We then overcome these limits by introducing a small lamp that counts sheep on hills at night.",
            "The authors introduce a small lamp that counts sheep on hills at night.",
        ),
        (
            "We propose Lantern, a lamp that counts sheep on hills at night, to solve the above problems.",
            "The authors propose Lantern, a lamp that counts sheep on hills at night.",
        ),
        (
            "Building on these observations, in this work, we design a lamp that counts sheep on hills at night.",
            "The authors design a lamp that counts sheep on hills at night.",
        ),
        (
            "In thick fog, however, small lamps count sheep better than shepherds do.",
            "In thick fog, the authors note, small lamps count sheep better than shepherds do.",
        ),
        (
            "Small lamps, however, count sheep on hills better than large ones in fog.",
            "The authors note that small lamps count sheep on hills better than large ones in fog.",
        ),
        (
            "We propose Lantern, a lamp for hills, by joining 1) a small net and 2) a large battery.",
            "The authors propose Lantern, a lamp for hills, by joining a small net and a large battery.",
        ),
        (
            "For example, small lamps miss 3% of the sheep on the hills of the test set.",
            "The authors report that small lamps miss 3% of the sheep on the hills of the test set.",
        ),
    ],
)
def test_what_somebody_does_is_told_with_the_manner_of_it(sentence: str, told: str) -> None:
    """An adverb stays with its verb, verbs that only "we" makes plain are known, and a "but" opens nothing."""
    assert told in recast.rewordings(sentence, Subject("The authors", named=False), sentence, 99)


def test_a_study_without_authors_has_things_of_its_own() -> None:
    """What is "ours" is "its" where one study acts, and "their" where people do."""
    sentence = "We show the use of our lamp on eight hill farms at night."
    study = [way.text for way in recast.recast(sentence, Subject("One study", plural=False, named=False))]
    named = [way.text for way in recast.recast(sentence, Subject("Quill et al."))]
    assert all(" its lamp" in text for text in study)
    assert all(" their lamp" in text for text in named)
    assert study
    assert named


@pytest.mark.parametrize(
    ("sentence", "told"),
    [
        (
            "We count the lambs of a flock and apply them to the forecast of wool prices.",
            "One study counts the lambs of a flock and applies them to the forecast of wool prices.",
        ),
        (
            "This paper designs and implements Fold, a pen that weighs sheep at night.",
            "One study designs and implements Fold, a pen that weighs sheep at night.",
        ),
        (
            "We describe and carefully evaluate a lamp for counting sheep in fog.",
            "One study describes and carefully evaluates a lamp for counting sheep in fog.",
        ),
        (
            "We look at hills in fog, for which the lamp is made, and use a small net on them.",
            "One study looks at hills in fog, for which the lamp is made, and uses a small net on them.",
        ),
        (
            "We propose a new measure to rank and compare the lamps of all hill farms.",
            "One study proposes a new measure to rank and compare the lamps of all hill farms.",
        ),
        (
            "We propose lamps that find sheep and predict their weight from one picture.",
            "One study proposes lamps that find sheep and predict their weight from one picture.",
        ),
        (
            "We show that the lamp finds lambs and provide a proof of its use in fog.",
            "One study shows that the lamp finds lambs and provides a proof of its use in fog.",
        ),
        (
            "We study wool and model prices on hill farms over ten years of records.",
            "One study studies wool and model prices on hill farms over ten years of records.",
        ),
        (
            "We count the sheep of a large flock, and then we propose a lamp that helps when we train it.",
            "One study counts the sheep of a large flock, and then it proposes a lamp that helps when it trains it.",
        ),
    ],
)
def test_verbs_that_are_joined_take_the_number_of_the_subject(sentence: str, told: str) -> None:
    """Of one study a joined verb is told in the singular, but not one of a clause, an infinitive or a noun."""
    ways = [way.text for way in recast.recast(sentence, Subject("One study", plural=False, named=False))]
    assert told in ways


@pytest.mark.parametrize(
    "sentence",
    [
        "Deep nets show a very small difference between training and test performance on all eight farms.",
        "We describe a net that takes a picture of a flock, and produces as output the weight of each lamb.",
        "This paper describes progress in the making of lamps for hills as well as recent repairs.",
        "The lamp, a small one, counts sheep by day and by night on eight farms, 489.",
        "We present a lamp that finds sheep at night, which brings a 60% increase in lambs on the hills.",
        "Because the number of sheep on a high hill is much smaller than that in a valley.",
        'The call "You are a good dog" was taken for an order after training on old records.',
    ],
)
def test_nothing_is_told_by_half(sentence: str) -> None:
    """A sentence isn't cut inside a pair or before what a verb needs, and no aside falls into a quotation."""
    ends = (" between training.", " and produces.", " as well.", " 489.", " valley.", " increase.")
    for way in recast.recast(sentence, Subject("The authors", named=False)):
        assert not way.text.endswith(ends)
        assert '"You, the authors' not in way.text


@pytest.mark.parametrize(
    ("sentence", "never"),
    [
        ("The net reads the sequence of fields and segments the picture into eight parts by night.", "of segments and"),
        ("Earlier nets are trained again with rules, or by incorporating them while they count.", "bringing in them"),
        ("A farm for training and judging dogs is small, and its hills are far from roads.", "to train and judging"),
        (
            "The lamp sees two kinds of sheep, a small one on low hills, and a large one that is shy.",
            "the authors note, and",
        ),
        ("Our TLA system counts sheep by a small camera on the roof of the farm.", "tla"),
        (
            "In contrast to lamps such as Lantern, which relies on oil, a net can be carried uphill by one shepherd.",
            "relies on oil.",
        ),
        ("Deploying NETS on hills poses several hard problems, which limits their use by old shepherds.", "Deploying"),
        ("Counting sheep has been a big problem in the last several years, as old records of farms show.", "various"),
        ("Upon a long study of nets that were trained on hills, small lamps turn out to be best.", "note that on a"),
        ("We show a small way to count the sheep of a large farm without any shepherds.", "without."),
        ("The race is to carry lamps over eight hills and accomplish all tasks of the old shepherds.", "as well as"),
        ("The old dogs of the farm can find, gather and guard sheep in the fog of the high hills.", "as well as"),
        ("I explore why sheep gather on the hills of my farm in autumn.", " i explore"),
        ("If it rains, then how do sheep find the farm without a shepherd?", "sheep"),
        ("羊群的数量在秋天增加,本文研究其原因,共有8个农场。", "authors"),
    ],
)
def test_what_no_rewording_may_say(sentence: str, never: str) -> None:
    """Verbs aren't turned round like nouns, asides don't fall into lists, nor are questions told."""
    for text in recast.rewordings(sentence, Subject("The authors", named=False), sentence, 99):
        assert never not in text


def test_one_author_is_told_of_like_several() -> None:
    """Who says "I" is the author."""
    sentence = "I explore why sheep gather on the hills of my farm in autumn."
    told = "The authors explore why sheep gather on the hills of their farm in autumn."
    assert told in recast.rewordings(sentence, Subject("The authors", named=False), sentence, 99)


@pytest.mark.parametrize("verb", ["propose", "introduce", "develop", "present", "design"])
def test_what_answers_a_challenge_is_told_with_its_verb(verb: str) -> None:
    """What was done "by presenting" something is to "present" it, in the form that the verb has."""
    doing = verb.removesuffix("e") + "ing"
    sentence = f"We address these problems by {doing} a small lamp that counts sheep on hills at night."
    told = f"The authors {verb} a small lamp that counts sheep on hills at night."
    assert told in recast.rewordings(sentence, Subject("The authors", named=False), sentence, 99)


def test_an_acronym_in_capitals_is_not_somebody() -> None:
    """The authors are those who say "we"; in capitals it may stand for word embeddings."""
    sentence = "WE are vectors of words that a small net learns from eight hundred books on sheep."
    offered = recast.rewordings(sentence, Subject("The authors", named=False), sentence, 99)
    assert all("WE are" in text for text in offered)


def test_a_sentence_whose_citation_was_its_object_is_not_told() -> None:
    """Without its brackets "established by (Somebody, 2018)" would say nothing."""
    sentence = "We follow the rules laid down by (Miller et al., 2018) that ask for lamps on hills."
    assert recast.recast(sentence, Subject("The authors", named=False)) == []


@pytest.mark.parametrize(
    ("sentence", "does"),
    [
        ("We propose a lamp that counts sheep.", True),
        ("In this paper, we aim to study how sheep sleep.", True),
        ("To this end, we collect calls of sheep.", True),
        ("A lamp for sheep is proposed in this paper.", True),
        ("This work investigates why sheep gather.", True),
        ("We also propose a smaller lamp.", False),
        ("Moreover, we propose a smaller lamp.", False),
        ("We hope that the lamp helps shepherds.", False),
        ("We show that the lamp helps shepherds.", False),
        ("Sheep sleep at night.", False),
    ],
)
def test_the_contribution_of_a_paper_is_told_from_what_comes_on_top(sentence: str, does: bool) -> None:
    """What a paper proposes or studies is its contribution; what it also does, hopes or finds isn't."""
    assert recast.contributes(sentence) is does


def test_a_condition_in_front_is_not_taken_for_a_purpose() -> None:
    """What was done with "these features" isn't told without them."""
    sentence = "Using these features, we reach an accuracy of 93% on the test set of hill farms."
    assert recast.recast(sentence, Subject("The authors", named=False)) == []


def test_a_sentence_in_another_language_gets_no_english_frame() -> None:
    """What isn't English is quoted, not told as "The authors note that …"."""
    sentence = "Nous proposons une lampe pour compter les moutons dans les collines pendant la nuit."
    assert recast.recast(sentence, Subject("The authors", named=False)) == []


def test_what_is_done_to_something_is_not_done_by_it() -> None:
    """A passive isn't turned round: what is matched on eight machines doesn't match them."""
    sentence = "The accuracy of an earlier net is matched in under 5 hours on 8 lamps."
    turned = "The accuracy of an earlier net matches 8 lamps in under 5 hours."
    assert check.check(sentence, sentence, sentence, "Lamps").verdict == "supported"
    assert not check.check(turned, sentence, sentence, "Lamps").shown


@pytest.mark.parametrize(
    ("sentence", "told"),
    [
        (
            "Deep nets have overtaken shepherds on hills, and shorter nights are a suspected reason.",
            "Deep nets have overtaken shepherds on hills, the authors note, and shorter nights are a suspected reason.",
        ),
        ("Lamps of this size lack light on hill farms.", ""),
        (
            "Existing lamps on hills lack the light that counting needs at night.",
            "Existing lamps on hills, the authors note, lack the light that counting needs at night.",
        ),
    ],
)
def test_who_says_it_is_put_between_clauses_or_behind_the_subject(sentence: str, told: str) -> None:
    """An aside breaks a long run and changes nothing else; what leans on an earlier sentence gets none."""
    offered = recast.rewordings(sentence, Subject("The authors", named=False), sentence, 99)
    assert (told in offered) if told else not offered
