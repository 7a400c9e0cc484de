"""The extended reverse-time SDE: how much noise is kept, and the weight of estimates, follow one function."""

from collections.abc import Iterator
from functools import partial
from typing import Annotated

import numpy as np
from pydantic import Field
from torch import Tensor

from ..denoiser import Denoise
from ..exponential import mixed
from ..levels import Level
from ..noise import Noise
from ..scalars import exp, sqrt
from ..schedules import NoiseSchedule
from ..steps import Step
from ..trajectory import Frame, trajectory

__all__ = ["er_sde"]

_POINTS = 200


def er_sde(
    denoise: Denoise,
    x: Tensor | Frame,
    schedule: NoiseSchedule,
    log_snrs: Tensor,
    noise: Noise,
    *,
    max_stage: Annotated[int, Field(ge=1, le=3)] = 3,
    s_noise: Annotated[float, Field(ge=0, le=2)] = 1.0,
) -> Iterator[Frame]:
    """Extrapolate in the noise-to-signal ratio under more noise than the SDE's (Cui et al. 2023).

    ER-SDE-Solver-1 to 3 by max_stage, how many estimates it draws on; noise function and integrals, sums
    over 200 points, as in ComfyUI, sample_er_sde.
    """
    estimate, renoise = partial(_estimate, max_stage), partial(_renoise, s_noise)
    return trajectory(denoise, x, schedule, log_snrs, noise, estimate=estimate, renoise=renoise)


def _renoise(s_noise: float, here: Level, there: Level) -> Step:
    kept = _growth(there.ratio) / _growth(here.ratio)
    down = Level(there.alpha, there.sigma * kept)
    return Step(here, here, down, there, s_noise * there.sigma * sqrt(1 - kept**2))


def _estimate(max_stage: int, denoise: Denoise, x: Tensor, x0: Tensor, step: Step) -> Tensor:
    """Taylor's polynomial in the ratio, from differences to the last estimates."""
    places = [(step.start.ratio, x0), *((past.level.ratio, past.x0) for past in step.past)]
    near = [place for place in places if place[0] < np.inf][:max_stage]
    here, there = step.start.ratio, step.there.ratio
    if len(near) == 1 or here == there:
        return x0
    by_slope, by_bend = _integrals(here, there)
    scale = 1 / (1 - there * _growth(there) / (here * _growth(here)))
    weights = [1.0, 0.0, 0.0]
    for k, weight in zip((0, 1), _difference(near[0][0], near[1][0]), strict=True):
        weights[k] += weight * by_slope * scale
    if len(near) == 3:
        (a, _), (b, _), (c, _) = near
        bend = 2 * by_bend * scale / (a - c)
        for k, weight in zip((0, 1), _difference(a, b), strict=True):
            weights[k] += weight * bend
        for k, weight in zip((1, 2), _difference(b, c), strict=True):
            weights[k] -= weight * bend
    return mixed([(weight, estimate) for weight, (_, estimate) in zip(weights, near, strict=False)])


def _difference(here: float, earlier: float) -> tuple[float, float]:
    return 1 / (here - earlier), -1 / (here - earlier)


def _integrals(here: float, there: float) -> tuple[float, float]:
    """What the first and second derivative count for over the step (Cui et al. 2023)."""
    width = (here - there) / _POINTS
    ratios = there + width * np.arange(_POINTS)
    inverse = 1 / (ratios * (np.exp(ratios**0.3) + 10))
    now = there * _growth(there)
    by_slope = there - here + now * width * inverse.sum()
    by_bend = (there - here) ** 2 / 2 + now * width * ((ratios - here) * inverse).sum()
    return float(by_slope), float(by_bend)


def _growth(ratio: float) -> float:
    """The noise function over the noise-to-signal ratio."""
    return float(exp(ratio**0.3) + 10)
