from typing import Annotated, Literal

import pytest
from pydantic import Field

from diffsmith.errors import DiffsmithError, SpecError
from diffsmith.options import checked_options, options_model


def solve(x, *, eta: Annotated[float, Field(ge=0, le=1)] = 0.5, kind: Literal["a", "b"] = "a", need: int):
    """Something with options."""


def test_the_options_are_the_keyword_only_parameters():
    fields = options_model(solve).model_fields
    assert list(fields) == ["eta", "kind", "need"]
    assert fields["need"].is_required()


def test_given_options_come_back_as_their_own_types_and_no_others():
    assert checked_options(solve, {"eta": "0.25", "need": 3.0}, "s") == {"eta": 0.25, "need": 3}


def test_every_fault_is_told_at_once_in_the_users_words():
    with pytest.raises(SpecError) as caught:
        checked_options(solve, {"eta": 2, "kind": "c", "ettta": 1}, "scheduler")
    assert caught.value.faults == (
        "scheduler.eta: input should be less than or equal to 1, got 2",
        "scheduler.kind: input should be 'a' or 'b', got 'c'",
        "scheduler.need: field required",
        "scheduler: unknown name 'ettta' — did you mean 'eta'? Known: eta, kind, need",
    )


def test_a_large_value_does_not_make_a_large_message():
    with pytest.raises(SpecError) as caught:
        checked_options(solve, {"need": ["x" * 10_000] * 1000}, "s")
    assert len(str(caught.value)) < 300


def test_not_a_number_is_never_in_a_range():
    with pytest.raises(SpecError):
        checked_options(solve, {"eta": float("nan"), "need": 1}, "s")


def _unreadable(x, *, a: "Nowhere" = 1):  # noqa: F821
    """Its annotation names nothing."""


def test_annotations_that_cannot_be_read_are_told_with_the_functions_name():
    with pytest.raises(DiffsmithError, match="_unreadable: its annotations cannot be read"):
        options_model(_unreadable)
