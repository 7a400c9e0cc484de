"""What the shapes of a pixel U-Net's tensors tell of its options; names are ours."""

import re
from collections.abc import Callable, Collection, Mapping
from typing import Any

__all__ = ["Shapes", "attending", "count", "told"]

Shapes = Mapping[str, tuple[int, ...]]


def told(shapes: Shapes) -> dict[str, Any]:
    """A choice of `pixel_unet`, but for the side of its pictures and for how its channels make heads."""
    levels = count(r"down_blocks\.(\d+)\.", shapes)
    widths = tuple(shapes[f"down_blocks.{level}.resnets.0.conv1.weight"][0] for level in range(levels))
    waves, table = shapes["time_embedding.linear_1.weight"][1], shapes.get("class_embedding.weight")
    block = "down_blocks.0.resnets.0"
    joined = shapes[f"{block}.time_emb_proj.bias"][0] > shapes[f"{block}.conv1.bias"][0]
    return {
        "name": "pixel_unet",
        "widths": widths,
        "layers": count(r"down_blocks\.0\.resnets\.(\d+)", shapes),
        "attention": attending(levels, lambda level: f"down_blocks.{level}.attentions.0.to_q.weight", shapes),
        "middle": "attention" if "mid_block.attentions.0.to_q.weight" in shapes else "resnets",
        "time": "scale_shift" if joined else "add",
        "waves": None if waves == widths[0] else waves,
        "resample": "conv" if "down_blocks.0.downsamplers.0.conv.weight" in shapes else "resnet",
        "variance": shapes["conv_out.weight"][0] == 2 * shapes["conv_in.weight"][1],
        "classes": table[0] if table else None,
    }


def attending(levels: int, query: Callable[[int], str], names: Collection[str]) -> tuple[int, ...]:
    """The levels of whose attention there is a tensor."""
    return tuple(level for level in range(levels) if query(level) in names)


def count(pattern: str, names: Collection[str]) -> int:
    """One more than the largest number that names begin with, in the pattern's group."""
    known = (re.match(pattern, name) for name in names)
    return max((int(match[1]) + 1 for match in known if match), default=0)
