"""Pictures as rows of tokens, and back."""

from collections.abc import Callable
from math import gcd

from torch import Tensor, nn

__all__ = ["PatchEmbed", "patch_grid", "unpatchify"]


def patch_grid(height: int, width: int, patch: int) -> tuple[int, int]:
    """Rows and columns of patches in a picture; a patch that does not divide it is a ValueError."""
    both = gcd(height, width)
    if both % patch:
        possible = ", ".join(str(size) for size in range(1, both + 1) if both % size == 0)
        raise ValueError(
            f"patch {patch} does not divide a picture of {height}x{width}: possible are {possible}"
        )
    return height // patch, width // patch


class PatchEmbed(nn.Module):
    """One token per patch: a linear map of its pixels (Dosovitskiy et al. 2021, equation 1).

    positions: what to add for the place in a grid of so many rows and columns, [N, width].
    """

    def __init__(
        self, channels: int, width: int, patch: int, positions: Callable[[int, int], Tensor] | None = None
    ) -> None:
        super().__init__()
        self.proj = nn.Conv2d(channels, width, patch, stride=patch)
        self.positions = positions

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, H, W] to [B, N, width]."""
        grid: Tensor = self.proj(x)  # [B, width, rows, columns]
        tokens = grid.flatten(2).mT
        return tokens if self.positions is None else tokens + self.positions(*grid.shape[2:])


def unpatchify(tokens: Tensor, grid: tuple[int, int], patch: int) -> Tensor:
    """Lay [B, N, patch * patch * C] out as pictures [B, C, H, W] (Peebles & Xie 2023)."""
    rows, columns = grid
    pixels = tokens.reshape(len(tokens), rows, columns, patch, patch, -1)  # [B, h, w, p, q, C]
    return pixels.permute(0, 5, 1, 3, 2, 4).reshape(len(tokens), -1, rows * patch, columns * patch)
