"""The U-Net of Stable Diffusion and its kin."""

from functools import partial
from typing import Annotated

from pydantic import Field
from torch import nn

from diffsmith.nn.conditional_unet import ConditionalUNet2D, Conditions
from diffsmith.nn.depths import check_depths, each_layer
from diffsmith.nn.embeddings import sinusoid
from diffsmith.nn.norms import group_norm
from diffsmith.nn.resnet import ResnetBlock
from diffsmith.nn.spatial_transformer import SpatialTransformer
from diffsmith.nn.transformer import CrossAttentionBlock
from diffsmith.nn.unet import Layer, Plan
from diffsmith.nn.unet_blocks import Nothing

__all__ = ["conditional_unet"]

Count = Annotated[int, Field(ge=0)]
Positive = Annotated[int, Field(ge=1)]
Depth = Count | Annotated[tuple[Positive, ...], Field(min_length=1)]


def conditional_unet(  # noqa: PLR0913 - what published networks differ in
    shape: tuple[int, int, int],
    classes: int | None,
    *,
    widths: Annotated[
        tuple[Positive, ...], Field(min_length=1, description="channels of each level, finest first")
    ] = (32, 64),
    layers: Annotated[int, Field(ge=1, description="residual blocks a level on the way down")] = 1,
    depths: Annotated[
        tuple[Depth, ...],
        Field(description="transformer blocks after each residual block: one number a level, or one a block"),
    ] = (0, 1),
    up_depths: Annotated[
        tuple[Depth, ...] | None, Field(description="the same on the way up, where it differs")
    ] = None,
    middle: Annotated[
        int | None,
        Field(ge=0, description="transformer blocks there; 0: one residual block alone, null: nothing"),
    ] = 1,
    heads: Annotated[tuple[Positive, ...], Field(description="attention heads of each level")] = (4, 4),
    text_width: Annotated[int, Field(ge=0, description="of the text's states; 0: reads none")] = 0,
    added: Annotated[
        int, Field(ge=0, description="numbers of pooled text and sizes together; 0: reads none")
    ] = 0,
    size_waves: Annotated[int, Field(ge=2, multiple_of=2, description="numbers of each size")] = 256,
    guidance: Annotated[
        int, Field(ge=0, multiple_of=2, description="numbers of the guidance scale; 0: reads none")
    ] = 0,
    extra_channels: Annotated[int, Field(ge=0, description="of the input, behind those of x")] = 0,
    linear: Annotated[bool, Field(description="transformers project tokens, not maps")] = False,
    upcast: Annotated[bool, Field(description="attention in float32")] = False,
    groups: Annotated[int, Field(ge=1, description="of channels that are normalised together")] = 32,
    eps: Annotated[float, Field(gt=0, description="of the residual blocks' norms")] = 1e-5,
    flip: Annotated[bool, Field(description="cosines before sines in the time's waves")] = True,
    shift: Annotated[float, Field(ge=0, description="of their frequencies")] = 0.0,
    dropout: Annotated[float, Field(ge=0, lt=1, description="in residual blocks")] = 0.0,
) -> nn.Module:
    """U-Net whose transformers read a text (Rombach et al. 2022; Podell et al. 2023; Luo et al. 2023)."""
    norm = partial(group_norm, groups=groups, eps=eps)
    attention = partial(_attention, text_width=text_width, linear=linear, upcast=upcast, groups=groups)
    down, up = depths, depths if up_depths is None else up_depths
    check_depths(widths, layers, heads, down, up)
    plan = Plan(
        widths=widths,
        layers=layers,
        resnet=partial(ResnetBlock, emb=4 * widths[0], norm=norm, dropout=dropout),
        attention=[each_layer(attention, depth, count) for depth, count in zip(down, heads, strict=True)],
        ascending=[each_layer(attention, depth, count) for depth, count in zip(up, heads, strict=True)],
        middle=attention(middle or 0, heads[-1]),
        bottom=0 if middle is None else 1 + (middle > 0),
        norm=norm,
        waves=partial(sinusoid, flip=flip, shift=shift),
    )
    rows = 0 if classes is None else classes + 1
    conditions = Conditions(text_width, added, size_waves, guidance, rows)
    return ConditionalUNet2D(shape[0] + extra_channels, shape[0], plan, conditions)


def _attention(depth: int, heads: int, *, text_width: int, linear: bool, upcast: bool, groups: int) -> Layer:
    if not depth:
        return Nothing

    def layer(width: int) -> nn.Module:
        blocks = [CrossAttentionBlock(width, heads, text_width, upcast=upcast) for _ in range(depth)]
        return SpatialTransformer(width, blocks, groups=groups, linear=linear)

    return layer
