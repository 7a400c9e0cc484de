"""Attention: the one formula, and the layouts of its projections."""

from collections.abc import Callable

from torch import Tensor, nn
from torch.nn import functional as F

from .zero import zero

__all__ = ["Attention", "FusedAttention", "PixelAttention", "attend"]


def attend(query: Tensor, key: Tensor, value: Tensor, heads: int) -> Tensor:
    """Means of the values, weighted by how queries match keys (Vaswani et al. 2017, equation 1)."""
    q, k, v = (part.reshape(*part.shape[:2], heads, -1).transpose(1, 2) for part in (query, key, value))
    return F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2)  # [B, N, heads * head_dim]


class Attention(nn.Module):
    """Tokens look at a context, by default at one another (Vaswani et al. 2017, section 3.2.2)."""

    def __init__(
        self,
        width: int,
        heads: int,
        head_dim: int,
        *,
        context_width: int | None = None,
        bias: bool = False,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        self.heads = heads
        self.to_q = nn.Linear(width, heads * head_dim, bias=bias)
        self.to_k = nn.Linear(context_width or width, heads * head_dim, bias=bias)
        self.to_v = nn.Linear(context_width or width, heads * head_dim, bias=bias)
        self.to_out = nn.Sequential(nn.Linear(heads * head_dim, width), nn.Dropout(dropout))

    def forward(self, x: Tensor, context: Tensor | None = None) -> Tensor:
        """x [B, N, width] and context [B, M, context_width] to [B, N, width]."""
        context = x if context is None else context
        out: Tensor = self.to_out(attend(self.to_q(x), self.to_k(context), self.to_v(context), self.heads))
        return out


class PixelAttention(nn.Module):
    """All pixels of a feature map look at one another, added to the map (Ho et al. 2020, appendix B)."""

    def __init__(self, channels: int, heads: int, norm: Callable[[int], nn.Module]) -> None:
        super().__init__()
        self.heads = heads
        self.group_norm = norm(channels)
        self.to_q = nn.Linear(channels, channels)
        self.to_k = nn.Linear(channels, channels)
        self.to_v = nn.Linear(channels, channels)
        self.to_out = nn.Sequential(zero(nn.Linear(channels, channels)))

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, H, W] to the same."""
        tokens = self.group_norm(x).flatten(2).mT  # [B, H*W, C]
        out = self.to_out(attend(self.to_q(tokens), self.to_k(tokens), self.to_v(tokens), self.heads))
        added: Tensor = x + out.mT.reshape(x.shape)
        return added


class FusedAttention(nn.Module):
    """Self-attention whose query, key and value are one projection (the layout of vision transformers)."""

    def __init__(self, width: int, heads: int, *, bias: bool = False) -> None:
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width, bias=bias)
        self.proj = nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        """[B, N, width] to the same."""
        query, key, value = self.qkv(x).chunk(3, dim=2)
        out: Tensor = self.proj(attend(query, key, value, self.heads))
        return out
