"""Clips as frames in a batch, and back."""

from typing import Any

from torch import Tensor

from ..spatial_transformer import SpatialTransformer

__all__ = ["FrameTransformer", "clip_of", "frames_of"]


def frames_of(x: Tensor) -> Tensor:
    """Clips [B, C, F, H, W] as maps [B * F, C, H, W], a clip's frames side by side."""
    return x.movedim(2, 1).flatten(0, 1)


def clip_of(x: Tensor, frames: int) -> Tensor:
    """And back."""
    return x.reshape(-1, frames, *x.shape[1:]).movedim(1, 2)


class FrameTransformer(SpatialTransformer):
    """The same over each frame alone: how many there are in a clip does not matter to it."""

    def forward(self, x: Tensor, *context: Any) -> Tensor:
        """x [B * F, C, H, W], what the blocks read, and behind that the number of frames."""
        return super().forward(x, *context[:-1])
