"""A sample carries what is needed to make it again."""

import json

import pytest
import torch

import diffsmith
from diffsmith.errors import FileFault, SpecError
from diffsmith.pictures.files import read_facts
from diffsmith.pipeline import build
from diffsmith.samples import Sample, load_sample, save_sheet
from diffsmith.specs import PipelineSpec, parse
from diffsmith.weights.tensors import save_tensors


@pytest.fixture(scope="module")
def samples(trained):
    return diffsmith.load(trained).generate(labels=[3, 7], seed=5)


def test_a_sample_knows_what_made_it(samples, trained):
    first, second = samples
    assert (first.seed, first.label, second.seed, second.label) == (5, 3, 6, 7)
    assert first.data.shape == (8, 8, 1)
    assert first.data.dtype == torch.uint8
    assert first.seconds > 0
    made = json.loads(first.metadata()["diffsmith"])
    assert made.pop("versions").keys() == {"diffsmith", "torch"}
    assert made == {"spec": first.spec, "seed": 5, "label": 3}


def test_the_metadata_make_the_same_sample_again(samples, trained, tmp_path, registry):
    made = json.loads(read_facts(samples[1].save(tmp_path / "a.png"))["diffsmith"])
    pipeline = build(parse(PipelineSpec, made["spec"]), registry, trained)
    (again,) = pipeline.generate(labels=made["label"], seed=made["seed"])
    assert torch.equal(again.data, samples[1].data)


@pytest.mark.parametrize("name", ["deep/down/a.safetensors", "a.SAFETENSORS"])
def test_a_sample_comes_back_from_its_file(samples, tmp_path, name):
    noted = Sample(**{**vars(samples[0]), "facts": {"note": "ü"}})
    back = load_sample(noted.save(tmp_path / name), noted.modality)
    assert torch.equal(back.data, noted.data)
    assert (back.spec, back.seed, back.label, back.facts) == (noted.spec, 5, 3, {"note": "ü"})


@pytest.mark.parametrize("suffix", [".png", ".PNG", ".jpg", ".webp"])
def test_pictures_carry_the_metadata(samples, tmp_path, suffix):
    path = samples[0].save(tmp_path / "new" / f"a{suffix}")
    assert read_facts(path)["diffsmith"] == samples[0].metadata()["diffsmith"]


def test_an_unknown_ending_is_told_with_the_near_miss(samples, tmp_path):
    with pytest.raises(
        SpecError, match=r"a\.pgn: file ending: unknown name '\.pgn' — did you mean '\.png'\?"
    ):
        samples[0].save(tmp_path / "new" / "a.pgn")
    with pytest.raises(SpecError, match=r"file ending: unknown name ''. Known: .*\.safetensors"):
        samples[0].save(tmp_path / "new" / "a")
    with pytest.raises(SpecError, match=r"unknown name '\.safetensors'. Known: \.jpg, \.png, \.webp"):
        save_sheet(samples, tmp_path / "new" / "sheet.safetensors")
    assert not (tmp_path / "new").exists()


def test_a_sheet_is_one_picture(samples, tmp_path):
    assert save_sheet(samples, tmp_path / "new" / "sheet.png").stat().st_size > 100


@pytest.mark.parametrize(
    ("tensors", "metadata"),
    [
        ({"weight": torch.ones(2)}, {}),
        ({"data": torch.ones(2)}, {}),
        ({"weight": torch.ones(2)}, {"diffsmith": '{"spec": {}, "seed": 0, "label": 1}'}),
        ({"data": torch.ones(2)}, {"diffsmith": "not json"}),
        ({"data": torch.ones(2)}, {"diffsmith": '{"spec": {}}'}),
        ({"data": torch.ones(2)}, {"diffsmith": "[1]"}),
    ],
)
def test_a_file_that_is_no_sample_is_told(samples, tmp_path, tensors, metadata):
    path = save_tensors(tmp_path / "w.safetensors", tensors, metadata)
    with pytest.raises(FileFault, match="holds no diffsmith sample") as caught:
        load_sample(path, samples[0].modality)
    assert caught.value.path == path
