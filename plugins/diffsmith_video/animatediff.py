"""The U-Net of pictures with motion modules: AnimateDiff."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Annotated

from pydantic import Field
from torch import nn

from diffsmith.nn.conditional_unet import Conditions
from diffsmith.nn.depths import check_depths, spread
from diffsmith.nn.embeddings import sinusoid
from diffsmith.nn.norms import group_norm
from diffsmith.nn.resnet import ResnetBlock
from diffsmith.nn.transformer import CrossAttentionBlock
from diffsmith.nn.unet import Kinds, Layer, Layers, Plan
from diffsmith.nn.unet_blocks import Nothing
from diffsmith.nn.video.folding import FrameTransformer
from diffsmith.nn.video.motion import FrameBlock, MotionModule
from diffsmith.nn.video.motion_unet import MotionUNet

__all__ = ["motion_unet"]

Count = Annotated[int, Field(ge=0)]
Positive = Annotated[int, Field(ge=1)]
Depth = Count | Annotated[tuple[Positive, ...], Field(min_length=1)]


def motion_unet(  # noqa: PLR0913 - what published networks differ in
    shape: tuple[int, int, int, int],
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
    motion_depths: Annotated[
        tuple[Depth, ...],
        Field(description="blocks along the frames after those: one number a level, or one a block"),
    ] = (1, 1),
    motion_up_depths: Annotated[
        tuple[Depth, ...] | None, Field(description="the same on the way up, where it differs")
    ] = None,
    motion_middle: Annotated[int, Field(ge=0, description="blocks along the frames in the middle")] = 1,
    motion_heads: Annotated[
        tuple[Positive, ...], Field(description="their attention heads at each level")
    ] = (4, 4),
    frames_max: Annotated[int, Field(ge=1, description="frames that are told apart")] = 32,
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
    upcast: Annotated[bool, Field(description="attention to texts and pixels in float32")] = False,
    groups: Annotated[int, Field(ge=1, description="of channels that are normalised together")] = 32,
    eps: Annotated[float, Field(gt=0, description="of the residual blocks' norms")] = 1e-5,
    flip: Annotated[bool, Field(description="cosines before sines in the time's waves")] = True,
    shift: Annotated[float, Field(ge=0, description="of their frequencies")] = 0.0,
    dropout: Annotated[float, Field(ge=0, lt=1, description="in residual blocks")] = 0.0,
) -> nn.Module:
    """U-Net of pictures that motion modules join to clips (Guo et al. 2023)."""
    norm = partial(group_norm, groups=groups, eps=eps)
    attention = partial(_attention, text_width=text_width, linear=linear, upcast=upcast, groups=groups)
    motion = partial(_motion, places=frames_max, groups=groups)
    up = depths if up_depths is None else up_depths
    motion_up = motion_depths if motion_up_depths is None else motion_up_depths
    check_depths(widths, layers, heads, depths, up)
    check_depths(widths, layers, motion_heads, motion_depths, motion_up, "motion_")
    down_layers = _levels(
        _spread(attention, depths, heads, layers), _spread(motion, motion_depths, motion_heads, layers)
    )
    up_layers = _levels(
        _spread(attention, up, heads, layers + 1), _spread(motion, motion_up, motion_heads, layers + 1)
    )
    plan = Plan(
        widths=widths,
        layers=layers,
        resnet=partial(ResnetBlock, emb=4 * widths[0], norm=norm, dropout=dropout),
        attention=down_layers,
        ascending=up_layers,
        middle=_joined(attention(middle or 0, heads[-1]), motion(motion_middle, motion_heads[-1])),
        bottom=0 if middle is None else 1 + (middle > 0 or motion_middle > 0),
        norm=norm,
        waves=partial(sinusoid, flip=flip, shift=shift),
    )
    rows = 0 if classes is None else classes + 1
    conditions = Conditions(text_width, added, size_waves, guidance, rows)
    return MotionUNet(shape[0] + extra_channels, shape[0], plan, conditions, frames_max)


def _spread(
    layer: Callable[[int, int], Layer], depths: Sequence[Depth], heads: Sequence[int], layers: int
) -> list[list[Layer]]:
    """For each level, one for each of its layers."""
    levels = zip(depths, heads, strict=True)
    return [[layer(each, count) for each in spread(depth, layers)] for depth, count in levels]


def _levels(attention: list[list[Layer]], motion: list[list[Layer]]) -> list[list[Layers]]:
    levels = zip(attention, motion, strict=True)
    return [[_joined(*each) for each in zip(*level, strict=True)] for level in levels]


def _joined(attention: Layer, motion: Layer) -> Layers:
    def layers(width: int) -> Kinds:
        return {"attentions": attention(width), "motion_modules": motion(width)}

    return layers


def _attention(depth: int, heads: int, *, text_width: int, linear: bool, upcast: bool, groups: int) -> Layer:
    if not depth:
        return Nothing

    def layer(width: int) -> nn.Module:
        blocks = [CrossAttentionBlock(width, heads, text_width, upcast=upcast) for _ in range(depth)]
        return FrameTransformer(width, blocks, groups=groups, linear=linear)

    return layer


def _motion(depth: int, heads: int, *, places: int, groups: int) -> Layer:
    if not depth:
        return Nothing

    def layer(width: int) -> nn.Module:
        blocks = [FrameBlock(width, heads, places) for _ in range(depth)]
        return MotionModule(width, blocks, groups=groups)

    return layer
