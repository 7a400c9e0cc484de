"""From a spec, a folder or a name to a pipeline; one sentence for whatever is wrong."""

import shutil

import pytest
import torch
from safetensors.torch import load_file, save_file

import diffsmith
from diffsmith.documents import read_yaml, write_yaml
from diffsmith.errors import FileFault, SpecError
from diffsmith.pipeline import build, load
from diffsmith.pipeline.building import located, spec_file, written
from diffsmith.specs import PipelineSpec, parse
from diffsmith.weights import folders

from .untrained import REGISTRY, made


def test_a_device_that_is_not_there_is_told():
    with pytest.raises(SpecError, match=r"^engine.device: there is no 'gpu' here. This machine has: .*cpu$"):
        made(engine={"device": "gpu"})


@pytest.mark.parametrize(
    ("model", "told"),
    [
        ({"shape": None}, r"^model.shape: missing"),
        (
            {"multipliers": [1, 1, 1, 1, 1]},
            r"^model: 5 levels do not fit a picture of 8x8: at most 4 are possible",
        ),
    ],
)
def test_a_network_that_cannot_be_is_told(model, told):
    with pytest.raises(SpecError, match=told):
        made(model=model)


@pytest.fixture
def folder(trained, tmp_path):
    """A pipeline's folder of one's own to spoil."""
    for name in ("pipeline.yaml", "weights.safetensors"):
        (tmp_path / name).write_bytes((trained / name).read_bytes())
    return tmp_path


def test_a_folder_and_its_spec_file_are_the_same_pipeline(folder):
    one, other = (
        load(folder).generate(labels=3),
        diffsmith.load(str(folder / "pipeline.yaml")).generate(labels=3),
    )
    assert torch.equal(one[0].data, other[0].data)


def test_what_is_no_pipeline_is_told(tmp_path, folder):
    with pytest.raises(FileFault, match=r"missing\.yaml: there is no such YAML file"):
        load(tmp_path / "missing.yaml")
    with pytest.raises(FileFault, match="missing: there is no such file or folder"):
        load(tmp_path / "missing")
    (folder / "pipeline.yaml").unlink()
    with pytest.raises(FileFault, match="is no published pipeline"):
        load(folder)


def test_faults_of_a_spec_file_name_it(folder):
    write_yaml(
        folder / "pipeline.yaml",
        {**read_yaml(folder / "pipeline.yaml"), "spacing": {"steps": 0}, "gidance": 1},
    )
    with pytest.raises(SpecError) as caught:
        load(folder)
    assert len(caught.value.faults) == 2
    assert all(fault.startswith(str(folder / "pipeline.yaml")) for fault in caught.value.faults)


def test_weights_that_are_not_named_are_told():
    with pytest.raises(SpecError, match=r"^weights: missing. Name a file, or train: `diffsmith train unet`"):
        build(parse(PipelineSpec, {"model": {"name": "unet", "shape": [1, 8, 8]}}), REGISTRY)


def test_missing_and_damaged_weights_are_told_by_their_file(folder):
    path = folder / "weights.safetensors"
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(FileFault, match="is damaged") as caught:
        load(folder)
    assert caught.value.path == path
    path.unlink()
    with pytest.raises(FileFault, match="there is no such weights file") as caught:
        load(folder)
    assert caught.value.path == path


def test_weights_of_another_model_are_counted(folder):
    path = folder / "weights.safetensors"
    tensors = load_file(path)
    first, second, *others = sorted(tensors)
    wrong = {name: tensors[name] for name in others[11:]}
    save_file({**wrong, others[-1]: torch.zeros(99), "foreign": tensors[first]}, path)
    with pytest.raises(FileFault) as caught:
        load(folder)
    said = str(caught.value)
    assert said.startswith(f"{path}: does not fit this model: 13 missing (")
    assert said.count("\n") == 0
    assert ", …); 1 left over (foreign); 1 of another shape (" in said
    assert f"{others[-1]} (99,) for " in said
    assert second not in wrong


