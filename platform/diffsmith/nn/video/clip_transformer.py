"""Transformers along the frames of a clip, each pixel alone."""

from collections.abc import Sequence
from typing import Any

from torch import Tensor, nn

from ..norms import group_norm
from ..transformer import CrossAttentionBlock
from ..zero import zero
from .relative_attention import RelativeAttention
from .temporal_resnet import pixels_of, pixels_to

__all__ = ["ClipTransformer", "frame_block"]


class ClipTransformer(nn.Module):
    """The frames of each pixel as tokens through blocks, added to the map (Wang et al. 2023, ModelScopeT2V).

    Normalised over all frames of a clip. width: of the tokens, where it is not that of the map.
    """

    def __init__(
        self, channels: int, blocks: Sequence[nn.Module], *, width: int | None = None, groups: int = 32
    ) -> None:
        super().__init__()
        self.norm = group_norm(channels, groups, eps=1e-6)
        self.proj_in = nn.Linear(channels, width or channels)
        self.transformer_blocks = nn.ModuleList(blocks)
        self.proj_out = zero(nn.Linear(width or channels, channels))

    def forward(self, x: Tensor, *context: Any) -> Tensor:
        """x [B * F, C, H, W], and the number of frames behind all else, to the same."""
        clip = pixels_of(x, context[-1])  # [B, C, F, H * W]
        lines = self.norm(clip).permute(0, 3, 2, 1)
        tokens = self.proj_in(lines.flatten(0, 1).contiguous())
        for block in self.transformer_blocks:
            tokens = block(tokens)
        out = self.proj_out(tokens).reshape(lines.shape)
        return pixels_to(clip + out.permute(0, 3, 2, 1), x)


def frame_block(width: int, heads: int, reach: int = 0) -> nn.Module:
    """Tokens look at one another twice, then each is fed forward (Wang et al. 2023, ModelScopeT2V).

    reach: up to how many frames away they know how far; 0: they do not know their places at all.
    """
    block = CrossAttentionBlock(width, heads, width)
    if reach:
        block.attn1, block.attn2 = (RelativeAttention(width, heads, reach) for _ in range(2))
    return block
