"""Large pictures in overlapping tiles."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import zip_longest
from typing import NamedTuple

import torch
from torch import Tensor

from ..errors import SpecError
from .autoencoder import Autoencoder

__all__ = ["Tiled", "tiled"]


@dataclass(frozen=True)
class Tiled:
    """An autoencoder that never holds more than a tile; `tile` and `overlap` are in latent pixels."""

    autoencoder: Autoencoder
    tile: int
    overlap: int

    @property
    def channels(self) -> int:
        """Of its latents."""
        return self.autoencoder.channels

    @property
    def factor(self) -> int:
        """How many times smaller its latents are."""
        return self.autoencoder.factor

    @property
    def sample_size(self) -> int:
        """Height and width of the pictures it was trained on."""
        return self.autoencoder.sample_size

    def encode(self, x: Tensor) -> Tensor:
        """As the autoencoder does, each tile by itself."""
        return _joined(self.autoencoder.encode, x, Grid(self.tile, self.overlap, self.factor, 1))

    def decode(self, latents: Tensor) -> Tensor:
        """As the autoencoder does, each tile by itself."""
        return _joined(self.autoencoder.decode, latents, Grid(self.tile, self.overlap, 1, self.factor))


def tiled(autoencoder: Autoencoder, tile: int | None = None, overlap: float = 0.25) -> Autoencoder:
    """The same autoencoder, a tile at a time: the memory of one tile for a picture of any size.

    tile: its height and width in pixels, by default those of the pictures it was trained on; overlap: the
    part of it that it shares with the next, blended linearly. Tiles normalise each for itself, so colours
    may differ slightly from those of the whole picture.
    """
    size = tile or autoencoder.sample_size
    faults = []
    if size < 1 or size % autoencoder.factor:
        faults.append(f"tile: must be a multiple of {autoencoder.factor} pixels, got {size}")
    if not 0 <= overlap < 1:
        faults.append(f"overlap: must be a part of a tile, at least 0 and less than 1, got {overlap}")
    if faults:
        raise SpecError(faults)
    latents = size // autoencoder.factor
    return Tiled(autoencoder, latents, int(latents * overlap))


class Grid(NamedTuple):
    """Tiles and their overlap in latent pixels, each `reads` pixels going in and `writes` coming out."""

    tile: int
    overlap: int
    reads: int
    writes: int

    def strips(self, x: Tensor, dim: int) -> Iterator[Tensor]:
        """What the tiles along a side read."""
        step = (self.tile - self.overlap) * self.reads
        for start in range(0, x.shape[dim] // self.reads * self.reads, step):
            yield x.narrow(dim, start, min(self.tile * self.reads, x.shape[dim] - start))

    def own(self, tile: Tensor) -> Tensor:
        """What a tile has to itself; the rest is left to those right of it and below."""
        step = (self.tile - self.overlap) * self.writes
        return tile[..., :step, :step]

    def blended(self, before: Tensor | None, tile: Tensor, dim: int) -> Tensor:
        """The tile, fading in along a side from the one before."""
        if before is None:
            return tile
        shared = min(self.overlap * self.writes, before.shape[dim], tile.shape[dim])
        fade = (torch.arange(shared, device=tile.device) / max(shared, 1)).to(tile.dtype)
        old, new = before.narrow(dim, before.shape[dim] - shared, shared), tile.narrow(dim, 0, shared)
        faded = old.lerp(new, fade[:, None] if dim == _ROWS else fade)
        return torch.cat([faded, tile.narrow(dim, shared, tile.shape[dim] - shared)], dim)


_ROWS, _COLUMNS = -2, -1


def _joined(function: Callable[[Tensor], Tensor], x: Tensor, grid: Grid) -> Tensor:
    """The function's answer to each tile, put together; to a picture of one tile, its answer."""
    if max(x.shape[-2:]) <= grid.tile * grid.reads:
        return function(x)
    above: list[Tensor] = []
    rows = []
    for strip in grid.strips(x, _ROWS):
        above = _row(function, strip, grid, above)
        rows.append(torch.cat([grid.own(tile) for tile in above], _COLUMNS))
    return torch.cat(rows, _ROWS)


def _row(
    function: Callable[[Tensor], Tensor], strip: Tensor, grid: Grid, above: list[Tensor]
) -> list[Tensor]:
    """One row of tiles, each faded in from the one above it and then from the one left of it."""
    tiles: list[Tensor] = []
    for piece, upper in zip_longest(grid.strips(strip, _COLUMNS), above):
        tile = grid.blended(upper, function(piece), _ROWS)
        tiles.append(grid.blended(tiles[-1] if tiles else None, tile, _COLUMNS))
    return tiles
