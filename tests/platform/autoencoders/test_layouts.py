"""Published configurations: read, written, refused; and older names of tensors."""

import re

import pytest
import torch

from diffsmith.autoencoders import networks
from diffsmith.autoencoders.layouts import KL, KL_TEMPORAL, PAELLA, TINY, VQ
from diffsmith.errors import SpecError
from diffsmith.options import checked_options

LAYOUTS = {"kl": KL, "kl_temporal": KL_TEMPORAL, "vq": VQ, "tiny": TINY, "paella": PAELLA}

# As the file of Stable Diffusion 1.5 has it: silent about what came later.
SD15 = {
    "_class_name": "AutoencoderKL",
    "_diffusers_version": "0.6.0",
    "act_fn": "silu",
    "block_out_channels": [128, 256, 512, 512],
    "down_block_types": ["DownEncoderBlock2D"] * 4,
    "in_channels": 3,
    "latent_channels": 4,
    "layers_per_block": 2,
    "norm_num_groups": 32,
    "out_channels": 3,
    "sample_size": 512,
    "up_block_types": ["UpDecoderBlock2D"] * 4,
}

REFUSED = {
    "another activation": (
        KL,
        {"act_fn": "relu"},
        "AutoencoderKL.act_fn: 'relu' is not possible here, only 'silu'",
    ),
    "another stage": (
        KL,
        {"down_block_types": ["KDownBlock2D"]},
        "down_block_types: 'KDownBlock2D' is not possible",
    ),
    "too few stages": (
        KL,
        {"block_out_channels": [32, 64], "up_block_types": ["UpDecoderBlock2D"]},
        "must name 2",
    ),
    "a clip's stage that attends": (
        KL_TEMPORAL,
        {"down_block_types": ["AttnDownEncoderBlock2D"]},
        "AutoencoderKLTemporalDecoder.down_block_types: stages that attend are not possible here",
    ),
    "one-sided attention": (
        VQ,
        {"down_block_types": ["AttnDownEncoderBlock2D"]},
        "up_block_types: must attend",
    ),
    "a norm that reads latents": (VQ, {"norm_type": "spatial"}, "VQModel.norm_type: 'spatial'"),
    "tokens": (VQ, {"lookup_from_codebook": True}, "VQModel.lookup_from_codebook: True"),
    "unequal widths": (
        TINY,
        {"decoder_block_out_channels": [64, 32]},
        "must all be the same, got \\(64, 32\\)",
    ),
    "another doubling": (TINY, {"upsampling_scaling_factor": 4}, "upsampling_scaling_factor: 4 is not"),
    "no scale": (PAELLA, {"scale_factor": 0}, "PaellaVQModel.scale_factor: must be a number above 0, got 0"),
    "a number for a list": (KL, {"block_out_channels": 64}, "block_out_channels: must be a list"),
}


def test_a_silent_configuration_is_read_as_its_authors_meant_it():
    choice = KL.options(SD15)
    with torch.device("meta"):
        network = networks.kl(**{key: value for key, value in choice.items() if key != "name"})
    assert sum(weight.numel() for weight in network.parameters()) == 83_653_863
    assert network.scaling.factor == (0.18215,)
    assert not network.needs_float32


@pytest.mark.parametrize("name", LAYOUTS)
def test_a_choice_survives_being_written(name):
    layout = LAYOUTS[name]
    written = layout.config({"name": name, "channels": 8})
    choice = layout.options(written)
    assert choice["name"] == name
    assert choice["channels"] == written["latent_channels"] == 8
    assert layout.config(choice) == written
    options = {key: value for key, value in choice.items() if key != "name"}
    assert checked_options(getattr(networks, name), options, name)


@pytest.mark.parametrize("case", REFUSED)
def test_what_has_no_like_here_is_told(case):
    layout, config, told = REFUSED[case]
    with pytest.raises(SpecError, match=told):
        layout.options(config)


def test_unknown_keys_and_null_mean_nothing():
    silent = {"block_out_channels": [64], "shift_factor": None, "latents_mean": None, "made_by": "somebody"}
    assert KL.options(silent) == KL.options({})


def renamed(layout, names):
    for pattern, replacement in layout.renames:
        names = [re.sub(pattern, replacement, name) for name in names]
    return names


def test_older_names_of_attention_are_known():
    old = {"to_q": "query", "to_k": "key", "to_v": "value", "to_out.0": "proj_attn"}
    with torch.device("meta"):
        names = list(networks.kl().state_dict())
    older = [re.sub("|".join(map(re.escape, old)), lambda found: old[found[0]], name) for name in names]
    assert len(set(older) - set(names)) == 16
    assert renamed(KL, older) == renamed(VQ, older) == names
    assert renamed(KL, names) == names


@pytest.mark.parametrize("prefix", ["", "taesd_"])
def test_the_names_of_the_original_taesd_are_known(prefix):
    with torch.device("meta"):
        names = list(networks.tiny().state_dict())
    places = [re.fullmatch(r"(encoder|decoder)\.layers\.(\d+)\.(.+)", name).groups() for name in names]
    original = [f"{prefix}{coder}.{int(n) + (coder == 'decoder')}.{rest}" for coder, n, rest in places]
    assert renamed(TINY, original) == names
    assert renamed(TINY, names) == names


def test_the_name_of_the_original_stage_a_is_known():
    assert renamed(PAELLA, ["vquantizer.codebook.weight"]) == ["vquantizer.embedding.weight"]
