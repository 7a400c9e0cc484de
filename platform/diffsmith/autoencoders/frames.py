"""Clips through autoencoders of pictures, some frames at a time."""

import torch
from torch import Tensor

from ..nn.video.folding import clip_of, frames_of
from .autoencoder import Autoencoder

__all__ = ["encoded"]

_CLIP = 5  # dimensions of clips [B, C, F, H, W]


def encoded(autoencoder: Autoencoder, x: Tensor, at_once: int) -> Tensor:
    """Pictures [B, 3, H, W], or clips [B, 3, F, H, W] so many frames at a time, as latents of their shape."""
    if x.ndim < _CLIP:
        return autoencoder.encode(x)
    parts = torch.split(frames_of(x), at_once)
    return clip_of(torch.cat([autoencoder.encode(part) for part in parts]), x.shape[2])
