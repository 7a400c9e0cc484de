"""Transformer blocks over tokens."""

from functools import partial

from torch import Tensor, nn
from torch.nn import functional as F

from .attention import Attention
from .norms import AdaLNZero, modulate

__all__ = ["GEGLU", "AdaLNZeroBlock", "CrossAttentionBlock", "FeedForward", "GELUTanh"]


class GELUTanh(nn.Module):
    """A projection, then the tanh form of GELU (Hendrycks & Gimpel 2016)."""

    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.proj = nn.Linear(width, hidden)

    def forward(self, x: Tensor) -> Tensor:
        """[B, N, width] to [B, N, hidden]."""
        return F.gelu(self.proj(x), approximate="tanh")


class GEGLU(nn.Module):
    """A projection, gated by the GELU of another (Shazeer 2020, equation 5)."""

    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.proj = nn.Linear(width, 2 * hidden)

    def forward(self, x: Tensor) -> Tensor:
        """[B, N, width] to [B, N, hidden]."""
        value, gate = self.proj(x).chunk(2, dim=-1)
        out: Tensor = value * F.gelu(gate)
        return out


class FeedForward(nn.Module):
    """An activated projection to a hidden width, and one back (Vaswani et al. 2017, equation 2)."""

    def __init__(self, activated: nn.Module, hidden: int, width: int, dropout: float = 0.0) -> None:
        super().__init__()
        self.net = nn.Sequential(activated, nn.Dropout(dropout), nn.Linear(hidden, width))

    def forward(self, x: Tensor) -> Tensor:
        """[B, N, width] to the same."""
        out: Tensor = self.net(x)
        return out


class AdaLNZeroBlock(nn.Module):
    """Self-attention and feed-forward, modulated and gated by a condition (Peebles & Xie 2023, figure 3)."""

    def __init__(
        self,
        heads: int,
        head_dim: int,
        emb: nn.Module,
        *,
        mlp_ratio: float = 4.0,
        dropout: float = 0.0,
        ff_eps: float = 1e-5,
    ) -> None:
        super().__init__()
        self.width = width = heads * head_dim
        hidden = int(mlp_ratio * width)
        self.norm1 = AdaLNZero(width, emb)
        self.norm2 = nn.LayerNorm(width, 1e-6, elementwise_affine=False)
        self.attn1 = Attention(width, heads, head_dim, bias=True, dropout=dropout)
        self.norm3 = nn.LayerNorm(width, ff_eps, elementwise_affine=False)
        self.ff = FeedForward(GELUTanh(width, hidden), hidden, width, dropout)

    def forward(self, x: Tensor, *condition: Tensor | None) -> Tensor:
        """x [B, N, width] and what `emb` reads to [B, N, width]."""
        shift, scale, gate, ff_shift, ff_scale, ff_gate = self.norm1(*condition)
        x = x + gate * self.attn1(modulate(self.norm2(x), shift, scale))
        out: Tensor = x + ff_gate * self.ff(modulate(self.norm3(x), ff_shift, ff_scale))
        return out


class CrossAttentionBlock(nn.Module):
    """Tokens look at one another, at a text, then each is fed forward (Rombach et al. 2022, appendix E.2.1).

    text: the width of the text's states, 0 for a block that reads none. upcast: attention in float32.
    """

    def __init__(self, width: int, heads: int, text: int = 0, *, upcast: bool = False) -> None:
        super().__init__()
        attention = partial(Attention, width, heads, width // heads, upcast=upcast)
        self.norm1 = nn.LayerNorm(width)
        self.attn1 = attention()
        self.norm2 = nn.LayerNorm(width) if text else None
        self.attn2 = attention(context_width=text) if text else None
        self.norm3 = nn.LayerNorm(width)
        self.ff = FeedForward(GEGLU(width, 4 * width), 4 * width, width)

    def forward(self, x: Tensor, text: Tensor | None = None, mask: Tensor | None = None) -> Tensor:
        """x [B, N, width], text [B, L, text] and its additive mask [B, 1, 1, L] to [B, N, width]."""
        x = x + self.attn1(self.norm1(x))
        if self.norm2 is not None and self.attn2 is not None:
            x = x + self.attn2(self.norm2(x), text, mask)
        out: Tensor = x + self.ff(self.norm3(x))
        return out
