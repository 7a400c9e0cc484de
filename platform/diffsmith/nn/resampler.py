"""A picture's many states as a few tokens."""

import torch
from torch import Tensor, nn

from .attention import Attention
from .transformer import GELU, FeedForward

__all__ = ["Resampler"]


class Resampler(nn.Module):
    """Learnt tokens look at the states and at one another (Alayrac et al. 2022, figure 5; Ye et al. 2023)."""

    def __init__(
        self,
        states: int,
        width: int,
        tokens: int,
        text: int,
        *,
        depth: int = 4,
        heads: int = 12,
        head_dim: int = 64,
    ) -> None:
        super().__init__()
        self.latents = nn.Parameter(torch.randn(1, tokens, width) / width**0.5)
        self.proj_in = nn.Linear(states, width)
        self.layers = nn.ModuleList(_Layer(width, heads, head_dim) for _ in range(depth))
        self.proj_out = nn.Linear(width, text)
        self.norm_out = nn.LayerNorm(text)

    def forward(self, x: Tensor) -> Tensor:
        """x [B, N, states] to [B, tokens, text]."""
        states, latents = self.proj_in(x), self.latents.expand(len(x), -1, -1)
        for layer in self.layers:
            latents = layer(states, latents)
        out: Tensor = self.norm_out(self.proj_out(latents))
        return out


class _Layer(nn.Module):
    """One look, and a feed-forward; no projection has a bias."""

    def __init__(self, width: int, heads: int, head_dim: int) -> None:
        super().__init__()
        hidden = 4 * width
        self.ln0 = nn.LayerNorm(width)
        self.ln1 = nn.LayerNorm(width)
        self.attn = Attention(width, heads, head_dim)
        self.attn.to_out[0] = nn.Linear(heads * head_dim, width, bias=False)
        fed = FeedForward(GELU(width, hidden, bias=False), hidden, width, bias=False)
        self.ff = nn.Sequential(nn.LayerNorm(width), fed)

    def forward(self, states: Tensor, latents: Tensor) -> Tensor:
        """states [B, N, width], latents [B, M, width] to [B, M, width]."""
        normed = self.ln1(latents)
        latents = latents + self.attn(normed, torch.cat([self.ln0(states), normed], dim=1))
        out: Tensor = latents + self.ff(latents)
        return out
