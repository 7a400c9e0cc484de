"""The autoencoders equal diffusers': same weights, same numbers and names; in tiles; at published sizes."""

import json
from functools import cache

import pytest
import torch
from diffusers import AutoencoderKL, AutoencoderTiny, VQModel
from diffusers.pipelines.deprecated.wuerstchen.modeling_paella_vq_model import PaellaVQModel

from diffsmith.autoencoders import networks, tiled
from diffsmith.autoencoders.layouts import KL, PAELLA, TINY, VQ

from .references import difference

SMALL = {
    "block_out_channels": (32, 64),
    "down_block_types": ("DownEncoderBlock2D",) * 2,
    "up_block_types": ("UpDecoderBlock2D",) * 2,
    "norm_num_groups": 8,
}
ATTENDING = {
    "block_out_channels": (16, 32, 32),
    "down_block_types": ("DownEncoderBlock2D", "DownEncoderBlock2D", "AttnDownEncoderBlock2D"),
    "up_block_types": ("AttnUpDecoderBlock2D", "UpDecoderBlock2D", "UpDecoderBlock2D"),
    "norm_num_groups": 8,
}
BARE = {"use_quant_conv": False, "use_post_quant_conv": False}
MEAN = {"latents_mean": [-1.6574, 1.886, -1.383, 2.5155], "latents_std": [8.4927, 5.9022, 6.5498, 5.2299]}
TAE = {"encoder_block_out_channels": (8, 8), "decoder_block_out_channels": (8, 8)}

CASES = {
    "kl": (AutoencoderKL, KL, {**SMALL, "latent_channels": 4}),
    "kl of 16 channels": (
        AutoencoderKL,
        KL,
        {**SMALL, **BARE, "latent_channels": 16, "scaling_factor": 0.3611, "shift_factor": 0.1159},
    ),
    "kl with means": (AutoencoderKL, KL, {**SMALL, **MEAN, "scaling_factor": 0.5}),
    "kl of sound": (AutoencoderKL, KL, {**SMALL, "in_channels": 1, "out_channels": 1, "latent_channels": 8}),
    "kl that attends": (AutoencoderKL, KL, {**ATTENDING, "layers_per_block": 2}),
    "kl that does not": (AutoencoderKL, KL, {**SMALL, "mid_block_add_attention": False}),
    "tiny": (AutoencoderTiny, TINY, {**TAE, "num_encoder_blocks": (1, 1), "num_decoder_blocks": (1, 1)}),
    "tiny of 3 levels": (
        AutoencoderTiny,
        TINY,
        {
            "encoder_block_out_channels": (8,) * 3,
            "decoder_block_out_channels": (16,) * 3,
            "num_encoder_blocks": (1, 2, 0),
            "num_decoder_blocks": (2, 0, 1),
            "latent_channels": 16,
            "scaling_factor": 0.5,
            "shift_factor": 0.25,
        },
    ),
    "vq": (VQModel, VQ, {**SMALL, "latent_channels": 3, "num_vq_embeddings": 32}),
    "vq that attends": (VQModel, VQ, {**ATTENDING, "num_vq_embeddings": 48, "vq_embed_dim": 5}),
}
CASES |= {
    "paella": (
        PaellaVQModel,
        PAELLA,
        {"bottleneck_blocks": 2, "embed_dim": 16, "num_vq_embeddings": 32, "scale_factor": 0.37},
    ),
    "paella of 3 levels": (
        PaellaVQModel,
        PAELLA,
        {
            "levels": 3,
            "bottleneck_blocks": 1,
            "embed_dim": 32,
            "up_down_scale_factor": 1,
            "latent_channels": 3,
        },
    ),
}
SIZES = [(16, 16), (24, 40), (12, 4)]


def built(layout, config, **options):
    choice = layout.options(config)
    return getattr(networks, choice.pop("name"))(**choice, **options)


@cache
def made(name):
    """diffusers' autoencoder and ours from its configuration, with the same random weights everywhere."""
    reference_class, layout, config = CASES[name]
    torch.manual_seed(0)
    reference = reference_class(**config).eval()
    for weight_name, weight in reference.named_parameters():
        spread = 1.0 if "embedding" in weight_name else 0.05
        weight.data += spread * torch.randn(weight.shape)
    ours = built(layout, reference.config).eval()
    for buffer_name, statistic in reference.named_buffers():
        if "running" in buffer_name:
            statistic.add_(torch.rand(statistic.shape))
    ours.load_state_dict(reference.state_dict())
    return reference, ours


