"""Convolutions along the frames of a clip, each pixel alone."""

from typing import Any

from torch import Tensor, nn

from ..norms import group_norm
from ..zero import zero
from .temporal_resnet import TemporalConv, pixels_of, pixels_to

__all__ = ["ClipConv"]


class ClipConv(nn.Module):
    """Four times norm, SiLU, convolution along the frames, added to the map (Wang et al. 2023, ModelScope).

    Silent at first, so that it can be put behind the layers of a network that knows pictures.
    """

    def __init__(self, channels: int, *, groups: int = 32, dropout: float = 0.1) -> None:
        super().__init__()
        self.conv1 = _convolved(channels, groups)
        self.conv2 = _convolved(channels, groups, nn.Dropout(dropout))
        self.conv3 = _convolved(channels, groups, nn.Dropout(dropout))
        self.conv4 = _convolved(channels, groups, nn.Dropout(dropout))
        zero(self.conv4[-1])

    def forward(self, x: Tensor, *context: Any) -> Tensor:
        """x [B * F, C, H, W], and the number of frames behind all else, to the same.

        A map in channels-last order is taken and given back as it lies in memory, without a copy.
        """
        clip = pixels_of(x, context[-1])
        h = self.conv4(self.conv3(self.conv2(self.conv1(clip))))
        return pixels_to(clip + h, x)


def _convolved(channels: int, groups: int, *dropout: nn.Module) -> nn.Sequential:
    norm, conv = group_norm(channels, groups), TemporalConv(channels, channels)
    return nn.Sequential(norm, nn.SiLU(), *dropout, conv)
