"""Stable Video Diffusion's networks equal diffusers': same weights, numbers, gradients and names."""

import inspect
import json
from functools import cache

import pytest
import torch
from diffusers import AutoencoderKLTemporalDecoder, UNetSpatioTemporalConditionModel
from tests.published import stirred

from diffsmith.autoencoders.layouts import KL_TEMPORAL
from diffsmith.autoencoders.networks import kl_temporal
from diffsmith.options import options_model
from diffsmith_video.layouts.unet_spatio_temporal import LAYOUT
from diffsmith_video.layouts.unet_spatio_temporal_keys import Keys
from diffsmith_video.spatio_temporal_unet import spatio_temporal_unet
from diffsmith_video.svd import SVD

from .references import difference

CARDS = {card.name: card for card in SVD}
FRAMES = [1, 2, 3, 4, 5]


def ours(choice):
    """A network of ours from what a layout read, or a card says."""
    options = {key: value for key, value in choice.items() if key not in ("name", "shape", "classes")}
    return spatio_temporal_unet(choice["shape"], choice.get("classes"), **options)


# ---- the network's numbers ---------------------------------------------------------------------------


def types(*attends):
    """Kinds of blocks that attend there, finest first, both ways."""
    down = tuple(f"{'CrossAttn' if each else ''}DownBlockSpatioTemporal" for each in attends)
    up = tuple(f"{'CrossAttn' if each else ''}UpBlockSpatioTemporal" for each in attends[::-1])
    return {"down_block_types": down, "up_block_types": up}


SMALL = {
    "sample_size": 8,
    "block_out_channels": (32, 64),
    "layers_per_block": 1,
    **types(True, False),
    "addition_time_embed_dim": 8,
    "projection_class_embeddings_input_dim": 24,
    "cross_attention_dim": 32,
    "num_attention_heads": (2, 4),
    "num_frames": 2,
}
THREE = SMALL | {"block_out_channels": (32, 32, 64), "num_attention_heads": (1, 2, 4)}
CONFIGS = {
    "as small as can be": SMALL,
    "attention where it is coarse": SMALL | types(False, True),
    "levels that attend and one between": THREE | types(True, False, True),
    "several layers and blocks of depths": SMALL
    | types(True, True)
    | {"layers_per_block": 2, "transformer_layers_per_block": (2, 1)},
    "other channels beside it, one number": SMALL
    | {"in_channels": 7, "out_channels": 3, "projection_class_embeddings_input_dim": 8},
}


@cache
def pair(name, dtype):
    """A reference with random weights everywhere, and ours with the same, both from one configuration."""
    torch.manual_seed(0)
    reference = stirred(UNetSpatioTemporalConditionModel(**CONFIGS[name]))
    network = ours(LAYOUT.options(reference.config)).eval()
    network.load_state_dict(reference.state_dict(), strict=True)
    return reference.to(dtype), network.to(dtype)


def answers(name, frames=3, size=(8, 8), states=1, dtype=torch.float32):
    """What is asked, and what ours and the reference answer for two clips."""
    (reference, network), draws = pair(name, dtype), torch.Generator().manual_seed(1)
    config = reference.config
    x = torch.randn(2, config.in_channels, frames, *size, generator=draws).to(dtype).requires_grad_()
    text = torch.randn(2, states, config.cross_attention_dim, generator=draws).to(dtype)
    count = config.projection_class_embeddings_input_dim // config.addition_time_embed_dim
    numbers, t = torch.tensor([[6, 127, 0.02], [24, 255, 0.5]])[:, :count], torch.tensor([1.7, -1.2])
    expected = reference(x.movedim(1, 2), t, text, numbers).sample.movedim(2, 1)
    own = config.out_channels
    return x, network(x[:, :own], t, text=text, beside=x[:, own:], numbers=numbers), expected


@pytest.mark.parametrize("size", [(8, 8), (12, 20), (9, 14)], ids=str)
@pytest.mark.parametrize("frames", FRAMES)
@pytest.mark.parametrize("name", CONFIGS)
@torch.no_grad()
def test_diffusers_gives_the_same(name, frames, size):
    _, out, expected = answers(name, frames, size)
    assert difference(out, expected) < 5e-6


