"""Numbers as vectors: timesteps, class labels, places in a picture."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

__all__ = ["TimestepEmbedding", "class_vectors", "sincos_table", "sinusoid"]


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


def sincos_table(dim: int, rows: int, columns: int) -> Tensor:
    """A fixed vector for each place of a grid: its column, then its row (Peebles & Xie 2023, their code)."""
    places = torch.cartesian_prod(torch.arange(rows), torch.arange(columns)).double()  # [N, 2]
    row, column = (sinusoid(place, dim // 2, flip=False) for place in places.unbind(1))
    return torch.cat([column, row], dim=1).float()  # [N, dim]


def class_vectors(table: nn.Embedding, label: Tensor | None, batch: int) -> Tensor:
    """Rows of a class table; without a label its last row, "no class" (Ho & Salimans 2022)."""
    vectors: Tensor = table.weight[-1].expand(batch, -1) if label is None else table(label)
    return vectors  # [B, width]


class TimestepEmbedding(nn.Module):
    """A small MLP over a sinusoid (Ho et al. 2020, appendix B)."""

    def __init__(self, dim: int, width: int) -> None:
        super().__init__()
        self.linear_1 = nn.Linear(dim, width)
        self.linear_2 = nn.Linear(width, width)

    def forward(self, waves: Tensor) -> Tensor:
        """[B, dim] to [B, width]."""
        out: Tensor = self.linear_2(F.silu(self.linear_1(waves)))
        return out
