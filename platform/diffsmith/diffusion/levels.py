"""Places on the noise path, and the one exact move between them."""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

__all__ = ["Level", "Path", "carry", "flow", "ve", "vp"]


class Level(NamedTuple):
    """A place on the noise path: x = alpha * x0 + sigma * noise.

    In sampling both are 0-dim float64 CPU tensors (no device sync, `inf` instead of a
    ZeroDivisionError); in training they carry one value a sample, shaped to broadcast.
    """

    alpha: Tensor
    sigma: Tensor

    @property
    def log_snr(self) -> Tensor:
        """Half the log signal-to-noise ratio, log(alpha / sigma): lambda of Lu et al. (2022)."""
        return (self.alpha / self.sigma).log()


Path = Callable[[Tensor], Level]
"""log-SNR -> Level."""


def ve(log_snr: Tensor) -> Level:
    """Variance exploding: the signal keeps its size (Song et al. 2020)."""
    return Level(torch.ones_like(log_snr), (-log_snr).exp())


def vp(log_snr: Tensor) -> Level:
    """Variance preserving: alpha^2 + sigma^2 = 1 (Ho et al. 2020)."""
    return Level((2 * log_snr).sigmoid().sqrt(), (-2 * log_snr).sigmoid().sqrt())


def flow(log_snr: Tensor) -> Level:
    """Straight line from data to noise: alpha + sigma = 1 (Lipman et al. 2022)."""
    return Level(log_snr.sigmoid(), (-log_snr).sigmoid())


def carry(x: Tensor, x0: Tensor, start: Level, end: Level) -> Tensor:
    """Move x along the path, exactly, while the clean estimate is held at x0."""
    keep = end.sigma / start.sigma
    return keep * x + (end.alpha - start.alpha * keep) * x0
