"""Motion modules: transformers along the frames, that a network of pictures takes in (Guo et al. 2023)."""

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from ..attention import Attention
from ..norms import group_norm
from ..transformer import GEGLU, FeedForward
from ..zero import zero
from .folding import clip_of

__all__ = ["FrameBlock", "FramePositions", "MotionModule", "frame_table"]


def frame_table(width: int, places: int) -> Tensor:
    """A vector for each frame, sines and cosines by turns, [places, width] (Vaswani et al. 2017)."""
    frequency = (torch.arange(0, width, 2) * (-math.log(10_000.0) / width)).exp()
    angle = torch.arange(places)[:, None] * frequency
    return torch.stack([angle.sin(), angle.cos()], dim=2).flatten(1)


class FramePositions(nn.Module):
    """Adds to each frame's token the vector of its place, for as many frames as the table has.

    The table is kept with the weights, as it is published.
    """

    pe: Tensor

    def __init__(self, width: int, places: int) -> None:
        super().__init__()
        self.register_buffer("pe", frame_table(width, places)[None])

    def forward(self, x: Tensor) -> Tensor:
        """[B, F, width] to the same."""
        return x + self.pe[:, : x.shape[1]]


class FrameBlock(nn.Module):
    """A pixel's frames look at one another, twice, then each is fed forward (Guo et al. 2023)."""

    def __init__(self, width: int, heads: int, places: int) -> None:
        super().__init__()
        self.pos_embed = FramePositions(width, places)
        self.norm1 = nn.LayerNorm(width)
        self.attn1 = Attention(width, heads, width // heads)
        self.norm2 = nn.LayerNorm(width)
        self.attn2 = Attention(width, heads, width // heads)
        self.norm3 = nn.LayerNorm(width)
        self.ff = FeedForward(GEGLU(width, 4 * width), 4 * width, width)

    def forward(self, x: Tensor) -> Tensor:
        """[B, F, width] to the same."""
        x = x + self.attn1(self.pos_embed(self.norm1(x)))
        x = x + self.attn2(self.pos_embed(self.norm2(x)))
        out: Tensor = x + self.ff(self.norm3(x))
        return out


class MotionModule(nn.Module):
    """Blocks over the frames of each pixel alone, added to the map; silent at first (Guo et al. 2023)."""

    def __init__(self, channels: int, blocks: Sequence[nn.Module], *, groups: int = 32) -> None:
        super().__init__()
        self.norm = group_norm(channels, groups, eps=1e-6)
        self.proj_in = nn.Linear(channels, channels)
        self.transformer_blocks = nn.ModuleList(blocks)
        self.proj_out = zero(nn.Linear(channels, channels))

    def forward(self, x: Tensor, *context: Any) -> Tensor:
        """x [B * F, C, H, W], and the number of frames behind all else, to the same."""
        clip = self.norm(clip_of(x, context[-1]))  # [B, C, F, H, W], normalised over all its frames
        tokens = self.proj_in(clip.permute(0, 3, 4, 2, 1).flatten(0, 2))  # [B * H * W, F, C]
        for block in self.transformer_blocks:
            tokens = block(tokens)
        out: Tensor = self.proj_out(tokens)
        return x + out.reshape(len(clip), -1, *out.shape[1:]).permute(0, 2, 3, 1).reshape(x.shape)
