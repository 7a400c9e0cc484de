"""Published classes of pipelines that make clips, and what each implies: what it reads, guidance, steps."""

from collections.abc import Callable, Mapping
from typing import Any

from torch import Tensor

from diffsmith.interop.pipelines import Family
from diffsmith.weights.sources import Source

__all__ = ["ANIMATEDIFF", "ANIMATEDIFF_SDXL", "I2VGEN", "SVD", "TEXT_TO_VIDEO", "VIDEO_TO_VIDEO"]

Choice = dict[str, Any]


def _guided(scale: float) -> Callable[[Source], Choice]:
    return lambda source: {"name": "cfg", "scale": scale}


def _framewise(source: Source) -> Choice:
    return {"name": "framewise"}


def _clip(source: Source) -> Choice | None:
    """OpenAI's, or OpenCLIP's, which computes another activation."""
    encoder = source.component("text_encoder")
    if encoder is None:
        return None
    return {"name": "open_clip" if encoder.config.get("hidden_act") == "gelu" else "clip"}


def _two_encoders(source: Source) -> Choice | None:
    zeros = bool(source.index.get("force_zeros_for_empty_prompt", True))
    return {"name": "sdxl", "zeros": zeros} if source.component("text_encoder_2") else None


def _looking(name: str) -> Callable[[Source], Choice | None]:
    """What looks at a picture, where the encoder for it is there."""
    return lambda source: {"name": name} if source.class_of("image_encoder") else None


def _motion_adapter(
    config: Mapping[str, Any], tensors: Mapping[str, Tensor]
) -> dict[str, tuple[dict[str, Any], dict[str, Tensor]]]:
    """The motion modules once more, for programs that put them into a U-Net of pictures themselves."""
    told = {ours: config[theirs] for ours, theirs in _ADAPTER.items()}
    modules = {name: each for name, each in tensors.items() if ".motion_modules." in name}
    return {"motion_adapter": ({"_class_name": "MotionAdapter", **told}, modules)}


_ADAPTER = {
    "block_out_channels": "block_out_channels",
    "motion_layers_per_block": "layers_per_block",
    "motion_max_seq_length": "motion_max_seq_length",
    "motion_norm_num_groups": "norm_num_groups",
    "motion_num_attention_heads": "motion_num_attention_heads",
    "use_motion_mid_block": "use_motion_mid_block",
}
"""A MotionAdapter's settings by those of the U-Net that it is in."""

_UNSEEING = {part: [None, None] for part in ("image_encoder", "feature_extractor")}
ANIMATEDIFF = Family("unet", 50, _guided(7.5), _clip, index=_UNSEEING, pieces=_motion_adapter)
ANIMATEDIFF_SDXL = Family("unet", 50, _guided(5.0), _two_encoders, index=_UNSEEING, pieces=_motion_adapter)
TEXT_TO_VIDEO = Family("unet", 50, _guided(9.0), _clip)
VIDEO_TO_VIDEO = Family("unet", 50, _guided(15.0), _clip)
SVD = Family("unet", 25, _framewise, _looking("svd"))
I2VGEN = Family("unet", 50, _guided(9.0), _looking("i2vgen"))
