"""The conditional U-Nets equal diffusers': same weights, same numbers and gradients, same names and sizes."""

import inspect
import json
from functools import cache

import pytest
import torch
from diffusers import LatentConsistencyModelPipeline, UNet2DConditionModel
from torch import Tensor

from diffsmith.nn.embeddings import guidance_waves
from diffsmith.options import options_model
from diffsmith_image.conditional_unet import conditional_unet
from diffsmith_image.layouts.unet_2d_condition import LAYOUT
from diffsmith_image.layouts.unet_2d_condition_keys import Keys
from diffsmith_image.stable_diffusion import STABLE_DIFFUSION

from .references import difference

CARDS = {card.name: card for card in STABLE_DIFFUSION}


def ours(choice):
    """A network of ours from what a layout read, or a card says."""
    options = {key: value for key, value in choice.items() if key not in ("name", "shape", "classes")}
    return conditional_unet(choice["shape"], choice.get("classes"), **options)


# ---- the numbers -------------------------------------------------------------------------------------

SMALL = {
    "sample_size": 16,
    "block_out_channels": (32, 64),
    "layers_per_block": 1,
    "down_block_types": ("CrossAttnDownBlock2D", "DownBlock2D"),
    "up_block_types": ("UpBlock2D", "CrossAttnUpBlock2D"),
    "cross_attention_dim": 32,
    "attention_head_dim": 4,
    "norm_num_groups": 8,
}
SDXL = SMALL | {
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
REFINER = SDXL | {
    "block_out_channels": (32, 64, 64),
    "layers_per_block": 1,
    "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D"),
    "up_block_types": ("UpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
    "attention_head_dim": (2, 4, 4),
    "transformer_layers_per_block": 2,
    "projection_class_embeddings_input_dim": 72,
}
UNEVEN = {
    "layers_per_block": 2,
    "transformer_layers_per_block": [[1, 2], 1],
    "reverse_transformer_layers_per_block": [1, [3, 1, 2]],
    "mid_block_type": "UNetMidBlock2D",
}
OTHER_WAVES = {"flip_sin_to_cos": False, "freq_shift": 1, "norm_eps": 1e-6, "num_class_embeds": 5}

CONFIGS = {
    "Stable Diffusion 1": (SMALL, 792_964),
    "Stable Diffusion 2": (
        SMALL | {"attention_head_dim": (2, 4), "use_linear_projection": True, "upcast_attention": True},
        792_964,
    ),
    "SDXL": (SDXL, 1_976_516),
    "SDXL's refiner": (REFINER, 1_771_172),
    "InstructPix2Pix": (SMALL | {"in_channels": 8}, 794_116),
    "LCM": (SMALL | {"time_cond_proj_dim": 16}, 793_476),
    "blocks of other depths on the way up": (SMALL | UNEVEN, 1_020_580),
    "no middle": (SMALL | {"mid_block_type": None}, 540_868),
    "classes and other waves": (SMALL | OTHER_WAVES, 793_604),
}
SIZES = [(16, 16), (17, 11), (9, 20)]
TIMES = [(0.0, 500.25), (10.0, 999.0)]


@cache
def pair(name, dtype):
    """A reference with random weights everywhere, and ours with the same, both from one configuration."""
    config, count = CONFIGS[name]
    torch.manual_seed(0)
    reference = UNet2DConditionModel(**config).eval()
    with torch.no_grad():
        for weight in reference.parameters():
            weight.add_(0.1 * torch.randn_like(weight))
    network = ours(LAYOUT.options(reference.config)).eval()
    network.load_state_dict(reference.state_dict(), strict=True)
    assert sum(weight.numel() for weight in network.parameters()) == count
    return reference.to(dtype), network.to(dtype)


def answers(name, size=(16, 16), times=TIMES[0], dtype=torch.float32) -> tuple[Tensor, Tensor, Tensor]:
    """x, and what ours and the reference answer for it; the second row is told half of the text."""
    (reference, network), draws = pair(name, dtype), torch.Generator().manual_seed(1)
    config = reference.config
    x = torch.randn(2, config.in_channels, *size, generator=draws).to(dtype).requires_grad_()
    t, label = torch.tensor(times), torch.tensor([4, 1]) if config.num_class_embeds else None
    text = torch.randn(2, 6, config.cross_attention_dim, generator=draws).to(dtype)
    mask = torch.tensor([[1] * 6, [1] * 3 + [0] * 3])
    told, theirs = {}, {}
    if added := config.projection_class_embeddings_input_dim:
        told["pooled"] = torch.randn(2, 32, generator=draws).to(dtype)
        told["sizes"] = torch.tensor([[1024.0, 768, 0, 3, 6, 1]] * 2)[:, : (added - 32) // 8]
        theirs["added_cond_kwargs"] = {"text_embeds": told["pooled"], "time_ids": told["sizes"]}
    if dim := config.time_cond_proj_dim:
        told["guidance"] = torch.tensor([7.5, 1.0])
        theirs["timestep_cond"] = learnt_waves(told["guidance"], dim).to(dtype)
    expected = reference(x, t, text, class_labels=label, encoder_attention_mask=mask, **theirs).sample
    more = network.channels - network.conv_out.out_channels  # which ours is given apart
    wide, beside = x.split([x.shape[1] - more, more], dim=1)
    told |= {"beside": beside} if more else {}
    return x, network(wide, t, label, text=text, text_mask=mask, **told), expected


def learnt_waves(scale, dim):
    """As the pipeline makes them, which needs nothing of itself for that."""
    return LatentConsistencyModelPipeline.get_guidance_scale_embedding(None, scale - 1, dim)


@pytest.mark.parametrize("times", TIMES, ids=str)
@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("name", CONFIGS)
@torch.no_grad()
def test_diffusers_gives_the_same(name, size, times):
    _, out, expected = answers(name, size, times)
    assert difference(out, expected) < 3e-6


@pytest.mark.parametrize("name", CONFIGS)
def test_gradients_are_the_same(name):
    reference, network = pair(name, torch.float32)
    x, out, expected = answers(name)
    weights, theirs = dict(network.named_parameters()), dict(reference.named_parameters())
    mine = torch.autograd.grad(out.square().mean(), [x, *weights.values()])
    other = torch.autograd.grad(expected.square().mean(), [x, *(theirs[each] for each in weights)])
    largest = max(gradient.abs().max() for gradient in other)
    assert all(wanted.any() for wanted in other)
    assert max((a - b).abs().max() for a, b in zip(mine, other, strict=True)) < 1e-5 * largest


@pytest.mark.parametrize("name", ["Stable Diffusion 2", "SDXL", "LCM"])
@torch.no_grad()
def test_in_bfloat16_ours_is_as_near_to_the_truth_as_theirs(name):
    _, truth, _ = answers(name)
    _, out, expected = answers(name, dtype=torch.bfloat16)
    assert out.dtype == torch.bfloat16
    assert difference(out.float(), truth) < 1.5 * difference(expected.float(), truth) < 0.1


@pytest.mark.parametrize("scale", [1.0, 7.5, 8.5, 12.34])
def test_a_guidance_scale_has_the_waves_that_networks_learnt(scale):
    waves = guidance_waves(torch.tensor([scale], dtype=torch.float64), 256)
    expected = learnt_waves(torch.tensor([scale], dtype=torch.float64), 256)
    torch.testing.assert_close(waves, expected, rtol=0, atol=1e-6)


# ---- the published sizes -----------------------------------------------------------------------------

SD1 = {"sample_size": 64, "cross_attention_dim": 768}
SD2 = {
    "sample_size": 64,
    "attention_head_dim": [5, 10, 20, 20],
    "cross_attention_dim": 1024,
    "use_linear_projection": True,
}
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
XL_REFINER = XL | {
    "block_out_channels": [384, 768, 1536, 1536],
    "down_block_types": ["DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D"],
    "up_block_types": ["UpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"],
    "attention_head_dim": [6, 12, 24, 24],
    "transformer_layers_per_block": 4,
    "cross_attention_dim": 1280,
    "projection_class_embeddings_input_dim": 2560,
}
PUBLISHED = {
    "sd14": (SD1, 859_520_964),
    "sd15": (SD1, 859_520_964),
    "sd15_inpaint": (SD1 | {"in_channels": 9}, 859_535_364),
    "sd2_base": (SD2, 865_910_724),
    "sd2": (SD2 | {"sample_size": 96}, 865_910_724),
    "sd21_base": (SD2, 865_910_724),
    "sd21": (SD2 | {"sample_size": 96, "upcast_attention": True}, 865_910_724),
    "sd2_inpaint": (SD2 | {"in_channels": 9}, 865_925_124),
    "sdxl": (XL, 2_567_463_684),
    "sdxl_refiner": (XL_REFINER, 2_259_526_660),
    "sdxl_inpaint": (XL | {"in_channels": 9}, 2_567_478_084),
    "lcm_dreamshaper": (SD1 | {"time_cond_proj_dim": 256}, 859_602_884),
}


def test_every_card_has_its_published_configuration():
    assert PUBLISHED.keys() == CARDS.keys()


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_card_is_what_its_configuration_says(name):
    card, (config, _) = CARDS[name], PUBLISHED[name]
    usual = {field: value.default for field, value in options_model(conditional_unet).model_fields.items()}
    chosen = {"name": "conditional_unet", **usual, **card.defaults, "shape": card.shape, "classes": None}
    assert usual | LAYOUT.options(config) == chosen


@pytest.mark.parametrize("name", ["sd15", "sd15_inpaint", "sd21", "sdxl", "sdxl_refiner", "lcm_dreamshaper"])
def test_published_sizes_have_the_published_names_and_shapes(name):
    config, count = PUBLISHED[name]
    with torch.device("meta"):
        network, reference = ours(LAYOUT.options(config)), UNet2DConditionModel(**config)
    assert sum(weight.numel() for weight in network.parameters()) == count
    assert shapes(network) == shapes(reference)


def shapes(network):
    return {name: weight.shape for name, weight in network.state_dict().items()}


# ---- the class's configuration ------------------------------------------------------------------------


@pytest.mark.parametrize("name", [*CONFIGS, *PUBLISHED])
def test_a_configuration_comes_back_whole_through_the_class_itself(name):
    choice = LAYOUT.options((CONFIGS | PUBLISHED)[name][0])
    written = json.loads(json.dumps(LAYOUT.config(choice)))
    with torch.device("meta"):
        reference = UNet2DConditionModel.from_config(written)
    assert written["_class_name"] == type(reference).__name__
    assert LAYOUT.options(reference.config) == choice


def test_what_a_silent_configuration_means_is_what_the_class_means():
    known = inspect.signature(UNet2DConditionModel.__init__).parameters
    assert {name: known[name].default for name in Keys.model_fields} == Keys().model_dump()
