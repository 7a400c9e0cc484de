"""Variance preserving, but for a signal that fades."""

from typing import Annotated, Literal

import torch
from pydantic import Field
from torch import Tensor

from .. import betas as beta_tables
from ..levels import Level
from ..levels import vp as preserved
from ..scalars import Number, log
from .schedule import NoiseSchedule, line

__all__ = ["vp_fading"]

Share = Annotated[float, Field(gt=0, lt=1)]


def vp_fading(
    *,
    betas: Literal["linear", "scaled_linear"] = "scaled_linear",
    start: Share = 0.00085,
    end: Share = 0.012,
    timesteps: Annotated[int, Field(ge=2)] = 1000,
    least: Share = 0.7,
    within: Annotated[int, Field(ge=2)] = 400,
) -> NoiseSchedule:
    """As vp, its signal times what falls from 1 to `least` within so many timesteps (VideoCrafter's code).

    The noise is that of vp: alpha^2 + sigma^2 is less than 1.
    """
    alpha_bars = beta_tables.alpha_bars(beta_tables.BETAS[betas](timesteps, start=start, end=end))
    index = torch.arange(timesteps, dtype=torch.float64)
    shares = 1 - (1 - least) * (index / (within - 1)).clamp(max=1)
    noisiness = -(beta_tables.log_snrs(alpha_bars) + shares.log())
    value, timestep, share = line(index, noisiness), line(noisiness, index), line(noisiness, shares)

    def path(log_snr: Number) -> Level:
        kept = share(-log_snr)
        level = preserved(log_snr - log(kept))
        return Level(level.alpha * kept, level.sigma)

    def at(time: Tensor) -> Tensor:
        log_snr: Tensor = -value(time.to(torch.float64) * (timesteps - 1))
        return log_snr

    return NoiseSchedule(path, at, lambda level: timestep(-level.log_snr), timesteps=timesteps)
