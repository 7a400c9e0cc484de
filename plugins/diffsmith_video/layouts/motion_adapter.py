"""MotionAdapter: motion modules without a U-Net, as diffusers configures them, and the U-Net they make."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from diffsmith.errors import SpecError
from diffsmith.options import faults_of

from .unet_motion_keys import each, frames_of

__all__ = ["CLASS", "motion_choice"]

CLASS = "MotionAdapter"

Positive = Annotated[int, Field(ge=1)]
Eachs = Positive | tuple[Positive, ...]
Nested = tuple[Positive | Annotated[tuple[Positive, ...], Field(min_length=1)], ...]


class _Keys(BaseModel):
    """The keys and their defaults (diffusers 0.42)."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    block_out_channels: Annotated[tuple[Positive, ...], Field(min_length=1)] = (320, 640, 1280, 1280)
    motion_layers_per_block: Eachs = 2
    motion_transformer_layers_per_block: Positive | Nested = 1
    motion_mid_block_layers_per_block: Positive = 1
    motion_transformer_layers_per_mid_block: Eachs = 1
    motion_num_attention_heads: Eachs = 8
    motion_norm_num_groups: Positive = 32
    motion_max_seq_length: Positive = 32
    use_motion_mid_block: bool = True
    conv_in_channels: Positive | None = None


def motion_choice(choice: Mapping[str, Any], config: Mapping[str, Any]) -> dict[str, Any]:
    """The choice of `motion_unet` that a U-Net of pictures becomes, a choice of `conditional_unet`, complete,
    with the motion modules whose config.json this is; a SpecError tells where they do not fit each other.

    One that has motion modules gets these in their place.
    """
    if choice["name"] not in _PLACES:
        told = f"motion modules go into U-Nets of Stable Diffusion, and {choice['name']} is none"
        raise SpecError([f"adapter: {told}; leave them out"])
    try:
        keys = _Keys.model_validate(dict(config))
    except ValidationError as error:
        raise SpecError(faults_of(error, _Keys, CLASS)) from None
    _require_fit(choice, keys)
    levels = len(keys.block_out_channels)
    channels, *_, height, width = choice["shape"]
    middle = each(keys.motion_transformer_layers_per_mid_block, 1)[0]
    extra = keys.conv_in_channels and keys.conv_in_channels - channels
    return {
        **choice,
        "name": "motion_unet",
        "motion_depths": each(keys.motion_transformer_layers_per_block, levels),
        "motion_up_depths": None,
        "motion_middle": middle if keys.use_motion_mid_block else 0,
        "motion_heads": each(keys.motion_num_attention_heads, levels),
        "frames_max": keys.motion_max_seq_length,
        "extra_channels": choice.get("extra_channels", 0) if extra is None else extra,
        "shape": (channels, frames_of(keys.motion_max_seq_length), height, width),
    }


_PLACES = ("conditional_unet", "motion_unet")


def _require_fit(choice: Mapping[str, Any], keys: _Keys) -> None:
    """Raise a SpecError about numbers that the U-Net and its motion modules do not share."""
    shared = {
        "block_out_channels": (keys.block_out_channels, tuple(choice["widths"])),
        "motion_layers_per_block": (set(each(keys.motion_layers_per_block, 1)), {choice["layers"]}),
        "motion_norm_num_groups": (keys.motion_norm_num_groups, choice["groups"]),
        "motion_mid_block_layers_per_block": (keys.motion_mid_block_layers_per_block, 1),
    }
    faults = [
        f"{CLASS}: {name} {_told(mine)} does not fit the U-Net; possible: {_told(its)}"
        for name, (mine, its) in shared.items()
        if mine != its
    ]
    if faults:
        raise SpecError(faults)


def _told(numbers: Any) -> str:
    return str(sorted(numbers) if isinstance(numbers, set) else numbers)
