"""Single files: read as the folder that they would be, or told what is wrong."""

import json
from dataclasses import replace

import pytest
import torch

from diffsmith.errors import FileFault
from diffsmith.weights.mapped import Tensors
from diffsmith.weights.renamed import Piece, renamed
from diffsmith.weights.single_files import Part, Reading, open_file
from diffsmith.weights.tensors import save_tensors

INDEX = {
    "_class_name": "P",
    "unet": ["diffusers", "UNet2DModel"],
    "scheduler": ["diffusers", "DDPMScheduler"],
}


@pytest.fixture
def file(tmp_path):
    return save_tensors(
        tmp_path / "whole.safetensors", {"old": torch.arange(6.0).reshape(2, 3), "more": torch.ones(1)}
    )


def known(tensors: Tensors) -> Reading:
    unet = Part({"side": 8}, renamed(tensors, {"new": Piece("old", torch.Tensor.t)}))
    return Reading(
        INDEX, {"unet": unet, "scheduler": Part({"_class_name": "DDPMScheduler"})}, notes=("assumed",)
    )


def test_the_first_format_that_knows_it_reads_it(file) -> None:
    found = open_file(file, "it", [lambda tensors: None, known])
    assert (found.name, found.index, found.notes, found.where) == ("it", INDEX, ("assumed",), file)
    unet, scheduler = found.component("unet"), found.component("scheduler")
    assert unet.config == {"side": 8} and unet.where == file
    assert unet.tensors["new"].tolist() == [[0.0, 3.0], [1.0, 4.0], [2.0, 5.0]]
    assert scheduler.config["_class_name"] == "DDPMScheduler" and not scheduler.tensors
    assert found.component("vae") is None and found.component("tokenizer") is None


def test_a_tokenizer_beside_it_is_found(file) -> None:
    beside = file.parent / "tokenizer"
    beside.mkdir()
    (beside / "vocab.json").write_text("{}")
    assert open_file(file, "it", [known]).component("tokenizer").folder == beside


def test_settings_beside_it_say_what_it_is(tmp_path) -> None:
    save_tensors(tmp_path / "diffusion_pytorch_model.safetensors", {"w": torch.zeros(1)})
    (tmp_path / "config.json").write_text(json.dumps({"_class_name": "UNet2DModel"}))
    found = open_file(tmp_path / "diffusion_pytorch_model.safetensors", "it", [])
    assert found.class_of("unet") == "UNet2DModel" and list(found.component("unet").tensors) == ["w"]


def test_a_file_of_no_known_kind_is_told(file) -> None:
    with pytest.raises(
        FileFault, match=r"whole.safetensors: holds 2 tensors \(.*old.*\), by which it is no model"
    ):
        open_file(file, "it", [lambda tensors: None])


def test_tensors_of_no_part_are_told(file) -> None:
    with pytest.raises(FileFault, match=r"belongs to no part of its model: 1 tensors \(more\)"):
        open_file(file, "it", [lambda tensors: replace(known(tensors), left=["more"])])


def test_a_network_cut_down_is_told(file) -> None:
    with pytest.raises(FileFault, match="is damaged or cut down: its networks lack 'conv_in'"):
        open_file(file, "it", [lambda tensors: tensors.shapes["conv_in"]])


def test_shapes_of_no_network_are_told(file) -> None:
    with pytest.raises(FileFault, match="has tensors of shapes that make no network: 3 is no square"):
        open_file(file, "it", [_square])


def _square(tensors: Tensors) -> None:
    raise ValueError(f"{tensors.shapes['old'][1]} is no square")


def test_shapes_of_what_is_renamed_are_known_without_reading() -> None:
    def never(name: str) -> torch.Tensor:
        raise AssertionError(name)

    fused = Tensors({"qkv": (6, 4)}, {"qkv": torch.float16}, never)
    thirds = renamed(fused, {"k": Piece("qkv", lambda each: each.chunk(3)[1]), "all": Piece("qkv")})
    assert thirds.shapes == {"k": (2, 4), "all": (6, 4)} and thirds.dtypes["k"] == torch.float16
