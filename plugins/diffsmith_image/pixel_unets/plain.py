"""The U-Net of DDPM, of ADM and of consistency models: diffusers' UNet2DModel without skip blocks."""

from collections.abc import Callable
from functools import partial
from typing import Annotated, Literal

from pydantic import Field
from torch import nn

from diffsmith.nn.attention import PixelAttention
from diffsmith.nn.embeddings import sinusoid
from diffsmith.nn.levels import attending, check_levels
from diffsmith.nn.norms import group_norm
from diffsmith.nn.pixel_unet import PixelUNet2D
from diffsmith.nn.resample import Downsample, Upsample, double, halve
from diffsmith.nn.resnet import ADD, SCALE_SHIFT, ResnetBlock
from diffsmith.nn.unet import Layer, Plan
from diffsmith.nn.unet_blocks import Nothing

__all__ = ["Levels", "Number", "Widths", "heads_of", "pixel_unet"]

Number = Annotated[int, Field(ge=1)] | None
Levels = tuple[int, ...]
Widths = Annotated[tuple[Annotated[int, Field(ge=4)], ...], Field(min_length=1)]

JOINS = {"add": ADD, "scale_shift": SCALE_SHIFT}
PADS = {"around": (1, 1, 1, 1), "after": (0, 1, 0, 1)}


def pixel_unet(  # noqa: PLR0913 - what published networks differ in
    shape: tuple[int, int, int],
    classes: int | None,
    *,
    widths: Annotated[Widths, Field(description="channels of each level, finest first")] = (32, 64),
    layers: Annotated[int, Field(ge=1, description="residual blocks a level on the way down")] = 1,
    attention: Annotated[Levels, Field(description="levels that attend, -1 the coarsest")] = (-1,),
    up_attention: Annotated[Levels | None, Field(description="those on the way up, if others")] = None,
    heads: Annotated[Number, Field(description="attention heads of every level; one without it")] = None,
    head_dim: Annotated[Number, Field(description="channels of a head, in place of heads")] = None,
    middle: Annotated[
        Literal["attention", "unnormed", "resnets", "nothing"],
        Field(description="what is there; unnormed: attention without a norm"),
    ] = "attention",
    middle_groups: Annotated[Number, Field(description="of its attention's norm, if others")] = None,
    time: Annotated[Literal["add", "scale_shift"], Field(description="how it enters a block")] = "add",
    waves: Annotated[Number, Field(description="numbers that tell it, if not as the first width")] = None,
    flip: Annotated[bool, Field(description="cosines before sines in them")] = True,
    shift: Annotated[float, Field(ge=0, description="of their frequencies")] = 0.0,
    resample: Annotated[Literal["conv", "resnet"], Field(description="what halves and doubles")] = "conv",
    pad: Annotated[Literal["around", "after"], Field(description="zeros of halving convolutions")] = "around",
    groups: Annotated[int, Field(ge=1, description="at most so many are normalised apart")] = 32,
    group_size: Annotated[int, Field(ge=1, description="channels in a group, at least")] = 1,
    eps: Annotated[float, Field(gt=0, description="of the norms")] = 1e-5,
    variance: Annotated[bool, Field(description="a second half of the answer tells it")] = False,
    extra_channels: Annotated[int, Field(ge=0, description="of the input, behind those of x")] = 0,
    dropout: Annotated[float, Field(ge=0, lt=1, description="in residual blocks")] = 0.0,
) -> nn.Module:
    """U-Net of pixel models (Ho et al. 2020; Dhariwal & Nichol 2021; Song et al. 2023)."""
    channels, height, columns = shape
    check_levels(height, columns, len(widths))
    norm = partial(_norm, groups=groups, least=group_size, eps=eps)
    told, out = waves or widths[0], channels * (2 if variance else 1)
    resnet = partial(ResnetBlock, emb=4 * told, norm=norm, join=JOINS[time], dropout=dropout)
    attend = partial(_attention, heads=heads_of(heads, head_dim))
    down, up = (partial(Downsample, pad=PADS[pad]), Upsample) if resample == "conv" else _resampling(resnet)
    ascending = attention if up_attention is None else up_attention
    middle_norm = partial(group_norm, groups=middle_groups, eps=eps) if middle_groups else norm
    middles: dict[str, Layer] = {
        "attention": partial(attend, norm=middle_norm),
        "unnormed": partial(attend, norm=lambda width: nn.Identity()),
    }
    plan = Plan(
        widths=widths,
        layers=layers,
        resnet=resnet,
        attention=_chosen(partial(attend, norm=norm), attention, len(widths)),
        ascending=_chosen(partial(attend, norm=norm), ascending, len(widths)),
        middle=middles.get(middle, Nothing),
        bottom=0 if middle == "nothing" else 2,
        down=down,
        up=up,
        norm=norm,
        waves=partial(sinusoid, flip=flip, shift=shift),
    )
    return PixelUNet2D(channels + extra_channels, out, plan, told, classes)


def heads_of(heads: int | None, head_dim: int | None) -> Callable[[int], int]:
    """How many heads so many channels have; a ValueError where they cannot be split so."""
    if heads and head_dim:
        raise ValueError(f"heads {heads} and head_dim {head_dim}: give one of them")

    def count(channels: int) -> int:
        size = head_dim or channels // (heads or 1)
        if not size or channels % size or (heads and size * heads != channels):
            what = f"heads {heads}" if heads else f"head_dim {head_dim}"
            raise ValueError(f"{what} does not divide a level of {channels} channels")
        return channels // size

    return count


def _attention(
    channels: int, heads: Callable[[int], int], norm: Callable[[int], nn.Module]
) -> PixelAttention:
    return PixelAttention(channels, heads(channels), norm)


def _norm(channels: int, groups: int, least: int, eps: float) -> nn.GroupNorm:
    return group_norm(channels, max(1, min(groups, channels // least)), eps)


def _resampling(resnet: Callable[..., ResnetBlock]) -> tuple[Layer, Layer]:
    return lambda c: resnet(c, c, resample=halve), lambda c: resnet(c, c, resample=double)


def _chosen(attend: Layer, chosen: Levels, levels: int) -> list[Layer]:
    return [attend if attends else Nothing for attends in attending(chosen, levels)]
