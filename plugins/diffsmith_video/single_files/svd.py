"""Stable Video Diffusion's single files: the network, the autoencoder's halves, what looks at the picture."""

import re
from collections.abc import Collection, Mapping
from typing import Annotated, Any

from pydantic import Field

from diffsmith.weights.ldm.pieces import autoencoder_pieces
from diffsmith.weights.mapped import Tensors
from diffsmith.weights.renamed import Piece, renamed
from diffsmith.weights.single_files import Part, Reading

from .svd_names import clip_autoencoder_pieces, clip_unet_pieces, vision_pieces
from .svd_shapes import autoencoder_config, unet_config, vision_config

__all__ = ["SCHEDULER", "svd"]

Positive = Annotated[int, Field(ge=1)]

SCHEDULER = {
    "_class_name": "EulerDiscreteScheduler",
    "num_train_timesteps": 1000,
    "beta_start": 0.00085,
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
    "prediction_type": "v_prediction",
    "interpolation_type": "linear",
    "timestep_spacing": "leading",
    "timestep_type": "continuous",
    "steps_offset": 1,
    "use_karras_sigmas": True,
    "sigma_min": 0.002,
    "sigma_max": 700.0,
}
"""As published; nothing in a file tells it."""


def svd(tensors: Tensors, *, head_size: Positive = 64, vision_head_size: Positive = 80) -> Reading | None:
    """A file of the original program (Blattmann et al. 2023); None for any other.

    What no shape tells is what all published ones have: channels of a head, of the network and of CLIP.
    """
    if not any(_along_frames(name, _UNET) for name in tensors):
        return None
    pieces = {"unet": clip_unet_pieces(tensors, _UNET), "vae": _autoencoder(tensors)}
    pieces["image_encoder"] = vision_pieces(tensors, _place(_VISION, tensors))
    parts = {part: renamed(tensors, told) for part, told in pieces.items() if told}
    found = {
        part: Part(_config(part, parts[part], head_size, vision_head_size), parts[part]) for part in parts
    }
    found["scheduler"] = Part(SCHEDULER)
    return Reading(_index(found), found, left=_left(tensors, pieces), notes=(_FRAMES,))


_UNET, _FIRST_STAGE = "model.diffusion_model.", "first_stage_model."
_ENCODER = re.compile(r"(conditioner\.embedders\.\d+\.encoder\.)quant_conv\.weight")
_VISION = re.compile(r"(conditioner\.embedders\.\d+\.open_clip\.model\.visual\.)proj")
_SET_ASIDE = re.compile(
    # There are two autoencoders, of each of which one half is used; and what CLIP reads texts with.
    r"(first_stage_model|conditioner\.embedders\.\d+\.encoder)\.(encoder|decoder|(post_)?quant_conv|loss)\..*"
    r"|conditioner\.embedders\.\d+\.open_clip\.(mean|std|model\.(?!visual\.).*)"
    r"|(sqrt_|log_)?(one_minus_|recip_|recipm1_)?(alphas|betas)(_cumprod)?(_prev)?"
    r"|(model_ema|denoiser)\..*|global_step"
)
_FRAMES = (
    "names and shapes do not tell for how many frames a model was made: 14 are assumed, as of Stable Video "
    "Diffusion; for the XT models, of 25, set model.shape: [4, 25, 72, 128]"
)


def _along_frames(name: str, place: str) -> bool:
    return name.startswith(place) and ".time_stack." in name


def _autoencoder(tensors: Tensors) -> dict[str, Piece]:
    """Some files have a decoder of pictures, and so are a whole autoencoder of pictures."""
    if not any(_along_frames(name, _FIRST_STAGE) for name in tensors):
        return autoencoder_pieces(tensors, tensors.shapes)
    encoder = _place(_ENCODER, tensors) or _FIRST_STAGE
    return clip_autoencoder_pieces(tensors, encoder, _FIRST_STAGE, tensors.shapes)


def _place(known: re.Pattern[str], names: Collection[str]) -> str:
    """Where a part lies, told by one of its tensors; "" where it is not there."""
    return next((match[1] for match in map(known.fullmatch, names) if match), "")


def _config(part: str, tensors: Tensors, head_size: int, vision_head_size: int) -> dict[str, Any]:
    if part == "unet":
        return unet_config(tensors.shapes, head_size=head_size)
    if part == "vae":
        return autoencoder_config(tensors.shapes)
    return vision_config(tensors.shapes, head_size=vision_head_size)


def _index(parts: Mapping[str, Part]) -> dict[str, Any]:
    """model_index.json: where each part's class comes from, and which it is."""
    told: dict[str, Any] = {"_class_name": "StableVideoDiffusionPipeline"}
    for part, (config, _) in parts.items():
        name = config.get("_class_name") or config["architectures"][0]
        told[part] = ["diffusers" if "_class_name" in config else "transformers", name]
    return told


def _left(names: Collection[str], pieces: Mapping[str, Mapping[str, Piece]]) -> list[str]:
    used = {piece.name for told in pieces.values() for piece in told.values()}
    return [name for name in names if name not in used and not _SET_ASIDE.fullmatch(name)]
