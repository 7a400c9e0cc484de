import copy

import optuna
import pytest
from hypothesis import given
from hypothesis import strategies as st
from optuna.trial import FixedTrial

from diffsmith.errors import SpecError
from diffsmith.tuner.spaces.dimensions import (
    Choose,
    Range,
    dimensions,
    every,
    merged,
    numbers,
    space_of,
    suggest,
)

EVERY_FORM = {
    "model.name": {"choose": {"unet": {"model.width": [8, 16]}, "dit": {"model.depth": [2]}, "uvit": None}},
    "train.lr": {"low": "1e-3", "high": "1e-2", "log": True},
    "train.steps": {"low": 100, "high": 300, "step": 100},
    "guidance.scale": {"low": 1, "high": 2.5},
}


def test_every_form_is_read():
    space = space_of(EVERY_FORM)
    assert space["train.lr"] == Range(low=1e-3, high=1e-2, log=True)
    assert isinstance(space["model.name"], Choose)
    assert space["train.steps"].whole
    assert not space["guidance.scale"].whole
    assert space_of({"a": ["1e-3", "linear", None, True, 8]})["a"] == [0.001, "linear", None, True, 8]


def test_what_is_suggested_exists_only_with_the_choice_it_belongs_to():
    fixed = {"train.lr": 2e-3, "train.steps": 200, "guidance.scale": 1.5, "model.width": 8, "model.depth": 2}
    names = {
        model: set(suggest(FixedTrial({**fixed, "model.name": model}), space_of(EVERY_FORM)))
        for model in ("unet", "dit", "uvit")
    }
    always = {"model.name", "train.lr", "train.steps", "guidance.scale"}
    assert names == {"unet": always | {"model.width"}, "dit": always | {"model.depth"}, "uvit": always}


def test_dimensions_know_the_choices_they_need():
    found = {name: chosen for chosen, name, _ in dimensions(space_of(EVERY_FORM))}
    assert found["model.width"] == {"model.name": "unet"}
    assert found["train.lr"] == {}


@pytest.mark.parametrize(
    ("dimension", "told"),
    [
        ({"low": 2, "high": 1}, "space.a: low (2) must be below high (1)"),
        ({"low": 1, "high": 1}, "low (1) must be below high (1)"),
        ({"low": 0, "high": 1, "log": True}, "a log range needs low above 0 and no step"),
        ({"low": 1, "high": 9, "log": True, "step": 2}, "a log range needs low above 0 and no step"),
        ({"low": 1, "high": 9, "step": 0}, "step (0) must be above 0"),
        ({"low": 1, "high": 9, "step": -1}, "step (-1) must be above 0"),
        ({"low": "few", "high": 9}, "space.a.low: expected a number"),
        ({"low": True, "high": 9}, "space.a.low: expected a number"),
        ({"low": 0, "high": float("inf")}, "space.a.high: expected a number"),
        ({"low": 0, "high": 10**400}, "space.a.high: expected a number"),
        ({"low": 1}, "space.a.high: field required"),
        ({"low": 1, "hihg": 2}, "unknown name 'hihg' — did you mean 'high'"),
        ([], "space.a: list should have at least 1 item"),
        ([1, [2]], "space.a.1: expected a number"),
        ([float("nan")], "space.a.0: expected a number"),
        (list(range(1001)), "space.a: list should have at most 1000 items"),
        ({"choose": {}}, "space.a: dictionary should have at least 1 item"),
        ({"choose": ["x"]}, "space.a: input should be a valid dictionary"),
        ({"choose": {"x": {"b": []}}}, "space.a.x.b: list should have at least 1 item"),
        (5, "space.a: input should be a valid dictionary"),
        ("words", "write a list of values, {low, high}, or {choose: ...}"),
    ],
)
def test_a_wrong_dimension_is_one_clear_sentence(dimension, told):
    with pytest.raises(SpecError) as caught:
        space_of({"a": dimension})
    assert any(told in fault for fault in caught.value.faults), caught.value
    assert len(caught.value.faults) <= 2


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["choose", "low", "high", "step", "log", "x", "model.name"]), inner, max_size=4
        )
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.text(max_size=5), VALUES, max_size=4))
def test_any_data_are_a_space_or_a_spec_error(values):
    try:
        space = space_of(values)
    except SpecError as error:
        assert all(fault.startswith("space") for fault in error.faults)
    else:
        assert set(space) == set(values)


