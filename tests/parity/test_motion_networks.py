"""The motion U-Nets equal diffusers': same weights, same numbers and gradients, same names and sizes."""

import inspect
import json
from functools import cache
from pathlib import Path

import pytest
import torch
from diffusers import MotionAdapter, UNet2DConditionModel, UNetMotionModel
from tests.published import stirred
from torch import Tensor

from diffsmith.nn.video.motion import FramePositions
from diffsmith.weights.components import Component
from diffsmith.weights.mapped import Tensors
from diffsmith_image.layouts.unet_2d_condition import LAYOUT as PICTURES
from diffsmith_video.adapters import motion
from diffsmith_video.animatediff import motion_unet
from diffsmith_video.animatediff_published import ANIMATEDIFF
from diffsmith_video.layouts.motion_adapter import motion_choice
from diffsmith_video.layouts.unet_motion import LAYOUT
from diffsmith_video.layouts.unet_motion_keys import Keys

from .references import difference

CARDS = {card.name: card for card in ANIMATEDIFF}


def ours(choice):
    """A network of ours from what a layout read, or a card says."""
    options = {key: value for key, value in choice.items() if key not in ("name", "shape", "classes")}
    return motion_unet(choice["shape"], choice.get("classes"), **options)


# ---- the numbers -------------------------------------------------------------------------------------

SMALL = {
    "sample_size": 8,
    "block_out_channels": (32, 64),
    "layers_per_block": 1,
    "down_block_types": ("CrossAttnDownBlockMotion", "DownBlockMotion"),
    "up_block_types": ("UpBlockMotion", "CrossAttnUpBlockMotion"),
    "cross_attention_dim": 32,
    "num_attention_heads": 4,
    "motion_num_attention_heads": 4,
    "motion_max_seq_length": 8,
    "norm_num_groups": 8,
}
SDXL = SMALL | {
    "layers_per_block": 2,
    "down_block_types": ("DownBlockMotion", "CrossAttnDownBlockMotion"),
    "up_block_types": ("CrossAttnUpBlockMotion", "UpBlockMotion"),
    "num_attention_heads": (2, 4),
    "use_linear_projection": True,
    "use_motion_mid_block": False,
    "addition_embed_type": "text_time",
    "addition_time_embed_dim": 8,
    "transformer_layers_per_block": (1, 2),
    "projection_class_embeddings_input_dim": 80,
    "cross_attention_dim": 64,
}
UNEVEN = SMALL | {
    "layers_per_block": 2,
    "transformer_layers_per_block": [[1, 2], 1],
    "reverse_transformer_layers_per_block": [1, [3, 1, 2]],
    "temporal_transformer_layers_per_block": [[2, 1], 1],
    "reverse_temporal_transformer_layers_per_block": [1, [1, 2, 1]],
    "temporal_transformer_layers_per_mid_block": 2,
    "motion_num_attention_heads": (2, 8),
}
CONFIGS = {
    "version 2": SMALL,
    "version 3, without a middle": SMALL | {"use_motion_mid_block": False},
    "SDXL": SDXL,
    "of Stable Diffusion 2": SMALL | {"use_linear_projection": True, "num_attention_heads": (2, 4)},
    "blocks of other depths on the way up": UNEVEN,
    "two blocks a module": SMALL | {"temporal_transformer_layers_per_block": 2},
    "LCM": SMALL | {"time_cond_proj_dim": 16},
    "a picture beside the clip": SMALL | {"in_channels": 9},
    "more frames than few": SMALL | {"motion_max_seq_length": 24},
}
SHAPES = [(4, 8, 8), (1, 8, 8), (3, 9, 7)]


@cache
def pair(name):
    """A reference with random weights everywhere, and ours with the same, both from one configuration."""
    torch.manual_seed(0)
    reference = stirred(UNetMotionModel(**CONFIGS[name]))
    network = ours(LAYOUT.options(reference.config)).eval()
    network.load_state_dict(reference.state_dict(), strict=True)
    return reference, network


