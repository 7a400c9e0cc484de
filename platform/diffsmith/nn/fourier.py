"""Noise levels as waves of random frequencies."""

from collections.abc import Callable
from math import pi

import torch
from torch import Tensor, nn

__all__ = ["FourierWaves"]


class FourierWaves(nn.Module):
    """Sines and cosines of t at random frequencies that are never trained (Tancik et al. 2020).

    The frequencies are large, so that rounded ones would be other waves: they stay in float32, whatever
    the network around them is cast to.
    """

    weight: Tensor

    def __init__(self, frequencies: int, scale: float = 16.0) -> None:
        super().__init__()
        self.register_buffer("weight", scale * torch.randn(frequencies))

    def forward(self, t: Tensor) -> Tensor:
        """[B] to [B, 2 * frequencies], the sines first."""
        angle = t.to(self.weight.dtype)[:, None] * self.weight * 2 * pi
        return torch.cat([angle.sin(), angle.cos()], dim=1)

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> "FourierWaves":
        exact = self.weight
        super()._apply(fn, recurse)  # type: ignore[no-untyped-call]
        if not exact.is_meta:
            self.weight = exact.to(self.weight.device)
        return self
