"""Spacings that are cut from the training timesteps."""

from typing import Annotated

import numpy as np
import torch
from pydantic import Field
from torch import Tensor

from ..schedules import NoiseSchedule
from .counts import leading_counts, linear_counts, trailing_counts
from .ends import Offset, at_timesteps, ended

__all__ = [
    "crash",
    "ddim_uniform",
    "lcm",
    "leading",
    "linspace",
    "quadratic",
    "sgm_uniform",
    "simple",
    "trailing",
]


def leading(
    schedule: NoiseSchedule,
    steps: int,
    *,
    offset: Offset = 0,
    closed: bool = True,
    log_snr_min: float | None = None,
) -> Tensor:
    """Every k-th training timestep, counted from the clean end (DDIM, Song et al. 2021).

    offset: added to each. closed: off, the clean end is where the last step would lead, and is not visited
    (DPM-Solver). log_snr_min: noisier timesteps are left out.
    """
    last = _kept(schedule, log_snr_min)
    timesteps = leading_counts(last, steps, offset, closed=closed)
    return at_timesteps(schedule, timesteps.clamp(max=schedule.timesteps - 1))


def trailing(
    schedule: NoiseSchedule, steps: int, *, whole_stride: bool = False, log_snr_min: float | None = None
) -> Tensor:
    """Every k-th training timestep, counted from the noisy end, which it includes (Lin et al. 2024).

    whole_stride: rounds the stride down (consistency models). log_snr_min: noisier timesteps are left out.
    """
    stride = schedule.timesteps // steps if whole_stride else schedule.timesteps / steps
    last = _kept(schedule, log_snr_min)
    return at_timesteps(schedule, trailing_counts(last, steps, stride=stride))


def linspace(
    schedule: NoiseSchedule,
    steps: int,
    *,
    whole: bool = False,
    closed: bool = True,
    log_snr_min: float | None = None,
) -> Tensor:
    """Equal strides from the last training timestep to the first.

    whole: rounds to whole timesteps. closed: off, the clean end is where the last step would lead, and is
    not visited (DPM-Solver). log_snr_min: noisier timesteps are left out.

    Also: normal
    """
    timesteps = linear_counts(_kept(schedule, log_snr_min), steps, closed=closed)
    return at_timesteps(schedule, timesteps.round() if whole else timesteps)


def sgm_uniform(schedule: NoiseSchedule, steps: int) -> Tensor:
    """Equal strides from the last training timestep towards the first, not visited (SGM; ComfyUI)."""
    return linspace(schedule, steps, closed=False)


def ddim_uniform(schedule: NoiseSchedule, steps: int) -> Tensor:
    """Every k-th training timestep from the second one (LDM's DDIM; ComfyUI).

    Where k does not divide, ComfyUI visits one more at the noisy end than it was asked for.
    """
    return leading(schedule, steps, offset=1)


def simple(schedule: NoiseSchedule, steps: int) -> Tensor:
    """Every k-th training timestep, counted from the noisy end and rounded towards it (ComfyUI)."""
    stride = schedule.timesteps / steps
    counts = [schedule.timesteps - 1 - int(step * stride) for step in range(steps)]
    return at_timesteps(schedule, torch.tensor(counts))


def quadratic(schedule: NoiseSchedule, steps: int) -> Tensor:
    """Timesteps grow with the square of the count: many near the clean end (Song et al. 2021, D.2)."""
    roots = torch.linspace(1, 0, steps, dtype=torch.float64)
    return at_timesteps(schedule, roots**2 * (schedule.timesteps - 1))


def lcm(
    schedule: NoiseSchedule,
    steps: int,
    *,
    original: Annotated[int, Field(ge=1)] = 50,
    strength: Annotated[float, Field(gt=0, le=1)] = 1.0,
) -> Tensor:
    """Some of the timesteps that a latent consistency model was distilled on (Luo et al. 2023).

    original: how many those were. strength: only the cleaner share of them, to start from an image.
    """
    stride, known = schedule.timesteps // original, int(original * strength)
    if steps > known or not stride:
        of = f"{known} of the {schedule.timesteps} training timesteps"
        raise ValueError(f"lcm with {steps} steps, but it has {of}: ask for fewer steps, or raise original")
    chosen = np.floor(np.linspace(0, known, steps, endpoint=False)).astype(int)
    return at_timesteps(schedule, torch.tensor((known - chosen) * stride - 1))


def crash(schedule: NoiseSchedule, steps: int) -> Tensor:
    """Sigma, where alpha^2 + sigma^2 is 1, follows a squared sine (v-diffusion; Dance Diffusion)."""
    noisiest = (-2 * schedule.ends()[1]).sigmoid().sqrt()
    quarter = torch.linspace(1, 0, steps + 1, dtype=torch.float64)[:-1] * noisiest.sqrt().asin()
    sigma = quarter.sin() ** 2
    return ended(torch.log1p(-(sigma**2)) / 2 - sigma.log())


def _kept(schedule: NoiseSchedule, log_snr_min: float | None) -> int:
    """How many timesteps are at least this clean."""
    if log_snr_min is None:
        return schedule.timesteps
    known = schedule.at(torch.linspace(0, 1, schedule.timesteps, dtype=torch.float64))
    return int((known >= log_snr_min).sum())