def answers(name, shape=SHAPES[0], times=(0.0, 500.25)) -> tuple[Tensor, Tensor, Tensor]:
    """x, and what ours and the reference answer for it."""
    (reference, network), draws = pair(name), torch.Generator().manual_seed(1)
    config, frames = reference.config, shape[0]
    x = torch.randn(2, 4, *shape, generator=draws).requires_grad_()
    t, text = torch.tensor(times), torch.randn(2, 6, config.cross_attention_dim, generator=draws)
    told, theirs, seen = {}, {}, x
    if added := config.projection_class_embeddings_input_dim:
        told["pooled"] = torch.randn(2, 32, generator=draws)
        told["sizes"] = torch.tensor([[1024.0, 768, 0, 3, 6, 1]] * 2)[:, : (added - 32) // 8]
        theirs["added_cond_kwargs"] = {"text_embeds": told["pooled"], "time_ids": told["sizes"]}
    if config.in_channels > 4:
        told["beside"] = torch.randn(2, config.in_channels - 4, 1, *shape[1:], generator=draws)
        seen = torch.cat([x, told["beside"].expand(-1, -1, frames, -1, -1)], dim=1)
    expected = reference(seen, t, text.repeat_interleave(frames, dim=0), **theirs).sample
    return x, network(x, t, text=text, **told), expected


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("name", CONFIGS)
@torch.no_grad()
def test_diffusers_gives_the_same(name, shape):
    x, out, expected = answers(name, shape)
    assert out.shape == x.shape
    assert difference(out, expected) < 5e-6


@torch.no_grad()
def test_diffusers_gives_the_same_for_many_frames():
    _, out, expected = answers("more frames than few", (24, 4, 4))
    assert difference(out, expected) < 5e-6


@pytest.mark.parametrize("name", CONFIGS)
def test_gradients_are_the_same(name):
    reference, network = pair(name)
    x, out, expected = answers(name)
    read = {
        key: weight for key, weight in network.named_parameters() if "cond_proj" not in key
    }  # without a scale, which AnimateDiff is not told
    theirs = dict(reference.named_parameters())
    mine = torch.autograd.grad(out.square().mean(), [x, *read.values()])
    other = torch.autograd.grad(expected.square().mean(), [x, *(theirs[each] for each in read)])
    largest = max(gradient.abs().max() for gradient in other)
    assert all(wanted.any() for wanted in other)
    assert max((a - b).abs().max() for a, b in zip(mine, other, strict=True)) < 1e-5 * largest


def test_the_table_of_positions_is_theirs():
    theirs = UNetMotionModel(**SMALL).state_dict()
    name = "up_blocks.0.motion_modules.0.transformer_blocks.0.pos_embed.pe"
    assert torch.equal(FramePositions(64, 8).pe, theirs[name])


# ---- a U-Net of pictures and a motion adapter ---------------------------------------------------------

FLAT = {
    "sample_size": 8,
    "block_out_channels": (32, 64),
    "layers_per_block": 1,
    "down_block_types": ("CrossAttnDownBlock2D", "DownBlock2D"),
    "up_block_types": ("UpBlock2D", "CrossAttnUpBlock2D"),
    "cross_attention_dim": 32,
    "attention_head_dim": 4,
    "norm_num_groups": 8,
}
FLAT_XL = FLAT | {
    "layers_per_block": 2,
    "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D"),
    "up_block_types": ("CrossAttnUpBlock2D", "UpBlock2D"),
    "attention_head_dim": (2, 4),
    "use_linear_projection": True,
    "addition_embed_type": "text_time",
    "addition_time_embed_dim": 8,
    "transformer_layers_per_block": (1, 2),
    "projection_class_embeddings_input_dim": 80,
    "cross_attention_dim": 64,
}
ADAPTER = {
    "block_out_channels": (32, 64),
    "motion_layers_per_block": 1,
    "motion_num_attention_heads": 4,
    "motion_norm_num_groups": 8,
    "motion_max_seq_length": 6,
}
MOVED = {
    "with a middle": (FLAT, ADAPTER),
    "without": (FLAT, ADAPTER | {"use_motion_mid_block": False}),
    "for SDXL": (FLAT_XL, ADAPTER | {"motion_layers_per_block": 2, "use_motion_mid_block": False}),
    "two blocks": (FLAT, ADAPTER | {"motion_transformer_layers_per_block": 2}),
    "with a first convolution": (FLAT, ADAPTER | {"conv_in_channels": 9}),
}


def tensors(network):
    state = network.state_dict()
    shapes, dtypes = ({key: getattr(state[key], fact) for key in state} for fact in ("shape", "dtype"))
    return Tensors(shapes, dtypes, state.__getitem__)


