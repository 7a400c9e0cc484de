"""The U-Net of I2VGen-XL."""

from typing import Annotated

from pydantic import Field
from torch import nn

from diffsmith.nn.video.i2vgen_unet import I2VGenUNet

from .clip_plan import ClipLevels

__all__ = ["i2vgen"]

Positive = Annotated[int, Field(ge=1)]


def i2vgen(  # noqa: PLR0913 - what such networks may differ in
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
    text_width: Annotated[int, Field(ge=1, description="of the text's states, and of the picture's")] = 32,
    groups: Annotated[int, Field(ge=1, description="of channels that are normalised together")] = 32,
) -> nn.Module:
    """U-Net that goes on from a picture as a text says (Zhang et al. 2023, I2VGen-XL)."""
    levels = ClipLevels(widths, layers, attends, head_dim, text_width, groups)
    return I2VGenUNet(shape[0], levels.plan(), levels.entry(), text_width)
