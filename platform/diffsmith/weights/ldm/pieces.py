"""The parts of latent diffusion's files: which tensors belong to each, and what becomes of them."""

import re
from collections.abc import Collection, Mapping

from torch import Tensor

from ..renamed import Piece
from .autoencoder_names import autoencoder_names
from .text_names import clip_pieces, layers_of, open_clip_pieces
from .unet_names import unet_names

__all__ = ["autoencoder_pieces", "encoder_pieces", "set_aside", "unet_pieces"]

Pieces = dict[str, Piece]

_H_LAYERS = 24


def unet_pieces(names: Collection[str]) -> Pieces:
    """The U-Net's, in a whole checkpoint or alone, under the original's or diffusers' names."""
    alone = {"input_blocks.0.0.weight", "down_blocks.0.resnets.0.conv1.weight"} & set(names)
    place = "" if alone else "model.diffusion_model."
    new = unet_names([name.removeprefix(place) for name in names if name.startswith(place)])
    pieces = {told: Piece(place + old) for old, told in new.items()}
    whole = {"conv_in.weight", "conv_out.weight"} <= set(pieces)  # a ControlNet has no way out
    return pieces if whole and any(".transformer_blocks." in name for name in pieces) else {}


def autoencoder_pieces(names: Collection[str], shapes: Mapping[str, tuple[int, ...]]) -> Pieces:
    """The autoencoder's, whose attention was written as convolutions of one pixel."""
    place = "" if "encoder.conv_in.weight" in names else "first_stage_model."
    new = autoencoder_names([name.removeprefix(place) for name in names if name.startswith(place)])
    pieces = {told: _piece(told, place + old, shapes) for old, told in new.items()}
    return pieces if {"encoder.conv_in.weight", "decoder.conv_out.weight"} <= set(pieces) else {}


def _piece(new: str, old: str, shapes: Mapping[str, tuple[int, ...]]) -> Piece:
    return Piece(old, _squeezed if ".attentions." in new and len(shapes[old]) == 4 else None)


def _squeezed(weight: Tensor) -> Tensor:
    return weight[:, :, 0, 0]


def encoder_pieces(names: Collection[str], place: str) -> Pieces:
    """A text encoder's; of the one that reads for Stable Diffusion 2 without what comes after its states.

    Its states are those before the last of 24 layers; files that others wrote have left that one out already.
    """
    inside = [name.removeprefix(place) for name in names if name.startswith(place)]
    if place.endswith(".transformer."):
        pieces = clip_pieces(inside)
    else:
        projected, layers = not place.startswith("cond_stage_model."), layers_of(inside)
        kept = layers if projected or layers == _H_LAYERS - 1 else layers - 1
        pieces = open_clip_pieces(inside, layers=kept, projected=projected)
    return {new: piece._replace(name=place + piece.name) for new, piece in pieces.items()}


def set_aside(name: str, places: Collection[str]) -> bool:
    """Whether a tensor belongs to a text encoder at one of these places, but to nothing that is read."""
    inside = next((name.removeprefix(place) for place in places if name.startswith(place)), "")
    return bool(re.fullmatch(r"text_projection|transformer\.resblocks\.\d+\..*", inside))