@pytest.mark.parametrize("states", [1, 2, 5])
@torch.no_grad()
def test_diffusers_reads_the_same_of_one_state_and_of_more(states):
    _, out, expected = answers("as small as can be", states=states)
    assert difference(out, expected) < 5e-6


@pytest.mark.parametrize("name", CONFIGS)
def test_gradients_are_the_same(name):
    reference, network = pair(name, torch.float32)
    x, out, expected = answers(name)
    weights, theirs = dict(network.named_parameters()), dict(reference.named_parameters())
    mine = torch.autograd.grad(out.square().mean(), [x, *weights.values()])
    other = torch.autograd.grad(expected.square().mean(), [x, *(theirs[each] for each in weights)])
    largest = max(gradient.abs().max() for gradient in other)
    assert max((a - b).abs().max() for a, b in zip(mine, other, strict=True)) < 1e-5 * largest


@torch.no_grad()
def test_in_bfloat16_ours_is_as_near_to_the_truth_as_theirs():
    _, truth, _ = answers("as small as can be")
    _, out, expected = answers("as small as can be", dtype=torch.bfloat16)
    assert out.dtype == torch.bfloat16
    assert difference(out.float(), truth) < 1.5 * difference(expected.float(), truth) < 0.1


# ---- its published sizes and its configuration -------------------------------------------------------

XT = {
    "_class_name": "UNetSpatioTemporalConditionModel",
    "_diffusers_version": "0.24.0.dev0",
    "addition_time_embed_dim": 256,
    "block_out_channels": [320, 640, 1280, 1280],
    "cross_attention_dim": 1024,
    **types(True, True, True, False),
    "in_channels": 8,
    "layers_per_block": 2,
    "num_attention_heads": [5, 10, 20, 20],
    "num_frames": 25,
    "out_channels": 4,
    "projection_class_embeddings_input_dim": 768,
    "sample_size": 96,
    "transformer_layers_per_block": 1,
}
PUBLISHED = {"svd": XT | {"num_frames": 14}, "svd_xt": XT, "svd_xt_1_1": XT}


def test_every_card_has_its_published_configuration():
    assert PUBLISHED.keys() == CARDS.keys()


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_card_is_what_its_configuration_says(name):
    card, usual = CARDS[name], options_model(spatio_temporal_unet).model_fields
    defaults = {field: value.default for field, value in usual.items()}
    chosen = {
        "name": "spatio_temporal_unet",
        **defaults,
        **card.defaults,
        "shape": card.shape,
        "classes": None,
    }
    assert LAYOUT.options(PUBLISHED[name]) == chosen


@pytest.mark.parametrize("name", ["svd", "svd_xt"])
def test_published_sizes_have_the_published_names_and_shapes(name):
    with torch.device("meta"):
        network = ours(LAYOUT.options(PUBLISHED[name]))
        reference = UNetSpatioTemporalConditionModel.from_config(PUBLISHED[name])
    assert sum(weight.numel() for weight in network.parameters()) == 1_524_623_082
    assert shapes(network) == shapes(reference)


@pytest.mark.parametrize("name", CONFIGS)
def test_small_ones_have_the_reference_names_and_shapes(name):
    reference, network = pair(name, torch.float32)
    assert shapes(network) == shapes(reference)


def shapes(network):
    return {name: weight.shape for name, weight in network.state_dict().items()}


@pytest.mark.parametrize("config", [*CONFIGS.values(), XT, {}], ids=str)
def test_a_configuration_comes_back_whole_through_the_class_itself(config):
    choice = LAYOUT.options(config)
    written = json.loads(json.dumps(LAYOUT.config(choice)))
    with torch.device("meta"):
        reference = UNetSpatioTemporalConditionModel.from_config(written)
    assert written["_class_name"] == type(reference).__name__
    assert LAYOUT.options(reference.config) == choice


def test_what_a_silent_configuration_means_is_what_the_class_means():
    known = inspect.signature(UNetSpatioTemporalConditionModel.__init__).parameters
    assert {name: known[name].default for name in Keys.model_fields} == Keys().model_dump()


# ---- the autoencoder ---------------------------------------------------------------------------------

