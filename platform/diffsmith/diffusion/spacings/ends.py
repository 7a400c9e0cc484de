"""What spacings share: where a schedule begins and ends, and how its levels become log-SNRs."""

from typing import Annotated, Literal, NamedTuple

import torch
from pydantic import Field
from torch import Tensor

from ..levels import ve
from ..schedules import NoiseSchedule
from .counts import leading_counts, trailing_counts

__all__ = ["Offset", "Positive", "Range", "Within", "at_sigmas", "at_timesteps", "ended", "log_snr_of_flow"]

Positive = Annotated[float, Field(gt=0)]
Offset = Annotated[int, Field(ge=0)]
Within = Literal["training", "leading", "trailing"]
"""Between which levels: the ends of training, or the first and last of a spacing by timesteps."""


class Range(NamedTuple):
    """The noisiest and the cleanest sigma: sigma / alpha, or the flow time where that would be infinite."""

    noisy: Tensor
    clean: Tensor

    @classmethod
    def of(
        cls,
        schedule: NoiseSchedule,
        steps: int = 1,
        sigma_min: float | None = None,
        sigma_max: float | None = None,
        within: Within = "training",
        offset: int = 0,
    ) -> "Range":
        """That of the schedule, unless other ends are given."""
        noisy, clean = (_sigma(schedule, end) for end in _ends(schedule, steps, within, offset))
        return cls(
            noisy if sigma_max is None else noisy.new_tensor(sigma_max),
            clean if sigma_min is None else clean.new_tensor(sigma_min),
        )


def at_timesteps(schedule: NoiseSchedule, timesteps: Tensor) -> Tensor:
    """The levels of these training timesteps, and then no noise."""
    return ended(_at(schedule, timesteps))


def at_sigmas(schedule: NoiseSchedule, sigmas: Tensor) -> Tensor:
    """The levels of these sigmas, as `Range` means them, and then no noise."""
    return ended(log_snr_of_flow(sigmas) if _from_pure_noise(schedule) else -sigmas.log())


def ended(log_snrs: Tensor) -> Tensor:
    """The levels, and after them no noise at all."""
    if log_snrs[-1].isposinf():
        return log_snrs
    return torch.cat([log_snrs, log_snrs.new_tensor([torch.inf])])


def log_snr_of_flow(time: Tensor) -> Tensor:
    """The log-SNR at a flow time in [0, 1]."""
    return torch.log1p(-time) - time.log()


def _at(schedule: NoiseSchedule, timesteps: Tensor) -> Tensor:
    return schedule.at(timesteps.to(torch.float64) / (schedule.timesteps - 1))


def _ends(schedule: NoiseSchedule, steps: int, within: Within, offset: int) -> tuple[Tensor, Tensor]:
    if within == "training":
        clean, noisy = schedule.ends()
        return noisy, clean
    count = schedule.timesteps
    counts = leading_counts(count, steps, offset) if within == "leading" else trailing_counts(count, steps)
    noisy, clean = _at(schedule, counts[[0, -1]])
    return noisy, clean


def _sigma(schedule: NoiseSchedule, log_snr: Tensor) -> Tensor:
    sigma: Tensor = (-log_snr).sigmoid() if _from_pure_noise(schedule) else ve(log_snr).sigma
    return sigma


def _from_pure_noise(schedule: NoiseSchedule) -> bool:
    return bool(schedule.ends()[1].isneginf())
