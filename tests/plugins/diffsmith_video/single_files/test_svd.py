"""Stable Video Diffusion's single files: a small pipeline under its authors' names comes back as it was."""

from functools import partial
from pathlib import Path

import diffusers
import pytest
import torch
from diffusers import AutoencoderKL, AutoencoderKLTemporalDecoder, UNetSpatioTemporalConditionModel
from tests.published import stirred
from transformers import CLIPVisionConfig, CLIPVisionModelWithProjection

from diffsmith.errors import FileFault
from diffsmith.interop.recognising import recognise
from diffsmith.weights.components import Component
from diffsmith.weights.mapped import Tensors
from diffsmith.weights.single_files import open_file
from diffsmith.weights.sources import Source, open_source
from diffsmith.weights.tensors import save_tensors
from diffsmith_image.single_files.ldm import ldm
from diffsmith_video.single_files.svd import svd

SMALL = partial(svd, head_size=16, vision_head_size=8)
UNET = {
    "sample_size": 96,
    "block_out_channels": (32, 64, 64),
    "layers_per_block": 2,
    "down_block_types": (*["CrossAttnDownBlockSpatioTemporal"] * 2, "DownBlockSpatioTemporal"),
    "up_block_types": ("UpBlockSpatioTemporal", *["CrossAttnUpBlockSpatioTemporal"] * 2),
    "addition_time_embed_dim": 8,
    "projection_class_embeddings_input_dim": 24,
    "cross_attention_dim": 24,
    "num_attention_heads": (2, 4, 4),
    "num_frames": 14,
}
LEVELS = {
    "block_out_channels": (32, 64, 64),
    "down_block_types": ["DownEncoderBlock2D"] * 3,
    "sample_size": 768,
}
VAE = {**LEVELS, "layers_per_block": 2}
VISION = {
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "image_size": 28,
    "patch_size": 7,
    "projection_dim": 24,
    "hidden_act": "gelu",
}


@pytest.fixture(scope="module")
def networks():
    torch.manual_seed(0)
    return {
        "unet": stirred(UNetSpatioTemporalConditionModel(**UNET)),
        "vae": stirred(AutoencoderKLTemporalDecoder(**VAE)),
        "image_encoder": stirred(CLIPVisionModelWithProjection(CLIPVisionConfig(**VISION))),
    }


# ---- the authors' names ------------------------------------------------------------------------------

LAYERS = {
    "norm1.": "in_layers.0.",
    "conv1.": "in_layers.2.",
    "time_emb_proj.": "emb_layers.1.",
    "norm2.": "out_layers.0.",
    "conv2.": "out_layers.3.",
    "conv_shortcut.": "skip_connection.",
}


def old_unet(network):
    """Blocks are numbered through; time_stack is what lies along the frames, in blocks and transformers."""
    each, levels = network.config.layers_per_block + 1, len(network.config.block_out_channels)
    old = {
        "conv_in.": "input_blocks.0.0.",
        "time_embedding.linear_1.": "time_embed.0.",
        "time_embedding.linear_2.": "time_embed.2.",
        "add_embedding.linear_1.": "label_emb.0.0.",
        "add_embedding.linear_2.": "label_emb.0.2.",
        "mid_block.resnets.0.": "middle_block.0.",
        "mid_block.attentions.0.": "middle_block.1.",
        "mid_block.resnets.1.": "middle_block.2.",
        "conv_norm_out.": "out.0.",
        "conv_out.": "out.2.",
    }
    for level in range(levels):
        attends = "CrossAttn" in network.config.up_block_types[level]
        for layer in range(each):
            down, up = 1 + level * each + layer, level * each + layer
            old[f"down_blocks.{level}.resnets.{layer}."] = f"input_blocks.{down}.0."
            old[f"down_blocks.{level}.attentions.{layer}."] = f"input_blocks.{down}.1."
            old[f"up_blocks.{level}.resnets.{layer}."] = f"output_blocks.{up}.0."
            old[f"up_blocks.{level}.attentions.{layer}."] = f"output_blocks.{up}.1."
        old[f"down_blocks.{level}.downsamplers.0.conv."] = f"input_blocks.{(level + 1) * each}.0.op."
        old[f"up_blocks.{level}.upsamplers.0."] = f"output_blocks.{(level + 1) * each - 1}.{1 + attends}."

    def named(name):
        place = max((place for place in old if name.startswith(place)), key=len)
        rest = name.removeprefix(place)
        if ".resnets." in place:
            part, _, inside = rest.partition(".")
            if part == "time_mixer":
                return old[place] + rest
            layer = next(word for word in LAYERS if inside.startswith(word))
            along = "time_stack." if part == "temporal_res_block" else ""
            return f"{old[place]}{along}{LAYERS[layer]}{inside.removeprefix(layer)}"
        rest = rest.replace("temporal_transformer_blocks.", "time_stack.")
        rest = rest.replace("time_pos_embed.linear_1.", "time_pos_embed.0.")
        return old[place] + rest.replace("time_pos_embed.linear_2.", "time_pos_embed.2.")

    return {f"model.diffusion_model.{named(name)}": each for name, each in network.state_dict().items()}


