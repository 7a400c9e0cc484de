"""What the configurations of DiT and PixArt have in common."""

from collections.abc import Mapping, Sequence
from typing import Any

from diffsmith.weights.choices import complete, refuse

__all__ = ["ONLY", "block_config", "block_options", "complete", "refuse", "usual"]

SHARED = {
    "num_attention_heads": 16,
    "attention_head_dim": 72,
    "in_channels": 4,
    "num_layers": 28,
    "dropout": 0.0,
    "norm_num_groups": 32,
    "attention_bias": True,
    "patch_size": 2,
    "activation_fn": "gelu-approximate",
    "num_embeds_ada_norm": 1000,
    "upcast_attention": False,
    "norm_elementwise_affine": False,
}
"""Both classes' defaults."""

ONLY: dict[str, list[Any]] = {
    "attention_bias": [True],
    "activation_fn": ["gelu-approximate"],
    "upcast_attention": [False],
    "norm_elementwise_affine": [False],
}
"""What our blocks are made with."""


def usual(config: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """A class's whole configuration: what is given over its defaults; keys of other classes mean nothing."""
    defaults = {**SHARED, **own}
    return {**defaults, **{key: value for key, value in config.items() if key in defaults}}


def block_options(config: Mapping[str, Any]) -> dict[str, Any]:
    """The shape, and the options that `dit` and `pixart` share."""
    return {
        "shape": (config["in_channels"], config["sample_size"], config["sample_size"]),
        "patch": config["patch_size"],
        "heads": config["num_attention_heads"],
        "head_dim": config["attention_head_dim"],
        "depth": config["num_layers"],
        "dropout": config["dropout"],
        "variance": config["out_channels"] == 2 * config["in_channels"],
        "eps": config["norm_eps"],
    }


def block_config(where: str, options: Mapping[str, Any], shape: Sequence[int]) -> dict[str, Any]:
    """`block_options` the other way."""
    refuse(where, {"a sample's width": shape[2]}, {"a sample's width": [shape[1]]})  # one side is named
    return {
        **SHARED,
        "patch_size": options["patch"],
        "num_attention_heads": options["heads"],
        "attention_head_dim": options["head_dim"],
        "num_layers": options["depth"],
        "dropout": options["dropout"],
        "in_channels": shape[0],
        "out_channels": shape[0] * (2 if options["variance"] else 1),
        "sample_size": shape[1],
        "norm_eps": options["eps"],
    }
