"""The midpoint rule with its middle in the cube root of sigma, in the last step too."""

from collections.abc import Iterator
from functools import partial
from typing import Annotated

from pydantic import Field
from torch import Tensor

from ..denoiser import Denoise
from ..levels import Level, carry, flow
from ..noise import Noise
from ..renoise import churn
from ..schedules import NoiseSchedule
from ..steps import Step
from ..trajectory import Frame, trajectory

__all__ = ["dpm_2_cubic"]


def dpm_2_cubic(
    denoise: Denoise,
    x: Tensor | Frame,
    schedule: NoiseSchedule,
    log_snrs: Tensor,
    noise: Noise,
    *,
    gamma: Annotated[float, Field(ge=0, le=1)] = 0.0,
    s_noise: Annotated[float, Field(ge=0, le=2)] = 1.0,
) -> Iterator[Frame]:
    """Take the slope at the middle of a Karras schedule of rho 3 (consistency_models, sample_dpm).

    As published it does so into no noise at all as well, where the slope leads past the clean estimate.
    """
    rule, count = partial(churn, gamma=gamma, s_noise=s_noise), len(log_snrs) - 1
    noisy = log_snrs[:count] if log_snrs[-1].isposinf() else log_snrs
    for frame in trajectory(denoise, x, schedule, noisy, noise, estimate=_by_the_middle, renoise=rule):
        x = frame
        yield frame
    if len(noisy) == count and not (isinstance(x, Frame) and x.index + 1 == count):
        x = x.x if isinstance(x, Frame) else x
        here, there = (schedule.path(log_snr) for log_snr in log_snrs[-2:].tolist())
        step = rule(here, there)._replace(schedule=schedule)
        if step.lift:
            x = x + step.lift * noise(x, here, step.start)
        x0 = denoise(x, step.start)
        yield Frame(count - 1, there, _by_the_middle(denoise, x, x0, step) * there.alpha, x0)


def _by_the_middle(denoise: Denoise, x: Tensor, x0: Tensor, step: Step) -> Tensor:
    """The clean estimate whose slope over sigma is that at the middle."""
    sigma = ((step.start.sigma ** (1 / 3) + step.down.sigma ** (1 / 3)) / 2) ** 3
    middle = Level(1 - sigma if step.schedule.path is flow else 1.0, sigma)
    x0_middle = denoise(carry(x, x0, step.start, middle), middle)
    return x0.lerp(x0_middle, step.start.sigma / sigma)
