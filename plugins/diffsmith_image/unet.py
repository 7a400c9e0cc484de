"""The convolutional U-Net."""

from functools import partial
from typing import Annotated, Literal

from pydantic import Field
from torch import nn

from diffsmith.nn.attention import PixelAttention
from diffsmith.nn.levels import attending, check_levels
from diffsmith.nn.norms import group_norm
from diffsmith.nn.resample import Downsample, Upsample, double, halve
from diffsmith.nn.resnet import ADD, SCALE_SHIFT, ResnetBlock
from diffsmith.nn.unet import Layer, Plan, UNet2D
from diffsmith.nn.unet_blocks import Nothing

__all__ = ["unet"]

JOINS = {"add": ADD, "scale_shift": SCALE_SHIFT}


def unet(  # noqa: PLR0913 - the options a sweep may choose
    shape: tuple[int, int, int],
    classes: int | None,
    *,
    width: Annotated[int, Field(ge=8, multiple_of=8)] = 16,
    multipliers: Annotated[tuple[Annotated[int, Field(ge=1)], ...], Field(min_length=1)] = (1, 2),
    layers: Annotated[int, Field(ge=1)] = 1,
    attention: tuple[int, ...] = (),
    heads: Literal[1, 2, 4, 8] = 4,
    time: Literal["add", "scale_shift"] = "add",
    resample: Literal["conv", "resnet"] = "conv",
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.0,
) -> nn.Module:
    """Convolutional U-Net with attention at chosen levels (Ho et al. 2020; Dhariwal & Nichol 2021).

    A level has width times its multiplier channels; the finest comes first. `attention` holds the indices
    of the levels that attend, -1 is the coarsest; the middle always does.
    """
    channels, height, columns = shape
    check_levels(height, columns, len(multipliers))
    norm = partial(group_norm, groups=min(32, width // 4))
    resnet = partial(ResnetBlock, emb=4 * width, norm=norm, join=JOINS[time], dropout=dropout)
    attend = partial(PixelAttention, heads=heads, norm=norm)
    samplers: dict[str, tuple[Layer, Layer]] = {
        "conv": (Downsample, Upsample),
        "resnet": (lambda c: resnet(c, c, resample=halve), lambda c: resnet(c, c, resample=double)),
    }
    down, up = samplers[resample]
    plan = Plan(
        widths=[width * multiplier for multiplier in multipliers],
        layers=layers,
        resnet=resnet,
        attention=[attend if attends else Nothing for attends in attending(attention, len(multipliers))],
        middle=attend,
        down=down,
        up=up,
        norm=norm,
    )
    return UNet2D(channels, channels, plan, None if classes is None else classes + 1)
