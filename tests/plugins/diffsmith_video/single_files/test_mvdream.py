"""MVDream's files: told by their cameras, each tensor in its place, and filling a network of ours."""

import json
from pathlib import Path

import torch
from safetensors.torch import load_file

from diffsmith.weights.mapped import Tensors
from diffsmith.weights.single_files import open_file
from diffsmith.weights.tensors import save_tensors
from diffsmith_image.single_files.ldm import ldm
from diffsmith_video.multiview import mvdream as build
from diffsmith_video.multiview_published import MULTIVIEW
from diffsmith_video.single_files.mvdream import mvdream

CARDS = {card.name: card for card in MULTIVIEW}
GOLDENS = Path(__file__).parents[3] / "goldens"
UNET = "model.diffusion_model."
CAMERA = {f"{UNET}camera_embed.0": (1280, 16), f"{UNET}camera_embed.2": (1280, 1280)}


def listed(*files):
    """The names and shapes of published files of Stable Diffusion 1."""
    texts = [(GOLDENS / "keys" / f"single_file_{file}.json").read_text() for file in files]
    return {key["original"]: tuple(key["shape"]) for text in texts for key in json.loads(text)["keys"]}


def without_numbers(shapes):
    return Tensors(shapes, dict.fromkeys(shapes, torch.float32), lambda name: torch.empty(shapes[name]))


def published():
    """`sd-v1.5-4view.pt`: Stable Diffusion 1.5's names, and what reads cameras."""
    shapes = listed("sd15_unet", "sd15_text_encoder", "vae_sd15_sdxl", "sd15_extra")
    weights = {f"{name}.weight": shape for name, shape in CAMERA.items()}
    return {**shapes, **weights, **{f"{name}.bias": (shape[0],) for name, shape in CAMERA.items()}}


def golden():
    """MVDream's own small network, under the names of its files."""
    tensors = load_file(GOLDENS / "models" / "mvdream_v4.safetensors")
    return {UNET + name[6:]: tensor for name, tensor in tensors.items() if name.startswith("state.")}


def network_of(reading):
    """What the file's choice makes, without numbers, and the choice."""
    choice = reading.choices["unet"]
    options = {name: choice[name] for name in build.__kwdefaults__ if name in choice}
    with torch.device("meta"):
        return build(choice["shape"], choice["classes"], **options)


def test_a_published_file_is_the_published_row_and_all_its_tensors_have_a_place():
    reading = mvdream(without_numbers(published()))
    row, choice = CARDS["mvdream_sd15"], reading.choices["unet"]
    assert {name: choice[name] for name in row.defaults} == row.defaults
    assert (choice["camera"], choice["middle"], choice["groups"]) == (16, 1, 32)
    assert (choice["shape"], choice["schedule"]) == (row.shape, row.schedule)
    assert not reading.left
    wanted = {name: weight.shape for name, weight in network_of(reading).state_dict().items()}
    assert dict(reading.parts["unet"].tensors.shapes) == wanted
    assert reading.index == {
        "vae": ["diffusers", "AutoencoderKL"],
        "text_encoder": ["transformers", "CLIPTextModel"],
    }
    assert reading.parts["text_encoder"].config["hidden_act"] == "quick_gelu"
    assert reading.parts["vae"].config["scaling_factor"] == 0.18215


def test_the_second_ones_reader_is_open_clips():
    reader = listed("sdxl_text_encoder_2")
    words = {
        name.replace("conditioner.embedders.1.", "cond_stage_model."): torch.empty(shape, device="meta")
        for name, shape in reader.items()
    }
    tensors = {**golden(), **words}
    shapes = {name: tensor.shape for name, tensor in tensors.items()}
    reading = mvdream(without_numbers(shapes), head_size=8)
    assert reading.parts["text_encoder"].config["hidden_act"] == "gelu"
    assert reading.parts["text_encoder"].config["num_hidden_layers"] == 31  # without the last
    assert not reading.left


def test_a_network_alone_fills_one_of_ours():
    tensors = golden()
    reading = mvdream(
        Tensors(
            {name: tensor.shape for name, tensor in tensors.items()},
            {name: tensor.dtype for name, tensor in tensors.items()},
            tensors.__getitem__,
        ),
        head_size=8,
    )
    choice = reading.choices["unet"]
    assert (choice["widths"], choice["depths"], choice["heads"]) == ((32, 64), (1, 0), (4, 8))
    assert (choice["layers"], choice["text_width"], choice["linear"]) == (1, 32, True)
    network = network_of(reading).to_empty(device="cpu")
    network.load_state_dict(dict(reading.parts["unet"].tensors), strict=True)
    camera = network.camera_embedding.linear_2.weight
    assert torch.equal(camera, tensors[f"{UNET}camera_embed.2.weight"])


def test_it_is_opened_as_what_leaves_nothing_over(tmp_path):
    file = save_tensors(tmp_path / "views.safetensors", golden())
    for formats in ([ldm, mvdream], [mvdream, ldm]):
        assert open_file(file, "views", formats).choices["unet"]["name"] == "mvdream"


def test_without_cameras_it_is_no_such_file():
    plain = listed("sd15_unet", "sd15_text_encoder", "vae_sd15_sdxl")
    assert mvdream(without_numbers(plain)) is None


def test_what_does_not_belong_is_left():
    reading = mvdream(without_numbers({**published(), "model.diffusion_model.other.weight": (1,)}))
    assert reading.left == ["model.diffusion_model.other.weight"]
