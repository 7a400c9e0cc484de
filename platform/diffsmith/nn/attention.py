"""Attention: the layouts of its projections. The formula, and how it is computed, is `attend`'s."""

from collections.abc import Callable

from torch import Tensor, nn

from .attending import attend
from .once import Once
from .zero import zero

__all__ = ["Attention", "FusedAttention", "PixelAttention", "attend"]


class Attention(nn.Module):
    """Tokens look at a context, by default at one another (Vaswani et al. 2017, section 3.2.2).

    qk_norm builds a norm over a head's numbers, for queries and keys (Henry et al. 2020). upcast: scores
    and softmax in float32. once: set it, and the keys and values of a context are computed once for as
    long as that tensor lives, when sampling; None computes them at every call.
    """

    def __init__(  # noqa: PLR0913 - what attentions of published networks differ in
        self,
        width: int,
        heads: int,
        head_dim: int,
        *,
        context_width: int | None = None,
        bias: bool = False,
        dropout: float = 0.0,
        qk_norm: Callable[[int], nn.Module] | None = None,
        upcast: bool = False,
    ) -> None:
        super().__init__()
        self.heads, self.upcast = heads, upcast
        self.once: Once | None = None
        self.to_q = nn.Linear(width, heads * head_dim, bias=bias)
        self.to_k = nn.Linear(context_width or width, heads * head_dim, bias=bias)
        self.to_v = nn.Linear(context_width or width, heads * head_dim, bias=bias)
        self.norm_q = qk_norm(head_dim) if qk_norm else None
        self.norm_k = qk_norm(head_dim) if qk_norm else None
        self.to_out = nn.Sequential(nn.Linear(heads * head_dim, width), nn.Dropout(dropout))

    def forward(self, x: Tensor, context: Tensor | None = None, mask: Tensor | None = None) -> Tensor:
        """x [B, N, width], context [B, M, context_width], mask as in `attend`, to [B, N, width].

        Of fewer contexts each serves as many rows of x: a text serves all frames of its clip, unrepeated.
        """
        if context is not None and len(context) < len(x):
            shared: Tensor = self(x.reshape(len(context), -1, x.shape[2]), context, mask)
            return shared.reshape(x.shape)
        query = _normed(self.norm_q, self.to_q(x), self.heads)
        if context is None or self.once is None:
            key, value = self.keys_values(x if context is None else context)
        else:
            key, value = self.once(context, self.keys_values, self._weights())
        out: Tensor = self.to_out(attend(query, key, value, self.heads, mask, upcast=self.upcast))
        return out

    def keys_values(self, context: Tensor) -> tuple[Tensor, Tensor]:
        """[B, M, context_width] to two of [B, M, heads * head_dim]."""
        return _normed(self.norm_k, self.to_k(context), self.heads), self.to_v(context)

    def _weights(self) -> list[Tensor]:
        read = (self.to_k, self.to_v, self.norm_k)
        return [weight for layer in read if layer is not None for weight in layer.parameters()]


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


def _normed(norm: nn.Module | None, x: Tensor, heads: int) -> Tensor:
    return x if norm is None else norm(x.reshape(*x.shape[:2], heads, -1)).flatten(2)
