import pytest
from hypothesis import given
from hypothesis import strategies as st

from diffsmith.commands.overrides import overridden, values_of
from diffsmith.errors import SpecError


@pytest.mark.parametrize(
    ("spec", "change", "changed"),
    [
        ({}, "train.lr=0.01", {"train": {"lr": 0.01}}),
        ({"train": {"steps": 5}}, "train.lr=1", {"train": {"steps": 5, "lr": 1}}),
        ({"scheduler": "ddim"}, "scheduler.eta=0.5", {"scheduler": {"name": "ddim", "eta": 0.5}}),
        ({}, "scheduler.eta=0.5", {"scheduler": {"name": "dpmpp_2m", "eta": 0.5}}),
        ({}, "spacing.steps=5", {"spacing": {"steps": 5}}),
        ({"scheduler": {"name": "ddim", "eta": 1}}, "scheduler=heun", {"scheduler": "heun"}),
        ({"scheduler": {"name": "ddim", "eta": 1}}, "scheduler.name=heun", {"scheduler": {"name": "heun"}}),
        ({}, "model={name: unet, width: 8}", {"model": {"name": "unet", "width": 8}}),
        ({"weights": "a"}, "weights=null", {"weights": None}),
        ({"weights": "a"}, "weights=a=b", {"weights": "a=b"}),
    ],
)
def test_a_change_is_put_in_by_its_dotted_key(spec, change, changed):
    before = repr(spec)
    assert overridden(spec, [change]) == changed
    assert repr(spec) == before, "what is given is not changed"


def test_changes_come_one_after_the_other():
    assert overridden({}, ["a=1", "a=2", "b.c=3"]) == {"a": 2, "b": {"c": 3}}
    assert values_of(["a=1", "b.c=x"]) == {"a": 1, "b.c": "x"}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("train", "expected key.sub=value, got 'train'"),
        ("=1", "expected key.sub=value"),
        ("a..b=1", "expected key.sub=value"),
        ("a=[1", "--set a: the value cannot be read as YAML"),
        ("a=!!int ''", "--set a: the value cannot be read as YAML"),
        ("steps.x=1", "steps.x: steps is no group of fields"),
        ("none.x=1", "none.x: none is no group of fields"),
    ],
)
def test_what_cannot_be_put_in_is_told(change, told):
    with pytest.raises(SpecError) as caught:
        overridden({"steps": 5, "none": None}, [change])
    assert told in str(caught.value)


@given(st.text(max_size=20))
def test_any_text_changes_the_spec_or_is_a_spec_error(text):
    try:
        assert isinstance(overridden({"train": {"steps": 5}, "scheduler": "ddim"}, [text]), dict)
    except SpecError as error:
        assert len(error.faults) == 1
