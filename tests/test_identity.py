"""Which records are the same paper, and under which keys papers are cited."""

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

from assistant import citekeys
from assistant.identity import blocks, likeness, name_parts, normalise, same_paper
from assistant.records import Bibliography

ROOT = Path(__file__).parent.parent

TEXT = (
    "Offices waste light because lamps are switched as one group. We let every lamp learn a policy of its own from "
    "occupancy and daylight. In a trial of a year with many lamps it saved a third of the energy without complaints."
)
OTHER = (
    "Glaciers melt faster than sensors can be set up on them. The model fills the gaps between probes with a learned "
    "balance of energy, and the forecasts help to plan the level of reservoirs six weeks ahead of time."
)


def paper(title: str = "Lamps that Learn to Dim", abstract: str = "", **fields: object) -> Bibliography:
    return Bibliography.model_validate({"title": title, "abstract": abstract, **fields})


def bench() -> ModuleType:
    spec = importlib.util.spec_from_file_location("duplicates", ROOT / "eval" / "bench" / "duplicates.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


# ---------------------------------------------------------------------- the labelled set


def test_the_labelled_set_keeps_its_promises() -> None:
    """At least 300 pairs, 40% of them different papers, 12 kinds of difference, every third set aside."""
    pairs = bench().load()
    assert len(pairs) >= 300
    assert sum(not pair.same for pair in pairs) >= 0.4 * len(pairs)
    assert len({pair.kind for pair in pairs}) >= 12
    assert all((pair.split == "final") == (number % 3 == 0) for number, pair in enumerate(pairs, start=1))


@pytest.mark.parametrize("blocking", [False, True])
def test_precision_and_recall(blocking: bool) -> None:
    """On the pairs for development the matcher reaches 0.99 of each."""
    module = bench()
    found = module.score([pair for pair in module.load() if pair.split == "dev"], blocking=blocking)
    assert min(found.precision, found.recall) >= 0.99, found.wrong


# ---------------------------------------------------------------------- single rules

QUILL = {"authors": ("Ada Quill", "Bo Marsh"), "year": 2021}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (paper(doi="10.1/AB"), paper("Anything else", doi="https://doi.org/10.1/ab")),
        (paper(arxiv_id="2101.00001v1"), paper("Dimming", arxiv_id="arXiv:2101.00001v3")),
        (paper(arxiv_id="2101.00001"), paper("Dimming", doi="10.48550/arXiv.2101.00001")),
        (paper(**QUILL), paper("LAMPS THAT LEARN TO DIM.", authors=("Quill, A.", "Marsh, B."), year=2021)),
        (paper(**QUILL), paper("Lamps that Lern to Dim", authors=("Quill A", "Marsh B"), year=2021)),
        (paper("Zählen mit Öl", **QUILL), paper(r"Z{\"a}hlen mit {\"O}l", **QUILL)),
        (paper("Lamps & Light", **QUILL), paper("Lamps &amp; <i>Light</i>", **QUILL)),
        (paper("Colour of Lamps", **QUILL), paper("Color of lamps", **QUILL)),
        (paper("Lamps that Learn: A Trial", **QUILL), paper("Lamps That Learn", **QUILL)),
        (paper(abstract=TEXT), paper("Lampen lernen dimmen", TEXT)),
        (paper(abstract=TEXT), paper(abstract=f"<p>{TEXT[:120]}</p>")),
        (paper(abstract=TEXT, doi="10.1101/2020.1"), paper(abstract=TEXT, doi="10.1038/7")),
    ],
)
def test_the_same(one: Bibliography, other: Bibliography) -> None:
    """One paper, told in two ways, is recognised from either side and shares a block."""
    assert same_paper(one, other)
    assert same_paper(other, one)
    assert blocks(one) & blocks(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (paper(arxiv_id="2101.00001"), paper(arxiv_id="2101.00002")),
        (paper(doi="10.1/a", **QUILL), paper(doi="10.1/b", **QUILL)),
        (paper("Lamps 1", **QUILL), paper("Lamps 2", **QUILL)),
        (paper("Lamps, Part I", TEXT), paper("Lamps, Part II", TEXT)),
        (paper("The Second Lamp Task", **QUILL), paper("The Third Lamp Task", **QUILL)),
        (paper("LampNet", TEXT), paper("LampNet-v2", TEXT)),
        (paper(**QUILL), paper("Erratum: Lamps that Learn to Dim", **QUILL)),
        (paper(**QUILL), paper("Reply to: Lamps that Learn to Dim", **QUILL)),
        (paper(**QUILL), paper(authors=("Cy Dell",), year=2021)),
        (paper(abstract=TEXT), paper(abstract=OTHER)),
        (paper("Editorial", **QUILL), paper("Editorial", authors=("Ada Quill",), year=2022)),
        (paper("Annual Report", **QUILL), paper("Annual Report", authors=("Ada Quill", "Bo Marsh"), year=2022)),
        (paper("Microlamps at Sea", **QUILL), paper("Macrolamps at Sea", **QUILL)),
        (paper("Lamps at Sea", "No abstract available."), paper("Light at Sea", "No abstract available.")),
        (paper("Lamps for Offices", TEXT), paper("Stoves for Offices", TEXT.replace("lamp", "stove"))),
    ],
)
def test_neighbours(one: Bibliography, other: Bibliography) -> None:
    """Papers that only look alike stay apart, from either side."""
    assert not same_paper(one, other)
    assert not same_paper(other, one)


