"""Places on the noise path, and the one exact move between them."""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from .scalars import Number, exp, log, sigmoid, sqrt

__all__ = ["Level", "Path", "blend", "carry", "flow", "ve", "vp"]


class Level(NamedTuple):
    """A place on the noise path: x = alpha * x0 + sigma * noise.

    In sampling both are floats (no device sync, no work beyond the arithmetic); in training they are
    float64 tensors, one value a sample.
    """

    alpha: Number
    sigma: Number

    @property
    def log_snr(self) -> Number:
        """Half the log signal-to-noise ratio, log(alpha / sigma): lambda of Lu et al. (2022)."""
        return log(self.alpha) - log(self.sigma)

    @property
    def ratio(self) -> Number:
        """Noise to signal, sigma / alpha: the sigma of Karras et al. (2022); infinite in pure noise."""
        return exp(-self.log_snr)


Path = Callable[[Number], Level]
"""log-SNR -> Level."""


def ve(log_snr: Number) -> Level:
    """Variance exploding: the signal keeps its size (Song et al. 2020)."""
    return Level(log_snr.new_ones(log_snr.shape) if isinstance(log_snr, Tensor) else 1.0, exp(-log_snr))


def vp(log_snr: Number) -> Level:
    """Variance preserving: alpha^2 + sigma^2 = 1 (Ho et al. 2020)."""
    return Level(sqrt(sigmoid(2 * log_snr)), sqrt(sigmoid(-2 * log_snr)))


def flow(log_snr: Number) -> Level:
    """Straight line from data to noise: alpha + sigma = 1 (Lipman et al. 2022)."""
    return Level(sigmoid(log_snr), sigmoid(-log_snr))


def carry(x: Tensor, x0: Tensor, start: Level, end: Level) -> Tensor:
    """Move x along the path, exactly, while the clean estimate is held at x0."""
    keep = end.sigma / start.sigma
    return blend(keep, x, end.alpha - start.alpha * keep, x0)


def blend(a: Number, x: Tensor, b: Number, y: Tensor) -> Tensor:
    """a * x + b * y in as few passes over memory as the factors allow."""
    if isinstance(a, Tensor) or isinstance(b, Tensor):
        return torch.add(a * x, b * y)
    if a == 0 or b == 0:
        return torch.mul(x, a) if b == 0 else y if b == 1 else torch.mul(y, b)
    if a == 1:
        return torch.add(x, y, alpha=b)
    if abs(a + b - 1) < _ROUNDING and x.dtype == y.dtype:
        return torch.lerp(x, y, b)
    scaled = torch.mul(x, a)
    return scaled.add_(y, alpha=b) if scaled.dtype == y.dtype else scaled.add(y, alpha=b)


_ROUNDING = 1e-14
