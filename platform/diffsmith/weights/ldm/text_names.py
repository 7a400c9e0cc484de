"""The names of CLIP's text encoders: OpenAI's as transformers has them, and those of open_clip."""

import re
from collections.abc import Callable, Collection, Mapping

from torch import Tensor

from diffsmith.weights.renamed import Piece

__all__ = ["clip_pieces", "layers_of", "open_clip_pieces"]

_STEPS = (
    (r"^positional_embedding$", "embeddings.position_embedding.weight"),
    (r"^token_embedding\.", "embeddings.token_embedding."),
    (r"^transformer\.resblocks\.", "encoder.layers."),
    (r"\.ln_([12])\.", r".layer_norm\1."),
    (r"\.attn\.out_proj\.", ".self_attn.out_proj."),
    (r"\.mlp\.c_fc\.", ".mlp.fc1."),
    (r"\.mlp\.c_proj\.", ".mlp.fc2."),
    (r"^ln_final\.", "final_layer_norm."),
)
_FUSED = re.compile(r"transformer\.resblocks\.(\d+)\.attn\.in_proj_(weight|bias)")
_LAYER = re.compile(r"transformer\.resblocks\.(\d+)\.")


def clip_pieces(names: Collection[str]) -> dict[str, Piece]:
    """New name -> piece. Some programs left the first word of the names out."""
    beginnings = ("text_model.", "embeddings.", "encoder.", "final_layer_norm.")
    wanted = [name for name in names if name.startswith(beginnings)]
    return {f"text_model.{name.removeprefix('text_model.')}": Piece(name) for name in wanted}


def open_clip_pieces(names: Collection[str], *, layers: int, projected: bool) -> dict[str, Piece]:
    """New name -> piece, of the first so many layers, with the projection of the pooled text or without."""
    wanted = [name for name in names if _layer(name) < layers]
    return {new: piece for name in wanted for new, piece in _pieces(name, projected).items()}


def layers_of(names: Collection[str]) -> int:
    """How many layers an open_clip tower has."""
    return max((_layer(name) + 1 for name in names), default=0)


def _layer(name: str) -> int:
    match = _LAYER.match(name)
    return int(match[1]) if match else -1


def _pieces(name: str, projected: bool) -> Mapping[str, Piece]:
    if name == "text_projection":
        return {"text_projection.weight": Piece(name, Tensor.t)} if projected else {}
    if match := _FUSED.fullmatch(name):
        place = f"text_model.encoder.layers.{match[1]}.self_attn"
        ending = f"_proj.{match[2]}"
        return {f"{place}.{which}{ending}": Piece(name, _third(row)) for row, which in enumerate("qkv")}
    new = name
    for old, told in _STEPS:
        new = re.sub(old, told, new)
    return {f"text_model.{new}": Piece(name)} if new != name else {}


def _third(row: int) -> Callable[[Tensor], Tensor]:
    return lambda fused: fused.chunk(3)[row]