def test_likeness_of_a_cut_abstract() -> None:
    """An abstract that was cut short is as alike as the part that is left."""
    assert likeness(TEXT, TEXT[:100]) > 0.85
    assert likeness(TEXT, OTHER) < 0.05
    assert likeness("", "") == 0.0


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (r"Na{\"\i}ve {B}ayes", "naive bayes"),
        ("α-Synuclein &alpha; x", "alpha synuclein alpha x"),
        ("HÃ©lÃ¨ne", "helene"),
        ("<jats:p>One <b>two</b></jats:p>", "one two"),
        ("if a < b and c > d", "if a b and c d"),
    ],
)
def test_normalise(text: str, expected: str) -> None:
    """Markup, accents and broken encodings don't count."""
    assert normalise(text) == expected


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("Quill, Ada", ("Quill", "Ada")),
        ("Ada Quill", ("Quill", "Ada")),
        ("Quill AB", ("Quill", "AB")),
        ("A. B. Quill", ("Quill", "A. B.")),
        ("Ana de la Cruz", ("de la Cruz", "Ana")),
        ("Quill", ("Quill", "")),
        ("", ("", "")),
    ],
)
def test_name_parts(name: str, parts: tuple[str, str]) -> None:
    """Family and given names are told apart in every order."""
    assert name_parts(name) == parts


# ---------------------------------------------------------------------- cite keys


@pytest.mark.parametrize(
    ("record", "key"),
    [
        (paper("MOFI: Learning Image Representations", authors=("Wentao Wu",), year=2023), "wuMOFILearningImage2023"),
        (paper("On the Lamps of Łódź", authors=("Müller, Jörg",), year=2020), "mullerLampsLodz2020"),
        (paper("Lamps", authors=("Vik M.",), year=2021), "vikLamps2021"),
        (paper(r"$\alpha$-{Lamps} & Light"), "alphaLampsLight"),
        (paper("灯", authors=("李伟",), year=2020), "untitled2020"),
    ],
)
def test_proposed_keys(record: Bibliography, key: str) -> None:
    """Keys follow Better BibTeX: surname, three words of the title, year, in plain letters."""
    assert citekeys.propose(record) == key


@pytest.mark.parametrize(
    ("own", "key"),
    [
        ("smith2020", "smith2020"),
        ("DBLP:conf/acl/Quill20", "DBLP:conf/acl/Quill20"),
        ("quill_2020-a.1", "quill_2020-a.1"),
        ("müller{2020}", "muller2020"),
        ("a..b%c\\d#", "a.bcd"),
        ("-_x:", "_x"),
        ("灯", ""),
    ],
)
def test_own_keys_are_kept_where_they_are_safe(own: str, key: str) -> None:
    """A user's key stays as it is; only what LaTeX or pandoc can't take leaves it."""
    assert citekeys.safe(own) == key
    assert not key or re.fullmatch(r"[A-Za-z0-9_]+(?:[:./+-][A-Za-z0-9_]+)*", key)
