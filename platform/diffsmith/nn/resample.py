"""Halve and double a feature map."""

from collections.abc import Sequence

from torch import Tensor, nn
from torch.nn import functional as F

__all__ = ["Downsample", "Upsample", "double", "halve", "keep"]


def keep(x: Tensor) -> Tensor:
    """Leave the size as it is."""
    return x


def halve(x: Tensor) -> Tensor:
    """Average each 2x2 square."""
    return F.avg_pool2d(x, 2)


def double(x: Tensor, size: Sequence[int] | None = None) -> Tensor:
    """Repeat each pixel as a 2x2 square; `size`, height and width, where one of them is odd."""
    if size is None:
        return F.interpolate(x, scale_factor=2.0, mode="nearest")
    return F.interpolate(x, size=tuple(size), mode="nearest")


class Downsample(nn.Module):
    """Halve by a strided convolution; pad is left, right, top, bottom (Ho et al. 2020: 0, 1, 0, 1)."""

    def __init__(self, channels: int, pad: tuple[int, int, int, int] = (1, 1, 1, 1)) -> None:
        super().__init__()
        self.pad = pad
        self.conv = nn.Conv2d(channels, channels, 3, stride=2)

    def forward(self, x: Tensor, emb: Tensor) -> Tensor:
        """[B, C, H, W] to [B, C, H/2, W/2]; emb is not used."""
        out: Tensor = self.conv(F.pad(x, self.pad))
        return out


class Upsample(nn.Module):
    """Double, then smooth by a convolution (Odena et al. 2016)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x: Tensor, emb: Tensor, size: Sequence[int] | None = None) -> Tensor:
        """[B, C, H, W] to [B, C, 2H, 2W], or to `size`; emb is not used."""
        out: Tensor = self.conv(double(x, size))
        return out
