"""Layers of networks that make several views of one thing: views look at one another."""

from functools import partial
from typing import Any

from torch import Tensor, nn

from ..attention import Attention
from ..spatial_transformer import SpatialTransformer
from ..transformer import GEGLU, FeedForward
from ..zero import zero

__all__ = ["CrossViewBlock", "JointTransformer"]


class JointTransformer(SpatialTransformer):
    """The pixels of all views as one sequence, so that each looks at all (Shi et al. 2023, section 3.1)."""

    def forward(self, x: Tensor, *context: Any) -> Tensor:
        """x [B * V, C, H, W], what the blocks read, and behind that the number of views, to the same."""
        apart = self._projected_in(self.norm(x))  # [B * V, H * W, C]
        tokens = apart.reshape(len(x) // context[-1], -1, apart.shape[2])
        for block in self.transformer_blocks:
            tokens = block(tokens, *context[:-1])
        return x + self._projected_out(tokens.reshape(apart.shape), x.shape)


class CrossViewBlock(nn.Module):
    """Tokens look at their own view, at the same place in the others, at a text and at a picture.

    The design of a head avatar's views, given as text alone: cool-japan/oxigaf. What looks across views and
    at the picture is silent at first, so a network of single pictures begins as it was. text, image: the
    widths of their states.
    """

    def __init__(self, width: int, heads: int, text: int, image: int) -> None:
        super().__init__()
        attention = partial(Attention, width, heads, width // heads)
        self.norm1 = nn.LayerNorm(width)
        self.attn1 = attention()
        self.norm_cv = nn.LayerNorm(width)
        self.attn_cv = _silent(attention())
        self.norm2 = nn.LayerNorm(width)
        self.attn2 = attention(context_width=text)
        self.norm_ip = nn.LayerNorm(width)
        self.attn_ip = _silent(attention(context_width=image))
        self.norm3 = nn.LayerNorm(width)
        self.ff = FeedForward(GEGLU(width, 4 * width), 4 * width, width)

    def forward(
        self, x: Tensor, text: Tensor, mask: Tensor | None, image: Tensor | None, views: int
    ) -> Tensor:
        """x [B * V, N, width], text [B, L, text] and its additive mask, image [B or B * V, M, image]."""
        x = x + self.attn1(self.norm1(x))
        x = x + self._across(self.norm_cv(x), views)
        x = x + self.attn2(self.norm2(x), text, mask)
        if image is not None:
            x = x + self.attn_ip(self.norm_ip(x), image)
        out: Tensor = x + self.ff(self.norm3(x))
        return out

    def _across(self, x: Tensor, views: int) -> Tensor:
        """What a place has to say in one view, for the same place in the others."""
        places = x.reshape(-1, views, *x.shape[1:]).transpose(1, 2)  # [B, N, V, width]
        seen: Tensor = self.attn_cv(places.flatten(0, 1))  # [B * N, V, width]
        return seen.reshape(places.shape).transpose(1, 2).reshape(x.shape)


def _silent(attention: Attention) -> Attention:
    zero(attention.to_out)
    return attention
