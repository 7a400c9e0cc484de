"""Where one pipeline stops and a refiner goes on."""

import torch
from torch import Tensor

from ..diffusion.schedules import NoiseSchedule
from ..errors import SpecError

__all__ = ["going_on", "until"]

_NEAR = 1e-6  # what a level loses on its way through exp and log


def until(schedule: NoiseSchedule, log_snrs: Tensor, at: float) -> Tensor:
    """The levels that are asked about in the first `at` of training's time, and the one after them.

    Counted in whole timesteps, as SDXL's pipelines do (Podell et al. 2023, section 2.5).
    """
    first = round(schedule.timesteps * (1 - at))
    timesteps = schedule.time(log_snrs[:-1]) * (schedule.timesteps - 1)
    asked = int((timesteps >= first - _NEAR * schedule.timesteps).sum())
    if not asked:
        what = f"{at} leaves no step for the first model"
        raise SpecError([f"refiner.at: {what}; ask for more steps, or begin with a larger strength"])
    return log_snrs[: asked + 1]


def going_on(log_snrs: Tensor, reached: float) -> Tensor:
    """From the log-SNR that was reached over those of the grid that are cleaner."""
    left = log_snrs[log_snrs > reached + _NEAR]
    if not len(left):
        raise SpecError(
            ["refiner.at: leaves no step for the refiner; ask for more steps, or name a smaller one"]
        )
    return torch.cat([log_snrs.new_tensor([reached]), left])
