"""The U-Net of several views of one thing."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ..attending import seen
from ..conditional_unet import ConditionalUNet2D, Conditions
from ..embeddings import TimestepEmbedding
from ..unet import Plan
from .folding import clip_of, frames_of

__all__ = ["ViewUNet", "Views"]


@dataclass(frozen=True)
class Views:
    """What such a U-Net reads beside what one of pictures does.

    camera: how many numbers a view's are. image: the width of a picture's states, 0 reads none. most: views
    that can be made at once, 0 for any number.
    """

    camera: int = 16
    image: int = 0
    most: int = 0


class ViewUNet(ConditionalUNet2D):
    """Predicts views of one thing from noisy ones, their time, a text and their cameras (Shi et al. 2023).

    Views stand where a clip has frames. The plan's attention is called attention(x, text, mask, views), where
    a picture is read attention(x, text, mask, image, views).
    """

    def __init__(
        self, channels: int, out_channels: int, plan: Plan, conditions: Conditions, views: Views
    ) -> None:
        super().__init__(channels, out_channels, plan, conditions)
        self.views = views
        self.camera_embedding = TimestepEmbedding(views.camera, 4 * plan.widths[0])
        if views.most:
            self.frames_max = views.most

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
        camera: Tensor | None = None,
        image: Tensor | None = None,
    ) -> Tensor:
        """x [B, C, V, H, W], t [B] or 0-dim, and conditions [B, ...], to [B, out_channels, V, H, W].

        text [B, L, width], one for all views; camera [B, V, numbers]; image [B, M, width], or a picture for
        each view [B, V, M, width]; beside [B, more channels, V or 1, H, W]. It does without camera and image.
        A TypeError names what is missing or not read, a ValueError tells of too many views.
        """
        self._require(
            text=text,
            pooled=pooled,
            sizes=sizes,
            guidance=guidance,
            beside=beside,
            camera=camera,
            image=image,
        )
        views = x.shape[2]
        self._require_few(views)
        emb = self.told(x, t, label, pooled, sizes, guidance).repeat_interleave(views, dim=0)
        if camera is not None:
            emb = emb + self.camera_embedding(camera.flatten(0, 1).to(x))
        if beside is not None:
            x = torch.cat([x, beside.to(x).expand(-1, -1, views, -1, -1)], dim=1)
        mask = None if text_mask is None else seen(text_mask)
        context = [text, mask, *self._pictured(image), views]
        return clip_of(self.walk(frames_of(x), emb, *context), views)

    def _pictured(self, image: Tensor | None) -> Sequence[Tensor | None]:
        if not self.views.image:
            return ()
        return (image if image is None or image.ndim == 3 else image.flatten(0, 1),)

    def _require_few(self, views: int) -> None:
        most = self.views.most
        if most and views > most:
            raise ValueError(f"{views} views are too many for this network; possible: 1 to {most}")

    def _may_read(self) -> dict[str, int]:
        return {**super()._may_read(), "camera": self.views.camera, "image": self.views.image}
