"""What the shapes of Stable Video Diffusion's tensors tell of its configuration, under the newest names."""

import re
from collections.abc import Mapping
from math import isqrt
from typing import Any

from diffsmith.weights.ldm.shapes import autoencoder_config as of_autoencoder

__all__ = ["autoencoder_config", "unet_config", "vision_config"]

Shapes = Mapping[str, tuple[int, ...]]

_NUMBERS = 3  # speed, motion and noise


def unet_config(shapes: Shapes, *, head_size: int) -> dict[str, Any]:
    """UNetSpatioTemporalConditionModel; no shape tells how channels are split into heads, nor the frames."""
    levels = range(_count(r"down_blocks\.(\d+)", shapes))
    widths = [shapes[f"down_blocks.{level}.resnets.0.spatial_res_block.conv1.weight"][0] for level in levels]
    added = shapes["add_embedding.linear_1.weight"][1]
    middle = shapes["mid_block.attentions.0.transformer_blocks.0.attn2.to_k.weight"]
    return {
        "_class_name": "UNetSpatioTemporalConditionModel",
        "sample_size": 96,
        "in_channels": shapes["conv_in.weight"][1],
        "out_channels": shapes["conv_out.weight"][0],
        "down_block_types": [_block("Down", level, shapes) for level in levels],
        "up_block_types": [_block("Up", level, shapes) for level in levels],
        "block_out_channels": widths,
        "addition_time_embed_dim": added // _NUMBERS,
        "projection_class_embeddings_input_dim": added,
        "layers_per_block": _count(r"down_blocks\.0\.resnets\.(\d+)", shapes),
        "cross_attention_dim": middle[1],
        "transformer_layers_per_block": [_depth(f"down_blocks.{level}", shapes) or 1 for level in levels[:-1]]
        + [_depth("mid_block", shapes)],
        "num_attention_heads": [max(1, width // head_size) for width in widths],
        "num_frames": 14,
    }


def autoencoder_config(shapes: Shapes) -> dict[str, Any]:
    """AutoencoderKLTemporalDecoder, or AutoencoderKL where the decoder does not look along the frames."""
    told = {"sample_size": 768, "scaling_factor": 0.18215, "force_upcast": True}
    of_pictures = {**of_autoencoder(shapes, groups=32), **told}
    if "decoder.time_conv_out.weight" not in shapes:
        return of_pictures
    kept = {key: value for key, value in of_pictures.items() if key not in _PICTURES_ALONE}
    return {**kept, "_class_name": "AutoencoderKLTemporalDecoder"}


_PICTURES_ALONE = ("up_block_types", "use_quant_conv", "use_post_quant_conv", "norm_num_groups")
"""Keys that the class for clips does not know."""


def vision_config(shapes: Shapes, *, head_size: int) -> dict[str, Any]:
    """CLIPVisionModelWithProjection."""
    projected, width = shapes["visual_projection.weight"]
    patch = shapes["vision_model.embeddings.patch_embedding.weight"][-1]
    places = shapes["vision_model.embeddings.position_embedding.weight"][0] - 1  # the first is no place
    return {
        "architectures": ["CLIPVisionModelWithProjection"],
        "model_type": "clip_vision_model",
        "hidden_size": width,
        "intermediate_size": shapes["vision_model.encoder.layers.0.mlp.fc1.weight"][0],
        "num_hidden_layers": _count(r"vision_model\.encoder\.layers\.(\d+)", shapes),
        "num_attention_heads": max(1, width // head_size),
        "num_channels": shapes["vision_model.embeddings.patch_embedding.weight"][1],
        "image_size": patch * isqrt(places),
        "patch_size": patch,
        "projection_dim": projected,
        "hidden_act": "gelu",
        "layer_norm_eps": 1e-5,
    }


def _block(way: str, level: int, shapes: Shapes) -> str:
    attends = any(name.startswith(f"{way.lower()}_blocks.{level}.attentions.") for name in shapes)
    return f"{'CrossAttn' if attends else ''}{way}BlockSpatioTemporal"


def _depth(place: str, shapes: Shapes) -> int:
    return _count(rf"{re.escape(place)}\.attentions\.0\.transformer_blocks\.(\d+)", shapes)


def _count(pattern: str, shapes: Shapes) -> int:
    """One more than the largest number that stands in the pattern's place."""
    known = re.compile(pattern + r"\.")
    return max((int(match[1]) + 1 for match in map(known.match, shapes) if match), default=0)
