"""One move of a sampler."""

from typing import NamedTuple

import torch
from torch import Tensor

from .levels import Level, Path, vp

__all__ = ["Step"]


class Step(NamedTuple):
    """Lift `here` -> `start`, carry to `down`, add `fresh` noise, arrive `there`.

    `past` holds earlier (level, x0), newest first.
    """

    here: Level
    start: Level
    down: Level
    there: Level
    fresh: Tensor | float = 0.0
    path: Path = vp
    past: tuple[tuple[Level, Tensor], ...] = ()

    def at(self, fraction: float) -> Level:
        """The level a fraction of the way from start to down, in log-SNR."""
        return self.path(torch.lerp(self.start.log_snr, self.down.log_snr, fraction))
