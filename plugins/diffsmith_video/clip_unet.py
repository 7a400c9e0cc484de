"""The U-Net of ModelScope and Zeroscope."""

from typing import Annotated

from pydantic import Field
from torch import nn

from diffsmith.nn.video.clip_unet import ClipUNet

from .clip_plan import ClipLevels

__all__ = ["clip_unet"]

Positive = Annotated[int, Field(ge=1)]


def clip_unet(  # noqa: PLR0913 - what published networks differ in
    shape: tuple[int, int, int, int],
    classes: int | None,
    *,
    widths: Annotated[
        tuple[Positive, ...], Field(min_length=1, description="channels of each level, finest first")
    ] = (32, 64),
    layers: Annotated[int, Field(ge=1, description="residual blocks a level on the way down")] = 1,
    attends: Annotated[
        tuple[bool, ...], Field(description="which levels look, at the text and along the frames")
    ] = (False, True),
    head_dim: Annotated[int, Field(ge=1, description="channels of an attention head")] = 16,
    text_width: Annotated[int, Field(ge=1, description="of the text's states")] = 32,
    extra_channels: Annotated[int, Field(ge=0, description="of the input, behind those of x")] = 0,
    groups: Annotated[int, Field(ge=1, description="of channels that are normalised together")] = 32,
    eps: Annotated[float, Field(gt=0, description="of the residual blocks' norms")] = 1e-5,
) -> nn.Module:
    """U-Net of clips, along whose frames it convolves and attends (Wang et al. 2023, ModelScopeT2V)."""
    levels = ClipLevels(widths, layers, attends, head_dim, text_width, groups, eps)
    return ClipUNet(shape[0] + extra_channels, shape[0], levels.plan(), levels.entry())
