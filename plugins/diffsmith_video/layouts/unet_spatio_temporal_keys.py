"""What a config.json of UNetSpatioTemporalConditionModel may say, and what it means where it is silent."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from diffsmith.errors import SpecError
from diffsmith.options import faults_of

__all__ = ["CLASS", "Keys", "each", "keys_of"]

CLASS = "UNetSpatioTemporalConditionModel"

Positive = Annotated[int, Field(ge=1)]
Eachs = Positive | tuple[Positive, ...]
Down = Literal["CrossAttnDownBlockSpatioTemporal", "DownBlockSpatioTemporal"]
Up = Literal["CrossAttnUpBlockSpatioTemporal", "UpBlockSpatioTemporal"]


class Keys(BaseModel):
    """The keys and their defaults (diffusers 0.42)."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    sample_size: Positive | tuple[Positive, Positive] | None = None
    in_channels: Positive = 8
    out_channels: Positive = 4
    down_block_types: tuple[Down, ...] = (
        *["CrossAttnDownBlockSpatioTemporal"] * 3,
        "DownBlockSpatioTemporal",
    )
    up_block_types: tuple[Up, ...] = ("UpBlockSpatioTemporal", *["CrossAttnUpBlockSpatioTemporal"] * 3)
    block_out_channels: Annotated[tuple[Positive, ...], Field(min_length=1)] = (320, 640, 1280, 1280)
    addition_time_embed_dim: Positive = 256
    projection_class_embeddings_input_dim: Positive = 768
    layers_per_block: Eachs = 2
    cross_attention_dim: Eachs = 1024
    transformer_layers_per_block: Eachs = 1
    num_attention_heads: Eachs = (5, 10, 20, 20)
    num_frames: Positive = 25


def keys_of(config: Mapping[str, Any]) -> Keys:
    """A config.json's content, completed; keys of other classes are ignored, a SpecError lists all faults."""
    try:
        keys = Keys.model_validate(dict(config))
    except ValidationError as error:
        raise SpecError(faults_of(error, Keys, CLASS)) from None
    _require_possible(keys)
    return keys


def _require_possible(keys: Keys) -> None:
    """Raise a SpecError about all that does not fit together, or has no like here."""
    levels, waves = len(keys.block_out_channels), keys.addition_time_embed_dim
    faults = [
        f"{name} lists {len(value)} for {levels} block_out_channels; give one for each"
        for name, value in keys
        if name in _EACH_LEVEL and isinstance(value, tuple) and len(value) != levels
    ]
    faults += [
        f"{name} {list(value)} cannot be; possible: the same for all levels"
        for name, value in keys
        if name in _ONE and len(set(each(value, 1))) > 1
    ]
    mirrored = [kind.replace("Down", "Up") for kind in reversed(keys.down_block_types)]
    if not faults and mirrored != list(keys.up_block_types):
        faults.append("up_block_types must attend at the levels where down_block_types do")
    if keys.in_channels < keys.out_channels:
        told = f"in_channels {keys.in_channels} are fewer than out_channels {keys.out_channels}"
        faults.append(f"{told}; possible: as many, or more")
    if waves % 2 or keys.projection_class_embeddings_input_dim % waves:
        told = f"projection_class_embeddings_input_dim {keys.projection_class_embeddings_input_dim}"
        faults.append(f"{told} must be a multiple of addition_time_embed_dim {waves}, and that one even")
    if faults:
        raise SpecError([f"{CLASS}: {fault}" for fault in faults])


_ONE = {"layers_per_block", "cross_attention_dim"}
_EACH_LEVEL = {
    *_ONE,
    "down_block_types",
    "up_block_types",
    "transformer_layers_per_block",
    "num_attention_heads",
}


def each(value: Any, count: int) -> tuple[Any, ...]:
    """A list as it is, or one number as often as there are places for it."""
    return value if isinstance(value, tuple) else (value,) * count
