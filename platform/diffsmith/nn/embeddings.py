"""Numbers as vectors: timesteps, guidance scales, class labels."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

__all__ = ["TimestepEmbedding", "class_vectors", "guidance_waves", "sinusoid"]


LOG_10000 = 9.21034049987793
"""In float32: at thousands of radians a frequency's last bit turns its wave by 5e-4, so it is rounded as
networks learnt it."""


def sinusoid(
    t: Tensor, dim: int, *, flip: bool = True, shift: float = 0.0, max_period: float = 10_000.0
) -> Tensor:
    """Waves of t at geometric frequencies, flip: cosines first (Vaswani et al. 2017, section 3.5)."""
    t = t.to(torch.promote_types(t.dtype, torch.float32))
    half = dim // 2
    log_frequency = (
        -math.log(max_period) * torch.arange(half, dtype=t.dtype, device=t.device) / (half - shift)
    )
    angle = t[:, None] * log_frequency.exp()  # [B, half]
    waves = [angle.sin(), angle.cos()]
    return torch.cat(waves[::-1] if flip else waves, dim=1)


def guidance_waves(guidance: Tensor, dim: int) -> Tensor:
    """Waves of a guidance scale [B], sines first, [B, dim] (Luo et al. 2023)."""
    half = dim // 2
    step = LOG_10000 / (half - 1)
    frequency = (-step * torch.arange(half, dtype=torch.float32, device=guidance.device)).exp()
    angle = (1000 * (guidance - 1).float())[:, None] * frequency  # scale 1 is no guidance
    return torch.cat([angle.sin(), angle.cos()], dim=1)


def class_vectors(table: nn.Embedding, label: Tensor | None, batch: int) -> Tensor:
    """Rows of a class table; without a label its last row, "no class" (Ho & Salimans 2022)."""
    vectors: Tensor = table.weight[-1].expand(batch, -1) if label is None else table(label)
    return vectors  # [B, width]


class TimestepEmbedding(nn.Module):
    """A small MLP over a sinusoid (Ho et al. 2020, appendix B).

    guidance: how many numbers of a guidance scale's waves are read beside it (Meng et al. 2023), 0 for none.
    """

    def __init__(self, dim: int, width: int, guidance: int = 0) -> None:
        super().__init__()
        self.linear_1 = nn.Linear(dim, width)
        self.linear_2 = nn.Linear(width, width)
        self.cond_proj = nn.Linear(guidance, dim, bias=False) if guidance else None

    def forward(self, waves: Tensor, guidance: Tensor | None = None) -> Tensor:
        """[B, dim], and perhaps the guidance's waves [B, guidance], to [B, width]."""
        if self.cond_proj is not None and guidance is not None:
            waves = waves + self.cond_proj(guidance)
        out: Tensor = self.linear_2(F.silu(self.linear_1(waves)))
        return out