@pytest.mark.parametrize("name", MOVED)
@torch.no_grad()
def test_the_motion_adapter_makes_the_unet_that_theirs_makes(name):
    flat, config = MOVED[name]
    unet, adapter = stirred(UNet2DConditionModel(**flat)), stirred(MotionAdapter(**config), 1)
    with_motion = motion(
        tensors(unet), Component(Path("adapter"), dict(adapter.config), adapter.state_dict())
    )
    reference = UNetMotionModel.from_unet2d(unet, adapter)  # takes the adapter's convolution for its own
    expected = reference.state_dict()
    if "add_embedding.linear_1.weight" in with_motion:  # which theirs leaves as it was made
        mine = unet.state_dict()
        expected |= {key: mine[key] for key in mine if key.startswith("add_embedding.")}
    assert with_motion.keys() == expected.keys()
    assert {key for key in expected if not torch.equal(with_motion[key], expected[key])} == set()
    choice = motion_choice(PICTURES.options(unet.config), adapter.config)
    assert choice == LAYOUT.options(reference.config) | {"upcast": False, "flip": True, "shift": 0} | {
        "dropout": 0.0
    }
    ours(choice).load_state_dict(dict(with_motion), strict=True)


# ---- the published sizes -----------------------------------------------------------------------------

SD1 = {"sample_size": 64, "cross_attention_dim": 768}
XL = {
    "sample_size": 128,
    "block_out_channels": [320, 640, 1280],
    "down_block_types": ["DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"],
    "up_block_types": ["CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"],
    "attention_head_dim": [5, 10, 20],
    "transformer_layers_per_block": [1, 2, 10],
    "cross_attention_dim": 2048,
    "use_linear_projection": True,
    "addition_embed_type": "text_time",
    "addition_time_embed_dim": 256,
    "projection_class_embeddings_input_dim": 2816,
}
NO_MIDDLE = {"use_motion_mid_block": False}
PUBLISHED = {
    "animatediff_v1": (SD1, NO_MIDDLE | {"motion_max_seq_length": 24}),
    "animatediff_v2": (SD1, {}),
    "animatediff_v3": (SD1, NO_MIDDLE),
    "animatediff_sdxl": (XL, NO_MIDDLE | {"block_out_channels": [320, 640, 1280]}),
    "animatelcm": (SD1, NO_MIDDLE),
    "animatediff_lightning": (SD1, {}),
}


def test_every_card_has_its_published_configuration():
    assert PUBLISHED.keys() == CARDS.keys()


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_card_has_the_names_and_shapes_of_its_unet_with_its_adapter(name):
    flat, config = PUBLISHED[name]
    card = CARDS[name]
    with torch.device("meta"):
        network = ours({**card.defaults, "shape": card.shape})
        unet, adapter = UNet2DConditionModel(**flat), MotionAdapter(**config)
    wanted = {**shapes(unet), **shapes(adapter)}
    assert shapes(network) == wanted
    choice = motion_choice(PICTURES.options(unet.config), adapter.config)
    assert choice["shape"] == card.shape
    assert {key: choice[key] for key in card.defaults} == card.defaults


def test_the_second_version_has_as_many_numbers_as_was_published():
    with torch.device("meta"):
        network, adapter = (
            ours({**CARDS["animatediff_v2"].defaults, "shape": (4, 16, 64, 64)}),
            MotionAdapter(),
        )
        reference = UNetMotionModel(**SD1)
    assert sum(weight.numel() for weight in network.parameters()) == 1_312_730_244
    assert sum(weight.numel() for weight in adapter.parameters()) == 453_209_280
    assert shapes(network) == shapes(reference)


def shapes(network):
    return {name: weight.shape for name, weight in network.state_dict().items()}


# ---- the class's configuration ------------------------------------------------------------------------


@pytest.mark.parametrize("name", CONFIGS)
def test_a_configuration_comes_back_whole_through_the_class_itself(name):
    choice = LAYOUT.options(CONFIGS[name] | {"motion_max_seq_length": 32})
    written = json.loads(json.dumps(LAYOUT.config(choice)))
    with torch.device("meta"):
        reference = UNetMotionModel.from_config(written)
    assert written["_class_name"] == type(reference).__name__
    assert LAYOUT.options(reference.config) == choice
    assert shapes(reference) == shapes(
        UNetMotionModel.from_config({**CONFIGS[name], "motion_max_seq_length": 32})
    )


def test_what_a_silent_configuration_means_is_what_the_class_means():
    known = inspect.signature(UNetMotionModel.__init__).parameters
    ours_alone = {"num_frames"}
    silent = Keys().model_dump(exclude=ours_alone)
    assert {name: known[name].default for name in Keys.model_fields if name not in ours_alone} == silent
