"""Transformers over the pixels of each frame and over the frames of each pixel."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..attention import Attention, attend
from ..embeddings import sinusoid
from ..spatial_transformer import SpatialTransformer
from ..transformer import GEGLU, CrossAttentionBlock, FeedForward
from .blender import AlphaBlender

__all__ = ["FrameNumbers", "SpatialBlock", "SpatioTemporalTransformer", "TemporalBlock", "across", "read"]


class SpatialBlock(CrossAttentionBlock):
    """The same, which does not ask where there is but one answer: see `read`."""

    def forward(self, x: Tensor, text: Tensor | None = None, mask: Tensor | None = None) -> Tensor:
        """x [B * F, N, width] and text [B, L, text] to [B * F, N, width]."""
        x = x + self.attn1(self.norm1(x))
        x = read(x, self.norm2, self.attn2, text, mask)
        out: Tensor = x + self.ff(self.norm3(x))
        return out


class TemporalBlock(nn.Module):
    """Each token is fed forward, looks along its frames and at a text, and is fed forward again.

    text: the width of the text's states, 0 for a block that reads none.
    """

    def __init__(self, width: int, heads: int, text: int = 0) -> None:
        super().__init__()
        self.norm_in = nn.LayerNorm(width)
        self.ff_in = FeedForward(GEGLU(width, 4 * width), 4 * width, width)
        self.norm1 = nn.LayerNorm(width)
        self.attn1 = Attention(width, heads, width // heads)
        self.norm2 = nn.LayerNorm(width) if text else None
        self.attn2 = Attention(width, heads, width // heads, context_width=text) if text else None
        self.norm3 = nn.LayerNorm(width)
        self.ff = FeedForward(GEGLU(width, 4 * width), 4 * width, width)

    def forward(self, x: Tensor, text: Tensor | None, mask: Tensor | None, frames: int) -> Tensor:
        """x [B * F, N, width] and text [B, L, text] to [B * F, N, width]."""
        x = x + self.ff_in(self.norm_in(x))
        x = x + across(self.attn1, self.norm1(x), frames)
        x = read(x, self.norm2, self.attn2, text, mask)
        out: Tensor = x + self.ff(self.norm3(x))
        return out


def across(attention: Attention, x: Tensor, frames: int) -> Tensor:
    """Tokens [B * F, N, width] look at those of their own place in all frames, to the same.

    Every place is as many heads more: so nothing is copied into another order of memory.
    """
    parts = [to(x) for to in (attention.to_q, attention.to_k, attention.to_v)]
    places, step = x.shape[1], max(1, HEADS // attention.heads)
    found = [
        _across(attention.heads, frames, *(part[:, start : start + step] for part in parts))
        for start in range(0, places, step)
    ]
    out: Tensor = attention.to_out(found[0] if len(found) == 1 else torch.cat(found, dim=1))
    return out


HEADS = 65_535
"""So many can be computed at once: the longest side of a grid of CUDA's, but for the first."""


def _across(heads: int, frames: int, *parts: Tensor) -> Tensor:
    """Query, key and value [B * F, N, width] to [B * F, N, width]."""
    _, places, width = parts[0].shape
    query, key, value = (part.reshape(-1, frames, places * width) for part in parts)
    return attend(query, key, value, places * heads).view(-1, places, width)


def read(
    x: Tensor, norm: nn.Module | None, attention: Attention | None, text: Tensor | None, mask: Tensor | None
) -> Tensor:
    """Tokens x [B * F, N, width] with what they read of a text [B, L, text] added.

    All weight lies on one state where there are no others, so what is read of it is the same for all tokens,
    and is computed once. While gradients are recorded it is not, so that every weight has one.
    """
    if norm is None or attention is None or text is None:
        return x
    if text.shape[1] > 1 or torch.is_grad_enabled():
        told: Tensor = attention(norm(x), text, mask)
        return x + told
    said: Tensor = attention.to_out(attention.to_v(text))  # [B, 1, width]
    return (x.reshape(len(text), -1, x.shape[2]) + said).view(x.shape)


class FrameNumbers(nn.Module):
    """A vector for each frame of a clip, from its number (Blattmann et al. 2023, Align your Latents, 3.1)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.linear_1 = nn.Linear(width, 4 * width)
        self.linear_2 = nn.Linear(4 * width, width)

    def forward(self, frames: int, like: Tensor) -> Tensor:
        """[frames, width], in the number format of `like`."""
        numbers = torch.arange(frames, dtype=torch.float32, device=like.device)
        waves = sinusoid(numbers, self.linear_1.in_features).to(like)
        out: Tensor = self.linear_2(F.silu(self.linear_1(waves)))
        return out


class SpatioTemporalTransformer(SpatialTransformer):
    """Blocks over the pixels of each frame, each mixed with one over the frames of each pixel.

    As a whole it is added to the map (Blattmann et al. 2023, SVD).
    """

    def __init__(self, channels: int, heads: int, depth: int, text: int = 0) -> None:
        super().__init__(channels, [SpatialBlock(channels, heads, text) for _ in range(depth)], linear=True)
        self.temporal_transformer_blocks = nn.ModuleList(
            TemporalBlock(channels, heads, text) for _ in range(depth)
        )
        self.time_pos_embed = FrameNumbers(channels)
        self.time_mixer = AlphaBlender()

    def forward(self, x: Tensor, *context: Any) -> Tensor:
        """x [B * F, C, H, W], a text [B, L, text], its additive mask and how many frames, to x's shape."""
        text, mask, frames = context
        tokens = self._projected_in(self.norm(x))
        numbers = self.time_pos_embed(frames, tokens)[:, None]  # [F, 1, C]
        for block, temporal in zip(self.transformer_blocks, self.temporal_transformer_blocks, strict=True):
            tokens = block(tokens, text, mask)
            numbered = (tokens.reshape(-1, frames, *tokens.shape[1:]) + numbers).view(tokens.shape)
            tokens = self.time_mixer(tokens, temporal(numbered, text, mask, frames))
        return x + self._projected_out(tokens, x.shape)
