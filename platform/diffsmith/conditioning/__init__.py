"""Conditioners: what people write and show, as what networks read."""

from collections.abc import Mapping
from typing import Protocol

from torch import Tensor, nn

from .wanted import Size, Wanted

__all__ = ["Branches", "Conditioner", "Size", "Wanted"]

Branches = dict[str, dict[str, Tensor]]
"""Branch, "conditional" or "unconditional" -> condition by name, each [B, ...]."""


class Conditioner(Protocol):
    """Prompts and pictures into conditions; its encoders are open to whoever looks, moves or trains them."""

    @property
    def encoders(self) -> Mapping[str, nn.Module]:
        """The networks that read, by their names in a diffusers folder."""

    def __call__(self, wanted: Wanted, *, guided: bool) -> Branches:
        """The conditions of B samples; "unconditional" only where guided.

        Both branches hold the same names, of the same shapes: "text" [B, L, D], and where the network reads
        them "text_mask" [B, L], "pooled" [B, D], "sizes" [B, n], "beside" [B, C, (frames or 1,) H, W].
        """
