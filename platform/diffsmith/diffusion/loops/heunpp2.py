"""Heun++ (heunpp2): Heun's method that looks two levels ahead, and so must know the whole walk."""

from collections.abc import Iterator
from functools import partial
from typing import Annotated

from pydantic import Field
from torch import Tensor

from ..denoiser import Denoise
from ..estimates.slopes import asked, mixed, slope_along
from ..levels import Level
from ..noise import Noise
from ..renoise import churn
from ..schedules import NoiseSchedule
from ..steps import Step
from ..trajectory import Frame, trajectory

__all__ = ["heunpp2"]


def heunpp2(  # noqa: PLR0913 — the five of every walk, and churn's four
    denoise: Denoise,
    x: Tensor | Frame,
    schedule: NoiseSchedule,
    log_snrs: Tensor,
    noise: Noise,
    *,
    gamma: Annotated[float, Field(ge=0, le=1)] = 0.0,
    s_noise: Annotated[float, Field(ge=0, le=2)] = 1.0,
    s_tmin: Annotated[float, Field(ge=0)] = 0.0,
    s_tmax: Annotated[float, Field(gt=0)] | None = None,
) -> Iterator[Frame]:
    """Weigh the slopes at this level and the next two (ComfyUI, sample_heunpp2; 3 evaluations a step).

    The last step but one uses two slopes, the last one. Churn by gamma as in `churn`.
    """
    levels = [schedule.path(log_snr) for log_snr in log_snrs.tolist()]
    return trajectory(
        denoise,
        x,
        schedule,
        log_snrs,
        noise,
        estimate=partial(_look_ahead, levels),
        renoise=partial(churn, gamma=gamma, s_noise=s_noise, s_tmin=s_tmin, s_tmax=s_tmax),
    )


def _look_ahead(levels: list[Level], denoise: Denoise, x: Tensor, x0: Tensor, step: Step) -> Tensor:
    """Weights as sigma at the later levels to sigma at the first; this level has the rest."""
    places, ahead = [(step.start, x, x0)], levels[step.number + 1 : -1][:2]
    for level in ahead:
        places.append(asked(denoise, places[-1], places[-1][2], level))
    later = [level.sigma / (len(places) * levels[0].sigma) for level in ahead]
    return mixed(slope_along(step).kind, [1 - sum(later), *later], places)
