"""PixArt, as diffusers configures it."""

from collections.abc import Mapping
from typing import Any

from diffsmith.errors import SpecError
from diffsmith.weights.choices import complete, refuse
from diffsmith.weights.layouts import Layout

from ..pixart import pixart
from .patch_transformers import ONLY, block_config, block_options, usual

__all__ = ["LAYOUT"]

CLASS = "PixArtTransformer2DModel"
OWN = {
    "out_channels": 8,
    "sample_size": 128,
    "norm_type": "ada_norm_single",
    "norm_eps": 1e-6,
    "cross_attention_dim": 1152,
    "caption_channels": None,
    "interpolation_scale": None,
    "use_additional_conditions": None,
    "attention_type": "default",
}


def _options(config: Mapping[str, Any]) -> dict[str, Any]:
    whole = usual(config, OWN)
    channels, side = whole["in_channels"], whole["sample_size"]
    scale, sizes = whole["interpolation_scale"], whole["use_additional_conditions"]
    possible: dict[str, list[Any]] = {
        **ONLY,
        "norm_type": ["ada_norm_single"],
        "attention_type": ["default", None],
        "out_channels": [None, channels, 2 * channels],
        "cross_attention_dim": [whole["num_attention_heads"] * whole["attention_head_dim"]],
    }
    refuse(CLASS, whole, possible)
    if not whole["caption_channels"]:
        raise SpecError([f"{CLASS}: caption_channels is missing: the width of the text encoder's states"])
    return {
        "name": "pixart",
        **block_options(whole),
        "text_width": whole["caption_channels"],
        "sizes": side == SIDE_WITH_SIZES if sizes is None else sizes,
        "interpolation": float(max(side // 64, 1) if scale is None else scale),
        "classes": None,
    }


SIDE_WITH_SIZES = 128
"""Configurations that do not say whether the network reads sizes mean that those for this side do."""


def _config(choice: Mapping[str, Any]) -> dict[str, Any]:
    options, shape = complete(pixart, choice), choice["shape"]
    return {
        "_class_name": CLASS,
        **block_config(CLASS, options, shape),
        "norm_type": "ada_norm_single",
        "cross_attention_dim": options["heads"] * options["head_dim"],
        "caption_channels": options["text_width"],
        "interpolation_scale": options["interpolation"],
        "use_additional_conditions": options["sizes"],
        "attention_type": "default",
    }


LAYOUT = Layout("models", _options, _config)
