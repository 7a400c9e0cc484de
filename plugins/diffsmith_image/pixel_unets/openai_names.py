"""The names of OpenAI's pixel U-Nets, numbered blocks, as levels: guided-diffusion, consistency_models.

Blocks of one kind do not tell whether they end a level; how many of them double the picture does.
"""

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from functools import partial

from torch import Tensor

from diffsmith.weights.renamed import Piece

__all__ = ["Split", "by_head", "openai_pieces", "thirds"]

Split = Callable[[Tensor], Sequence[Tensor]]
"""Query, key and value of a fused projection [3C, ...], each [C, ...]."""

_ENDS = {
    "time_embed.0": "time_embedding.linear_1",
    "time_embed.2": "time_embedding.linear_2",
    "label_emb": "class_embedding",
    "input_blocks.0.0": "conv_in",
    "middle_block.0": "mid_block.resnets.0",
    "middle_block.1": "mid_block.attentions.0",
    "middle_block.2": "mid_block.resnets.1",
    "out.0": "conv_norm_out",
    "out.2": "conv_out",
}
_INSIDE = {
    "in_layers.0": "norm1",
    "in_layers.2": "conv1",
    "emb_layers.1": "time_emb_proj",
    "out_layers.0": "norm2",
    "out_layers.3": "conv2",
    "skip_connection": "conv_shortcut",
    "op": "conv",
    "conv": "conv",
    "norm": "group_norm",
    "proj_out": "to_out.0",
}


def thirds(qkv: Tensor) -> Sequence[Tensor]:
    """All queries, all keys, all values: consistency_models, and guided-diffusion's new attention order."""
    return qkv.chunk(3)


def by_head(heads: Callable[[int], int]) -> Split:
    """Each head's query, key and value together (guided-diffusion's older order); heads of C channels."""

    def split(qkv: Tensor) -> Sequence[Tensor]:
        rows = len(qkv)
        parts = qkv.reshape(heads(rows // 3), 3, -1, *qkv.shape[1:])
        return [part.flatten(0, 1) for part in parts.unbind(1)]

    return split


def openai_pieces(names: Collection[str], split: Split = thirds) -> dict[str, Piece]:
    """New name -> where its tensor comes from; names that belong to no known block are left out."""
    places = {**_ENDS, **dict(_way_down(names)), **dict(_way_up(names))}
    return {new: piece for name in names for new, piece in _pieces(name, places, split)}


def _pieces(name: str, places: dict[str, str], split: Split) -> Iterator[tuple[str, Piece]]:
    stem, _, kind = name.rpartition(".")
    block = next((old for old in places if stem == old or stem.startswith(f"{old}.")), None)
    inside = stem[len(block) + 1 :] if block else ""
    if block and inside == "qkv":
        for index, which in enumerate("qkv"):
            yield f"{places[block]}.to_{which}.{kind}", Piece(name, partial(_part, split, index))
    elif block and not inside:
        yield f"{places[block]}.{kind}", Piece(name)
    elif block and inside in _INSIDE:
        flat = inside == "proj_out" and kind == "weight"
        yield f"{places[block]}.{_INSIDE[inside]}.{kind}", Piece(name, _flat if flat else None)


def _part(split: Split, index: int, qkv: Tensor) -> Tensor:
    return _flat(split(qkv)[index])


def _flat(weight: Tensor) -> Tensor:
    """A convolution of one pixel as a matrix; a bias as it is."""
    return weight.flatten(1) if weight.ndim > 1 else weight


def _way_down(names: Collection[str]) -> Iterator[tuple[str, str]]:
    """After the first convolution each level's layers, then what halves the picture."""
    count, stride = _counts(names)
    for number in range(1, count):
        level, layer = divmod(number - 1, stride)
        block = f"input_blocks.{number}"
        if layer == stride - 1:
            yield f"{block}.0", f"down_blocks.{level}.downsamplers.0"
        else:
            yield f"{block}.0", f"down_blocks.{level}.resnets.{layer}"
            yield f"{block}.1", f"down_blocks.{level}.attentions.{layer}"


def _way_up(names: Collection[str]) -> Iterator[tuple[str, str]]:
    """Each level's layers; what doubles the picture stands last in the last of them."""
    count, stride = _counts(names)
    doubling = _doubling(names)
    for number in range(count):
        level, layer = divmod(number, stride)
        block = f"output_blocks.{number}"
        yield f"{block}.0", f"up_blocks.{level}.resnets.{layer}"
        for second in (f"{block}.1", f"{block}.2"):
            what = "upsamplers.0" if second in doubling else f"attentions.{layer}"
            yield second, f"up_blocks.{level}.{what}"


def _counts(names: Collection[str]) -> tuple[int, int]:
    """How many blocks there are on either way, and how many of them are one level."""
    numbers = [int(match[1]) for name in names if (match := re.match(r"output_blocks\.(\d+)\.", name))]
    count = max(numbers, default=-1) + 1
    return count, max(1, count // (len(_doubling(names)) + 1))


def _doubling(names: Collection[str]) -> set[str]:
    """What doubles the picture: a convolution or a residual block that is not the first of its block."""
    known = re.compile(r"(output_blocks\.\d+\.[12])\.(in_layers|conv)\.")
    return {match[1] for name in names if (match := known.match(name))}
