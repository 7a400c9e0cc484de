"""The conditioner of prompts: both branches read in one go, and numbers about the picture beside them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from ..errors import SpecError
from . import Branches, Size, Wanted
from .rows import Read, Row, once

__all__ = ["Numbers", "TextConditioner"]

Numbers = Callable[[str, Size], Sequence[float]]
"""(branch, height and width) -> what the network is told about the picture."""


@dataclass(frozen=True)
class TextConditioner:
    """A Conditioner made of what reads texts.

    skips: how many last layers each branch leaves out. zeros: whether the unconditional branch is zeros
    where nobody gave a negative, and not the empty text.
    """

    encoders: Mapping[str, nn.Module]
    read: Read
    skips: Mapping[str, int] = field(default_factory=dict)
    sizes: Numbers | None = None
    zeros: bool = False

    def __call__(self, wanted: Wanted, *, guided: bool) -> Branches:
        """The conditions of both branches; equal texts are read once."""
        texts, negatives = {"conditional": list(wanted.prompts)}, wanted.negatives
        if guided and not (self.zeros and negatives is None):
            texts["unconditional"] = [""] * len(wanted.prompts) if negatives is None else list(negatives)
        _require_pairs(texts)
        branches = self._read(texts)
        if guided and "unconditional" not in branches:
            first = branches["conditional"]
            branches["unconditional"] = {name: torch.zeros_like(value) for name, value in first.items()}
        told = {branch: self._sizes(branch, wanted.size, known) for branch, known in branches.items()}
        return {branch: {**known, **told[branch]} for branch, known in branches.items()}

    def _read(self, texts: Mapping[str, Sequence[str]]) -> Branches:
        rows = [Row(text, self.skips.get(branch, 0)) for branch, own in texts.items() for text in own]
        known = once(self.read)(rows)
        parts = {name: value.chunk(len(texts)) for name, value in known.items()}
        return {branch: {name: part[at] for name, part in parts.items()} for at, branch in enumerate(texts)}

    def _sizes(self, branch: str, size: Size, known: Mapping[str, Tensor]) -> dict[str, Tensor]:
        if self.sizes is None:
            return {}
        text = known["text"]
        numbers = torch.tensor(self.sizes(branch, size), dtype=torch.float32, device=text.device)
        return {"sizes": numbers.expand(len(text), -1)}


def _require_pairs(texts: Mapping[str, Sequence[str]]) -> None:
    prompts, *negatives = map(len, texts.values())
    if any(count != prompts for count in negatives):
        told = f"negative: {negatives[0]} texts for {prompts} prompts; give one for each, or none"
        raise SpecError([told])
