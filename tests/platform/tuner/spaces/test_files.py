import string
import time
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from diffsmith.errors import DiffsmithError, SpecError
from diffsmith.tuner.spaces.dimensions import dimensions, space_of, suggest
from diffsmith.tuner.spaces.files import SpaceFile, find_space, read_space, space_files

SPACES = sorted((Path(__file__).parents[4] / "search_spaces").rglob("*.yaml"))


def faults(document, registry, tmp_path):
    path = tmp_path / "my.yaml"
    path.write_text(yaml.safe_dump(document))
    with pytest.raises(SpecError) as caught:
        read_space(path, registry)
    assert all(fault.startswith(f"{path}: ") for fault in caught.value.faults)
    return [fault.removeprefix(f"{path}: ") for fault in caught.value.faults]


def test_there_are_spaces():
    assert SPACES


class _Asked:
    """Notes what a space asks of a trial, and answers with what a `first` entry says."""

    def __init__(self, params):
        self.params, self.asked = params, set()

    def _answer(self, name, *limits, **options):
        self.asked.add(name)
        return self.params[name]

    suggest_categorical = suggest_int = suggest_float = _answer


@pytest.mark.parametrize("path", SPACES, ids=lambda path: path.stem)
def test_every_space_is_sound_and_what_it_begins_with_says_everything(path, registry):
    file = read_space(path, registry)
    assert file.summary
    assert file.first
    for params in file.first:
        trial = _Asked(params)
        suggest(trial, space_of(file.space))  # a KeyError: something is left to chance
        assert trial.asked == set(params)


def test_a_space_is_found_by_its_name_or_its_file(registry):
    assert find_space("image", registry) == space_files(registry)["image"]
    assert find_space("my/own.yaml", registry) == Path("my/own.yaml")
    with pytest.raises(SpecError, match="unknown name 'imag' — did you mean 'image'"):
        find_space("imag", registry)


def test_the_data_may_be_others_than_the_files(base, registry, tmp_path):
    path = tmp_path / "my.yaml"
    path.write_text(yaml.safe_dump({"base": base, "space": {"train.lr": [0.1]}}))
    assert read_space(path, registry, "digits").base["data"] == "digits"
    with pytest.raises(SpecError, match="unknown name 'digit' — did you mean 'digits'"):
        read_space(path, registry, "digit")


def test_a_text_that_is_a_number_is_one_in_what_comes_first(base, registry, tmp_path):
    path = tmp_path / "my.yaml"
    space = {"train.lr": ["1e-3", "1e-2"]}
    path.write_text(yaml.safe_dump({"base": base, "space": space, "first": [{"train.lr": "1e-3"}]}))
    assert read_space(path, registry).first == ({"train.lr": 0.001},)


def _choose(**branches):
    return {"choose": branches}


@pytest.mark.parametrize(
    ("space", "told"),
    [
        ({"trian.lr": [0.1]}, "unknown name 'trian' — did you mean 'train'"),
        ({"train.lrr": [0.1]}, "train: unknown name 'lrr' — did you mean 'lr'"),
        ({"train.lr.x": [0.1]}, "model.width.x"),
        ({"train.lr": {"low": 0.0, "high": 1.0}}, "train.lr: input should be greater than 0, got 0.0"),
        ({"train.lr": {"low": 0.1, "high": 1.5}}, "train.lr: input should be less than or equal to 1"),
        ({"train.steps": {"low": 1, "high": 9.5}}, "train.steps: input should be a valid integer"),
        ({"train.rate": ["constant", "cosin"]}, "train.rate: input should be 'constant' or 'cosine'"),
        ({"scheduler.name": ["ddim", "huen"]}, "scheduler.name: unknown name 'huen' — did you mean 'heun'"),
        ({"scheduler.name": {"choose": {"dddim": None}}}, "scheduler.name: unknown name 'dddim'"),
        ({"model.width": [8, 12]}, "model.width: input should be a multiple of 8, got 12"),
        (
            {"model.name": _choose(unet={"model.widht": [8]}, uvit=None)},
            "model: unknown name 'widht' — did you mean 'width'",
        ),
        ({"model.name": ["unet", "dit"], "model.width": [8]}, "model: unknown name 'width'"),
        (
            {"model.name": _choose(unet={"model.depth": [2]}, dit={"model.depth": [2, 3]})},
            "space.model.depth: stands in two branches with other values",
        ),
        ({"model.name": _choose(unet={"guidance.name": ["cgf"]}, uvit=None)}, "did you mean 'cfg'"),
        ({"train.lr": {"low": 1, "high": 0}}, "space.train.lr: low (1) must be below high (0)"),
        ({"train.lr": {"low": 0, "high": 1, "log": True}}, "a log range needs low above 0"),
        ({"train.steps": {"low": 1, "high": 9, "step": 0}}, "step (0) must be above 0"),
        ({"train.lr": []}, "space.train.lr: list should have at least 1 item"),
        ({"data": ["digit"]}, "data.name: unknown name 'digit' — did you mean 'digits'"),
    ],
)
def test_a_wrong_space_is_told_with_its_field_and_the_near_miss(space, told, base, registry, tmp_path):
    if told == "model.width.x":  # an option that is a number has no parts
        space, told = {"model.width.x": [1]}, "model.width is no group of fields"
    found = faults({"base": base, "space": space}, registry, tmp_path)
    assert any(told in fault for fault in found), found
    assert len(found) <= 4, "each fault is said once"


