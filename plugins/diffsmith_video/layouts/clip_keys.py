"""What the configurations of UNet3DConditionModel and I2VGenXLUNet have in common."""

from collections.abc import Mapping, Sequence
from math import gcd
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from diffsmith.errors import SpecError
from diffsmith.options import faults_of

__all__ = ["ClipKeys", "Positive", "Side", "keys_of", "level_keys", "level_options"]

Positive = Annotated[int, Field(ge=1)]
Side = Positive | tuple[Positive, Positive]
Down = Literal["CrossAttnDownBlock3D", "DownBlock3D"]
Up = Literal["CrossAttnUpBlock3D", "UpBlock3D"]


class ClipKeys(BaseModel):
    """The keys and their defaults (diffusers 0.42); a key with one possible value is one we do not vary."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    sample_size: Side | None = None
    in_channels: Positive = 4
    out_channels: Positive = 4
    down_block_types: tuple[Down, ...] = (*["CrossAttnDownBlock3D"] * 3, "DownBlock3D")
    up_block_types: tuple[Up, ...] = ("UpBlock3D", *["CrossAttnUpBlock3D"] * 3)
    block_out_channels: Annotated[tuple[Positive, ...], Field(min_length=1)] = (320, 640, 1280, 1280)
    layers_per_block: Positive = 2
    norm_num_groups: Positive = 32
    cross_attention_dim: Positive = 1024
    attention_head_dim: Positive = 64


Known = TypeVar("Known", bound=ClipKeys)


def keys_of(kind: type[Known], name: str, config: Mapping[str, Any]) -> Known:
    """A config.json's content, completed; keys of other classes are ignored, a SpecError lists all faults."""
    try:
        keys = kind.model_validate(dict(config))
    except ValidationError as error:
        raise SpecError(faults_of(error, kind, name)) from None
    _require_levels(keys, name)
    return keys


def level_options(keys: ClipKeys) -> dict[str, Any]:
    """What all of their builders are told."""
    return {
        "widths": keys.block_out_channels,
        "layers": keys.layers_per_block,
        "attends": _attend(keys.down_block_types),
        "head_dim": keys.attention_head_dim,
        "text_width": keys.cross_attention_dim,
        "groups": keys.norm_num_groups,
    }


def level_keys(name: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """And the other way; a SpecError tells what the class cannot be told."""
    attends, widths, groups = options["attends"], options["widths"], options["groups"]
    if gcd(groups, *widths) != groups:
        told = f"groups {groups} do not divide widths {list(widths)}; possible: a divisor of them all"
        raise SpecError([f"{name}: {told}"])
    return {
        "down_block_types": [f"{'CrossAttn' if each else ''}DownBlock3D" for each in attends],
        "up_block_types": [f"{'CrossAttn' if each else ''}UpBlock3D" for each in attends[::-1]],
        "block_out_channels": widths,
        "layers_per_block": options["layers"],
        "norm_num_groups": groups,
        "cross_attention_dim": options["text_width"],
        "attention_head_dim": options["head_dim"],
    }


def _attend(kinds: Sequence[str]) -> tuple[bool, ...]:
    return tuple(kind.startswith("CrossAttn") for kind in kinds)


def _require_levels(keys: ClipKeys, name: str) -> None:
    down, up = keys.down_block_types, keys.up_block_types
    if len(down) != len(keys.block_out_channels):
        told = f"down_block_types are {len(down)} for {len(keys.block_out_channels)} block_out_channels"
        raise SpecError([f"{name}: {told}; give one for each level"])
    if _attend(up) != _attend(down)[::-1]:
        raise SpecError([f"{name}: up_block_types {list(up)} are not down_block_types turned round"])
