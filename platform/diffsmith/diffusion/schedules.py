"""Noise schedules: which levels a network was trained on, and how it is told where it is."""

from collections.abc import Callable
from functools import partial
from typing import Annotated, Literal, NamedTuple

import numpy as np
import torch
from pydantic import Field
from torch import Tensor

from . import betas as beta_tables
from . import levels
from .levels import Level, Path
from .scalars import Number, log

__all__ = ["NoiseSchedule", "edm", "flow", "ve", "vp"]

Positive = Annotated[float, Field(gt=0)]

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


def vp(
    *,
    betas: Literal["linear", "scaled_linear", "cosine", "sigmoid"] = "linear",
    start: Annotated[float, Field(gt=0, lt=1)] | None = None,
    end: Annotated[float, Field(gt=0, lt=1)] | None = None,
    timesteps: Annotated[int, Field(ge=2)] = 1000,
) -> NoiseSchedule:
    """Variance preserving over a table of betas; the network is told the timestep (Ho et al. 2020)."""
    bounds = {name: value for name, value in (("start", start), ("end", end)) if value is not None}
    table = beta_tables.log_snrs(beta_tables.BETAS[betas](timesteps, **bounds))
    index, noisiness = torch.arange(timesteps, dtype=torch.float64), -table
    return NoiseSchedule(
        levels.vp,
        at=lambda time: _interpolate(time.to(torch.float64) * (timesteps - 1), index, table),
        label=lambda level: _interpolate(-level.log_snr, noisiness, index),
        timesteps=timesteps,
    )


def flow(*, shift: Positive = 1.0, timesteps: Annotated[int, Field(ge=2)] = 1000) -> NoiseSchedule:
    """Straight flow; the network is told timesteps * sigma (Esser et al. 2024, section 3.1)."""

    def at(time: Tensor) -> Tensor:
        sigma = (1 + time.to(torch.float64) * (timesteps - 1)) / timesteps
        sigma = shift * sigma / (1 + (shift - 1) * sigma)
        return torch.log1p(-sigma) - sigma.log()

    return NoiseSchedule(levels.flow, at, lambda level: timesteps * level.sigma, timesteps=timesteps)


def ve(*, sigma_min: Positive = 0.01, sigma_max: Positive = 50.0) -> NoiseSchedule:
    """Variance exploding, geometric sigmas; the network is told log sigma / 4 (Song et al. 2020)."""
    return NoiseSchedule(
        levels.ve, partial(_geometric, sigma_min, sigma_max), lambda level: log(level.sigma) / 4
    )


def edm(
    *, sigma_min: Positive = 0.002, sigma_max: Positive = 80.0, sigma_data: Positive = 0.5
) -> NoiseSchedule:
    """Variance exploding with unit-variance input (Karras et al. 2022, Table 1)."""
    return NoiseSchedule(
        levels.ve,
        partial(_geometric, sigma_min, sigma_max),
        label=lambda level: log(level.sigma) / 4,
        scale=lambda level: (level.sigma**2 + sigma_data**2) ** -0.5,
    )


def _geometric(sigma_min: float, sigma_max: float, time: Tensor) -> Tensor:
    low, high = torch.tensor([sigma_min, sigma_max], dtype=torch.float64).log()
    return -torch.lerp(low, high, time.to(torch.float64))


def _interpolate(x: Number, xs: Tensor, ys: Tensor) -> Number:
    """Piecewise linear through (xs, ys), xs increasing; held flat beyond both ends."""
    if isinstance(x, Tensor):
        return torch.as_tensor(np.interp(x.numpy(), xs.numpy(), ys.numpy()))
    return float(np.interp(x, xs.numpy(), ys.numpy()))
