"""The U-Nets of clips equal diffusers' and VideoCrafter's own: numbers, gradients, names, sizes."""

import inspect
import json
from functools import cache
from pathlib import Path

import pytest
import torch
from diffusers import I2VGenXLUNet, UNet3DConditionModel
from safetensors import safe_open
from tests.published import stirred
from torch import nn

from diffsmith.options import options_model
from diffsmith_video.clip_unet import clip_unet
from diffsmith_video.i2vgen import i2vgen
from diffsmith_video.layouts import i2vgen as i2vgen_layout
from diffsmith_video.layouts import unet_3d
from diffsmith_video.single_files.videocrafter_names import network_pieces
from diffsmith_video.text_to_video import TEXT_TO_VIDEO
from diffsmith_video.videocrafter import videocrafter

from .references import difference

GOLDENS = Path(__file__).parents[1] / "goldens" / "models"
CARDS = {card.name: card for card in TEXT_TO_VIDEO}
KINDS = {
    UNet3DConditionModel: (clip_unet, unet_3d.LAYOUT),
    I2VGenXLUNet: (i2vgen, i2vgen_layout.LAYOUT),
}


def ours(kind, config):
    builder, layout = KINDS[kind]
    choice = layout.options(config)
    options = {key: value for key, value in choice.items() if key not in ("name", "shape", "classes")}
    return builder(choice["shape"], choice["classes"], **options)


# ---- the numbers -------------------------------------------------------------------------------------

SMALL = {
    "sample_size": 8,
    "block_out_channels": (32, 64),
    "layers_per_block": 1,
    "down_block_types": ("CrossAttnDownBlock3D", "DownBlock3D"),
    "up_block_types": ("UpBlock3D", "CrossAttnUpBlock3D"),
    "cross_attention_dim": 32,
    "attention_head_dim": 8,
    "norm_num_groups": 8,
}
DEEP = {
    "block_out_channels": (16, 32, 32),
    "layers_per_block": 2,
    "down_block_types": ("DownBlock3D", "CrossAttnDownBlock3D", "CrossAttnDownBlock3D"),
    "up_block_types": ("CrossAttnUpBlock3D", "CrossAttnUpBlock3D", "UpBlock3D"),
}
CONFIGS = {
    "ModelScope": (UNet3DConditionModel, SMALL, 1_328_900),
    "deeper": (UNet3DConditionModel, SMALL | DEEP, 1_147_732),
    "other norms": (UNet3DConditionModel, SMALL | {"norm_eps": 1e-3, "norm_num_groups": 4}, 1_328_900),
    "more channels": (UNet3DConditionModel, SMALL | {"in_channels": 9}, 1_330_340),
    "I2VGen-XL": (I2VGenXLUNet, SMALL | {"attention_head_dim": 4}, 1_349_384),
    "I2VGen-XL, deeper": (I2VGenXLUNet, SMALL | DEEP, 1_205_912),
}
CLIPS = [(1, 4, 8, 8), (2, 3, 9, 12), (2, 1, 6, 5)]


@cache
def pair(name, dtype):
    """A reference with random weights everywhere, and ours with the same, both from one configuration."""
    kind, config, count = CONFIGS[name]
    torch.manual_seed(0)
    reference = stirred(kind(**config))
    network = ours(kind, reference.config).eval()
    network.load_state_dict(reference.state_dict(), strict=True)
    assert sum(weight.numel() for weight in network.parameters()) == count
    return reference.to(dtype), network.to(dtype)


def answers(name, clip, dtype=torch.float32):
    """x, and what ours and the reference answer for it."""
    (reference, network), draws = pair(name, dtype), torch.Generator().manual_seed(1)
    count, channels = clip[0], reference.config.out_channels
    x = torch.randn(count, channels, *clip[1:], generator=draws).to(dtype).requires_grad_()
    t, text = torch.tensor([3.0, 801.0])[:count], torch.randn(count, 7, 32, generator=draws).to(dtype)
    beside = torch.randn(count, reference.config.in_channels, *clip[1:], generator=draws).to(dtype)
    if isinstance(reference, UNet3DConditionModel):
        beside = beside[:, channels:]
        expected = reference(torch.cat([x, beside], dim=1), t, text).sample
        return x, network(x, t, text=text, beside=beside if beside.shape[1] else None), expected
    image, fps = torch.randn(count, 32, generator=draws).to(dtype), torch.tensor([16, 8])[:count]
    expected = reference(x, t, fps, beside, image, text).sample
    return x, network(x, t, text=text, beside=beside, image=image, fps=fps), expected


@pytest.mark.parametrize("clip", CLIPS, ids=str)
@pytest.mark.parametrize("name", CONFIGS)
@torch.no_grad()
def test_diffusers_gives_the_same(name, clip):
    _, out, expected = answers(name, clip)
    assert difference(out, expected) < 5e-6


@pytest.mark.parametrize("name", CONFIGS)
def test_gradients_are_the_same(name):
    reference, network = pair(name, torch.float32)
    x, out, expected = answers(name, CLIPS[0])
    weights, theirs = dict(network.named_parameters()), dict(reference.named_parameters())
    mine = torch.autograd.grad(out.square().mean(), [x, *weights.values()])
    other = torch.autograd.grad(expected.square().mean(), [x, *(theirs[each] for each in weights)])
    largest = max(gradient.abs().max() for gradient in other)
    assert all(wanted.any() for wanted in other)
    assert max((a - b).abs().max() for a, b in zip(mine, other, strict=True)) < 1e-5 * largest


