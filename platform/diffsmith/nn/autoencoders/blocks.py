"""What encoders and decoders are made of. Where nothing needs the old numbers, they are written over."""

from collections.abc import Callable, Iterator, Sequence
from itertools import zip_longest

import torch
from torch import Tensor, nn
from torch.nn import functional as F

__all__ = ["DoublingConv", "Downsample", "Residual", "Stage", "Upsample", "like", "silu"]


def like(x: Tensor, layer: nn.Module) -> Tensor:
    """x in the number format of a layer's weights."""
    return x.to(next(layer.parameters()).dtype)


def silu(x: Tensor) -> Tensor:
    """x * sigmoid(x), written over x unless a gradient needs it."""
    return F.silu(x, inplace=not x.requires_grad)


class Residual(nn.Module):
    """Twice norm, SiLU, convolution, added to the input: a ResnetBlock that knows no time."""

    def __init__(self, in_channels: int, out_channels: int, norm: Callable[[int], nn.Module]) -> None:
        super().__init__()
        self.norm1 = norm(in_channels)
        self.conv1 = nn.Conv2d(in_channels, out_channels, 3, padding=1)
        self.norm2 = norm(out_channels)
        self.conv2 = nn.Conv2d(out_channels, out_channels, 3, padding=1)
        same = in_channels == out_channels
        self.conv_shortcut = nn.Identity() if same else nn.Conv2d(in_channels, out_channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, H, W] to [B, out_channels, H, W]."""
        h = self.conv1(silu(self.norm1(x)))
        h = silu(self.norm2(h))  # a line of its own: what it is made from goes before the next is made
        out: Tensor = self.conv2(h).add_(self.conv_shortcut(x))
        return out


class Downsample(nn.Module):
    """Halve by a strided convolution that reads one pixel beyond the right and lower border, as zero."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, stride=2)

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, H, W] to [B, C, H/2, W/2]."""
        out: Tensor = self.conv(F.pad(x, (0, 1, 0, 1)))
        return out


class DoublingConv(nn.Conv2d):
    """A 3x3 convolution of the picture in which each pixel is repeated as a 2x2 square.

    The repeated pixels meet sums of the kernel's weights, so it is one transposed convolution whose 4x4
    kernel holds these sums: 16 products a pixel, not 36, and the large picture is never made.
    """

    def __init__(self, channels: int, *, bias: bool = True) -> None:
        super().__init__(channels, channels, 3, padding=1, bias=bias)

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, H, W] to [B, C, 2H, 2W]."""
        exact = self.weight.to(torch.promote_types(self.weight.dtype, torch.float32))
        kernel = _summed(_summed(exact).mT).mT.transpose(0, 1).to(self.weight.dtype)
        return F.conv_transpose2d(x, kernel, self.bias, stride=2, padding=1)


def _summed(kernel: Tensor) -> Tensor:
    """Rows w0, w1, w2 to the sums that each of four rows of the transposed kernel stands for."""
    first, middle, last = kernel.unbind(-2)
    return torch.stack([last, middle + last, first + middle, first], -2)


class Upsample(nn.Module):
    """Double, then smooth by a convolution (Odena et al. 2016)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = DoublingConv(channels)

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, H, W] to [B, C, 2H, 2W]."""
        out: Tensor = self.conv(x)
        return out


class Stage(nn.Module):
    """Residual blocks, each followed by its attention where there is one, then what changes the size.

    It is walked through, layer by layer, not called: so nobody holds a stage's input while its later layers
    run, which at the finest stages of a decoder is the largest tensor there is.
    """

    def __init__(
        self, resnets: Sequence[nn.Module], attentions: Sequence[nn.Module] = (), **resamplers: nn.Module
    ) -> None:
        super().__init__()
        self.resnets = nn.ModuleList(resnets)
        self.attentions = nn.ModuleList(attentions)
        self.resamplers = tuple(resamplers)
        for name, layer in resamplers.items():
            self.add_module(name, nn.ModuleList([layer]))

    def __iter__(self) -> Iterator[nn.Module]:
        """Its layers in the order in which they run."""
        for pair in zip_longest(self.resnets, self.attentions):
            yield from (layer for layer in pair if layer is not None)
        for name in self.resamplers:
            yield from self.get_submodule(name).children()
