"""Adaptive layer norm: transformer blocks whose branches a condition shifts, scales and gates.

A branch is what a residual block adds: attention, or a feed-forward. Networks differ in where a branch's
three numbers per channel come from, and share how they are used: `gated`.
"""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .attention import Attention
from .norms import modulate
from .transformer import FeedForward, GELUTanh
from .zero import zero

__all__ = ["AdaLNSingleBlock", "AdaLNZero", "AdaLNZeroBlock", "Modulation", "gated", "modulations"]


class Modulation(NamedTuple):
    """What a condition does to one branch; each [B, 1, width]."""

    shift: Tensor
    scale: Tensor
    gate: Tensor


def modulations(parts: Tensor) -> list[Modulation]:
    """[B, 3 * branches, width], shift, scale and gate of each branch in turn, to one for each branch."""
    rows = parts.chunk(parts.shape[1], dim=1)
    return [Modulation(*rows[first : first + 3]) for first in range(0, len(rows), 3)]


def gated(x: Tensor, by: Modulation, norm: nn.Module, branch: Callable[[Tensor], Tensor]) -> Tensor:
    """x and, through a gate, what a branch makes of x normalised, scaled and shifted."""
    return x + by.gate * branch(modulate(norm(x), by.shift, by.scale))


class AdaLNZero(nn.Module):
    """A block's map from the condition to its branches, zero at first (Peebles & Xie 2023, section 3.2)."""

    def __init__(self, width: int, emb: nn.Module, branches: int = 2) -> None:
        super().__init__()
        self.emb = emb  # makes the condition's vector; nn.Identity() where it comes ready-made
        self.linear = zero(nn.Linear(width, 3 * branches * width))

    def forward(self, *condition: Tensor | None) -> list[Modulation]:
        """What `emb` reads to one Modulation for each branch."""
        emb: Tensor = self.emb(*condition)
        parts: Tensor = self.linear(F.silu(emb))
        return modulations(parts.reshape(len(parts), -1, emb.shape[1]))


class AdaLNZeroBlock(nn.Module):
    """Self-attention and feed-forward, ruled by adaLN-zero (Peebles & Xie 2023, figure 3)."""

    def __init__(
        self,
        heads: int,
        head_dim: int,
        emb: nn.Module,
        *,
        mlp_ratio: float = 4.0,
        dropout: float = 0.0,
        eps: float = 1e-5,  # of the feed-forward's norm: 1e-5 in diffusers, 1e-6 in the original code
    ) -> None:
        super().__init__()
        self.width = width = heads * head_dim
        self.norm1 = AdaLNZero(width, emb)
        self.norm2 = nn.LayerNorm(width, 1e-6, elementwise_affine=False)
        self.attn1 = Attention(width, heads, head_dim, bias=True, dropout=dropout)
        self.norm3 = nn.LayerNorm(width, eps, elementwise_affine=False)
        self.ff = _feed_forward(width, mlp_ratio, dropout)

    def forward(self, x: Tensor, *condition: Tensor | None) -> Tensor:
        """x [B, N, width] and what `emb` reads to [B, N, width]."""
        attending, feeding = self.norm1(*condition)
        x = gated(x, attending, self.norm2, self.attn1)
        return gated(x, feeding, self.norm3, self.ff)


class AdaLNSingleBlock(nn.Module):
    """Self-attention, attention to a text, feed-forward, ruled by adaLN-single (Chen et al. 2023, figure 4).

    All blocks share one map from the condition; each adds a table of its own.
    """

    def __init__(
        self, heads: int, head_dim: int, *, mlp_ratio: float = 4.0, dropout: float = 0.0, eps: float = 1e-6
    ) -> None:
        super().__init__()
        self.width = width = heads * head_dim
        self.scale_shift_table = nn.Parameter(torch.randn(6, width) / width**0.5)
        self.norm1 = nn.LayerNorm(width, eps, elementwise_affine=False)
        self.attn1 = Attention(width, heads, head_dim, bias=True, dropout=dropout)
        self.attn2 = Attention(width, heads, head_dim, bias=True, dropout=dropout)
        self.norm2 = nn.LayerNorm(width, eps, elementwise_affine=False)
        self.ff = _feed_forward(width, mlp_ratio, dropout)

    def forward(self, x: Tensor, shared: Tensor, text: Tensor, mask: Tensor | None = None) -> Tensor:
        """x [B, N, width], shared [B, 6, width], text [B, L, width], mask as in `attend`, to x's shape."""
        attending, feeding = modulations(self.scale_shift_table + shared)
        x = gated(x, attending, self.norm1, self.attn1)
        x = x + self.attn2(x, text, mask)
        return gated(x, feeding, self.norm2, self.ff)


def _feed_forward(width: int, mlp_ratio: float, dropout: float) -> nn.Module:
    hidden = int(mlp_ratio * width)
    return FeedForward(GELUTanh(width, hidden), hidden, width, dropout)
