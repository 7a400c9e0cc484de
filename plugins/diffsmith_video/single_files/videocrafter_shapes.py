"""What the shapes of VideoCrafter's U-Net tell of its options; names are ours."""

import re
from collections.abc import Mapping
from typing import Any

from ..clip_plan import ENTRY_HEADS

__all__ = ["network_options"]

Shapes = Mapping[str, tuple[int, ...]]


def network_options(shapes: Shapes) -> dict[str, Any]:
    """A choice of `videocrafter`, but for its shape and how its channels are normalised."""
    levels = range(_count(r"down_blocks\.(\d+)", shapes))
    first = "transformer_in.transformer_blocks.0.attn1"
    distances = shapes.get(f"{first}.relative_position_k.embeddings_table", (1,))[0]
    return {
        "name": "videocrafter",
        "widths": tuple(shapes[f"down_blocks.{level}.resnets.0.conv1.weight"][0] for level in levels),
        "layers": _count(r"down_blocks\.0\.resnets\.(\d+)", shapes),
        "attends": tuple(_any(f"down_blocks.{level}.attentions.", shapes) for level in levels),
        "head_dim": shapes[f"{first}.to_q.weight"][0] // ENTRY_HEADS,
        "text_width": shapes["mid_block.attentions.0.transformer_blocks.0.attn2.to_k.weight"][1],
        "fps": "fps_embedding.0.weight" in shapes,
        "convolved": _any("mid_block.temp_convs.", shapes),
        "reach": distances // 2,
        **_picture(shapes),
        "classes": None,
    }


def _picture(shapes: Shapes) -> dict[str, int]:
    """What makes tokens of a picture, where it reads one."""
    if "image_proj_model.latents" not in shapes:
        return {}
    return {
        "image_width": shapes["image_proj_model.proj_in.weight"][1],
        "image_tokens": shapes["image_proj_model.latents"][1],
        "image_heads": shapes["image_proj_model.layers.0.attn.to_q.weight"][0] // 64,
    }


def _any(beginning: str, shapes: Shapes) -> bool:
    return any(name.startswith(beginning) for name in shapes)


def _count(pattern: str, shapes: Shapes) -> int:
    """One more than the largest number that stands in the pattern's place."""
    known = re.compile(pattern + r"\.")
    return max((int(match[1]) + 1 for match in map(known.match, shapes) if match), default=0)
