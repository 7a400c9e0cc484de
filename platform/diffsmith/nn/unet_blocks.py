"""The three blocks of a U-Net: rows of ready-made layers."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

import torch
from torch import Tensor, nn

__all__ = ["DownBlock", "MidBlock", "Nothing", "Row", "UpBlock"]

Row = Mapping[str, nn.Module]
"""Layers that follow one another, each by its kind, the published name of the list it is kept in.

"resnets" are called as layer(x, emb), all other kinds ("attentions", "temp_convs", ...) as
layer(x, *context).
"""


class Nothing(nn.Module):
    """What stands where a level has no attention: x as it came."""

    def __init__(self, channels: int) -> None:
        super().__init__()

    def forward(self, x: Tensor, *context: Any) -> Tensor:
        """Any x to itself."""
        return x


class _Block(nn.Module):
    """Rows of layers, kept in one list a kind."""

    def __init__(self, rows: Sequence[Row]) -> None:
        super().__init__()
        self.rows = [[self._keep(kind, layer) for kind, layer in row.items()] for row in rows]

    def _keep(self, kind: str, layer: nn.Module) -> tuple[str, int]:
        if kind not in self._modules:
            self.add_module(kind, nn.ModuleList())
        kept = cast(nn.ModuleList, getattr(self, kind)).append(layer)
        return kind, len(kept) - 1

    def _through(self, row: list[tuple[str, int]], x: Tensor, emb: Tensor, *context: Any) -> Tensor:
        for kind, place in row:
            layer = getattr(self, kind)[place]
            x = layer(x, emb) if kind == "resnets" else layer(x, *context)
        return x


class DownBlock(_Block):
    """Rows, then perhaps a halving: every result is a skip."""

    def __init__(self, rows: Sequence[Row], halving: list[nn.Module]) -> None:
        super().__init__(rows)
        self.downsamplers = nn.ModuleList(halving)

    def forward(self, x: Tensor, emb: Tensor, *context: Any) -> list[Tensor]:
        """x [B, C, H, W] to the maps after each row; the last goes on to the next block."""
        skips = []
        for row in self.rows:
            x = self._through(row, x, emb, *context)
            skips.append(x)
        return skips + [downsample(x, emb) for downsample in self.downsamplers]


class MidBlock(_Block):
    """Rows at the coarsest level."""

    def forward(self, x: Tensor, emb: Tensor, *context: Any) -> Tensor:
        """[B, C, H, W] to the same."""
        for row in self.rows:
            x = self._through(row, x, emb, *context)
        return x


class UpBlock(_Block):
    """Rows, each given the newest skip left, then perhaps a doubling."""

    def __init__(self, rows: Sequence[Row], doubling: list[nn.Module]) -> None:
        super().__init__(rows)
        self.upsamplers = nn.ModuleList(doubling)

    def forward(self, x: Tensor, skips: list[Tensor], emb: Tensor, *context: Any) -> Tensor:
        """x [B, C, H, W] to the next level's map; takes its skips off the end of the list."""
        for row in self.rows:
            x = self._through(row, torch.cat([x, skips.pop()], dim=1), emb, *context)
        for upsample in self.upsamplers:
            x = upsample(x, emb, *_odd(x, skips[-1]))
        return x


def _odd(x: Tensor, skip: Tensor) -> list[torch.Size]:
    """The size of the skip that x shall fit, where that is not twice its own."""
    size = skip.shape[2:]
    return [] if tuple(size) == tuple(2 * side for side in x.shape[2:]) else [size]
