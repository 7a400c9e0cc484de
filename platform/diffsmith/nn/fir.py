"""Halve and double a feature map through a filter, so that little folds over (Zhang 2019)."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

__all__ = ["SMOOTH", "FIRDouble", "FIRHalve"]

SMOOTH = (1.0, 3.0, 3.0, 1.0)
"""The filter of NCSN++ (Song et al. 2020, appendix H.1); (1, 1) averages, and repeats pixels."""


class FIRHalve(nn.Module):
    """Filter rows and columns, keep every second of each.

    pad: zeros at each side; a convolution before it that has made the map larger wants none.
    """

    kernel: Tensor

    def __init__(self, taps: Sequence[float] = SMOOTH, pad: int | None = None) -> None:
        super().__init__()
        self.pad = len(taps) // 2 - 1 if pad is None else pad
        self.register_buffer("kernel", _kernel(taps), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, H, W] to [B, C, H/2, W/2]."""
        return F.conv2d(x, _each(self.kernel, x), stride=2, padding=self.pad, groups=x.shape[1])


class FIRDouble(nn.Module):
    """Put a zero after every pixel, filter rows and columns."""

    kernel: Tensor

    def __init__(self, taps: Sequence[float] = SMOOTH) -> None:
        super().__init__()
        self.pad = len(taps) // 2 - 1
        self.register_buffer("kernel", 4 * _kernel(taps), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, H, W] to [B, C, 2H, 2W]."""
        weight = _each(self.kernel, x)
        return F.conv_transpose2d(x, weight, stride=2, padding=self.pad, groups=x.shape[1])


def _kernel(taps: Sequence[float]) -> Tensor:
    """[1, 1, n, n], of sum one; real also where the weights around it are not made yet."""
    line = torch.tensor(taps, device="cpu")
    return torch.outer(line, line)[None, None] / line.sum() ** 2


def _each(kernel: Tensor, x: Tensor) -> Tensor:
    """The kernel for every channel of x, as x is."""
    return kernel.to(x).expand(x.shape[1], -1, -1, -1)
