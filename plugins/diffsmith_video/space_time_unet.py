"""The convolutional U-Net of clips."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Annotated, Literal

from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional as F

from diffsmith.nn.levels import attending, check_levels
from diffsmith.nn.norms import group_norm
from diffsmith.nn.resnet import ResnetBlock
from diffsmith.nn.unet import Kinds, Layer, Layers, Plan, UNet2D
from diffsmith.nn.unet_blocks import Nothing
from diffsmith.nn.video.folding import clip_of, frames_of
from diffsmith.nn.video.light import FrameAttention, FrameConv, FramePixelAttention

__all__ = ["SpaceTimeUNet", "space_time_unet"]


def space_time_unet(  # noqa: PLR0913 - the options a sweep may choose
    shape: tuple[int, int, int, int],
    classes: int | None,
    *,
    width: Annotated[int, Field(ge=8, multiple_of=8)] = 32,
    multipliers: Annotated[tuple[Annotated[int, Field(ge=1)], ...], Field(min_length=1)] = (1, 2),
    layers: Annotated[int, Field(ge=1)] = 1,
    patch: Annotated[
        Literal[1, 2, 4, 8], Field(description="side of the squares of pixels that are channels of one place")
    ] = 2,
    attention: tuple[int, ...] = (),
    temporal: Annotated[
        Literal["none", "middle", "attending", "all"],
        Field(description="where places look along their frames; convolutions along them are everywhere"),
    ] = "middle",
    heads: Literal[1, 2, 4, 8] = 4,
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.0,
) -> nn.Module:
    """U-Net over frames, with convolutions and attention along them (Ho et al. 2022).

    A level has width times its multiplier channels; the finest comes first. `attention` holds the indices
    of the levels whose frames attend to themselves, -1 is the coarsest; the middle always does.
    """
    channels, _, height, columns = shape
    if height % patch or columns % patch:
        raise ValueError(f"patch {patch} does not divide frames of {height}x{columns}")
    check_levels(height // patch, columns // patch, len(multipliers))
    norm = partial(group_norm, groups=min(32, width // 4))
    attend = partial(_attention, heads=heads, norm=norm)
    chosen = attending(attention, len(multipliers))
    plan = Plan(
        widths=[width * multiplier for multiplier in multipliers],
        layers=layers,
        resnet=_resnet(width, norm, dropout),
        attention=[
            attend(space, temporal == "all" or (space and temporal == "attending")) for space in chosen
        ],
        middle=attend(True, temporal != "none"),
        norm=norm,
    )
    return SpaceTimeUNet(channels, patch, plan, None if classes is None else classes + 1)


class SpaceTimeUNet(UNet2D):
    """A U-Net of frames whose layers along them are told how many there are."""

    def __init__(self, channels: int, patch: int, plan: Plan, rows: int | None) -> None:
        inner = channels * patch**2
        super().__init__(inner, inner, plan, rows)
        self.channels, self.patch = channels, patch

    def forward(self, x: Tensor, t: Tensor, label: Tensor | None = None) -> Tensor:  # type: ignore[override]
        """x [B, C, F, H, W], t [B] or 0-dim, label [B], to x's shape."""
        frames = x.shape[2]
        emb = self.embed(x, t, label).repeat_interleave(frames, dim=0)
        maps = F.pixel_unshuffle(frames_of(x), self.patch)  # [B * F, C * patch^2, H / patch, W / patch]
        return clip_of(F.pixel_shuffle(self.walk(maps, emb, frames), self.patch), frames)


def _resnet(width: int, norm: Layer, dropout: float) -> Callable[[int, int], Kinds]:
    def layers(inward: int, outward: int) -> Mapping[str, nn.Module]:
        resnet = ResnetBlock(inward, outward, 4 * width, norm=norm, dropout=dropout)
        return {"resnets": resnet, "temp_convs": FrameConv(outward, norm)}

    return layers


def _attention(space: bool, time: bool, *, heads: int, norm: Layer) -> Layers:
    def layers(width: int) -> Mapping[str, nn.Module]:
        return {
            "attentions": FramePixelAttention(width, heads, norm) if space else Nothing(width),
            "temp_attentions": FrameAttention(width, heads) if time else Nothing(width),
        }

    return layers
