"""The probability-flow ODE in fixed steps over the schedule's own training time."""

from collections.abc import Iterator
from typing import Annotated, Literal, NamedTuple

from pydantic import Field
from torch import Tensor

from ..denoiser import Denoise
from ..levels import Level, blend
from ..noise import Noise
from ..schedules import NoiseSchedule
from ..trajectory import Frame, begun
from .rates import Rates, rates, require_signal

__all__ = ["runge_kutta_2"]


def runge_kutta_2(  # noqa: PLR0913 — the five that a walk needs, and the options
    denoise: Denoise,
    x: Tensor | Frame,
    schedule: NoiseSchedule,
    log_snrs: Tensor,
    noise: Noise,
    *,
    solver: Literal["euler", "heun"] = "heun",
    alpha: Annotated[float, Field(gt=0, le=1)] = 1.0,
    ending: Literal["clean", "euler"] = "clean",
) -> Iterator[Frame]:
    """Two slopes a step, over training time on the model's path (Karras et al. 2022, appendix D.2).

    alpha: where in the step the second is taken: 1 is Heun's rule, 2/3 Ralston's, 1/2 the midpoint rule.
    ending: into no noise at all, take the clean estimate, or Euler's step to time 0.
    """
    levels = [schedule.path(log_snr) for log_snr in log_snrs.tolist()]
    require_signal(levels[0])
    times, noisy = schedule.time(log_snrs), int(log_snrs.isfinite().sum())
    strides, middles = times.diff().tolist(), times[:-1].lerp(times[1:], alpha)[: noisy - 1]
    first, second = (_places(schedule, each) for each in (times[: len(strides)], middles))
    begin, x, _ = begun(x)
    for index in range(begin, len(strides)):
        here, there, stride = levels[index], levels[index + 1], strides[index]
        x0 = denoise(x, here)
        slope = first[index].slope(x, x0)
        if solver == "heun" and there.sigma:
            at = second[index]
            between = x.add(slope, alpha=alpha * stride)
            slope = slope.lerp(at.slope(between, denoise(between, at.level)), 1 / (2 * alpha))
        x = x0 * there.alpha if ending == "clean" and not there.sigma else x.add(slope, alpha=stride)
        yield Frame(index, there, x, x0)


class _Place(NamedTuple):
    level: Level
    rate: Rates

    def slope(self, x: Tensor, x0: Tensor) -> Tensor:
        """dx / dt: noise grows as sigma does, the signal as alpha."""
        of_x0 = self.level.alpha * (self.rate.log_alpha - self.rate.log_sigma)
        return blend(self.rate.log_sigma, x, of_x0, x0)


def _places(schedule: NoiseSchedule, times: Tensor) -> list[_Place]:
    levels = [schedule.path(log_snr) for log_snr in schedule.at(times).tolist()]
    return [_Place(level, rate) for level, rate in zip(levels, rates(schedule, times), strict=True)]
