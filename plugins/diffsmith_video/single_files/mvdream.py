"""MVDream's single files, `sd-v2.1-base-4view.pt` and `sd-v1.5-4view.pt`: network, autoencoder, reader."""

import re
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field

from diffsmith.weights.ldm.pieces import autoencoder_pieces, encoder_pieces, set_aside, unet_pieces
from diffsmith.weights.ldm.shapes import autoencoder_config, text_config, unet_config
from diffsmith.weights.mapped import Tensors
from diffsmith.weights.renamed import Piece, renamed
from diffsmith.weights.single_files import Part, Reading

__all__ = ["mvdream"]

Positive = Annotated[int, Field(ge=1)]

_UNET = "model.diffusion_model."
_CAMERA = {
    f"camera_embedding.linear_{layer}.{kind}": Piece(f"{_UNET}camera_embed.{place}.{kind}")
    for layer, place in ((1, 0), (2, 2))
    for kind in ("weight", "bias")
}
_READERS = {"cond_stage_model.model.": "gelu", "cond_stage_model.transformer.": "quick_gelu"}
"""Where OpenCLIP's, or OpenAI's, text encoder lies, and what it activates with."""

_TABLES = re.compile(
    r"(sqrt_|log_)?(one_minus_|recip_|recipm1_)?(alphas|betas)(_cumprod)?(_prev)?|posterior_\w+"
    r"|.*\.(position_ids|logit_scale|attn_mask)"
)
_LATENTS = {"scaling_factor": 0.18215, "sample_size": 256}
_TRAINED = {
    "shape": (4, 4, 32, 32),
    "classes": None,
    "schedule": {"name": "vp", "betas": "scaled_linear", "start": 0.00085, "end": 0.012},
    "prediction": {"name": "epsilon"},
}


def mvdream(
    tensors: Tensors, *, heads: Positive = 8, head_size: Positive = 64, groups: Positive = 32
) -> Reading | None:
    """A file of the original program (Shi et al. 2023); None for any other.

    What no shape tells is what all published ones have: the heads of a U-Net with convolutions around its
    attention, the size of a head in the others, and the groups of channels that are normalised together.
    """
    if _CAMERA["camera_embedding.linear_1.weight"].name not in tensors:
        return None
    names = [name for name in tensors if not _TABLES.fullmatch(name)]
    place = next((place for place in _READERS if any(name.startswith(place) for name in names)), "")
    pieces = {
        "unet": {**unet_pieces(names), **_CAMERA},
        "vae": autoencoder_pieces(names, tensors.shapes),
        "text_encoder": encoder_pieces(names, place) if place else {},
    }
    held = {part: renamed(tensors, told) for part, told in pieces.items() if told}
    configs = {
        "vae": lambda shapes: {**autoencoder_config(shapes, groups=groups), **_LATENTS},
        "text_encoder": lambda shapes: text_config(shapes, act=_READERS[place], head_size=head_size),
    }
    read = {part: configs[part](each.shapes) if part in configs else {} for part, each in held.items()}
    unet = unet_config(held["unet"].shapes, heads=heads, head_size=head_size, groups=groups)
    camera = held["unet"].shapes["camera_embedding.linear_1.weight"][1]
    used = {piece.name for told in pieces.values() for piece in told.values()}
    return Reading(
        _index(read),
        {part: Part(read[part], each) for part, each in held.items()},
        {"unet": {**_options(unet), "camera": camera, **_TRAINED}},
        [name for name in names if name not in used and not set_aside(name, list(_READERS))],
    )


def _options(config: Mapping[str, Any]) -> dict[str, Any]:
    """What UNet2DConditionModel would be told, as `mvdream`'s options."""
    widths = tuple(config["block_out_channels"])
    written, heads = config["transformer_layers_per_block"], config["attention_head_dim"]
    depths = [written] * len(widths) if isinstance(written, int) else written
    attends = ["CrossAttn" in kind for kind in config["down_block_types"]]
    return {
        "name": "mvdream",
        "widths": widths,
        "layers": config["layers_per_block"],
        "depths": tuple(depth if there else 0 for depth, there in zip(depths, attends, strict=True)),
        "middle": depths[-1],
        "heads": (heads,) * len(widths) if isinstance(heads, int) else tuple(heads),
        "text_width": config["cross_attention_dim"],
        "linear": config["use_linear_projection"],
        "groups": config["norm_num_groups"],
    }


def _index(configs: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """model_index.json, of parts that have a published class."""
    vae = {"vae": ["diffusers", configs["vae"]["_class_name"]]} if "vae" in configs else {}
    reader = configs.get("text_encoder")
    return {**vae, **({"text_encoder": ["transformers", reader["architectures"][0]]} if reader else {})}
