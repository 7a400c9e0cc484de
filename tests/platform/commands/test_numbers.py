import pytest
from hypothesis import given
from hypothesis import strategies as st

from diffsmith.commands.numbers import numbers_of
from diffsmith.errors import SpecError


@pytest.mark.parametrize(
    ("text", "numbers"),
    [("5", (5,)), ("3,7", (3, 7)), ("0-3", (0, 1, 2, 3)), ("1,4-6,1", (1, 4, 5, 6, 1)), ("2-2", (2,))],
)
def test_lists_and_ranges(text, numbers):
    assert numbers_of(text, "--seed") == numbers


@pytest.mark.parametrize(
    "text", ["", "a", "1,", ",1", "1--2", "-1", "1.5", "1 2", "٣", "0x1", "9" * 30, "1-"]
)
def test_anything_else_is_refused_with_the_options_name(text):
    with pytest.raises(SpecError, match="--seed: expected whole numbers"):
        numbers_of(text, "--seed")


def test_ranges_have_their_limits():
    with pytest.raises(SpecError, match="counts down"):
        numbers_of("9-3", "--seed")
    with pytest.raises(SpecError, match="over 65536 numbers"):
        numbers_of("0-9999999999", "--seed")
    assert len(numbers_of("1-65536", "--seed")) == 65_536


@given(st.lists(st.integers(0, 2**62), min_size=1, max_size=5))
def test_what_is_written_is_read(numbers):
    assert numbers_of(",".join(map(str, numbers)), "x") == tuple(numbers)


@given(st.text(max_size=12))
def test_any_text_is_numbers_or_a_spec_error(text):
    try:
        assert all(number >= 0 for number in numbers_of(text, "x"))
    except SpecError as error:
        assert str(error).startswith("x: ")
