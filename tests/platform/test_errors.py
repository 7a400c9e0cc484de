import pytest

from diffsmith.errors import DiffsmithError, NonFiniteLoss, SpecError, nearest, unknown_name


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("heunn", "heun"),
        ("HEUN", "heun"),
        ("dpmpp2m", "dpmpp_2m"),
        ("zzz", None),
        ("", None),
        ("\ud800", None),
    ],
)
def test_nearest_is_what_one_most_likely_meant(name, found):
    assert nearest(name, ["heun", "euler", "dpmpp_2m"]) == found


def test_an_unknown_name_is_told_with_the_near_miss_and_what_there_is():
    assert unknown_name("scheduler", "heunn", ["heun", "ddim"]) == (
        "scheduler: unknown name 'heunn' — did you mean 'heun'? Known: ddim, heun"
    )
    assert unknown_name("scheduler", "xyz", []) == "scheduler: unknown name 'xyz'. Known: none"


def test_a_spec_error_holds_every_fault_and_can_say_where_they_stand():
    error = SpecError(["a: wrong", "b: wrong"]).under("spec.yaml")
    assert error.faults == ("spec.yaml: a: wrong", "spec.yaml: b: wrong")
    assert str(error) == "spec.yaml: a: wrong\nspec.yaml: b: wrong"
    assert (error.exit_code, DiffsmithError.exit_code) == (2, 1)


def test_a_loss_that_is_no_number_is_told_with_the_checkpoint_to_go_back_to(tmp_path):
    assert str(tmp_path) in str(NonFiniteLoss(7, float("nan"), tmp_path))
    assert "no checkpoint was written before it" in str(NonFiniteLoss(7, float("inf"), None))
