"""VideoCrafter's single files: the network, the autoencoder, and what reads the text and sees the picture."""

import re
from collections.abc import Callable, Collection, Mapping
from typing import Annotated, Any

from pydantic import Field

from diffsmith.weights.ldm.pieces import autoencoder_pieces, encoder_pieces, set_aside
from diffsmith.weights.ldm.shapes import autoencoder_config, text_config
from diffsmith.weights.mapped import Tensors
from diffsmith.weights.renamed import Piece, renamed
from diffsmith.weights.single_files import Part, Reading

from .svd_names import vision_pieces
from .svd_shapes import vision_config
from .videocrafter_names import network_pieces, resampler_pieces
from .videocrafter_shapes import network_options

__all__ = ["videocrafter"]

Positive = Annotated[int, Field(ge=1)]

_WRAPPED = "_forward_module."  # as DeepSpeed saves it
_UNET, _PICTURE = "model.diffusion_model.", "image_proj_model."
_WORDS, _EYES = "cond_stage_model.model.", "embedder.model.visual."
_NO_WEIGHTS = re.compile(
    # Tables of noise; averages; what CLIP reads texts with, once more beside what it sees pictures with.
    r"(sqrt_|log_)?(one_minus_|recip_|recipm1_)?(alphas|betas)(_cumprod)?(_prev)?|posterior_\w+|lvlb_weights"
    r"|logvar|scale_factor|scale_arr(_prev)?|first_stage_model\.loss\..*|model_ema\..*|global_step"
    r"|.*\.(logit_scale|attn_mask)|embedder\.(mean|std)|embedder\.model\.(?!visual\.).*"
)


def videocrafter(
    tensors: Tensors, *, head_size: Positive = 64, vision_head_size: Positive = 80, groups: Positive = 32
) -> Reading | None:
    """`model.ckpt` of the original programs (Chen et al. 2023, 2024); None for any other.

    What no shape tells is what all published ones have: the channels of a head of what reads the text, and of
    what sees the picture, and the groups of channels that are normalised together.
    """
    tensors = renamed(tensors, {name.removeprefix(_WRAPPED): Piece(name) for name in tensors})
    if f"{_UNET}init_attn.0.norm.weight" not in tensors:
        return None
    names = [name for name in tensors if not _NO_WEIGHTS.fullmatch(name)]
    pieces = {
        "unet": {**_at(_UNET, names, network_pieces), **_picture(names)},
        "vae": autoencoder_pieces(names, tensors.shapes),
        "text_encoder": encoder_pieces(names, _WORDS),
        "image_encoder": vision_pieces(names, _EYES),
    }
    parts = {part: renamed(tensors, told) for part, told in pieces.items() if told}
    configs = {
        "vae": lambda shapes: {**autoencoder_config(shapes, groups=groups), **_LATENTS},
        "text_encoder": lambda shapes: text_config(shapes, act="gelu", head_size=head_size),
        "image_encoder": lambda shapes: vision_config(shapes, head_size=vision_head_size),
    }
    read = {part: configs[part](each.shapes) if part in configs else {} for part, each in parts.items()}
    found = {part: Part(read[part], each) for part, each in parts.items()}
    network = {**network_options(parts["unet"].shapes), "groups": groups, **_trained(tensors)}
    return Reading(_index(read), found, {"unet": network}, left=_left(names, pieces))


_LATENTS = {"scaling_factor": 0.18215, "sample_size": 512}


def _at(
    place: str, names: Collection[str], pieces: Callable[[Collection[str]], dict[str, Piece]]
) -> dict[str, Piece]:
    """What stands at a place of the file."""
    found = pieces([name.removeprefix(place) for name in names if name.startswith(place)])
    return {new: piece._replace(name=place + piece.name) for new, piece in found.items()}


def _picture(names: Collection[str]) -> dict[str, Piece]:
    """What makes tokens of a picture's states, inside the network."""
    return {f"{_PICTURE}{new}": piece for new, piece in _at(_PICTURE, names, resampler_pieces).items()}


def _trained(tensors: Tensors) -> dict[str, Any]:
    """The noise that it knows; how far its signal fades, and for which size, where that is told."""
    prediction = {"name": "epsilon"}
    if "scale_arr" not in tensors:
        return {"shape": _SMALL, "schedule": {"name": "vp", **_BETAS}, "prediction": prediction}
    least = round(tensors["scale_arr"][-1].item(), 4)
    schedule = {"name": "vp_fading", **_BETAS, "least": least}
    return {"shape": _LARGE if least < 0.5 else _SMALL, "schedule": schedule, "prediction": prediction}


_BETAS = {"betas": "scaled_linear", "start": 0.00085, "end": 0.012}
_SMALL, _LARGE = (4, 16, 40, 64), (4, 16, 72, 128)
"""Of published models' clips: the large one's signal fades to 0.3, the others' to 0.7 or not at all."""


def _index(configs: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """model_index.json, of parts that have a published class."""
    told = {part: config for part, config in configs.items() if config}
    return {
        part: ["diffusers", config["_class_name"]]
        if "_class_name" in config
        else ["transformers", config["architectures"][0]]
        for part, config in told.items()
    }


def _left(names: Collection[str], pieces: Mapping[str, Mapping[str, Piece]]) -> list[str]:
    used = {piece.name for told in pieces.values() for piece in told.values()}
    return [name for name in names if name not in used and not set_aside(name, [_WORDS])]
