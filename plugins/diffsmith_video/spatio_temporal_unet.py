"""The U-Net of Stable Video Diffusion."""

from collections.abc import Sequence
from functools import partial
from typing import Annotated

from pydantic import Field
from torch import nn

from diffsmith.nn.unet import Layer, Plan
from diffsmith.nn.unet_blocks import Nothing
from diffsmith.nn.video.spatio_temporal_unet import ClipConditions, SpatioTemporalUNet
from diffsmith.nn.video.temporal_resnet import SpatioTemporalResnet
from diffsmith.nn.video.temporal_transformer import SpatioTemporalTransformer

__all__ = ["spatio_temporal_unet"]

Count = Annotated[int, Field(ge=0)]
Positive = Annotated[int, Field(ge=1)]


def spatio_temporal_unet(  # noqa: PLR0913 - what such networks may differ in
    shape: tuple[int, int, int, int],
    classes: int | None,
    *,
    widths: Annotated[
        tuple[Positive, ...], Field(min_length=1, description="channels of each level, finest first")
    ] = (32, 64),
    layers: Annotated[int, Field(ge=1, description="residual blocks a level on the way down")] = 1,
    depths: Annotated[
        tuple[Count, ...], Field(description="transformer blocks after each residual block, by level")
    ] = (0, 1),
    middle: Annotated[int, Field(ge=1, description="transformer blocks in the middle")] = 1,
    heads: Annotated[tuple[Positive, ...], Field(description="attention heads of each level")] = (2, 4),
    text_width: Annotated[int, Field(ge=0, description="of a text's or picture's states; 0: reads none")] = 0,
    numbers: Annotated[int, Field(ge=0, description="how many about the clip it is told")] = 0,
    number_waves: Annotated[int, Field(ge=2, multiple_of=2, description="numbers of each of them")] = 256,
    extra_channels: Annotated[int, Field(ge=0, description="of the input, behind those of x")] = 0,
) -> nn.Module:
    """U-Net of clips whose blocks work in space and along the frames (Blattmann et al. 2023, SVD)."""
    _check(widths, depths, heads)
    plan = Plan(
        widths=widths,
        layers=layers,
        resnet=partial(SpatioTemporalResnet, emb=4 * widths[0]),
        attention=[_attention(*level, text_width) for level in zip(depths, heads, strict=True)],
        middle=_attention(middle, heads[-1], text_width),
    )
    conditions = ClipConditions(text_width, numbers, number_waves, 0 if classes is None else classes + 1)
    network = SpatioTemporalUNet(shape[0] + extra_channels, shape[0], plan, conditions)
    plain = [block for block, depth in zip(network.down_blocks, depths, strict=True) if not depth]
    for block in (*plain, network.mid_block):
        _divide_by_more(block.get_submodule("resnets"))
    return network


def _attention(depth: int, heads: int, text_width: int) -> Layer:
    if not depth:
        return Nothing
    return partial(SpatioTemporalTransformer, heads=heads, depth=depth, text=text_width)


def _divide_by_more(resnets: nn.Module) -> None:
    """In published networks 1e-5 is added where a way down does not attend and in the middle, else 1e-6."""
    for norm in resnets.modules():
        if isinstance(norm, nn.GroupNorm):
            norm.eps = 1e-5


def _check(widths: Sequence[int], depths: Sequence[int], heads: Sequence[int]) -> None:
    """Raise a ValueError about the first numbers that do not fit each other."""
    for name, numbers in (("depths", depths), ("heads", heads)):
        if len(numbers) != len(widths):
            raise ValueError(f"{name} are {len(numbers)} for {len(widths)} widths: give one for each level")
    for level, (width, count) in enumerate(zip(widths, heads, strict=True)):
        if width % count:
            raise ValueError(f"{count} heads do not divide the {width} channels of level {level}")