def test_an_option_outside_its_branch_is_found_however_rare_the_branch(base, registry, tmp_path):
    models = [*["unet"] * 200, "dit"]
    del base["model"]["multipliers"], base["model"]["width"]
    found = faults(
        {"base": base, "space": {"model.name": models, "model.width": [8, 16]}}, registry, tmp_path
    )
    assert "model: unknown name 'width'" in found[0]


def test_an_option_of_what_the_base_does_not_name_is_fine(base, registry, tmp_path):
    path = tmp_path / "my.yaml"
    base["scheduler"] = "heun"
    space = {"scheduler.name": ["ddim"], "scheduler.eta": {"low": 0, "high": 1}}
    path.write_text(yaml.safe_dump({"base": base, "space": space}))
    assert isinstance(read_space(path, registry), SpaceFile)


@pytest.mark.parametrize(
    ("first", "told"),
    [
        ({"train.lr": 0.1}, "first: expected a list"),
        ([1], "first: expected a list"),
        ([{"train.lrr": 0.1}], "first[0]: dimension: unknown name 'train.lrr' — did you mean 'train.lr'"),
        ([{"train.lr": 0.1}, {"train.lr": 0.5}], "first[1]: train.lr: 0.5 is not in the space"),
        ([{"train.steps": 99}], "first[0]: train.steps: 99 is not in the space"),
        ([{"train.steps": 5.5}], "first[0]: train.steps: 5.5 is not in the space"),
        ([{"train.steps": "few"}], "first[0]: train.steps: 'few' is not in the space"),
        ([{"model.name": ["dit"]}], "first[0]: model.name: ['dit'] is not in the space"),
        ([{1: 2}], "first[0]: dimension: unknown name '1'"),
        ([{"model.name": "dit", "model.width": 8}], "first[0]: model: unknown name 'width'"),
    ],
)
def test_a_wrong_beginning_is_told(first, told, base, registry, tmp_path):
    space = {
        "train.lr": [0.1, 0.2],
        "train.steps": {"low": 1, "high": 9},
        "model.name": _choose(unet={"model.width": [8]}, dit=None),
    }
    del base["model"]["multipliers"]
    found = faults({"base": base, "space": space, "first": first}, registry, tmp_path)
    assert any(told in fault for fault in found), found


def test_all_faults_of_a_file_are_told_at_once(base, registry, tmp_path):
    base["train"]["batsh"] = 4
    document = {
        "base": base,
        "space": {
            "train.lr": {"low": 2, "high": 1},
            "train.ema": [],
            "model.widht": [8],
            "scheduler.name": ["ddim", "huen"],
        },
        "first": [{"train.lrr": 1}],
        "sumary": "x",
    }
    found = "\n".join(faults(document, registry, tmp_path))
    for told in (
        "unknown name 'sumary' — did you mean 'summary'",
        "train: unknown name 'batsh' — did you mean 'batch'",
        "space.train.lr: low (2) must be below high (1)",
        "space.train.ema: list should have at least 1 item",
        "dimension: unknown name 'train.lrr'",
    ):
        assert told in found


def test_names_that_are_wrong_in_base_and_space_are_told_at_once(base, registry, tmp_path):
    base["scheduler"] = "dddim"
    found = faults({"base": base, "space": {"model.widht": [8], "train.lr": []}}, registry, tmp_path)
    assert len(found) == 3
    assert {"widht", "dddim"} <= {word.strip("'") for fault in found for word in fault.split()}


@pytest.mark.parametrize("document", [{}, {"space": {"train.lr": []}}, {"base": 5, "space": []}])
def test_what_is_missing_is_told(document, registry, tmp_path):
    found = faults(document or {"summary": "nothing"}, registry, tmp_path)
    assert any("base: missing" in fault for fault in found)
    assert any("space" in fault for fault in found)


def test_a_deep_document_is_a_clear_error(registry, tmp_path):
    path = tmp_path / "deep.yaml"
    for depth in (50, 100, 200, 400, 5000):
        inner = "{choose: {a: {b: " * depth + "[1]" + "}}}" * depth
        path.write_text(f"base: {{model: unet, data: digits}}\nspace:\n  x: {inner}\n")
        with pytest.raises(DiffsmithError):
            read_space(path, registry)


WORDS = "base space first choose low high step log name model data train digits unet dit 1e-3 .. "
NAMES = "model.name model.width train.lr train.lr.x scheduler.name"
TEXT = st.sampled_from(f"{WORDS} {NAMES}".split(" ")) | st.text(string.printable, max_size=4)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT | st.integers(), inner, max_size=4),
    max_leaves=15,
)
SOUND = {"model": {"name": "unet", "width": 8}, "data": "digits"}
DOCUMENTS = st.fixed_dictionaries(
    {"base": st.just(SOUND) | VALUES, "space": st.dictionaries(TEXT, VALUES, max_size=3) | VALUES},
    optional={"first": st.lists(st.dictionaries(TEXT, VALUES, max_size=2), max_size=2) | VALUES, "x": VALUES},
)


@settings(
    max_examples=300,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(document=DOCUMENTS)
def test_any_document_is_a_space_or_a_clear_error_within_a_second(document, registry, tmp_path):
    path = tmp_path / "any.yaml"
    path.write_text(yaml.safe_dump(document, sort_keys=False))
    started = time.perf_counter()
    try:
        file = read_space(path, registry)
    except DiffsmithError as error:
        assert str(error).startswith(str(path))
    else:
        assert list(dimensions(space_of(file.space))) or not file.space
    assert time.perf_counter() - started < 5
