import json
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diffsmith.errors import SpecError
from diffsmith.specs import Choice, PipelineSpec, Request, SweepSpec, TrainSpec, parse

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
NAMES = st.text(min_size=1, max_size=8)
OPTIONS = st.dictionaries(
    st.from_regex(r"[a-z]{3,8}", fullmatch=True).filter(lambda name: name not in {"name", "steps"}),
    st.integers() | st.booleans() | st.text(max_size=5) | st.floats(allow_nan=False, allow_infinity=False),
    max_size=3,
)
CHOICES = NAMES | st.builds(lambda name, options: {**options, "name": name}, NAMES, OPTIONS)
PIPELINES = st.fixed_dictionaries(
    {"model": CHOICES},
    optional={
        "weights": st.text(max_size=5),
        "guidance": CHOICES,
        "spacing": st.builds(lambda steps, options: {"steps": steps, **options}, st.integers(1, 50), OPTIONS),
        "scheduler": st.fixed_dictionaries({"estimate": CHOICES}, optional={"renoise": CHOICES}),
        "engine": st.fixed_dictionaries({}, optional={"batch": st.integers(1, 9), "device": NAMES}),
    },
)


@pytest.mark.parametrize("kind", [PipelineSpec, TrainSpec, SweepSpec, Request, Choice])
@given(values=PLAIN)
def test_anything_is_a_spec_or_a_spec_error(kind, values):
    try:
        parse(kind, values)
    except SpecError as error:
        assert all(fault and not fault.startswith(":") for fault in error.faults)


@given(
    values=PLAIN, field=st.sampled_from(["model", "scheduler", "spacing", "guidance", "engine", "weights"])
)
def test_anything_in_a_field_is_read_or_told_with_the_fields_name(values, field):
    try:
        parse(PipelineSpec, {"model": "unet", field: values})
    except SpecError as error:
        assert all(fault.startswith(field) for fault in error.faults)


@given(PIPELINES)
def test_what_is_written_down_reads_back_the_same(values):
    spec = parse(PipelineSpec, values)
    written = json.loads(json.dumps(spec.to_dict()))
    assert parse(PipelineSpec, written) == spec
    assert parse(PipelineSpec, written).to_dict() == spec.to_dict()


@given(PIPELINES)
def test_the_pipeline_of_a_training_spec_is_the_spec_without_the_training(values):
    trained = parse(TrainSpec, {**values, "data": "digits", "train": {"steps": 5}}).pipeline("w.safetensors")
    assert type(trained) is PipelineSpec
    assert trained == parse(PipelineSpec, {**values, "weights": "w.safetensors"})


def test_a_spec_cannot_be_changed():
    with pytest.raises(ValueError, match="frozen"):
        parse(PipelineSpec, {"model": "unet"}).model.name = "other"


@pytest.mark.parametrize(
    ("values", "fault"),
    [
        ({}, "model: field required"),
        ({"model": "a", "modell": "b"}, "spec: unknown name 'modell' — did you mean 'model'?"),
        (
            {"model": "a", "engine": {"devise": "cpu"}},
            "engine: unknown name 'devise' — did you mean 'device'?",
        ),
        (
            {"model": "a", "scheduler": {"name": "x", "estimate": "y"}},
            "scheduler: give either a name, or an estimate",
        ),
        ({"model": "a", "scheduler": {}}, "scheduler: give either a name"),
        ({"model": "a", "engine": {"dtype": "float8"}}, "engine.dtype: input should be 'auto', 'float32'"),
        (
            {"model": {"name": "a", "shape": [1, 0, 8]}},
            "model.shape.1: input should be greater than or equal to 1",
        ),
        ({"model": {"name": "a", "classes": float("nan")}}, "model.classes: input should be a finite number"),
        (["model"], "input should be a valid dictionary"),
    ],
)
def test_a_fault_is_told_by_field(values, fault):
    with pytest.raises(SpecError) as caught:
        parse(PipelineSpec, values)
    assert any(each.startswith(fault) for each in caught.value.faults), caught.value.faults


@pytest.mark.parametrize(
    ("values", "fault"),
    [
        ({"seeds": (0, 1, 2), "labels": (1, 2)}, "2 labels for 3 seeds: give as many, or one label"),
        ({"seeds": ()}, "seeds: "),
        ({"seeds": (-1,)}, "seeds.0: "),
        ({"seeds": (2**32,)}, "seeds.0: "),
        ({"labels": (-1,)}, "labels.0: "),
    ],
)
def test_a_request_that_cannot_be_met_is_refused(values, fault):
    with pytest.raises(SpecError) as caught:
        parse(Request, values)
    assert str(caught.value).startswith(fault)


@pytest.mark.parametrize("kind", ["PipelineSpec", "RefinerSpec", "TrainSpec", "SweepSpec"])
def test_every_spec_is_whole_as_soon_as_it_is_imported(kind):
    code = f"from diffsmith.specs import {kind} as kind; assert kind.__pydantic_complete__"
    subprocess.run([sys.executable, "-c", code], check=True)