def test_a_text_that_is_a_number_is_one():
    assert numbers({"a": "1e-3", "b": ["-.5", "linear", ".", "1.2.3", ""], "c": None}) == {
        "a": 0.001,
        "b": [-0.5, "linear", ".", "1.2.3", ""],
        "c": None,
    }


BASE = {"model": {"name": "unet", "width": 8, "schedule": "vp"}, "scheduler": "ddim", "train": {"lr": 0.1}}


@pytest.mark.parametrize(
    ("params", "put_in"),
    [
        ({}, {}),
        ({"train.lr": 1, "train.steps": 5}, {"train": {"lr": 1, "steps": 5}}),
        ({"model.name": "unet"}, {}),
        ({"model.depth": 2, "model.name": "dit"}, {"model": {"name": "dit", "schedule": "vp", "depth": 2}}),
        ({"scheduler.eta": 0.5}, {"scheduler": {"name": "ddim", "eta": 0.5}}),
        ({"scheduler.eta": 1, "scheduler.name": "heun"}, {"scheduler": {"name": "heun", "eta": 1}}),
        ({"scheduler": "heun"}, {"scheduler": "heun"}),
        ({"spacing.steps": 4}, {"spacing": {"steps": 4}}),
        (
            {"model.schedule.name": "flow"},
            {"model": {"name": "unet", "width": 8, "schedule": {"name": "flow"}}},
        ),
        ({"guidance.name": ["a"]}, {"guidance": {"name": ["a"]}}),
    ],
)
def test_parameters_are_put_into_the_base(params, put_in):
    before = copy.deepcopy(BASE)
    assert merged(BASE, params) == {**BASE, **put_in}
    assert before == BASE, "what is given is not changed"


def test_with_another_name_the_options_of_the_old_thing_go_and_the_fields_of_its_kind_stay():
    base = {"spacing": {"name": "karras", "rho": 5, "steps": 9}, "guidance": {"name": "cfg", "scale": 2}}
    assert merged(base, {"spacing.name": "trailing", "guidance.name": "none"}) == {
        "spacing": {"name": "trailing", "steps": 9},
        "guidance": {"name": "none"},
    }


def test_what_is_no_group_cannot_be_gone_into():
    for name in ("train.lr.x", "train.lr.x.y"):
        with pytest.raises(SpecError, match=r"train\.lr.* is no group of fields"):
            merged(BASE, {name: 1})


def test_every_configuration_of_a_finite_space_is_walked_once():
    space = space_of(
        {
            "model.name": {"choose": {"unet": {"model.width": [8, 16]}, "uvit": None}},
            "train.steps": {"low": 1, "high": 6, "step": 2},
            "scheduler.eta": {"low": 0.0, "high": 0.3, "step": 0.1},
        }
    )
    walked = [tuple(sorted(params.items())) for params in every(space)]
    assert len(walked) == len(set(walked)) == (2 + 1) * 3 * 4


@pytest.mark.parametrize(("low", "high", "step"), [(0.0, 1.0, 0.1), (0.5, 10, 0.7), (0.0, 0.3, 0.1)])
def test_what_is_walked_is_what_optuna_suggests(low, high, step, recwarn):
    space = space_of({"a": {"low": low, "high": high, "step": step}})
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    suggested = {suggest(study.ask(), space)["a"] for _ in range(200)}
    assert {params["a"] for params in every(space)} == suggested
    assert not [warning for warning in recwarn if "divisible" in str(warning.message)]


def test_a_continuous_dimension_ends_the_walk_at_once():
    many = {f"x{number}": {"low": 0, "high": 10**9} for number in range(20)}
    assert list(every(space_of({**many, "lr": {"low": 0.0, "high": 1.0}}))) == []
    branch = {"choose": {"sde": {"eta": {"low": 0.0, "high": 1.0}}, "ode": None}}
    assert list(every(space_of({"a": branch}))) == [{"a": "ode"}]
