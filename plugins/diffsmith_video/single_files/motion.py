"""Single files of motion modules: `mm_sd_v15_v2.ckpt` and its like; and of low-rank changes to them."""

import re
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field

from diffsmith.weights.mapped import Tensors
from diffsmith.weights.single_files import Part, Reading

from ..lora_names import is_change
from ..motion_names import motion_name, motion_place

__all__ = ["motion", "motion_lora"]

Positive = Annotated[int, Field(ge=1)]
Shapes = Mapping[str, tuple[int, ...]]

_TWICE = re.compile(r".*\.attention_blocks\.1\.pos_encoder\.pe")
"""The table of positions, which the original writes once for each attention of a block."""
_ENTRY = {"conv_in.weight", "conv_in.bias"}


def motion(tensors: Tensors, *, heads: Positive = 8, groups: Positive = 32) -> Reading | None:
    """Motion modules alone, under their authors' names or diffusers' (Guo et al. 2023); None for any other.

    What no shape tells is what all published ones have: heads, and groups of channels that are normalised
    together.
    """
    new = {motion_name(name): name for name in tensors if not _TWICE.fullmatch(name)}
    known = {name: old for name, old in new.items() if motion_place(name) or name in _ENTRY}
    whole = any(".resnets." in name for name in new)  # a U-Net with its motion modules
    if whole or not any(map(motion_place, known)) or any(map(is_change, tensors)):
        return None
    held = tensors.renamed(known)
    config = {**_config(held.shapes), "motion_num_attention_heads": heads, "motion_norm_num_groups": groups}
    left = [old for name, old in new.items() if name not in known]
    return Reading({_PART: ["diffusers", _CLASS]}, {_PART: Part(config, held)}, left=left)


_PART, _CLASS = "motion_adapter", "MotionAdapter"


def motion_lora(tensors: Tensors) -> Reading | None:
    """Low-rank changes to a network's layers (Hu et al. 2022), by whichever program; None for any other."""
    if not tensors or not all(map(is_change, tensors)):
        return None
    return Reading({"adapter": ["", "LoRA"]}, {"adapter": Part({}, tensors)})


def _config(shapes: Shapes) -> dict[str, Any]:
    """MotionAdapter's, as far as shapes tell it."""
    levels = range(1 + max(int(match[1]) for match in map(_LEVEL.match, shapes) if match))
    first = "down_blocks.{}.motion_modules.0"
    middle = "mid_block.motion_modules.0.norm.weight" in shapes
    entry = shapes.get("conv_in.weight")
    return {
        "_class_name": _CLASS,
        "block_out_channels": [shapes[f"{first.format(level)}.norm.weight"][0] for level in levels],
        "motion_layers_per_block": _folded(
            [_count(f"down_blocks.{level}.motion_modules", shapes) for level in levels]
        ),
        "motion_transformer_layers_per_block": _folded(
            [_count(f"{first.format(level)}.transformer_blocks", shapes) for level in levels]
        ),
        "motion_transformer_layers_per_mid_block": _count(
            "mid_block.motion_modules.0.transformer_blocks", shapes
        )
        if middle
        else 1,
        "motion_max_seq_length": shapes[f"{first.format(0)}.transformer_blocks.0.pos_embed.pe"][1],
        "use_motion_mid_block": middle,
        "conv_in_channels": entry[1] if entry else None,
    }


_LEVEL = re.compile(r"down_blocks\.(\d+)\.")


def _count(place: str, shapes: Shapes) -> int:
    """How many layers there are at a place."""
    return len(
        {name.removeprefix(f"{place}.").split(".")[0] for name in shapes if name.startswith(f"{place}.")}
    )


def _folded(numbers: list[int]) -> int | list[int]:
    return numbers[0] if len(set(numbers)) == 1 else numbers
