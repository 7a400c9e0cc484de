"""Transformer blocks over tokens."""

from functools import partial

from torch import Tensor, nn
from torch.nn import functional as F

from .attention import Attention

__all__ = ["GEGLU", "GELU", "CrossAttentionBlock", "FeedForward", "GELUTanh"]


class GELU(nn.Module):
    """A projection, then GELU (Hendrycks & Gimpel 2016)."""

    def __init__(self, width: int, hidden: int, *, bias: bool = True) -> None:
        super().__init__()
        self.proj = nn.Linear(width, hidden, bias=bias)

    def forward(self, x: Tensor) -> Tensor:
        """[B, N, width] to [B, N, hidden]."""
        return F.gelu(self.proj(x))


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

    def __init__(
        self, activated: nn.Module, hidden: int, width: int, dropout: float = 0.0, *, bias: bool = True
    ) -> None:
        super().__init__()
        self.net = nn.Sequential(activated, nn.Dropout(dropout), nn.Linear(hidden, width, bias=bias))

    def forward(self, x: Tensor) -> Tensor:
        """[B, N, width] to the same."""
        out: Tensor = self.net(x)
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
