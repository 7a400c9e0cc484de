"""The U-Net that reads a text, and what else published ones are told."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from .attending import seen
from .embeddings import TimestepEmbedding, class_vectors, guidance_waves
from .unet import Plan, UNet

__all__ = ["ConditionalUNet2D", "Conditions"]


@dataclass(frozen=True)
class Conditions:
    """What a U-Net reads beside x and t; 0 is what it does not read.

    text: the width of a text's states. added: how many numbers pooled text and the waves of the sizes are
    together, `waves` of them for each size. guidance: how many waves tell the guidance scale. rows: of the
    class table, the last of which stands for no class.
    """

    text: int = 0
    added: int = 0
    waves: int = 256
    guidance: int = 0
    rows: int = 0


class ConditionalUNet2D(UNet):
    """Predicts a map from a noisy one, its time and a text (Rombach et al. 2022).

    It may also be told a pooled text and the picture's sizes (Podell et al. 2023), and the scale of a
    guidance that it has learnt (Luo et al. 2023).
    """

    def __init__(self, channels: int, out_channels: int, plan: Plan, conditions: Conditions) -> None:
        super().__init__(channels, out_channels, plan)
        width, self.waves, self.conditions = plan.widths[0], plan.waves, conditions
        self.time_embedding = TimestepEmbedding(width, 4 * width, conditions.guidance)
        self.class_embedding = nn.Embedding(conditions.rows, 4 * width) if conditions.rows else None
        self.add_embedding = TimestepEmbedding(conditions.added, 4 * width) if conditions.added else None

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
    ) -> Tensor:
        """x [B, C, H, W], t [B] or 0-dim, and conditions [B, ...], to [B, out_channels, H, W].

        label [B]; text [B, L, width] and text_mask [B, L], 1 where it is read; pooled [B, D] and sizes
        [B, n], in pixels; guidance [B], the scale itself. A TypeError names what is missing or not read.
        """
        self._require(text=text, pooled=pooled, sizes=sizes, guidance=guidance)
        emb = self._timed(x, t, guidance)
        if self.class_embedding is not None:
            emb = emb + class_vectors(self.class_embedding, label, len(x))
        if self.add_embedding is not None and pooled is not None and sizes is not None:
            emb = emb + self.add_embedding(self._added(pooled, sizes).to(x))
        return self.walk(x, emb, text, None if text_mask is None else seen(text_mask))

    def _timed(self, x: Tensor, t: Tensor, guidance: Tensor | None) -> Tensor:  # [B, 4 * width]
        waves = self.waves(t.float().expand(len(x)), self.conv_in.out_channels).to(x)
        told = None if guidance is None else guidance_waves(guidance, self.conditions.guidance).to(x)
        emb: Tensor = self.time_embedding(waves, told)
        return emb

    def _added(self, pooled: Tensor, sizes: Tensor) -> Tensor:  # [B, added]
        waves = self.waves(sizes.float().flatten(), self.conditions.waves)
        return torch.cat([pooled, waves.reshape(len(sizes), -1)], dim=1)

    def _require(self, **given: Tensor | None) -> None:
        known = self.conditions
        needs = {"text": known.text, "pooled": known.added, "sizes": known.added}
        reads = needs | {"guidance": known.guidance}  # without a scale it guides as it pleases
        missing = [name for name, width in needs.items() if width and given[name] is None]
        unread = [name for name, tensor in given.items() if tensor is not None and not reads[name]]
        if missing or unread:
            faults = [f"{name} is missing" for name in missing] + [f"{name} is not read" for name in unread]
            told = ", ".join(name for name, width in reads.items() if width) or "none"
            raise TypeError(f"{', '.join(faults)}; the conditions that this U-Net reads: {told}")