def old_coder(state, levels):
    """A half of the autoencoder: attention convolves, the decoder is counted from the end."""
    words = {"mid_block.attentions.0.group_norm": "mid.attn_1.norm"}
    words |= {"mid_block.attentions.0.to_out.0": "mid.attn_1.proj_out"}
    words |= {f"mid_block.attentions.0.to_{letter}": f"mid.attn_1.{letter}" for letter in "qkv"}
    words |= {f"mid_block.resnets.{number}": f"mid.block_{number + 1}" for number in (0, 1)}
    words |= {"downsamplers.0": "downsample", "upsamplers.0": "upsample", ".resnets.": ".block."}
    words |= {"down_blocks": "down", "conv_norm_out": "norm_out", "time_conv_out": "conv_out.time_mix_conv"}
    words |= {f"up_blocks.{level}.": f"up.{levels - 1 - level}." for level in range(levels)}
    words |= {f"temporal_res_block.{new}": f"time_stack.{old}" for new, old in LAYERS.items()}
    words |= {"spatial_res_block.": "", "time_mixer.": "", "conv_shortcut": "nin_shortcut"}
    found = {}
    for name, tensor in state.items():
        convolved = "attentions" in name and tensor.ndim == 2
        for new, old in words.items():
            name = name.replace(new, old)  # noqa: PLW2901 — one word after another
        found[name] = tensor[:, :, None, None] if convolved else tensor
    return found


def old_autoencoder(network):
    """The encoder lies with the conditioner, beside a decoder of its own; the decoder in the first stage."""
    old, place = old_coder(network.state_dict(), 3), "conditioner.embedders.3.encoder."
    found = {}
    for name, tensor in old.items():
        found[("first_stage_model." if name.startswith("decoder.") else place) + name] = tensor
        if name.startswith("encoder."):
            found[f"first_stage_model.{name}"] = tensor + 1
    return found | {
        f"{place}decoder.conv_in.weight": torch.ones(1),
        f"{place}post_quant_conv.bias": torch.ones(4),
    }


def old_vision(network):
    """open_clip's: query, key and value in one, the projection turned round; and what it reads texts with."""
    state, found = network.state_dict(), {}
    words = {"embeddings.position_embedding.weight": "positional_embedding", "embeddings.": ""}
    words |= {"patch_embedding": "conv1", "pre_layrnorm": "ln_pre", "post_layernorm": "ln_post"}
    words |= {"encoder.layers.": "transformer.resblocks.", "layer_norm": "ln_", "self_attn": "attn"}
    words |= {"mlp.fc1": "mlp.c_fc", "mlp.fc2": "mlp.c_proj"}
    for name, tensor in state.items():
        if ".k_proj." in name or ".v_proj." in name or "position_ids" in name:
            continue
        if ".q_proj." in name:
            tensor = torch.cat([state[name.replace(".q_proj.", f".{letter}_proj.")] for letter in "qkv"])  # noqa: PLW2901
        new = name.removeprefix("vision_model.")
        for theirs, old in words.items():
            new = new.replace(theirs, old)
        new = new.replace("attn.q_proj.", "attn.in_proj_").replace("visual_projection.weight", "proj")
        found[f"visual.{new}"] = tensor.t() if new == "proj" else tensor
    read = {
        "positional_embedding": torch.ones(7, 3),
        "text_projection": torch.ones(3, 3),
        "logit_scale": torch.ones([]),
    }
    read |= {"token_embedding.weight": torch.ones(9, 3), "ln_final.weight": torch.ones(3)}
    return {
        f"conditioner.embedders.0.open_clip.model.{name}": each for name, each in {**found, **read}.items()
    }


def original(networks):
    return (
        old_unet(networks["unet"]) | old_autoencoder(networks["vae"]) | old_vision(networks["image_encoder"])
    )


def in_memory(tensors):
    shapes = {name: tuple(each.shape) for name, each in tensors.items()}
    return Tensors(shapes, {name: each.dtype for name, each in tensors.items()}, tensors.__getitem__)


# ---- what is read ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def found(networks, tmp_path_factory):
    tensors = {name: each.contiguous() for name, each in original(networks).items()}
    file = save_tensors(tmp_path_factory.mktemp("svd") / "small.safetensors", tensors)
    return open_source(file, formats=[SMALL])


def test_it_is_the_pipeline_that_it_was_made_from(found, networks):
    assert found.index == {
        "_class_name": "StableVideoDiffusionPipeline",
        "unet": ["diffusers", "UNetSpatioTemporalConditionModel"],
        "vae": ["diffusers", "AutoencoderKLTemporalDecoder"],
        "image_encoder": ["transformers", "CLIPVisionModelWithProjection"],
        "scheduler": ["diffusers", "EulerDiscreteScheduler"],
    }
    for part, network in networks.items():
        opened, wanted = found.component(part).tensors, network.state_dict()
        wanted = {name: each for name, each in wanted.items() if "position_ids" not in name}
        assert set(opened) == set(wanted)
        assert all(torch.equal(opened[name], each) for name, each in wanted.items())


