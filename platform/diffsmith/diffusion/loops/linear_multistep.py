"""Linear multistep whose last step, to no noise, is extrapolated like the others, as it was published.

Elsewhere the last step holds the clean estimate itself.
"""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Annotated, Literal

from pydantic import Field
from torch import Tensor

from ..denoiser import Denoise
from ..estimates import adams, adams_fixed
from ..noise import Noise
from ..schedules import NoiseSchedule
from ..trajectory import Estimate, Frame, trajectory

__all__ = ["ipndm", "lms", "pndm"]

Order = Annotated[int, Field(ge=1, le=4)]


def lms(
    denoise: Denoise,
    x: Tensor | Frame,
    schedule: NoiseSchedule,
    log_snrs: Tensor,
    noise: Noise,
    *,
    order: Order = 4,
) -> Iterator[Frame]:
    """Extrapolate the slope by a polynomial in sigma (Adams-Bashforth; k-diffusion, sample_lms)."""
    return _to_the_end(partial(adams.lms, order=order), denoise, x, schedule, log_snrs, noise)


def pndm(
    denoise: Denoise,
    x: Tensor | Frame,
    schedule: NoiseSchedule,
    log_snrs: Tensor,
    noise: Noise,
    *,
    start: Literal["plms", "runge_kutta"] = "plms",
    extrapolate: Literal["epsilon", "v"] = "epsilon",
) -> Iterator[Frame]:
    """Extrapolate the noise by fixed weights after a start of its own (PNDM, Liu et al. 2022).

    start: "plms" or "runge_kutta", extrapolate: "epsilon" or "v", as the estimate of that name has them.
    """
    estimate = partial(adams_fixed.pndm, start=start, extrapolate=extrapolate)
    return _to_the_end(estimate, denoise, x, schedule, log_snrs, noise)


def ipndm(
    denoise: Denoise,
    x: Tensor | Frame,
    schedule: NoiseSchedule,
    log_snrs: Tensor,
    noise: Noise,
    *,
    max_order: Order = 4,
) -> Iterator[Frame]:
    """Extrapolate the noise by fixed weights (iPNDM, Zhang & Chen 2023, as diffusers has it)."""
    return _to_the_end(partial(adams_fixed.ipndm, max_order=max_order), denoise, x, schedule, log_snrs, noise)


def _to_the_end(
    estimate: Estimate,
    denoise: Denoise,
    x: Tensor | Frame,
    schedule: NoiseSchedule,
    log_snrs: Tensor,
    noise: Noise,
) -> Iterator[Frame]:
    """The walk that takes no noise for next to none, where the estimate is still asked for."""
    walked = trajectory(denoise, x, schedule, log_snrs.clamp(max=_CLEAN), noise, estimate=estimate)
    for frame in walked:
        yield replace(frame, level=schedule.path(log_snrs[frame.index + 1].item()))


_CLEAN = 340.0  # one part of noise in 10^147, whose square float64 still has
