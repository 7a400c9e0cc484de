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
        beside: Tensor | None = None,
    ) -> Tensor:
        """x [B, C, H, W], t [B] or 0-dim, and conditions [B, ...], to [B, out_channels, H, W].

        label [B]; text [B, L, width] and text_mask [B, L], 1 where it is read; pooled [B, D] and sizes
        [B, n], in pixels; guidance [B], the scale itself; beside [B, more channels, H, W], read behind those
        of x. A TypeError names what is missing or not read.
        """
        self._require(text=text, pooled=pooled, sizes=sizes, guidance=guidance, beside=beside)
        x = x if beside is None else torch.cat([x, beside.to(x)], dim=1)
        emb = self.told(x, t, label, pooled, sizes, guidance)
        return self.walk(x, emb, text, None if text_mask is None else seen(text_mask))

    def told(
        self,
        x: Tensor,
        t: Tensor,
        label: Tensor | None,
        pooled: Tensor | None,
        sizes: Tensor | None,
        guidance: Tensor | None,
    ) -> Tensor:
        """All that is one vector a sample: time, class, pooled text and sizes, guidance, [B, 4 * width]."""
        emb = self._timed(x, t, guidance)
        if self.class_embedding is not None:
            emb = emb + class_vectors(self.class_embedding, label, len(x))
        if self.add_embedding is not None and pooled is not None and sizes is not None:
            emb = emb + self.add_embedding(self._added(pooled, sizes).to(x))
        return emb

    def _timed(self, x: Tensor, t: Tensor, guidance: Tensor | None) -> Tensor:  # [B, 4 * width]
        waves = self.waves(t.float().expand(len(x)), self.conv_in.out_channels).to(x)
        told = None if guidance is None else guidance_waves(guidance, self.conditions.guidance).to(x)
        emb: Tensor = self.time_embedding(waves, told)
        return emb

    def _added(self, pooled: Tensor, sizes: Tensor) -> Tensor:  # [B, added]
        waves = self.waves(sizes.float().flatten(), self.conditions.waves)
        return torch.cat([pooled, waves.reshape(len(sizes), -1)], dim=1)

    def _needs(self) -> dict[str, int]:
        """What it cannot do without, by how many numbers that is; 0 is what it does not read."""
        known, more = self.conditions, self.channels - self.conv_out.out_channels
        return {"text": known.text, "pooled": known.added, "sizes": known.added, "beside": more}

    def _may_read(self) -> dict[str, int]:
        """What it does without as it pleases."""
        return {"guidance": self.conditions.guidance}

    def _require(self, **given: Tensor | None) -> None:
        needs = self._needs()
        reads = needs | self._may_read()
        missing = [name for name, width in needs.items() if width and given[name] is None]
        unread = [name for name, tensor in given.items() if tensor is not None and not reads[name]]
        if missing or unread:
            faults = [f"{name} is missing" for name in missing] + [f"{name} is not read" for name in unread]
            told = ", ".join(name for name, width in reads.items() if width) or "none"
            raise TypeError(f"{', '.join(faults)}; the conditions that this U-Net reads: {told}")
