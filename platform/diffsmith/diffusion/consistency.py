"""Boundary conditions of consistency models: at the clean end of training the answer is x itself.

Functions (denoise, schedule, *, options) -> denoise, put around the denoiser of a network that was trained
so; `schedule` is the network's own.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field
from torch import Tensor

from .denoiser import Denoise
from .levels import Level, blend
from .schedules import NoiseSchedule

__all__ = ["cm_boundary", "lcm_boundary"]

Positive = Annotated[float, Field(gt=0)]


def lcm_boundary(
    denoise: Denoise,
    schedule: NoiseSchedule,
    *,
    timestep_scaling: Positive = 10.0,
    sigma_data: Positive = 0.5,
) -> Denoise:
    """Blend with x by the training timestep (latent consistency models, Luo et al. 2023, section 3)."""

    def shares(home: Level) -> tuple[float, float]:
        time = timestep_scaling * schedule.label(home)
        common = time**2 + sigma_data**2
        return sigma_data**2 / common, time / common**0.5

    return _Boundary(denoise, schedule, shares)


def cm_boundary(
    denoise: Denoise, schedule: NoiseSchedule, *, sigma_min: Positive = 0.002, sigma_data: Positive = 0.5
) -> Denoise:
    """Turn EDM's reading of a network into a consistency model's (Song et al. 2023, appendix C)."""

    def shares(home: Level) -> tuple[float, float]:
        share = (home.sigma - sigma_min) / home.sigma
        ours = sigma_data**2 / ((home.sigma - sigma_min) ** 2 + sigma_data**2)
        return ours - share * sigma_data**2 / (home.sigma**2 + sigma_data**2), share

    return _Boundary(denoise, schedule, shares)


@dataclass(frozen=True, slots=True)
class _Boundary:
    denoise: Denoise
    schedule: NoiseSchedule
    shares: Callable[[Level], tuple[float, float]]
    """Level -> how much of x and of the estimate make the answer."""

    def __call__(self, x: Tensor, level: Level) -> Tensor:
        home = self.schedule.path(level.log_snr)
        of_x, of_x0 = self.shares(home)
        return blend(of_x * home.sigma / level.sigma, x, of_x0, self.denoise(x, level))
