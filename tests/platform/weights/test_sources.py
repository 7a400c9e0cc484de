"""Where pipelines lie: folders, files and repositories are told apart, and opened alike."""

import json
from pathlib import Path

import pytest
import torch

from diffsmith.errors import FileFault
from diffsmith.weights.single_files import Part, Reading
from diffsmith.weights.sources import open_source
from diffsmith.weights.tensors import save_tensors

TENSORS = {"conv_in.weight": torch.arange(6.0).reshape(2, 3)}
UNET = {"_class_name": "UNet2DConditionModel", "in_channels": 4}
INDEX = {
    "_class_name": "StableDiffusionPipeline",
    "unet": ["diffusers", "UNet2DConditionModel"],
    "tokenizer": ["transformers", "CLIPTokenizer"],
    "scheduler": ["diffusers", "DDIMScheduler"],
    "safety_checker": [None, None],
}


def write(folder: Path) -> Path:
    """A small pipeline as diffusers lays it out."""
    contents = {
        "model_index.json": INDEX,
        "unet/config.json": UNET,
        "scheduler/scheduler_config.json": {"_class_name": "DDIMScheduler"},
        "tokenizer/vocab.json": {"a": 0},
    }
    for name, content in contents.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(json.dumps(content))
    save_tensors(folder / "unet" / "diffusion_pytorch_model.safetensors", TENSORS)
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def stocked(hub, tmp_path):
    """The same pipeline as a repository, with much beside it that nobody needs."""
    hub.files = contents(write(tmp_path / "upload"))
    hub.files |= {
        "README.md": b"",
        "unet/diffusion_pytorch_model.bin": b"pickle",
        "unet/diffusion_pytorch_model.fp16.safetensors": hub.files[
            "unet/diffusion_pytorch_model.safetensors"
        ],
        "unet/model.py": b"",
        "safety_checker/model.safetensors": b"",
        "whole.safetensors": b"",
        "sub/lone.safetensors": hub.files["unet/diffusion_pytorch_model.safetensors"],
    }
    return hub


def test_a_folder_and_a_repository_open_alike(stocked, tmp_path) -> None:
    local, distant = open_source(tmp_path / "upload"), open_source(stocked.repository)
    assert local.index == distant.index == INDEX
    for part in ("unet", "tokenizer", "scheduler", "vae"):
        ours, theirs = local.component(part), distant.component(part)
        assert (ours is None) == (theirs is None) == (part == "vae")
        assert ours is None or ours.config == theirs.config
    assert torch.equal(distant.component("unet").tensors["conv_in.weight"], TENSORS["conv_in.weight"])


def test_only_what_is_needed_is_fetched(stocked) -> None:
    open_source(stocked.repository)
    assert set(stocked.downloads) == {
        "model_index.json",
        "unet/config.json",
        "unet/diffusion_pytorch_model.safetensors",
        "scheduler/scheduler_config.json",
        "tokenizer/vocab.json",
    }


def test_only_the_parts_and_the_variant_that_are_named_are_fetched(stocked) -> None:
    open_source(stocked.repository, parts=("unet",), variant="fp16")
    wanted = {"model_index.json", "unet/config.json", "unet/diffusion_pytorch_model.fp16.safetensors"}
    assert set(stocked.downloads) == wanted


def test_a_variant_that_no_part_has_is_refused_before_anything_is_fetched(stocked) -> None:
    with pytest.raises(
        FileFault, match=r"no variant 'fp61', did you mean 'fp16'\? there is fp16, the plain one"
    ):
        open_source(stocked.repository, variant="fp61")
    assert not stocked.downloads


def test_a_repository_is_named_with_its_commit(stocked) -> None:
    found = open_source(stocked.repository)
    assert found.name == f"{stocked.repository}@{stocked.commit}"
    assert open_source(found.name).name == found.name


def test_that_the_hub_did_not_answer_is_noted(stocked) -> None:
    open_source(stocked.repository)
    stocked.refuse = (500, "")
    assert "did not answer" in open_source(stocked.repository).notes[0]


def lone(tensors) -> Reading | None:
    return Reading({"unet": ["", "UNet2DConditionModel"]}, {"unet": Part(UNET, tensors)}, notes=("assumed",))


def nothing(tensors) -> Reading | None:
    return None


def test_one_file_of_a_repository_is_fetched_alone(stocked) -> None:
    found = open_source(f"{stocked.repository}/sub/lone.safetensors", formats=[nothing, lone])
    assert stocked.downloads == ["sub/lone.safetensors"]
    assert found.name == f"{stocked.repository}/sub/lone.safetensors@{stocked.commit}"
    assert found.component("unet").config == UNET and found.notes == ("assumed",)


def test_a_file_that_the_repository_lacks_is_told_with_those_it_has(stocked) -> None:
    with pytest.raises(FileFault, match=r"has no file 'lone.safetensors'; it holds .*sub/lone.safetensors"):
        open_source(f"{stocked.repository}/lone.safetensors")


def test_a_repository_of_single_files_says_how_to_name_one(hub) -> None:
    hub.files = {"a.safetensors": b"", "b.ckpt": b"", "README.md": b""}
    with pytest.raises(
        FileFault, match=r"no model_index.json.* name one of its files: somebody/pictures/a.safetensors"
    ):
        open_source(hub.repository)
    assert not hub.downloads


def test_a_path_comes_before_a_repository_of_the_same_name(hub, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    write(Path(hub.repository))
    assert open_source(hub.repository).name == hub.repository
    assert not hub.log


@pytest.mark.parametrize("source", ["no/such/folder/../x", "/not/there", "x", ""])
def test_what_is_no_address_and_not_there_is_told(source: str, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    if source:
        with pytest.raises(
            FileFault, match="no such file or folder; a repository on the Hub is written owner/name"
        ):
            open_source(source)
    else:
        with pytest.raises(FileFault, match="is no published pipeline"):
            open_source(source)
