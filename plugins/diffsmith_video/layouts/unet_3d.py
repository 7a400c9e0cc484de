"""UNet3DConditionModel: the U-Net of ModelScope and Zeroscope, as diffusers configures it."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from diffsmith.errors import SpecError
from diffsmith.weights.choices import complete
from diffsmith.weights.layouts import Layout

from ..clip_unet import clip_unet
from .clip_keys import ClipKeys, keys_of, level_keys, level_options

__all__ = ["LAYOUT", "Keys"]

CLASS = "UNet3DConditionModel"
FRAMES, SIDE = 16, 32
"""Of the clips where a configuration does not tell it, as none tells the frames: such networks make any."""


class Keys(ClipKeys):
    """The keys and their defaults (diffusers 0.42)."""

    downsample_padding: Literal[1] = 1
    mid_block_scale_factor: Literal[1] = 1
    act_fn: Literal["silu", "swish"] = "silu"
    norm_eps: Annotated[float, Field(gt=0)] = 1e-5
    num_attention_heads: None = None
    time_cond_proj_dim: None = None


def _options(config: Mapping[str, Any]) -> dict[str, Any]:
    keys = keys_of(Keys, CLASS, config)
    if keys.in_channels < keys.out_channels:
        told = f"in_channels {keys.in_channels} are fewer than out_channels {keys.out_channels}"
        raise SpecError([f"{CLASS}: {told}; possible: as many, or more"])
    side = keys.sample_size or SIDE
    return {
        "name": "clip_unet",
        **level_options(keys),
        "eps": keys.norm_eps,
        "extra_channels": keys.in_channels - keys.out_channels,
        "shape": (keys.out_channels, FRAMES, *((side, side) if isinstance(side, int) else side)),
        "classes": None,
    }


def _config(choice: Mapping[str, Any]) -> dict[str, Any]:
    options, (channels, _, *size) = complete(clip_unet, choice), choice["shape"]
    keys = Keys(
        sample_size=size[0] if size[0] == size[1] else size,
        in_channels=channels + options["extra_channels"],
        out_channels=channels,
        norm_eps=options["eps"],
        **level_keys(CLASS, options),
    )
    return {"_class_name": CLASS, **keys.model_dump(mode="json")}


LAYOUT = Layout("models", _options, _config)
