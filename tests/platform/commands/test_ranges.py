from collections.abc import Callable
from typing import Annotated, Literal

import pytest
from pydantic import Field

from diffsmith.commands.ranges import options_of


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        (int, "whole number"),
        (Annotated[int, Field(ge=1, lt=5)], "whole number, >= 1, < 5"),
        (Annotated[float, Field(gt=0, le=1)] | None, "number, > 0, <= 1 or none"),
        (bool, "true or false"),
        (str, "text"),
        (Literal["a", "b"], "one of a, b"),
        (Literal["a"], "a"),
        (tuple[int, float], "[whole number, number]"),
        (tuple[float, ...], "list of number"),
        (list[str], "list of text"),
        (dict[str, int], "object"),
    ],
)
def test_what_an_option_may_be_is_said_in_words(kind, said):
    def function(*, option=None):
        pass

    function.__annotations__ = {"option": kind}
    assert options_of(function) == [{"name": "option", "type": said, "default": None}]


def test_an_option_without_a_default_is_required():
    def function(x, *, need: int):
        pass

    assert options_of(function) == [{"name": "need", "type": "whole number", "default": "required"}]


def test_a_type_that_json_has_no_word_for_is_still_shown():
    def function(*, hook: Callable[[int], int] = abs):
        pass

    assert options_of(function)[0]["name"] == "hook"
