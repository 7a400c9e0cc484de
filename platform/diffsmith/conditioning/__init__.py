"""Conditioners: what people write, as what networks read."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from torch import Tensor, nn

__all__ = ["Branches", "Conditioner", "Size"]

Branches = dict[str, dict[str, Tensor]]
"""Branch, "conditional" or "unconditional" -> condition by name, each [B, ...]."""

Size = tuple[int, int]
"""Height and width in pixels."""


class Conditioner(Protocol):
    """Prompts into conditions; its encoders are open to whoever wants to look, move or train them."""

    @property
    def encoders(self) -> Mapping[str, nn.Module]:
        """The networks that read, by their names in a diffusers folder."""

    def __call__(
        self, prompts: Sequence[str], negatives: Sequence[str] | None, size: Size, *, guided: bool
    ) -> Branches:
        """The conditions of B prompts, for pictures of that size; "unconditional" only where guided.

        negatives: B texts to go away from, None where nobody gave any. Both branches hold the same names,
        of the same shapes: "text" [B, L, D], and where the network reads them "text_mask" [B, L],
        "pooled" [B, D] and "sizes" [B, n].
        """
