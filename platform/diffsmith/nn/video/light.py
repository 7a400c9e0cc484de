"""Light layers for small networks of clips: one convolution, or one attention, along the frames.

They are silent at first, so that a network begins by making each frame alone.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..attention import Attention, PixelAttention
from ..embeddings import sinusoid
from ..norms import group_norm
from ..zero import zero

__all__ = ["FrameAttention", "FrameConv", "FramePixelAttention", "frame_waves"]


class FramePixelAttention(PixelAttention):
    """The same over each frame alone: how many there are in a clip does not matter to it."""

    def forward(self, x: Tensor, *context: Any) -> Tensor:
        """[B * F, C, H, W] to the same."""
        return super().forward(x)


class FrameConv(nn.Module):
    """A convolution over a frame and its neighbours, added to the map (Tran et al. 2018, section 3.5)."""

    def __init__(self, channels: int, norm: Callable[[int], nn.Module] = group_norm) -> None:
        super().__init__()
        self.norm = norm(channels)
        self.conv = zero(nn.Conv2d(channels, channels, (3, 1), padding=(1, 0)))

    def forward(self, x: Tensor, frames: int) -> Tensor:
        """x [B * F, C, H, W] to the same."""
        channels, *sides = x.shape[1:]
        lines = F.silu(self.norm(x)).movedim(1, -1).reshape(-1, frames, sides[0] * sides[1], channels)
        out: Tensor = self.conv(lines.movedim(-1, 1)).movedim(1, -1)  # [B, F, H * W, C]
        return x + out.reshape(-1, *sides, channels).movedim(-1, 1)


class FrameAttention(nn.Module):
    """Each place looks along its frames, added to the map (Ho et al. 2022, section 3)."""

    def __init__(self, channels: int, heads: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(channels)
        self.attn = Attention(channels, heads, channels // heads)
        zero(self.attn.to_out)

    def forward(self, x: Tensor, frames: int) -> Tensor:
        """x [B * F, C, H, W] to the same."""
        channels, *sides = x.shape[1:]
        clips = x.reshape(-1, frames, channels, *sides)
        tokens = clips.permute(0, 3, 4, 1, 2).flatten(0, 2)  # [B * H * W, F, C]
        out: Tensor = self.attn(self.norm(tokens) + frame_waves(tokens))
        return x + out.reshape(-1, *sides, frames, channels).permute(0, 3, 4, 1, 2).flatten(0, 1)


def frame_waves(tokens: Tensor) -> Tensor:
    """A vector for each frame of tokens [N, F, C], [F, C]: any number of frames has its places."""
    steps = torch.arange(tokens.shape[1], device=tokens.device)
    return sinusoid(steps, tokens.shape[2], flip=False).to(tokens)
