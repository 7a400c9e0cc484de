"""The names of NVlabs/edm's networks: ADM's as diffusers' levels, those of DDPM++ and NCSN++ are ours."""

import re
from collections.abc import Collection, Iterator
from functools import partial

from torch import Tensor

from diffsmith.weights.renamed import Piece

__all__ = ["dhariwal_pieces", "song_pieces"]

_PLACE = "model."  # of the network inside its preconditioning
_BLOCK = re.compile(r"(enc|dec)\.(\d+)x\d+_([a-z]+)(\d*)")
_CONSTANT = re.compile(r".*\.resample_filter|u")
_ENDS = {
    "map_layer0": "time_embedding.linear_1",
    "map_layer1": "time_embedding.linear_2",
    "map_label": "class_embedding",
    "out_norm": "conv_norm_out",
    "out_conv": "conv_out",
}
_RESNET = {
    "norm0": "norm1",
    "conv0": "conv1",
    "affine": "time_emb_proj",
    "norm1": "norm2",
    "conv1": "conv2",
    "skip": "conv_shortcut",
}
_ATTENTION = {"norm2": "group_norm", "proj": "to_out.0"}


def song_pieces(names: Collection[str]) -> dict[str, Piece]:
    """DDPM++ and NCSN++: their own names, without the filters, which are constants."""
    return {_bare(name).replace("map_noise.freqs", "map_noise.weight"): Piece(name) for name in _kept(names)}


def dhariwal_pieces(names: Collection[str]) -> dict[str, Piece]:
    """ADM: new name -> where its tensor comes from; what belongs to no known block is left out."""
    sides = sorted({int(match[2]) for name in names if (match := _BLOCK.match(_bare(name)))}, reverse=True)
    return {new: piece for name in _kept(names) for new, piece in _pieces(name, sides)}


def _kept(names: Collection[str]) -> list[str]:
    """All but what the options already say."""
    return [name for name in names if not _CONSTANT.fullmatch(name)]


def _bare(name: str) -> str:
    return name.removeprefix(_PLACE)


def _pieces(name: str, sides: list[int]) -> Iterator[tuple[str, Piece]]:
    stem, _, kind = _bare(name).rpartition(".")
    block, _, inside = stem.rpartition(".")
    match = _BLOCK.fullmatch(stem) or _BLOCK.fullmatch(block)
    if stem in _ENDS:
        yield f"{_ENDS[stem]}.{kind}", Piece(name, _turned if stem == "map_label" else None)
    elif match and match[3] == "conv":
        yield f"conv_in.{kind}", Piece(name)
    elif match and inside in _RESNET:
        yield f"{_place(match, sides, 'resnets')}.{_RESNET[inside]}.{kind}", Piece(name)
    elif match and inside in _ATTENTION:
        yield f"{_place(match, sides, 'attentions')}.{_ATTENTION[inside]}.{kind}", Piece(name, _flat)
    elif match and inside == "qkv":
        for index, which in enumerate("qkv"):
            new = f"{_place(match, sides, 'attentions')}.to_{which}.{kind}"
            yield new, Piece(name, partial(_every_third, index))


def _place(match: re.Match[str], sides: list[int], kind: str) -> str:
    """Where a block goes: halving ends the level above its own, doubling the level below."""
    way, side, what, number = match.groups()
    level, last = sides.index(int(side)), len(sides) - 1
    if what == "in":
        return f"mid_block.{kind}.{number}"
    if what == "down":
        return f"down_blocks.{level - 1}.downsamplers.0"
    if what == "up":
        return f"up_blocks.{last - level - 1}.upsamplers.0"
    return (
        f"{'down' if way == 'enc' else 'up'}_blocks.{level if way == 'enc' else last - level}.{kind}.{number}"
    )


def _every_third(index: int, qkv: Tensor) -> Tensor:
    """Query, key and value of a channel are neighbours."""
    return _flat(qkv[index::3])


def _flat(weight: Tensor) -> Tensor:
    """A convolution of one pixel as a matrix; numbers a channel as they are."""
    return weight.flatten(1) if weight.ndim > 1 else weight


def _turned(weight: Tensor) -> Tensor:
    """A map of one-hot vectors as a table of classes."""
    return weight.mT
