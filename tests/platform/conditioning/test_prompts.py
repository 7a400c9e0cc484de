"""The notation of weights, as the web UI documents it."""

import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diffsmith.conditioning.prompts import literal, sections, weighted
from diffsmith.errors import SpecError

CASES = {
    "": [],
    "a red cube": [("a red cube", 1.0)],
    "a (red) cube": [("a ", 1.0), ("red", 1.1), (" cube", 1.0)],
    "a [red] cube": [("a ", 1.0), ("red", 1 / 1.1), (" cube", 1.0)],
    "(red:1.3)(cube: .5 )": [("red", 1.3), ("cube", 0.5)],
    "(red:2)(cube:-1)": [("red", 2.0), ("cube", -1.0)],
    "(a)(b)": [("ab", 1.1)],
    "((red cube):1.5)": [("red cube", 1.1 * 1.5)],
    "(a [b (c:2)])": [("a ", 1.1), ("b ", 1.0), ("c", 2.0)],
    r"a \(red\) \[cube\] \\": [("a (red) [cube] \\", 1.0)],
    r"(a\)b:1.2)": [("a)b", 1.2)],
    "16:9 at 8:30": [("16:9 at 8:30", 1.0)],
    "(16:9 format)": [("16:9 format", 1.1)],
    "[red:1.5]": [("red:1.5", 1 / 1.1)],
    "back\\slash": [("back\\slash", 1.0)],
    "(open": [("(open", 1.0)],
    "closed) :)": [("closed) :)", 1.0)],
    "closed:1.5)": [("closed:1.5)", 1.0)],
    "((a)": [("(", 1.0), ("a", 1.1)],
    "(a [b) c]": [("a [b", 1.1), (" c]", 1.0)],
    "[a (b] c:2)": [("a (b", 1 / 1.1), (" c:2)", 1.0)],
    "(a:1.2.3)": [("a:1.2.3", 1.1)],
    "(line\nbreak)": [("line\nbreak", 1.1)],
}


@pytest.mark.parametrize("text", CASES)
def test_a_prompt_is_parted_by_its_weights(text: str) -> None:
    pieces = weighted(text)
    assert [piece for piece, _ in pieces] == [piece for piece, _ in CASES[text]]
    assert [weight for _, weight in pieces] == pytest.approx([weight for _, weight in CASES[text]])


@given(st.text(alphabet="ab (:[1.2])\\", max_size=30))
def test_every_text_can_be_written_with_escapes(text: str) -> None:
    escaped = re.sub(r"([()\[\]\\])", r"\\\1", text)
    assert weighted(escaped) == ([(text, 1.0)] if text else [])


@given(st.text(alphabet="ab (:[1.2])\\", max_size=30))
def test_any_text_is_a_prompt_and_keeps_its_letters(text: str) -> None:
    pieces = weighted(text)
    assert re.sub("[^ab]", "", "".join(piece for piece, _ in pieces)) == re.sub("[^ab]", "", text)
    assert all(first[1] != second[1] for first, second in pairwise(pieces))


def test_break_parts_a_prompt_even_inside_brackets() -> None:
    assert sections("a cat BREAK a (dog BREAK bird:2) BREAKFAST") == [
        [("a cat", 1.0)],
        [("a ", 1.0), ("dog", 2.0)],
        [("bird", 2.0), (" BREAKFAST", 1.0)],
    ]


def test_a_literal_prompt_means_itself() -> None:
    assert literal(r"(a:1.2) \( BREAK") == [[(r"(a:1.2) \( BREAK", 1.0)]]


def test_weights_beyond_all_numbers_are_refused() -> None:
    with pytest.raises(SpecError, match="beyond all bounds"):
        weighted(f"(({'a'}:{'9' * 200}):{'9' * 200})")
