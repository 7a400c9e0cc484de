"""Normalisation, and its modulation by a condition."""

from math import gcd

from torch import Tensor, nn

__all__ = ["group_norm", "modulate"]


def group_norm(channels: int, groups: int = 32, eps: float = 1e-5) -> nn.GroupNorm:
    """Normalise in as many groups, at most `groups`, as divide both (Wu & He 2018)."""
    return nn.GroupNorm(gcd(groups, channels), channels, eps)


def modulate(x: Tensor, shift: Tensor, scale: Tensor) -> Tensor:
    """Scale and shift what was normalised (Perez et al. 2018, equation 1)."""
    return x * (1 + scale) + shift
