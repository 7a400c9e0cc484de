"""Normalisation, and its modulation by a condition."""

from math import gcd

from torch import Tensor, nn
from torch.nn import functional as F

from .zero import zero

__all__ = ["AdaLNZero", "group_norm", "modulate"]


def group_norm(channels: int, groups: int = 32, eps: float = 1e-5) -> nn.GroupNorm:
    """Normalise in as many groups, at most `groups`, as divide both (Wu & He 2018)."""
    return nn.GroupNorm(gcd(groups, channels), channels, eps)


def modulate(x: Tensor, shift: Tensor, scale: Tensor) -> Tensor:
    """Scale and shift what was normalised (Perez et al. 2018, equation 1)."""
    return x * (1 + scale) + shift


class AdaLNZero(nn.Module):
    """Shift, scale and gate for two branches, all zero at first (Peebles & Xie 2023, section 3.2)."""

    def __init__(self, width: int, emb: nn.Module) -> None:
        super().__init__()
        self.emb = emb  # makes the condition's vector; nn.Identity() where it comes ready-made
        self.linear = zero(nn.Linear(width, 6 * width))

    def forward(self, *condition: Tensor | None) -> tuple[Tensor, ...]:
        """What `emb` reads to six of [B, 1, width]."""
        parts: Tensor = self.linear(F.silu(self.emb(*condition)))
        return parts[:, None].chunk(6, dim=2)