@pytest.fixture(params=CASES)
def pair(request):
    return made(request.param)


def numbers(*shape):
    return torch.randn(shape, generator=torch.Generator().manual_seed(1))


def zero_to_one(reference):
    """Where diffusers' class takes and gives pictures in [0, 1]: all others have them in [-1, 1]."""
    return isinstance(reference, PaellaVQModel)


def pictures(reference, height, width):
    return numbers(2, reference.config.in_channels, height, width).clamp(-1, 1)


def scaled(reference, latents):
    """As diffusers' pipelines hand an encoder's latents to the denoiser."""
    config = reference.config
    if config.get("latents_mean"):
        mean, std = (torch.tensor(config[key]).view(1, -1, 1, 1) for key in ("latents_mean", "latents_std"))
        return (latents - mean) * config.scaling_factor / std
    if "scale_factor" in config:
        return latents / config.scale_factor
    return (latents - (config.get("shift_factor") or 0.0)) * config.scaling_factor


def unscaled(reference, latents):
    """As diffusers' pipelines hand a denoiser's latents to the decoder."""
    config = reference.config
    if config.get("latents_mean"):
        mean, std = (torch.tensor(config[key]).view(1, -1, 1, 1) for key in ("latents_mean", "latents_std"))
        return latents * std / config.scaling_factor + mean
    if "scale_factor" in config:
        return latents * config.scale_factor
    return latents / config.scaling_factor + (config.get("shift_factor") or 0.0)


def encoded(reference, x):
    answer = reference.encode((x + 1) / 2 if zero_to_one(reference) else x)
    return answer.latent_dist.mode() if "latent_dist" in answer else answer.latents


def decoded(reference, latents):
    picture = reference.decode(unscaled(reference, latents)).sample
    return 2 * picture - 1 if zero_to_one(reference) else picture


