"""The U-Nets of VideoCrafter 1 and 2."""

from typing import Annotated

from pydantic import Field
from torch import nn

from diffsmith.nn.resampler import Resampler
from diffsmith.nn.video.clip_unet import ClipUNet

from .clip_plan import ClipLevels

__all__ = ["videocrafter"]

Positive = Annotated[int, Field(ge=1)]


def videocrafter(  # noqa: PLR0913 - what published networks differ in
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
    fps: Annotated[bool, Field(description="it is told the frames a second")] = True,
    convolved: Annotated[bool, Field(description="it convolves along the frames")] = True,
    reach: Annotated[
        int, Field(ge=0, description="how many frames apart attention can tell; 0: it knows no places")
    ] = 0,
    image_width: Annotated[int, Field(ge=0, description="of a picture's states; 0: reads none")] = 0,
    image_tokens: Annotated[int, Field(ge=1, description="that are made of them")] = 16,
    image_heads: Annotated[int, Field(ge=1, description="that make them, of 64 channels each")] = 12,
    groups: Annotated[int, Field(ge=1, description="of channels that are normalised together")] = 32,
) -> nn.Module:
    """U-Net of clips, told their speed and perhaps a picture (Chen et al. 2023, VideoCrafter1)."""
    pictured = image_width > 0
    levels = ClipLevels(
        widths,
        layers,
        attends,
        head_dim,
        text_width,
        groups,
        pictured=pictured,
        convolved=convolved,
        reach=reach,
    )
    tokens = (
        Resampler(image_width, text_width, image_tokens, text_width, heads=image_heads) if pictured else None
    )
    return ClipUNet(shape[0], shape[0], levels.plan(), levels.entry(), fps=fps, picture=tokens)
