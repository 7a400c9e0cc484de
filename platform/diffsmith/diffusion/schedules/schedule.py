"""What a noise schedule is."""

import math
from bisect import bisect_right
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from ..levels import Level, Path
from ..scalars import Number

__all__ = ["NoiseSchedule", "line", "whole"]

_HALVINGS = 60  # beyond float64's 53 bits


class NoiseSchedule(NamedTuple):
    """The noise a network knows.

    `at` maps training time in [0, 1] (0 the clean end, 1 the noisy one) to log-SNR; `label` is what the
    network is told of a level, `scale` what its input is multiplied by; `timesteps` counts the discrete
    steps that leading, trailing and linspace spacings are cut from.
    """

    path: Path
    at: Callable[[Tensor], Tensor]
    label: Callable[[Level], Number]
    scale: Callable[[Level], Number] = lambda level: 1.0
    timesteps: int = 1000

    def ends(self) -> tuple[Tensor, Tensor]:
        """log-SNR at the clean and at the noisy end of training."""
        clean, noisy = self.at(torch.tensor([0.0, 1.0], dtype=torch.float64))
        return clean, noisy

    def time(self, log_snrs: Tensor) -> Tensor:
        """The training times in [0, 1] of these log-SNRs: `at` turned round, by halving."""
        low, high = torch.zeros_like(log_snrs), torch.ones_like(log_snrs)
        for _ in range(_HALVINGS):
            middle = (low + high) / 2
            cleaner = self.at(middle) > log_snrs
            low, high = torch.where(cleaner, middle, low), torch.where(cleaner, high, middle)
        return (low + high) / 2


def whole(timestep: Number, how: str) -> Number:
    """A timestep between two whole ones as it is told: "exact", "rounded" or "floored"."""
    if how == "exact":
        return timestep
    if isinstance(timestep, Tensor):
        return timestep.round() if how == "rounded" else (timestep + _ROUNDING).floor()
    return float(round(timestep) if how == "rounded" else math.floor(timestep + _ROUNDING))


_ROUNDING = 1e-9  # a whole timestep that has been through log and exp is still that timestep


def line(xs: Tensor, ys: Tensor) -> Callable[[Number], Number]:
    """Piecewise linear through (xs, ys), xs increasing; held flat beyond both ends."""
    places, values = xs.tolist(), ys.tolist()

    def at(x: Number) -> Number:
        if isinstance(x, Tensor):
            return torch.as_tensor(np.interp(x.numpy(), xs.numpy(), ys.numpy()))
        right = bisect_right(places, x)
        if right == 0 or right == len(places):
            return values[min(right, len(values) - 1)]
        share = (x - places[right - 1]) / (places[right] - places[right - 1])
        return float(values[right - 1] + share * (values[right] - values[right - 1]))

    return at
