"""Latent diffusion's single files: Stable Diffusion 1 and 2, SDXL and its refiner, whole or one part."""

import re
from collections.abc import Collection, Mapping
from typing import Annotated, Any

from pydantic import Field

from diffsmith.weights.ldm.pieces import autoencoder_pieces, encoder_pieces, set_aside, unet_pieces
from diffsmith.weights.ldm.shapes import autoencoder_config, text_config, unet_config
from diffsmith.weights.mapped import Tensors
from diffsmith.weights.renamed import Piece, renamed
from diffsmith.weights.single_files import Part, Reading

from .systems import System, system_of

__all__ = ["ldm"]

_NO_WEIGHTS = re.compile(
    r"(sqrt_|log_)?(one_minus_|recip_|recipm1_)?(alphas|betas)(_cumprod)?(_prev)?|posterior_\w+|lvlb_weights"
    r"|logvar|scale_factor|denoiser\.sigmas|(first_stage_model\.)?loss\..*|model_ema\..*"
    r"|.*\.position_ids|.*\.logit_scale|.*\.attn_mask|v_pred|ztsnr|edm_\w+|global_step"
)
"""What training leaves in a file: tables of noise, averages, buffers; and marks of how it was trained."""

_OF_CLIPS = re.compile(r"\.(time_stack|temopral_conv)\.")
"""Layers along the frames of a clip, as two families call them: their files are not read here."""

Positive = Annotated[int, Field(ge=1)]
Parts = Mapping[str, Tensors]


def ldm(
    tensors: Tensors, *, heads: Positive = 8, head_size: Positive = 64, groups: Positive = 32
) -> Reading | None:
    """A file of the original programs (Rombach et al. 2022; Podell et al. 2023); None for any other.

    What no shape tells is what all published ones have: the heads of a U-Net with convolutions around its
    attention, the size of a head in the others, and the groups of channels that are normalised together.
    """
    names = [name for name in tensors if not _NO_WEIGHTS.fullmatch(name)]
    pieces = {"unet": unet_pieces(names), "vae": autoencoder_pieces(names, tensors.shapes)}
    if not any(pieces.values()) or any(_OF_CLIPS.search(name) for name in names):
        return None
    system = system_of(names, renamed(tensors, pieces["unet"]).shapes)
    if system is not None:
        pieces |= {part: encoder_pieces(names, place) for part, place in system.encoders.items()}
    parts = {part: renamed(tensors, told) for part, told in pieces.items() if told}
    read = {part: _config(part, parts, system, heads, head_size, groups) for part in parts}
    found = {part: Part(read[part], parts[part]) for part in parts}
    left = _left(names, pieces, system)
    if system is None:
        return Reading(_index({}, found), found, left=left, notes=(_ONLY_A_CODER,))
    found["scheduler"] = Part(_scheduler(system, tensors))
    said = {"_class_name": _class(system, parts), **system.index}
    return Reading(_index(said, found), found, left=left, notes=_notes(system, tensors))


_ONLY_A_CODER = (
    "an autoencoder alone does not tell how its latents are scaled: 0.18215 is assumed, as in Stable "
    "Diffusion 1 and 2; for SDXL's set autoencoder.scaling: 0.13025"
)


def _config(
    part: str, parts: Parts, system: System | None, heads: int, head_size: int, groups: int
) -> dict[str, Any]:
    shapes = parts[part].shapes
    if part == "vae":
        told = {**system.vae, "sample_size": 8 * system.side} if system else {}
        return {**autoencoder_config(shapes, groups=groups), **_VAE, **told}
    if part == "unet":
        config = unet_config(shapes, heads=heads, head_size=head_size, groups=groups)
        return {**config, **_waves(config, parts, system), **_of(system)}
    act = "quick_gelu" if system and ".transformer." in system.encoders[part] else "gelu"
    return text_config(shapes, act=act, head_size=head_size)


_VAE = {"scaling_factor": 0.18215, "sample_size": 512}


def _of(system: System | None) -> dict[str, Any]:
    return {"sample_size": system.side, **system.unet} if system else {}


def _waves(config: Mapping[str, Any], parts: Parts, system: System | None) -> dict[str, Any]:
    """How many numbers each size becomes: what the pooled text leaves of what the network reads."""
    added = config.get("projection_class_embeddings_input_dim")
    if added is None or system is None or not system.sizes:
        return {}
    text = parts.get("text_encoder_2")
    pooled = text.shapes["text_projection.weight"][0] if text else _POOLED
    return {"addition_time_embed_dim": (added - pooled) // system.sizes}


_POOLED = 1280


def _scheduler(system: System, tensors: Collection[str]) -> dict[str, Any]:
    """As published; two marks, of one number each, tell of another training."""
    marked = {"prediction_type": "v_prediction"} if "v_pred" in tensors else {}
    zero = {"rescale_betas_zero_snr": True} if "ztsnr" in tensors else {}
    return {**system.scheduler, **marked, **zero}


def _class(system: System, parts: Parts) -> str:
    read = parts["unet"].shapes["conv_in.weight"][1]
    return system.classes.get(read, f"{system.name} of {read} channels")


def _index(said: Mapping[str, Any], parts: Mapping[str, Part]) -> dict[str, Any]:
    """model_index.json: where each part's class comes from, and which it is."""
    told: dict[str, list[str]] = {}
    for part, (config, _) in parts.items():
        name = config.get("_class_name") or config["architectures"][0]
        told[part] = ["diffusers" if "_class_name" in config else "transformers", name]
    return {**said, **told}


def _left(
    names: Collection[str], pieces: Mapping[str, Mapping[str, Piece]], system: System | None
) -> list[str]:
    used = {piece.name for told in pieces.values() for piece in told.values()}
    places = tuple(system.encoders.values()) if system else ()
    return [name for name in names if name not in used and not set_aside(name, places)]


def _notes(system: System, tensors: Collection[str]) -> tuple[str, ...]:
    averaged = any(name.startswith("model_ema.") for name in tensors)
    told = "the file also holds averaged weights (model_ema), which are not used" if averaged else ""
    return tuple(filter(None, [system.note, told]))
