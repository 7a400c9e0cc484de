"""Transformer blocks whose attention is within frames or along them, never over a whole clip at once."""

from collections.abc import Callable, Sequence

from torch import Tensor, nn

from ..adaln import AdaLNZero, gated
from ..attention import Attention
from ..transformer import FeedForward, GELUTanh

__all__ = ["Axis", "SpaceTimeBlock", "along_frames", "within_frames"]

Axis = Callable[[Callable[[Tensor], Tensor], Tensor, int], Tensor]
"""What an attention sees of a clip's tokens [B, F * N, width] of so many frames."""


def within_frames(attention: Callable[[Tensor], Tensor], tokens: Tensor, frames: int) -> Tensor:
    """The tokens of a frame see one another."""
    rows = tokens.reshape(len(tokens) * frames, -1, tokens.shape[2])
    return attention(rows).reshape(tokens.shape)


def along_frames(attention: Callable[[Tensor], Tensor], tokens: Tensor, frames: int) -> Tensor:
    """The tokens of a place see one another."""
    lines = tokens.reshape(len(tokens), frames, -1, tokens.shape[2]).transpose(1, 2)  # [B, N, F, width]
    return attention(lines.flatten(0, 1)).reshape(lines.shape).transpose(1, 2).flatten(1, 2)


class SpaceTimeBlock(nn.Module):
    """An attention for each axis, then a feed-forward, ruled by adaLN-zero (Ma et al. 2024, figure 2)."""

    def __init__(
        self, heads: int, head_dim: int, axes: Sequence[Axis], *, mlp_ratio: float = 4.0, dropout: float = 0.0
    ) -> None:
        super().__init__()
        width = heads * head_dim
        hidden = int(mlp_ratio * width)
        self.axes = axes
        self.modulation = AdaLNZero(width, nn.Identity(), branches=len(axes) + 1)
        self.norm = nn.LayerNorm(width, 1e-6, elementwise_affine=False)
        self.attentions = nn.ModuleList(
            Attention(width, heads, head_dim, bias=True, dropout=dropout) for _ in axes
        )
        self.ff = FeedForward(GELUTanh(width, hidden), hidden, width, dropout)

    def forward(self, x: Tensor, emb: Tensor, frames: int) -> Tensor:
        """x [B, F * N, width], frame after frame, and the condition emb [B, width] to x's shape."""
        *attending, feeding = self.modulation(emb)
        for see, attention, by in zip(self.axes, self.attentions, attending, strict=True):
            branch = _seeing(see, attention, frames)
            x = gated(x, by, self.norm, branch)
        return gated(x, feeding, self.norm, self.ff)


def _seeing(see: Axis, attention: nn.Module, frames: int) -> Callable[[Tensor], Tensor]:
    return lambda tokens: see(attention, tokens, frames)
