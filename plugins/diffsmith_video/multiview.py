"""U-Nets that make several views of one thing: MVDream's, and one for head avatars."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Annotated

from pydantic import Field
from torch import nn

from diffsmith.nn.conditional_unet import Conditions
from diffsmith.nn.depths import check_depths
from diffsmith.nn.norms import group_norm
from diffsmith.nn.resnet import ResnetBlock
from diffsmith.nn.spatial_transformer import SpatialTransformer
from diffsmith.nn.transformer import CrossAttentionBlock
from diffsmith.nn.unet import Layer, Plan
from diffsmith.nn.unet_blocks import Nothing
from diffsmith.nn.video.multiview import CrossViewBlock, JointTransformer
from diffsmith.nn.video.view_unet import Views, ViewUNet

__all__ = ["head_views", "mvdream"]

Count = Annotated[int, Field(ge=0)]
Positive = Annotated[int, Field(ge=1)]
Widths = Annotated[
    tuple[Positive, ...], Field(min_length=1, description="channels of each level, finest first")
]
Layers = Annotated[int, Field(ge=1, description="residual blocks a level on the way down")]
Depths = Annotated[
    tuple[Count, ...], Field(description="transformer blocks after each residual block, one number a level")
]
Middle = Annotated[int, Field(ge=1, description="transformer blocks there")]
Heads = Annotated[tuple[Positive, ...], Field(description="attention heads of each level")]
TextWidth = Annotated[int, Field(ge=1, description="of the text's states")]
Camera = Annotated[int, Field(ge=1, description="numbers that tell a view's camera")]
Linear = Annotated[bool, Field(description="transformers project tokens, not maps")]
Groups = Annotated[int, Field(ge=1, description="of channels that are normalised together")]
Eps = Annotated[float, Field(gt=0, description="of the residual blocks' norms")]


def mvdream(  # noqa: PLR0913 - what published networks differ in
    shape: tuple[int, int, int, int],
    classes: int | None,
    *,
    widths: Widths = (32, 64),
    layers: Layers = 1,
    depths: Depths = (0, 1),
    middle: Middle = 1,
    heads: Heads = (4, 4),
    text_width: TextWidth = 32,
    camera: Camera = 16,
    linear: Linear = True,
    upcast: Annotated[bool, Field(description="attention in float32")] = False,
    groups: Groups = 32,
    eps: Eps = 1e-5,
) -> nn.Module:
    """U-Net of several views, whose pixels all look at one another (Shi et al. 2023)."""

    def transformer(width: int, depth: int, count: int) -> nn.Module:
        blocks = [CrossAttentionBlock(width, count, text_width, upcast=upcast) for _ in range(depth)]
        return JointTransformer(width, blocks, groups=groups, linear=linear)

    check_depths(widths, layers, heads, depths, depths)
    norm = partial(group_norm, groups=groups, eps=eps)
    plan = _plan(transformer, widths, layers, (*depths, middle), heads, norm)
    conditions = Conditions(text_width, rows=0 if classes is None else classes + 1)
    return ViewUNet(shape[0], shape[0], plan, conditions, Views(camera))


def head_views(  # noqa: PLR0913 - what such networks may differ in
    shape: tuple[int, int, int, int],
    classes: int | None,
    *,
    widths: Widths = (320, 640, 1280, 1280),
    layers: Layers = 2,
    depths: Depths = (1, 1, 1, 0),
    middle: Middle = 1,
    heads: Heads = (5, 10, 20, 20),
    text_width: TextWidth = 1024,
    image_width: Annotated[int, Field(ge=1, description="of a picture's states")] = 1280,
    camera: Camera = 12,
    extra_channels: Annotated[
        int, Field(ge=0, description="of the input, behind those of x: a map of normals")
    ] = 4,
    views_max: Annotated[int, Field(ge=1, description="views that are made at once")] = 8,
    linear: Linear = True,
    groups: Groups = 32,
    eps: Eps = 1e-5,
) -> nn.Module:
    """U-Net of a head's views, each place of which looks at the same in the others, and at a picture.

    As large as Stable Diffusion 2.1, with whose weights it may begin; the design is cool-japan/oxigaf's.
    """

    def transformer(width: int, depth: int, count: int) -> nn.Module:
        blocks = [CrossViewBlock(width, count, text_width, image_width) for _ in range(depth)]
        return SpatialTransformer(width, blocks, groups=groups, linear=linear)

    check_depths(widths, layers, heads, depths, depths)
    norm = partial(group_norm, groups=groups, eps=eps)
    plan = _plan(transformer, widths, layers, (*depths, middle), heads, norm)
    conditions = Conditions(text_width, rows=0 if classes is None else classes + 1)
    views = Views(camera, image_width, views_max)
    return ViewUNet(shape[0] + extra_channels, shape[0], plan, conditions, views)


def _plan(
    transformer: Callable[[int, int, int], nn.Module],
    widths: Sequence[int],
    layers: int,
    depths: Sequence[int],
    heads: Sequence[int],
    norm: Callable[[int], nn.Module],
) -> Plan:
    """transformer(width, depth, heads) on every level; the last of the depths is the middle's."""

    def attention(depth: int, count: int) -> Layer:
        return (lambda width: transformer(width, depth, count)) if depth else Nothing

    return Plan(
        widths=widths,
        layers=layers,
        resnet=partial(ResnetBlock, emb=4 * widths[0], norm=norm),
        attention=[attention(*each) for each in zip(depths[:-1], heads, strict=True)],
        middle=attention(depths[-1], heads[-1]),
        norm=norm,
    )
