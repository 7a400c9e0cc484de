"""The blocks of NCSN++: beside the features a small picture goes down and up (Song et al. 2020).

They take their layers ready-made. Every sum of two branches is divided by the root of two, so that its
variance stays (appendix H.1).
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .fir import FIRDouble, FIRHalve

__all__ = ["ROOT_2", "ScaledMidBlock", "SkipDownBlock", "SkipUpBlock"]

ROOT_2 = 2**0.5


class SkipDownBlock(nn.Module):
    """Residual blocks, each followed by attention or by none, then a halving that takes the picture in.

    resnet_down halves the features, skip_conv gives the halved picture as many channels; the coarsest
    level has neither.
    """

    def __init__(
        self,
        resnets: Sequence[nn.Module],
        attentions: Sequence[nn.Module] = (),
        resnet_down: nn.Module | None = None,
        skip_conv: nn.Module | None = None,
    ) -> None:
        super().__init__()
        self.resnets = nn.ModuleList(resnets)
        self.attentions = nn.ModuleList(attentions)
        self.resnet_down, self.skip_conv = resnet_down, skip_conv
        self.resample = FIRHalve()

    def forward(self, x: Tensor, emb: Tensor, picture: Tensor) -> tuple[list[Tensor], Tensor]:
        """x [B, C, H, W] and the picture [B, c, H, W] to the maps after each layer, and the next picture."""
        skips = []
        for index, resnet in enumerate(self.resnets):
            x = resnet(x, emb) / ROOT_2
            x = self.attentions[index](x) / ROOT_2 if self.attentions else x
            skips.append(x)
        if self.resnet_down is None or self.skip_conv is None:
            return skips, picture
        picture = self.resample(picture)
        return [*skips, self.skip_conv(picture) + self.resnet_down(x, emb) / ROOT_2], picture


class ScaledMidBlock(nn.Module):
    """A residual block, attention, a residual block, each divided by `scale`."""

    def __init__(self, resnets: Sequence[nn.Module], attention: nn.Module, scale: float = ROOT_2) -> None:
        super().__init__()
        self.scale = scale
        self.resnets = nn.ModuleList(resnets)
        self.attentions = nn.ModuleList([attention])

    def forward(self, x: Tensor, emb: Tensor) -> Tensor:
        """[B, C, H, W] to the same."""
        before, after = self.resnets
        x = self.attentions[0](before(x, emb) / self.scale) / self.scale
        out: Tensor = after(x, emb) / self.scale
        return out


class SkipUpBlock(nn.Module):
    """Residual blocks, each given the newest skip left, perhaps attention, then a picture and a doubling.

    resnet_up doubles the features, skip_norm and skip_conv draw what the level adds to the picture; the
    finest level has none of them.
    """

    def __init__(
        self,
        resnets: Sequence[nn.Module],
        attentions: Sequence[nn.Module] = (),
        resnet_up: nn.Module | None = None,
        skip_norm: nn.Module | None = None,
        skip_conv: nn.Module | None = None,
    ) -> None:
        super().__init__()
        self.resnets = nn.ModuleList(resnets)
        self.attentions = nn.ModuleList(attentions)
        self.resnet_up, self.skip_norm, self.skip_conv = resnet_up, skip_norm, skip_conv
        self.resample = FIRDouble()

    def forward(
        self, x: Tensor, skips: list[Tensor], emb: Tensor, picture: Tensor | None
    ) -> tuple[Tensor, Tensor | None]:
        """x [B, C, H, W] to the next level's map and picture; takes its skips off the end of the list."""
        for resnet in self.resnets:
            x = resnet(torch.cat([x, skips.pop()], dim=1), emb) / ROOT_2
        for attention in self.attentions:
            x = attention(x) / ROOT_2
        picture = None if picture is None else self.resample(picture)
        if self.resnet_up is None or self.skip_norm is None or self.skip_conv is None:
            return x, picture
        drawn = self.skip_conv(F.silu(self.skip_norm(x)))
        return self.resnet_up(x, emb) / ROOT_2, drawn if picture is None else picture + drawn
