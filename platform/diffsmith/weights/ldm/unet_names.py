"""The names of Stable Diffusion's U-Net: from its authors' numbered blocks to diffusers' levels.

The numbers alone do not tell what a block is; what stands in it does. So the names follow from the names, for
a network of any number of levels and layers.
"""

import re
from collections.abc import Collection, Iterator

__all__ = ["unet_names"]

_BLOCK = re.compile(r"((?:input|output)_blocks\.\d+\.\d+|middle_block\.\d+)\.(\w+)")
_ENDS = {
    "input_blocks.0.0": "conv_in",
    "time_embed.0": "time_embedding.linear_1",
    "time_embed.2": "time_embedding.linear_2",
    "label_emb.0.0": "add_embedding.linear_1",
    "label_emb.0.2": "add_embedding.linear_2",
    "middle_block.0": "mid_block.resnets.0",
    "middle_block.1": "mid_block.attentions.0",
    "middle_block.2": "mid_block.resnets.1",
    "out.0": "conv_norm_out",
    "out.2": "conv_out",
}
_RESNET = {
    "in_layers.0": "norm1",
    "in_layers.2": "conv1",
    "emb_layers.1": "time_emb_proj",
    "out_layers.0": "norm2",
    "out_layers.3": "conv2",
    "skip_connection": "conv_shortcut",
}

_NEW = {
    *("conv_in", "time_embedding", "add_embedding", "down_blocks"),
    *("mid_block", "up_blocks", "conv_norm_out", "conv_out"),
}


def unet_names(names: Collection[str]) -> dict[str, str]:
    """Old name -> new name; new names stay, and names that belong to no known block are left out."""
    inside: dict[str, set[str]] = {}
    for match in filter(None, map(_BLOCK.match, names)):
        inside.setdefault(match[1], set()).add(match[2])
    places = {**_ENDS, **dict(_way_down(inside)), **dict(_way_up(inside))}
    return {name: new for name in names if (new := _renamed(name, places))}


def _way_down(inside: dict[str, set[str]]) -> Iterator[tuple[str, str]]:
    """Residual layers, each with its attention, until a block that halves the picture ends the level."""
    level = layer = 0
    for number in range(1, _count("input_blocks", inside)):
        first, second = f"input_blocks.{number}.0", f"input_blocks.{number}.1"
        if "op" in inside.get(first, ()):
            yield f"{first}.op", f"down_blocks.{level}.downsamplers.0.conv"
            level, layer = level + 1, 0
            continue
        yield first, f"down_blocks.{level}.resnets.{layer}"
        yield second, f"down_blocks.{level}.attentions.{layer}"
        layer += 1


def _way_up(inside: dict[str, set[str]]) -> Iterator[tuple[str, str]]:
    """The same upwards; what doubles the picture stands in the last layer's block, after any attention."""
    level = layer = 0
    for number in range(_count("output_blocks", inside)):
        block = f"output_blocks.{number}"
        doubling = next((each for each in (f"{block}.1", f"{block}.2") if "conv" in inside.get(each, ())), "")
        yield f"{block}.0", f"up_blocks.{level}.resnets.{layer}"
        if doubling != f"{block}.1":
            yield f"{block}.1", f"up_blocks.{level}.attentions.{layer}"
        layer += 1
        if doubling:
            yield doubling, f"up_blocks.{level}.upsamplers.0"
            level, layer = level + 1, 0


def _count(way: str, inside: dict[str, set[str]]) -> int:
    return max((int(block.split(".")[1]) + 1 for block in inside if block.startswith(way)), default=0)


def _renamed(name: str, places: dict[str, str]) -> str:
    """The new name of one tensor, or "" where its block is not known."""
    words = name.split(".")
    if words[0] in _NEW:
        return name
    for length in (4, 3, 2):
        old = ".".join(words[:length])
        if old in places and length < len(words):
            return f"{places[old]}.{_inside(places[old], '.'.join(words[length:]))}"
    return ""


def _inside(place: str, rest: str) -> str:
    """Names inside a residual layer differ; those inside attention and the rest are the same."""
    if ".resnets." not in place:
        return rest
    old = next((each for each in _RESNET if rest.startswith(f"{each}.")), "")
    return rest.replace(old, _RESNET[old], 1) if old else rest