@pytest.mark.parametrize("name", ["ModelScope", "I2VGen-XL"])
@torch.no_grad()
def test_in_bfloat16_ours_is_as_near_to_the_truth_as_theirs(name):
    _, truth, _ = answers(name, CLIPS[0])
    _, out, expected = answers(name, CLIPS[0], torch.bfloat16)
    assert out.dtype == torch.bfloat16
    assert difference(out.float(), truth) < 1.5 * difference(expected.float(), truth) < 0.1


@torch.no_grad()
def test_videocrafter_with_a_picture_gives_what_its_authors_program_gave():
    """The tokens of the picture are ready-made there."""
    with safe_open(GOLDENS / "videocrafter_i2v.safetensors", "pt") as file:
        told = {key: json.loads(value) for key, value in file.metadata().items()}
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - it is no mapping
    state = {name.removeprefix("state."): each for name, each in tensors.items() if name.startswith("state.")}
    pieces = network_pieces(state)
    assert {piece.name for piece in pieces.values()} == state.keys()
    network = videocrafter(
        (4, 4, 6, 8), None, widths=(32, 32), attends=(True, False), head_dim=8, text_width=16, image_width=16
    ).eval()
    network.image_proj_model = nn.Identity()
    network.load_state_dict(
        {new: old.change(state[old.name]) if old.change else state[old.name] for new, old in pieces.items()}
    )
    assert sum(weight.numel() for weight in network.parameters()) == told["parameters"]
    context = tensors["input.context"]
    conditions = {"text": context[:, :77], "image": context[:, 77:], "fps": tensors["input.fps"]}
    out = network(tensors["input.x"], tensors["input.timesteps"], **conditions)
    torch.testing.assert_close(out, tensors["output.eps"], rtol=0, atol=told["tolerance"]["suggested_atol"])


@torch.no_grad()
def test_videocrafter_that_is_not_told_its_speed_is_modelscope():
    reference, _ = pair("ModelScope", torch.float32)
    network = videocrafter(
        (4, 4, 8, 8), None, attends=(True, False), head_dim=8, text_width=32, fps=False, groups=8
    ).eval()
    network.load_state_dict(reference.state_dict())
    x, t, text = torch.randn(1, 4, 4, 8, 8), torch.tensor([10]), torch.randn(1, 7, 32)
    assert difference(network(x, t, text=text), reference(x, t, text).sample) < 5e-6


# ---- the published sizes -----------------------------------------------------------------------------

PUBLISHED = {
    "modelscope": (UNet3DConditionModel, {"sample_size": 32}, 1_411_233_860),
    "i2vgen_xl": (I2VGenXLUNet, {"sample_size": 32, "num_attention_heads": 64}, 1_420_469_224),
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_card_is_what_its_configuration_says(name):
    card, (kind, config, _) = CARDS[name], PUBLISHED[name]
    builder, layout = KINDS[kind]
    usual = {field: value.default for field, value in options_model(builder).model_fields.items()}
    chosen = {"name": builder.__name__, **usual, **card.defaults, "shape": card.shape, "classes": None}
    assert usual | layout.options(config) == chosen


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_sizes_have_the_published_names_and_shapes(name):
    kind, config, count = PUBLISHED[name]
    with torch.device("meta"):
        network, reference = ours(kind, config), kind(**config)
    assert sum(weight.numel() for weight in network.parameters()) == count
    assert shapes(network) == shapes(reference)


def shapes(network):
    return {name: weight.shape for name, weight in network.state_dict().items()}


@pytest.mark.parametrize(
    ("name", "count"), [("videocrafter2", 1_413_284_420), ("videocrafter1_i2v", 1_438_843_460)]
)
def test_videocrafters_have_as_many_numbers_as_were_published(name, count):
    card = CARDS[name]
    with torch.device("meta"):
        network = card.function(card.shape, None, **card.defaults)
    network.image_proj_model = None  # which the authors count apart
    assert sum(weight.numel() for weight in network.parameters()) == count


# ---- the classes' configurations ----------------------------------------------------------------------


@pytest.mark.parametrize("name", [*CONFIGS, *PUBLISHED])
def test_a_configuration_comes_back_whole_through_the_class_itself(name):
    kind, config, _ = (CONFIGS | PUBLISHED)[name]
    layout = KINDS[kind][1]
    choice = layout.options(config)
    written = json.loads(json.dumps(layout.config(choice)))
    with torch.device("meta"):
        reference = kind.from_config(written)
    assert written["_class_name"] == kind.__name__
    assert layout.options(reference.config) == choice


@pytest.mark.parametrize(
    ("kind", "keys"), [(UNet3DConditionModel, unet_3d.Keys), (I2VGenXLUNet, i2vgen_layout.Keys)]
)
def test_what_a_silent_configuration_means_is_what_the_class_means(kind, keys):
    known = inspect.signature(kind.__init__).parameters
    assert {name: known[name].default for name in keys.model_fields} == keys().model_dump()