@pytest.mark.parametrize("size", SIZES)
@torch.no_grad()
def test_diffusers_encodes_the_same(pair, size):
    reference, ours = pair
    x = pictures(reference, *size)
    expected = scaled(reference, encoded(reference, x))
    assert ours.encode(x).shape[1:] == (ours.channels, size[0] // ours.factor, size[1] // ours.factor)
    assert difference(ours.encode(x), expected) < 3e-6


@pytest.mark.parametrize("size", SIZES)
@torch.no_grad()
def test_diffusers_decodes_the_same(pair, size):
    reference, ours = pair
    latents = numbers(2, ours.channels, size[0] // ours.factor, size[1] // ours.factor)
    expected = decoded(reference, latents)
    assert expected.shape[2:] == size
    assert difference(ours.decode(latents), expected) < 3e-6


@pytest.mark.parametrize("name", CASES)
def test_our_configuration_is_read_as_it_was_written(name):
    reference_class, layout, config = CASES[name]
    with torch.device("meta"):
        reference = reference_class(**config)
        written = layout.config(layout.options(reference.config))
        theirs = reference_class.from_config(json.loads(json.dumps(written)))
    assert layout.options(written) == layout.options(reference.config)
    assert compared(theirs.config) == compared(reference.config)
    assert written["_class_name"] == reference_class.__name__


def compared(config):
    """Without what names no property; no shift is a shift of 0."""
    listed = {key: list(value) if isinstance(value, tuple) else value for key, value in config.items()}
    return {key: value or None for key, value in listed.items() if not key.startswith("_")}


@pytest.mark.parametrize("name", [name for name in CASES if CASES[name][0] is AutoencoderKL])
@torch.no_grad()
def test_a_draw_of_the_posterior_is_diffusers(name):
    reference, ours = made(name)
    x = pictures(reference, 16, 16)
    posterior = reference.encode(x).latent_dist
    mean, std = ours.moments(x)
    noise = numbers(*mean.shape)
    assert difference(mean + std * noise, scaled(reference, posterior.mean + posterior.std * noise)) < 3e-6


@torch.no_grad()
def test_the_numbers_of_a_preview_are_diffusers():
    reference, ours = made("tiny")
    latents = 3 * numbers(1, 4, 4, 4)
    torch.testing.assert_close(ours.scale_latents(latents), reference.scale_latents(latents))
    unit = latents.sigmoid()
    torch.testing.assert_close(ours.unscale_latents(unit), reference.unscale_latents(unit))


# ---- in tiles ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def tiling():
    """A diffusers autoencoder that works in tiles of 32 pixels, and ours."""
    torch.manual_seed(0)
    reference = AutoencoderKL(**ATTENDING, sample_size=32).eval()
    reference.enable_tiling()
    ours = built(KL, reference.config).eval()
    ours.load_state_dict(reference.state_dict())
    return reference, ours


SIDES = [(32, 32), (64, 96), (80, 36), (32, 100), (28, 72)]


@pytest.mark.parametrize("size", SIDES)
@torch.no_grad()
def test_tiles_are_diffusers(tiling, size):
    reference, ours = tiling
    x = pictures(reference, *size)
    latents = numbers(2, 4, size[0] // 4, size[1] // 4)
    assert difference(tiled(ours).encode(x), scaled(reference, encoded(reference, x))) < 1e-5
    expected = decoded(reference, latents)
    assert difference(tiled(ours).decode(latents), expected) < 1e-5


@pytest.mark.parametrize("overlap", [0.0, 0.5])
@torch.no_grad()
def test_tiles_with_another_overlap_are_diffusers(tiling, overlap):
    reference, ours = tiling
    reference.tile_overlap_factor = overlap
    latents = numbers(1, 4, 20, 17)
    expected = decoded(reference, latents)
    assert difference(tiled(ours, 32, overlap).decode(latents), expected) < 1e-5


# ---- at their published sizes --------------------------------------------------------------------

STAGES = {"down_block_types": ("DownEncoderBlock2D",) * 4, "up_block_types": ("UpDecoderBlock2D",) * 4}
SD = {**STAGES, "block_out_channels": (128, 256, 512, 512), "layers_per_block": 2}
THREE = {
    "down_block_types": ("DownEncoderBlock2D",) * 3,
    "up_block_types": ("UpDecoderBlock2D",) * 3,
    "block_out_channels": (128, 256, 512),
    "layers_per_block": 2,
}
SOUND = {**THREE, "in_channels": 1, "out_channels": 1, "latent_channels": 8}
PUBLISHED = {
    "SD 1 and 2": (AutoencoderKL, KL, SD, 83_653_863),
    "SDXL": (AutoencoderKL, KL, {**SD, "scaling_factor": 0.13025, "sample_size": 1024}, 83_653_863),
    "SD 3": (AutoencoderKL, KL, {**SD, **BARE, "latent_channels": 16, "scaling_factor": 1.5305}, 83_819_683),
    "AudioLDM": (AutoencoderKL, KL, SOUND, 55_376_873),
    "TAESD and TAESDXL": (AutoencoderTiny, TINY, {}, 2_445_063),
    "TAESD 3 and TAEF 1": (AutoencoderTiny, TINY, {"latent_channels": 16}, 2_458_899),
    "LDM vq-f4": (VQModel, VQ, {**THREE, "num_vq_embeddings": 8192}, 55_322_782),
    "Stable Cascade, stage A": (PaellaVQModel, PAELLA, {}, 18_406_894),
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_sizes_have_the_published_names_and_shapes(name):
    reference_class, layout, config, count = PUBLISHED[name]
    with torch.device("meta"):
        reference = reference_class(**config)
        ours = built(layout, reference.config)
    shapes = {name: weight.shape for name, weight in ours.state_dict().items()}
    assert shapes == {name: weight.shape for name, weight in reference.state_dict().items()}
    assert sum(weight.numel() for weight in ours.parameters()) == count


DEFAULTS = {"kl": 83_653_863, "tiny": 2_445_063, "vq": 55_322_782, "paella": 18_406_894}


@pytest.mark.parametrize("name", DEFAULTS)
def test_what_is_chosen_by_name_alone_is_the_usual_one(name):
    with torch.device("meta"):
        network = getattr(networks, name)()
    assert sum(weight.numel() for weight in network.parameters()) == DEFAULTS[name]
