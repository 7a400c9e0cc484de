"""The U-Net that moves a picture: what it is told, and the way through its blocks."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ..embeddings import TimestepEmbedding, class_vectors, sinusoid
from ..required import require
from ..unet import Plan, UNet
from .folding import clip_of

__all__ = ["ClipConditions", "SpatioTemporalUNet"]


@dataclass(frozen=True)
class ClipConditions:
    """What the U-Net reads beside x and t; 0 is what it does not read.

    text: the width of a text's states, or a picture's. numbers: how many about the clip, each of them as
    `waves` waves. rows: of the class table, the last of which stands for no class.
    """

    text: int = 0
    numbers: int = 0
    waves: int = 256
    rows: int = 0


class SpatioTemporalUNet(UNet):
    """Predicts a clip from a noisy one, a picture and numbers about the clip (Blattmann et al. 2023, SVD).

    The plan's residual blocks are called resnet(x, emb [B, F, E]), attention (x, text, mask, frames).
    """

    def __init__(self, channels: int, out_channels: int, plan: Plan, conditions: ClipConditions) -> None:
        super().__init__(channels, out_channels, plan)
        width, added = plan.widths[0], conditions.numbers * conditions.waves
        self.conditions = conditions
        self.time_embedding = TimestepEmbedding(width, 4 * width)
        self.add_embedding = TimestepEmbedding(added, 4 * width) if added else None
        self.class_embedding = nn.Embedding(conditions.rows, 4 * width) if conditions.rows else None

    def forward(
        self,
        x: Tensor,
        t: Tensor,
        label: Tensor | None = None,
        *,
        text: Tensor | None = None,
        beside: Tensor | None = None,
        numbers: Tensor | None = None,
    ) -> Tensor:
        """x [B, C, F, H, W], t [B] or 0-dim, and conditions [B, ...], to [B, out_channels, F, H, W].

        label [B]; text [B, L, width]; beside [B, more channels, F or 1, H, W], read behind those of x;
        numbers [B, n]. A TypeError names what is missing or not read.
        """
        told, frames = self.conditions, x.shape[2]
        more = self.channels - self.conv_out.out_channels
        require(
            {"text": told.text, "beside": more, "numbers": told.numbers},
            {"text": text, "beside": beside, "numbers": numbers},
        )
        emb = self.told(x, t, label, numbers)[:, None].expand(-1, frames, -1)
        return clip_of(self.walk(_maps(x, beside), emb, text, None, frames), frames)

    def told(self, x: Tensor, t: Tensor, label: Tensor | None, numbers: Tensor | None) -> Tensor:
        """Time, class and numbers as one vector a clip, [B, 4 * width]."""
        emb: Tensor = self.time_embedding(self._waves(t.expand(len(x)), self.conv_in.out_channels).to(x))
        if self.class_embedding is not None:
            emb = emb + class_vectors(self.class_embedding, label, len(x))
        if self.add_embedding is not None and numbers is not None:
            waves = self._waves(numbers.flatten(), self.conditions.waves)
            emb = emb + self.add_embedding(waves.reshape(len(x), -1).to(x))
        return emb

    def _waves(self, numbers: Tensor, count: int) -> Tensor:
        return sinusoid(numbers.float(), count)


def _maps(x: Tensor, beside: Tensor | None) -> Tensor:
    """Clips, and what stands beside them, as maps [B * F, channels, H, W]."""
    frames = x.movedim(2, 1)  # [B, F, C, H, W]
    if beside is None:
        return frames.flatten(0, 1)
    return torch.cat([frames, beside.to(x).movedim(2, 1).expand(-1, x.shape[2], -1, -1, -1)], 2).flatten(0, 1)