@pytest.mark.parametrize("part", ["unet", "vae"])
def test_the_settings_are_those_that_it_was_made_with(found, networks, part):
    config = found.component(part).config
    made = {"unet": UNetSpatioTemporalConditionModel, "vae": AutoencoderKLTemporalDecoder}[part]
    with torch.device("meta"):
        again = made.from_config(dict(config))
    meant = {
        **networks[part].config,
        **({"transformer_layers_per_block": [1, 1, 1]} if part == "unet" else {}),
    }
    assert listed(again.config) == listed(meant)


def listed(config):
    plain = {key: value for key, value in config.items() if not key.startswith("_")}
    return {key: list(value) if isinstance(value, tuple) else value for key, value in plain.items()}


def test_what_looks_at_the_picture_is_configured_as_it_was(found):
    config = found.component("image_encoder").config
    assert {key: config[key] for key in VISION} == VISION


def test_the_scheduler_is_the_published_one(found):
    scheduler = diffusers.EulerDiscreteScheduler.from_config(dict(found.component("scheduler").config))
    scheduler.set_timesteps(25)
    assert scheduler.sigmas[0] == pytest.approx(700)
    assert scheduler.timesteps[0] == pytest.approx(0.25 * torch.tensor(700.0).log())


def test_files_with_a_decoder_of_pictures_hold_a_whole_autoencoder_of_pictures(networks):
    pictures = stirred(AutoencoderKL(**VAE, up_block_types=["UpDecoderBlock2D"] * 3))
    tensors = {
        f"first_stage_model.{name}": each for name, each in old_coder(pictures.state_dict(), 3).items()
    }
    seen = {name: each for name, each in old_autoencoder(networks["vae"]).items() if "embedders.3" in name}
    read = SMALL(in_memory(old_unet(networks["unet"]) | tensors | seen))
    assert not read.left
    assert read.index["vae"] == ["diffusers", "AutoencoderKL"]
    config, opened = read.parts["vae"]
    wanted = pictures.state_dict()
    assert set(opened) == set(wanted)
    assert all(torch.equal(opened[name], each) for name, each in wanted.items())
    with torch.device("meta"):
        assert AutoencoderKL.from_config(dict(config)).state_dict().keys() == wanted.keys()


def test_a_network_without_the_rest_is_read_too(networks):
    read = SMALL(in_memory(old_unet(networks["unet"])))
    assert [*read.parts] == ["unet", "scheduler"]
    assert not read.left


def test_what_belongs_nowhere_is_told(networks, tmp_path):
    tensors = {**old_unet(networks["unet"]), "surprise": torch.zeros(1)}
    file = save_tensors(tmp_path / "small.safetensors", tensors)
    with pytest.raises(FileFault, match=r"belongs to no part of its model: 1 tensors \(surprise\)"):
        open_file(file, "it", [SMALL])


def test_files_of_pictures_are_left_to_others_and_these_by_others(networks):
    assert SMALL(in_memory({"model.diffusion_model.input_blocks.0.0.weight": torch.zeros(1)})) is None
    assert ldm(in_memory(original(networks))) is None


# ---- the published size ------------------------------------------------------------------------------


def test_a_published_file_is_recognised_as_the_published_model(registry):
    with torch.device("meta"):
        made = {
            "unet": UNetSpatioTemporalConditionModel(num_frames=14),
            "vae": AutoencoderKLTemporalDecoder(
                block_out_channels=(128, 256, 512, 512),
                down_block_types=["DownEncoderBlock2D"] * 4,
                layers_per_block=2,
            ),
        }
        tensors = old_unet(made["unet"]) | {
            ("first_stage_model." if name.startswith("decoder.") else "conditioner.embedders.3.encoder.")
            + name: each
            for name, each in old_coder(made["vae"].state_dict(), 4).items()
        }
    read = svd(in_memory(tensors))
    assert not read.left
    assert "set model.shape: [4, 25, 72, 128]" in read.notes[0]
    counts = {part: sum(each.numel() for each in read.parts[part].tensors.values()) for part in made}
    assert counts == {"unet": 1_524_623_082, "vae": 97_742_847}
    file = Path("it.safetensors")
    parts = {part: Component(file, *told) for part, told in read.parts.items()}
    values = recognise(Source("it.safetensors", file, read.index, parts.get), registry)
    card = registry.get("models", "svd")
    assert values["model"].keys() == {"name", "schedule", "prediction"}
    assert values["model"]["name"] == "svd"
    assert values["autoencoder"] == {"name": "kl_temporal"}
    assert values["scheduler"] == card.usual["scheduler"]
    assert values["spacing"] == card.usual["spacing"]
