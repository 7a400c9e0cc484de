"""The U-Net of clips that reads a text: a picture's U-Net with layers along the frames in between."""

from typing import Any

import torch
from torch import Tensor, nn

from ..attending import seen
from ..embeddings import TimestepEmbedding
from ..unet import Plan, UNet
from .folding import clip_of, frames_of

__all__ = ["ClipUNet"]


class ClipUNet(UNet):
    """Predicts a clip from a noisy one, its time and a text (Wang et al. 2023, ModelScopeT2V).

    entry: a layer along the frames behind the first convolution; it and the plan's attention are called
    layer(x, text, mask, frames). fps: it is told frames a second, too. picture: makes of a picture's states
    what the attention reads beside the text, in its place then as (text, tokens).
    """

    def __init__(
        self,
        channels: int,
        out_channels: int,
        plan: Plan,
        entry: nn.Module,
        *,
        fps: bool = False,
        picture: nn.Module | None = None,
    ) -> None:
        super().__init__(channels, out_channels, plan)
        width, self.waves = plan.widths[0], plan.waves
        self.transformer_in = entry
        self.time_embedding = TimestepEmbedding(width, 4 * width)
        self.fps_embedding = _embedding(width) if fps else None
        self.image_proj_model = picture

    def forward(  # noqa: PLR0913 - what published networks are told
        self,
        x: Tensor,
        t: Tensor,
        label: Tensor | None = None,
        *,
        text: Tensor | None = None,
        text_mask: Tensor | None = None,
        beside: Tensor | None = None,
        image: Tensor | None = None,
        fps: Tensor | None = None,
    ) -> Tensor:
        """x [B, C, F, H, W], t [B] or 0-dim, and conditions [B, ...], to [B, out_channels, F, H, W].

        text [B, L, width] and text_mask [B, L], 1 where it is read; beside [B, more channels, F or 1, H, W],
        read behind those of x; image, a picture's states; fps [B]. A TypeError names what is missing or not
        read.
        """
        self._require(text=text, beside=beside, image=image, fps=fps)
        frames, mask = x.shape[2], None if text_mask is None else seen(text_mask)
        emb = self._timed(x, t, fps).repeat_interleave(frames, dim=0)
        maps, context = self._read(x, text, mask, beside, image)
        h = self.transformer_in(self.conv_in(maps), *context, frames)
        return clip_of(self.through(h, emb, *context, frames), frames)

    def _read(
        self, x: Tensor, text: Any, mask: Tensor | None, beside: Tensor | None, image: Tensor | None
    ) -> tuple[Tensor, tuple[Any, Tensor | None]]:
        """What the first convolution reads, [B * F, channels, H, W]; what the attention does."""
        if beside is not None:
            x = torch.cat([x, beside.to(x).expand(-1, -1, x.shape[2], -1, -1)], dim=1)
        if self.image_proj_model is not None:
            text = text, self.image_proj_model(image)
        return frames_of(x), (text, mask)

    def _timed(self, x: Tensor, t: Tensor, fps: Tensor | None) -> Tensor:  # [B, 4 * width]
        emb: Tensor = self.time_embedding(self._waves(x, t))
        if self.fps_embedding is not None and fps is not None:
            emb = emb + self.fps_embedding(self._waves(x, fps))
        return emb

    def _waves(self, x: Tensor, number: Tensor) -> Tensor:
        return self.waves(number.float().expand(len(x)), self.conv_in.out_channels).to(x)

    def _needs(self) -> dict[str, bool]:
        """Each condition, and whether this network reads it."""
        return {
            "text": True,
            "beside": self.channels > self.conv_out.out_channels,
            "image": self.image_proj_model is not None,
            "fps": self.fps_embedding is not None,
        }

    def _require(self, **given: Tensor | None) -> None:
        needs = self._needs()
        missing = [name for name, tensor in given.items() if needs[name] and tensor is None]
        unread = [name for name, tensor in given.items() if not needs[name] and tensor is not None]
        if missing or unread:
            faults = [f"{name} is missing" for name in missing] + [f"{name} is not read" for name in unread]
            told = ", ".join(name for name, read in needs.items() if read)
            raise TypeError(f"{', '.join(faults)}; the conditions that this U-Net reads: {told}")


def _embedding(width: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(width, 4 * width), nn.SiLU(), nn.Linear(4 * width, 4 * width))
