"""DiT, as diffusers configures it."""

from collections.abc import Mapping
from typing import Any

from diffsmith.errors import SpecError
from diffsmith.weights.choices import complete, refuse
from diffsmith.weights.layouts import Layout

from ..dit import dit
from .patch_transformers import ONLY, block_config, block_options, usual

__all__ = ["LAYOUT"]

CLASS = "DiTTransformer2DModel"
OWN = {"out_channels": None, "sample_size": 32, "norm_type": "ada_norm_zero", "norm_eps": 1e-5}


def _options(config: Mapping[str, Any]) -> dict[str, Any]:
    whole = usual(config, OWN)
    channels = whole["in_channels"]
    possible: dict[str, list[Any]] = {
        **ONLY,
        "norm_type": ["ada_norm_zero"],
        "out_channels": [None, channels, 2 * channels],
    }
    refuse(CLASS, whole, possible)
    if not whole["num_embeds_ada_norm"]:
        raise SpecError([f"{CLASS}: num_embeds_ada_norm is missing: it is the number of classes"])
    return {
        "name": "dit",
        **block_options(whole),
        "embeddings": "per_block",
        "classes": whole["num_embeds_ada_norm"],
    }


def _config(choice: Mapping[str, Any]) -> dict[str, Any]:
    options, shape = complete(dit, choice), choice["shape"]
    refuse(CLASS, options, {"embeddings": ["per_block"], "mlp_ratio": [4.0], "shift": [1.0]})
    if not choice.get("classes"):
        raise SpecError([f"{CLASS}: a network without classes has no place in its configuration"])
    classes = {"num_embeds_ada_norm": choice["classes"], "norm_type": "ada_norm_zero"}
    return {"_class_name": CLASS, **block_config(CLASS, options, shape), **classes}


LAYOUT = Layout("models", _options, _config)
