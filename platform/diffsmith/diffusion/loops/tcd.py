"""Trajectory consistency sampling: a shorter jump than to the clean estimate, then noise up to the level."""

from collections.abc import Iterator
from typing import Annotated

import numpy as np
import torch
from pydantic import Field
from torch import Tensor

from ..denoiser import Denoise
from ..estimates.single import euler
from ..levels import Level
from ..noise import Noise
from ..scalars import sqrt
from ..schedules import NoiseSchedule
from ..steps import Step
from ..trajectory import Frame, trajectory

__all__ = ["tcd"]


def tcd(
    denoise: Denoise,
    x: Tensor | Frame,
    schedule: NoiseSchedule,
    log_snrs: Tensor,
    noise: Noise,
    *,
    eta: Annotated[float, Field(ge=0, le=1)] = 0.3,
) -> Iterator[Frame]:
    """Jump to (1 - eta) of the next training time, and add noise up to it (Zheng et al. 2024, Algorithm 4).

    eta is the paper's gamma: 0 is deterministic, 1 lands at the cleanest training time. As published, the
    time jumped to is a whole timestep.
    """
    levels = [schedule.path(log_snr) for log_snr in log_snrs.tolist()]
    jumps = (schedule.path(log_snr) for log_snr in _cleaner(schedule, log_snrs, eta).tolist())
    landing = dict(zip(levels, jumps, strict=True))

    def rule(here: Level, there: Level) -> Step:
        jump = landing[there]
        down = Level(there.alpha, jump.sigma * there.alpha / jump.alpha)
        return Step(here, here, down, there, sqrt(there.sigma**2 - down.sigma**2))

    return trajectory(denoise, x, schedule, log_snrs, noise, estimate=euler, renoise=rule)


def _cleaner(schedule: NoiseSchedule, log_snrs: Tensor, eta: float) -> Tensor:
    """The log-SNRs at (1 - eta) of the training times, none noisier than the levels themselves."""
    if not eta:
        return log_snrs
    last = schedule.timesteps - 1
    every = torch.arange(schedule.timesteps, dtype=torch.float64)
    timesteps = np.interp(-log_snrs.numpy(), -schedule.at(every / last).numpy(), every.numpy())
    jumps = schedule.at(torch.from_numpy(((1 - eta) * timesteps + _ROUNDING) // 1) / last)
    return torch.maximum(jumps, log_snrs)


_ROUNDING = 1e-6  # a whole timestep that has been through log and exp is still that timestep
