"""Transformer blocks over the pixels of a feature map."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from .norms import group_norm
from .zero import zero

__all__ = ["SpatialTransformer"]


class SpatialTransformer(nn.Module):
    """Pixels as tokens through blocks, added to the map (Rombach et al. 2022, appendix E.2.1).

    linear: project tokens, in place of the map by 1x1 convolutions; the same, but for the weights' shapes.
    """

    def __init__(
        self, channels: int, blocks: Sequence[nn.Module], *, groups: int = 32, linear: bool = False
    ) -> None:
        super().__init__()
        projection = nn.Linear if linear else partial(nn.Conv2d, kernel_size=1)
        self.linear = linear
        self.norm = group_norm(channels, groups, eps=1e-6)
        self.proj_in = projection(channels, channels)
        self.transformer_blocks = nn.ModuleList(blocks)
        self.proj_out = zero(projection(channels, channels))

    def forward(self, x: Tensor, *context: Any) -> Tensor:
        """x [B, C, H, W], what the blocks read, to [B, C, H, W]."""
        tokens = self._projected_in(self.norm(x))
        for block in self.transformer_blocks:
            tokens = block(tokens, *context)
        return x + self._projected_out(tokens, x.shape)

    def _projected_in(self, x: Tensor) -> Tensor:  # [B, H*W, C]
        # Contiguous: else all sums of the blocks keep the map's order of memory, and are slow.
        tokens: Tensor = (
            self.proj_in(x.flatten(2).mT) if self.linear else self.proj_in(x).flatten(2).mT.contiguous()
        )
        return tokens

    def _projected_out(self, tokens: Tensor, shape: torch.Size) -> Tensor:  # [B, C, H, W]
        out: Tensor = (
            self.proj_out(tokens).mT.reshape(shape)
            if self.linear
            else self.proj_out(tokens.mT.reshape(shape))
        )
        return out
