"""Where a token stands: position encodings."""

import torch
from torch import Tensor, nn

from .embeddings import sinusoid

__all__ = ["SincosPositions", "sincos_line"]


def sincos_line(
    dim: int, places: int, trained: int, scale: float = 1.0, device: torch.device | str = "cpu"
) -> Tensor:
    """Waves of the places along one side, [places, dim]; more or fewer than `trained` share one length.

    scale: what every place is divided by, for networks grown to larger pictures (Chen et al. 2024).
    """
    exact = torch.float32 if torch.device(device).type == "mps" else torch.float64  # which mps has not
    steps = torch.arange(places, dtype=torch.float32, device=device)
    return sinusoid((steps / (places / trained) / scale).to(exact), dim, flip=False).float()


class SincosPositions(nn.Module):
    """A fixed vector for each place of any grid: its column, then its row (Peebles & Xie 2023, their code).

    Only the two sides of the trained grid are kept; no weights.
    """

    rows: Tensor
    columns: Tensor

    def __init__(self, dim: int, trained: tuple[int, int], scale: float = 1.0) -> None:
        super().__init__()
        self.dim, self.trained, self.scale = dim, trained, scale
        rows, columns = self._lines(trained, "cpu")  # real even where weights are not yet
        self.register_buffer("rows", rows, persistent=False)
        self.register_buffer("columns", columns, persistent=False)

    def forward(self, rows: int, columns: int) -> Tensor:
        """The vectors of a grid, row after row, [rows * columns, dim]."""
        row, column = self.rows, self.columns
        if (rows, columns) != self.trained:
            row, column = (line.to(row) for line in self._lines((rows, columns), row.device))
        parts = [column.expand(rows, -1, -1), row[:, None].expand(-1, columns, -1)]
        return torch.cat(parts, dim=2).flatten(0, 1)

    def _lines(self, grid: tuple[int, int], device: torch.device | str) -> list[Tensor]:
        sides = zip(grid, self.trained, strict=True)
        return [sincos_line(self.dim // 2, places, known, self.scale, device) for places, known in sides]
