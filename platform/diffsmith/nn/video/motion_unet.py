"""The U-Net of pictures with motion modules, which makes clips."""

import torch
from torch import Tensor

from ..attending import seen
from ..conditional_unet import ConditionalUNet2D, Conditions
from ..unet import Plan
from .folding import clip_of, frames_of

__all__ = ["MotionUNet"]


class MotionUNet(ConditionalUNet2D):
    """Predicts a clip from a noisy one: its frames as pictures, and layers that join them (Guo et al. 2023).

    The plan's attention is called attention(x, text, mask, frames). frames_max: how many it can tell apart.
    """

    def __init__(
        self, channels: int, out_channels: int, plan: Plan, conditions: Conditions, frames_max: int
    ) -> None:
        super().__init__(channels, out_channels, plan, conditions)
        self.frames_max = frames_max

    def forward(  # noqa: PLR0913 - what published networks are told
        self,
        x: Tensor,
        t: Tensor,
        label: Tensor | None = None,
        *,
        text: Tensor | None = None,
        text_mask: Tensor | None = None,
        pooled: Tensor | None = None,
        sizes: Tensor | None = None,
        guidance: Tensor | None = None,
        beside: Tensor | None = None,
    ) -> Tensor:
        """x [B, C, F, H, W], t [B] or 0-dim, and conditions [B, ...], to [B, out_channels, F, H, W].

        The conditions are a picture's, one for all frames of a clip; beside [B, more channels, F or 1, H, W].
        A TypeError names what is missing or not read, a ValueError tells of too many frames.
        """
        self._require(text=text, pooled=pooled, sizes=sizes, guidance=guidance, beside=beside)
        frames = x.shape[2]
        if frames > self.frames_max:
            raise ValueError(f"{frames} frames are more than this network tells apart: {self.frames_max}")
        emb = self.told(x, t, label, pooled, sizes, guidance).repeat_interleave(frames, dim=0)
        if beside is not None:
            x = torch.cat([x, beside.to(x).expand(-1, -1, frames, -1, -1)], dim=1)
        mask = None if text_mask is None else seen(text_mask)
        return clip_of(self.walk(frames_of(x), emb, text, mask, frames), frames)
