"""The names of VideoCrafter's U-Net: latent diffusion's, with layers along the frames in between.

In a block these stand behind the layer that they belong to: a convolution inside the residual layer, a
transformer behind the one over the pixels. So each has the name of that layer, of another kind.
"""

import re
from collections.abc import Collection

from torch import Tensor

from diffsmith.weights.ldm.unet_names import unet_names
from diffsmith.weights.renamed import Piece

__all__ = ["network_pieces", "resampler_pieces"]

_ALONG = re.compile(r"((?:input|output)_blocks\.\d+|middle_block)\.2\.(?!conv\.)")
_LAST = re.compile(r"middle_block\.3\.")
_DOUBLING = re.compile(r"(output_blocks\.\d+)\.3\.")
_ENTRY = "init_attn.0."
_OWN = re.compile(r"fps_embedding\.[02]\.(weight|bias)")


def network_pieces(names: Collection[str]) -> dict[str, Piece]:
    """New name -> piece."""
    inside = {name: _spatial(name) for name in names}
    places = unet_names(set(filter(None, inside.values())))
    renamed = {name: _renamed(name, old, places) for name, old in inside.items()}
    return {new: _piece(name) for name, new in renamed.items() if new}


def _spatial(name: str) -> str:
    """The name of the layer in a U-Net of pictures that it belongs to, or its own; "" for what has none."""
    if name.startswith(_ENTRY) or _OWN.fullmatch(name):
        return ""
    if _ALONG.match(name):
        return _at_one(name)
    return _DOUBLING.sub(r"\1.2.", _LAST.sub("middle_block.2.", name))


def _at_one(name: str) -> str:
    return _ALONG.sub(r"\1.1.", name)


def _renamed(name: str, spatial: str, places: dict[str, str]) -> str:
    if name.startswith(_ENTRY):
        return f"transformer_in.{name.removeprefix(_ENTRY)}"
    if _OWN.fullmatch(name):
        return name
    new = places.get(spatial, "")
    if _ALONG.match(name):
        return new.replace(".attentions.", ".temp_attentions.", 1)
    return re.sub(r"\.resnets\.(\d+)\.temopral_conv\.", r".temp_convs.\1.", new)


def _piece(name: str) -> Piece:
    """Of the entry, projections were written as convolutions of one place."""
    return Piece(
        name, _squeezed if re.fullmatch(rf"{re.escape(_ENTRY)}proj_(in|out)\.weight", name) else None
    )


def _squeezed(weight: Tensor) -> Tensor:
    return weight.flatten(1)


def resampler_pieces(names: Collection[str]) -> dict[str, Piece]:
    """What makes tokens of a picture's states, whose keys and values were one projection."""
    return {new: piece for name in names for new, piece in _of_resampler(name).items()}


def _of_resampler(name: str) -> dict[str, Piece]:
    match = re.fullmatch(r"layers\.(\d+)\.([01])\.(.+)", name)
    if match is None:
        return {name: Piece(name)}
    place, fed, rest = f"layers.{match[1]}", match[2] == "1", match[3]
    if fed:
        return {f"{place}.ff.{_FED[rest.split('.')[0]]}.{rest.split('.')[1]}": Piece(name)}
    if rest == "to_kv.weight":
        return {
            f"{place}.attn.to_k.weight": Piece(name, _first),
            f"{place}.attn.to_v.weight": Piece(name, _second),
        }
    layer, kind = rest.split(".")
    return {f"{place}.{_LOOKING[layer]}.{kind}": Piece(name)}


_FED = {"0": "0", "1": "1.net.0.proj", "3": "1.net.2"}
_LOOKING = {"norm1": "ln0", "norm2": "ln1", "to_q": "attn.to_q", "to_out": "attn.to_out.0"}


def _first(fused: Tensor) -> Tensor:
    return fused.chunk(2)[0]


def _second(fused: Tensor) -> Tensor:
    return fused.chunk(2)[1]
