"""Text on a terminal: wrapped by what it looks like, with keys and marks whole, in UTF-8 and in ASCII."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wcwidth import wcswidth

from assistant import render
from assistant.chat.screen import Screen

KEY = "artetxeUnsupervisedStatisticalMachine2018"


@given(
    st.text(alphabet=st.characters(codec="utf-8"), max_size=300), st.integers(20, 100), st.sampled_from(["", "    "])
)
def test_no_line_is_wider_than_asked(text: str, width: int, indent: str) -> None:
    """Whatever the text, no line takes more columns than the width."""
    out = render.wrapped(render.visible(text), width, indent)
    assert all(wcswidth(line) <= width for line in out.split("\n"))


@given(st.text(alphabet="ab cdé字é עב", max_size=200), st.integers(20, 60))
def test_nothing_is_lost(text: str, width: int) -> None:
    """Apart from white space, wrapping keeps every character in its order."""
    out = render.wrapped(text, width).replace("\u200e", "")
    assert "".join(out.split()) == "".join(text.split())


@pytest.mark.parametrize("width", [40, 41, 60, 80])
def test_keys_and_marks_are_never_cut(width: int) -> None:
    """A key that is wider than the line stands whole on its own; marks are whole at any width."""
    text = f"Statistical machine translation [12] ({KEY}) needs no parallel data at all [3] {KEY}"
    lines = render.wrapped(text, width, keep=(KEY,)).splitlines()
    assert sum(line.count(KEY) for line in lines) == 2
    assert [mark for line in lines for mark in re.findall(r"\[\d+\]", line)] == ["[12]", "[3]"]


def test_wide_characters_take_two_columns() -> None:
    """Text without spaces in wide characters is cut by columns, not by characters."""
    lines = render.wrapped("机器翻译" * 15, 40).splitlines()
    assert [wcswidth(line) for line in lines] == [40, 40, 40]


def test_a_mark_keeps_its_place_after_right_to_left_text() -> None:
    """What follows Hebrew or Arabic is held in its place by a mark that takes no column."""
    line = render.wrapped("A study of שלום [1]", 80)
    assert line == "A study of שלום\u200e [1]"
    assert wcswidth(line) == len("A study of שלום [1]")


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("“Müller–Lüdenscheidt’s” … ≥ 3 · naïve", '"Muller-Ludenscheidt\'s" ... >= 3 - naive'),
        ("Łódź and Århus", "Lodz and Arhus"),
        ("机器 שלום\u200e", "?? ????"),
    ],
)
def test_ascii(text: str, plain: str) -> None:
    """An ASCII terminal gets likenesses where there are any."""
    assert render.ascii_marks(text) == plain


def test_colour_is_laid_on_marks_and_keys_alone() -> None:
    """Marks are coloured and keys dimmed; without colour not one sequence is printed."""
    printed: list[str] = []
    for colour in (True, False):
        Screen(printed.append, printed.append, lambda: 80, colour=colour).show("True [1] key2020", keep=("key2020",))
    assert printed == ["True \x1b[36m[1]\x1b[39m \x1b[2mkey2020\x1b[22m", "True [1] key2020"]
