"""NCSN++ as diffusers has it: UNet2DModel of skip blocks."""

from functools import partial
from typing import Annotated

from pydantic import Field
from torch import nn

from diffsmith.nn.attention import PixelAttention
from diffsmith.nn.levels import attending, check_levels
from diffsmith.nn.norms import group_norm
from diffsmith.nn.resnet import ResnetBlock
from diffsmith.nn.skip_blocks import ROOT_2
from diffsmith.nn.skip_unet import SkipPlan, SkipUNet2D
from diffsmith.nn.song_blocks import song_norm

from .plain import Levels, Number, Widths, heads_of

__all__ = ["skip_unet"]


def skip_unet(  # noqa: PLR0913 - what published networks differ in
    shape: tuple[int, int, int],
    classes: int | None,
    *,
    widths: Annotated[Widths, Field(description="channels of each level, finest first")] = (32, 64),
    layers: Annotated[int, Field(ge=1, description="residual blocks a level on the way down")] = 1,
    attention: Annotated[Levels, Field(description="levels that attend, -1 the coarsest")] = (-1,),
    up_attention: Annotated[Levels | None, Field(description="those on the way up, if others")] = None,
    heads: Annotated[Number, Field(description="attention heads of every level; one without it")] = None,
    head_dim: Annotated[Number, Field(description="channels of a head, in place of heads")] = None,
    middle_scale: Annotated[float, Field(gt=0, description="divides the sums in the middle")] = ROOT_2,
    groups: Annotated[Number, Field(description="of the norms in the middle, if others")] = None,
    eps: Annotated[float, Field(gt=0, description="of the norms")] = 1e-6,
    dropout: Annotated[float, Field(ge=0, lt=1, description="in residual blocks")] = 0.0,
) -> nn.Module:
    """NCSN++: beside the features a small picture goes down and up (Song et al. 2020).

    It is told sigma itself, and its answer is divided by it.
    """
    channels, height, columns = shape
    check_levels(height, columns, len(widths))
    norm, count = partial(song_norm, eps=eps), heads_of(heads, head_dim)
    inside = partial(group_norm, groups=groups, eps=eps) if groups else norm
    resnet = partial(ResnetBlock, emb=4 * widths[0], dropout=dropout)
    ascending = attention if up_attention is None else up_attention
    plan = SkipPlan(
        widths=widths,
        layers=layers,
        resnet=partial(resnet, norm=norm),
        middle_resnet=partial(resnet, norm=inside),
        norm=norm,
        joint_norm=lambda size, skip: group_norm(size + skip, min(size + skip // 4, 32), eps),
        attention=lambda width: PixelAttention(width, count(width), partial(group_norm, eps=eps)),
        middle=lambda width: PixelAttention(width, count(width), inside),
        last_norm=inside,
        attends_down=attending(attention, len(widths)),
        attends_up=attending(ascending, len(widths)),
        middle_scale=middle_scale,
    )
    return SkipUNet2D(channels, plan, classes)
