"""A trained network as a clean-estimate function."""

from collections.abc import Callable
from typing import NamedTuple

from torch import Tensor

from .levels import Level
from .prediction import Prediction
from .schedules import NoiseSchedule

__all__ = ["Denoise", "Denoiser"]

Denoise = Callable[[Tensor, Level], Tensor]
"""(noisy x, where it is) -> clean estimate x0."""


class Denoiser(NamedTuple):
    """The only place that knows what the network outputs and how it is told the level.

    net: (x, label) -> out, all [B, ...] but the 0-dim label.
    """

    net: Callable[[Tensor, Tensor], Tensor]
    schedule: NoiseSchedule
    prediction: Prediction

    def __call__(self, x: Tensor, level: Level) -> Tensor:
        """The clean estimate; x may lie on any path, at the same log-SNR it only has another size."""
        home = self.schedule.path(level.log_snr)
        x = x * (home.sigma / level.sigma)
        out = self.net(x * self.schedule.scale(home), self.schedule.label(home))
        return self.prediction.x0(x, out, home)
