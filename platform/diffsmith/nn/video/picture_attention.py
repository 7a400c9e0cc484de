"""Attention that reads a text and a picture, each by itself."""

from collections.abc import Callable
from typing import Any

from torch import Tensor, nn

from ..attending import attend
from ..attention import Attention

__all__ = ["TextPictureAttention"]


class TextPictureAttention(Attention):
    """Looks at a text and a picture's tokens with one query, and adds what it saw (Ye et al. 2023, eq. 5)."""

    def __init__(self, width: int, heads: int, text: int) -> None:
        super().__init__(width, heads, width // heads, context_width=text)
        self.to_k_ip = nn.Linear(text, width, bias=False)
        self.to_v_ip = nn.Linear(text, width, bias=False)

    def forward(self, x: Tensor, context: Any = None, mask: Tensor | None = None) -> Tensor:
        """x [B, N, width], context text [B, L, D] and tokens [B, M, D], mask of the text, to [B, N, width].

        As in `Attention`, of fewer contexts each serves as many rows of x.
        """
        text, tokens = context
        query = self.to_q(x).reshape(len(text), -1, self.to_q.out_features)
        seen = attend(query, *self._made(text, self.keys_values), self.heads, mask)
        seen = seen + attend(query, *self._made(tokens, self._pictured), self.heads)
        out: Tensor = self.to_out(seen)
        return out.reshape(x.shape)

    def _made(
        self, context: Tensor, made: Callable[[Tensor], tuple[Tensor, Tensor]]
    ) -> tuple[Tensor, Tensor]:
        return made(context) if self.once is None else self.once(context, made, self._weights())

    def _pictured(self, tokens: Tensor) -> tuple[Tensor, Tensor]:
        return self.to_k_ip(tokens), self.to_v_ip(tokens)

    def _weights(self) -> list[Tensor]:
        return [*super()._weights(), *self.to_k_ip.parameters(), *self.to_v_ip.parameters()]