LEVELS = {"down_block_types": ("DownEncoderBlock2D",) * 2, "block_out_channels": (32, 64)}
CODERS = {
    "as small as can be": {**LEVELS, "layers_per_block": 1},
    "as published": {**LEVELS, "layers_per_block": 2, "scaling_factor": 0.5},
    "more blocks than are run": {**LEVELS, "layers_per_block": 3},
    "other channels": {**LEVELS, "latent_channels": 3, "in_channels": 1, "out_channels": 2},
}


@cache
def coders(name):
    torch.manual_seed(0)
    reference = stirred(AutoencoderKLTemporalDecoder(**CODERS[name]))
    choice = KL_TEMPORAL.options(reference.config)
    assert choice.pop("name") == "kl_temporal"
    network = kl_temporal(**choice).eval()
    network.load_state_dict(reference.state_dict(), strict=True)
    return reference, network


def numbers(*shape):
    return torch.randn(shape, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("frames", FRAMES)
@pytest.mark.parametrize("name", CODERS)
@torch.no_grad()
def test_clips_are_decoded_as_diffusers_decodes_them(name, frames):
    reference, network = coders(name)
    latents = numbers(2 * frames, network.channels, 4, 6)
    expected = reference.decode(latents / reference.config.scaling_factor, num_frames=frames).sample
    assert difference(network.decode(latents, frames), expected) < 3e-6


@pytest.mark.parametrize("name", CODERS)
@torch.no_grad()
def test_pictures_are_encoded_as_diffusers_encodes_them(name):
    reference, network = coders(name)
    x, scaling = (
        numbers(2, reference.config.in_channels, 16, 12).clamp(-1, 1),
        reference.config.scaling_factor,
    )
    posterior = reference.encode(x).latent_dist
    assert difference(network.encode(x), posterior.mode() * scaling) < 3e-6
    mean, std = network.moments(x)
    noise = numbers(*mean.shape)
    assert difference(mean + std * noise, (posterior.mean + posterior.std * noise) * scaling) < 3e-6


def test_gradients_of_the_decoder_are_the_same():
    reference, network = coders("as published")
    latents = numbers(6, 4, 4, 4)
    weights, theirs = dict(network.decoder.named_parameters()), dict(reference.decoder.named_parameters())
    mine = torch.autograd.grad(network.decode(latents, 3).square().mean(), [*weights.values()])
    expected = reference.decode(latents / reference.config.scaling_factor, num_frames=3).sample
    other = torch.autograd.grad(expected.square().mean(), [theirs[name] for name in weights])
    largest = max(gradient.abs().max() for gradient in other)
    assert max((a - b).abs().max() for a, b in zip(mine, other, strict=True)) < 1e-5 * largest


CODER = {
    "_class_name": "AutoencoderKLTemporalDecoder",
    "block_out_channels": [128, 256, 512, 512],
    "down_block_types": ["DownEncoderBlock2D"] * 4,
    "force_upcast": True,
    "in_channels": 3,
    "latent_channels": 4,
    "layers_per_block": 2,
    "out_channels": 3,
    "sample_size": 768,
    "scaling_factor": 0.18215,
}


def test_the_published_autoencoder_is_what_its_name_alone_means():
    with torch.device("meta"):
        network, reference = kl_temporal(), AutoencoderKLTemporalDecoder.from_config(CODER)
    assert sum(weight.numel() for weight in network.parameters()) == 97_742_847
    assert shapes(network) == shapes(reference)
    options = {field: value.default for field, value in options_model(kl_temporal).model_fields.items()}
    assert KL_TEMPORAL.options(CODER) == {"name": "kl_temporal", **options}
    assert KL_TEMPORAL.config({"name": "kl_temporal"}) == CODER


@pytest.mark.parametrize("name", CODERS)
def test_an_autoencoder_s_configuration_comes_back_through_the_class_itself(name):
    choice = KL_TEMPORAL.options(CODERS[name])
    written = json.loads(json.dumps(KL_TEMPORAL.config(choice)))
    with torch.device("meta"):
        reference = AutoencoderKLTemporalDecoder.from_config(written)
    assert KL_TEMPORAL.options(reference.config) == choice