@pytest.mark.parametrize(
    ("name", "told"),
    [
        (
            "sdxl",
            r"^stabilityai/stable-diffusion-xl-base-1.0: is not on this computer .* run `hf download stabil",
        ),
        ("stable-diffusion-v1-5", r"^stable-diffusion-v1-5/.*: is not on this computer .* `hf download "),
        ("uvit_l_2", r"^weights: missing. Name the file of uvit_l_2, which is not on the Hub \(.*U-ViT\)$"),
        ("unet", r"^weights: missing. Name a file, or train: `diffsmith train unet`$"),
        ("sdx", r"^there is no file or folder 'sdx'; model.name: unknown name 'sdx' — did you mean 'sdxl'\?"),
        ("sdxl.safetensors", r"^sdxl.safetensors: there is no such file or folder"),
    ],
)
def test_without_weights_or_a_network_the_error_says_how_to_get_them(monkeypatch, tmp_path, name, told):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    with pytest.raises((FileFault, SpecError), match=told) as caught:
        load(name)
    assert str(caught.value).count("\n") == 0


def test_a_published_name_stands_for_its_row_and_a_file_for_what_it_says(tmp_path, folder):
    values, where = written("sd15", REGISTRY)
    assert values["model"] == "sd15"
    assert values["weights"] == "stable-diffusion-v1-5/stable-diffusion-v1-5"
    assert values["guidance"] == {"name": "cfg", "scale": 7.5}
    assert written("stable-diffusion-v1-5", REGISTRY)[0]["model"] == "sd15"
    values, where = written(folder, REGISTRY)
    assert where == folder
    assert located(values, where)["weights"] == str(folder / "weights.safetensors")
    assert spec_file(folder) == spec_file(folder / "pipeline.yaml") == folder / "pipeline.yaml"
    assert spec_file(tmp_path / "weights.safetensors") is None


def test_paths_of_weights_are_whole_and_names_on_the_hub_stay(tmp_path):
    (tmp_path / "here").mkdir()
    values = {
        "weights": "here",
        "autoencoder": {"name": "kl", "weights": "a/b"},
        "refiner": {"weights": "here"},
    }
    assert located(values, tmp_path) == {
        "weights": str(tmp_path / "here"),
        "autoencoder": {"name": "kl", "weights": "a/b"},
        "refiner": {"weights": str(tmp_path / "here")},
    }


def test_fields_of_the_spec_can_be_changed_on_the_way(loaded, published):
    pipeline = load(published("sd1"), guidance={"name": "cfg", "scale": 3.0}, scheduler="heun")
    assert (pipeline.spec.guidance.options["scale"], pipeline.spec.scheduler.name) == (3.0, "heun")
    with pytest.raises(SpecError, match="unknown name 'gidance' — did you mean 'guidance'"):
        load(published("sd1"), gidance="none")
    with pytest.raises(SpecError, match="unknown name 'cfgg' — did you mean 'cfg'"):
        load(published("sd1"), guidance="cfgg")


def test_what_was_published_is_opened_once(published, monkeypatch):
    opened = []

    def counted(path, real=folders.open_tensors):
        opened.append(path.parent.name)
        return real(path)

    monkeypatch.setattr(folders, "open_tensors", counted)
    load(published("sd1"))
    assert sorted(opened) == ["text_encoder", "unet", "vae"]


def test_a_relative_folder_is_known_wherever_the_process_goes(published, monkeypatch, tmp_path):
    monkeypatch.chdir(published("sd1").parent)
    pipeline = load("sd1")
    monkeypatch.chdir(tmp_path)
    assert pipeline.spec.weights == str(published("sd1").resolve())
    assert pipeline.parts.source.component("scheduler").config


def test_weights_from_elsewhere_are_taken_in_place_of_those_that_told_what_it_is(published, tmp_path):
    other = shutil.copytree(published("sd1"), tmp_path / "other")
    file = other / "unet" / "diffusion_pytorch_model.safetensors"
    tensors = load_file(file)
    save_file({name: tensor + 1 for name, tensor in tensors.items()}, file)
    exact = {"engine": {"device": "cpu", "dtype": "float32"}}
    own, moved = load(published("sd1"), **exact), load(published("sd1"), weights=str(other), **exact)
    assert torch.equal(moved.network.conv_in.bias, own.network.conv_in.bias + 1)
    assert moved.spec.weights == str(other)
