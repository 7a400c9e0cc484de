"""The names of DiT and PixArt: from their authors' to diffusers', fused projections cut apart."""

import re
from collections.abc import Callable, Collection, Mapping, Sequence

from torch import Tensor

from diffsmith.weights.renamed import Piece

__all__ = ["dit_pieces", "pixart_pieces"]

_BLOCKS = (
    (r"^x_embedder\.", "pos_embed."),
    (r"^blocks\.", "transformer_blocks."),
    (r"\.attn\.proj\.", ".attn1.to_out.0."),
    (r"\.mlp\.fc1\.", ".ff.net.0.proj."),
    (r"\.mlp\.fc2\.", ".ff.net.2."),
)
_DIT = (
    *_BLOCKS,
    (r"^final_layer\.adaLN_modulation\.1\.", "proj_out_1."),
    (r"^final_layer\.linear\.", "proj_out_2."),
    (r"^t_embedder\.mlp\.0\.", "embedder.timestep_embedder.linear_1."),
    (r"^t_embedder\.mlp\.2\.", "embedder.timestep_embedder.linear_2."),
    (r"^y_embedder\.", "embedder.class_embedder."),
    (r"\.adaLN_modulation\.1\.", ".norm1.linear."),
)
_PIXART = (
    *_BLOCKS,
    (r"^t_embedder\.", "adaln_single.emb.timestep_embedder."),
    (r"^csize_embedder\.", "adaln_single.emb.resolution_embedder."),
    (r"^ar_embedder\.", "adaln_single.emb.aspect_ratio_embedder."),
    (r"_embedder\.mlp\.0\.", "_embedder.linear_1."),
    (r"_embedder\.mlp\.2\.", "_embedder.linear_2."),
    (r"^t_block\.1\.", "adaln_single.linear."),
    (r"^y_embedder\.y_proj\.fc", "caption_projection.linear_"),
    (r"^final_layer\.linear\.", "proj_out."),
    (r"^final_layer\.scale_shift_table$", "scale_shift_table"),
    (r"\.cross_attn\.proj\.", ".attn2.to_out.0."),
    (r"\.cross_attn\.q_linear\.", ".attn2.to_q."),
)
_FUSED = {
    ".attn.qkv.": (".attn1.to_q.", ".attn1.to_k.", ".attn1.to_v."),
    ".cross_attn.kv_linear.": (".attn2.to_k.", ".attn2.to_v."),
}
_NO_WEIGHTS = {"pos_embed", "y_embedder.y_embedding"}
"""A formula, and the text of no prompt, which is encoded instead."""


def dit_pieces(names: Collection[str]) -> dict[str, Piece]:
    """New name -> piece, of a DiT whose blocks share one embedding."""
    return _pieces(names, _DIT)


def pixart_pieces(names: Collection[str]) -> dict[str, Piece]:
    """New name -> piece."""
    return _pieces(names, _PIXART)


def _pieces(names: Collection[str], steps: Sequence[tuple[str, str]]) -> dict[str, Piece]:
    pieces: dict[str, Piece] = {}
    for name in names:
        if name not in _NO_WEIGHTS:
            pieces |= _cut(name, _renamed(name, steps))
    return pieces


def _renamed(name: str, steps: Sequence[tuple[str, str]]) -> str:
    for old, new in steps:
        name = re.sub(old, new, name)
    return name


def _cut(name: str, new: str) -> Mapping[str, Piece]:
    for fused, parts in _FUSED.items():
        if fused in new:
            each = enumerate(parts)
            return {new.replace(fused, part): Piece(name, _rows(row, len(parts))) for row, part in each}
    return {new: Piece(name)}


def _rows(row: int, parts: int) -> Callable[[Tensor], Tensor]:
    return lambda fused: fused.chunk(parts)[row]
