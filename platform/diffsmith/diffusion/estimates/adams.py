"""Adams-Bashforth with weights from the levels themselves: a polynomial through slopes, integrated."""

import math
from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import takewhile
from typing import Annotated

import numpy as np
from pydantic import Field
from torch import Tensor

from ..denoiser import Denoise
from ..scalars import Number, expm1
from ..steps import Step
from .slopes import NOISE, Slope, known, mixed, slope_along

__all__ = ["deis", "deis_tab", "ipndm_v", "lms"]

Order = Annotated[int, Field(ge=1, le=4)]


def lms(denoise: Denoise, x: Tensor, x0: Tensor, step: Step, *, order: Order = 4) -> Tensor:
    """Extrapolate the slope by a polynomial in sigma (Adams-Bashforth; k-diffusion, sample_lms)."""
    return _extrapolated(slope_along(step), _in_sigma, x, x0, step, order)


def ipndm_v(denoise: Denoise, x: Tensor, x0: Tensor, step: Step, *, max_order: Order = 4) -> Tensor:
    """Extrapolate the slope with iPNDM's variable-step weights (Zhou et al. 2024, diff-sampler).

    As published: at order 3 they are Adams-Bashforth's for equal steps only, at order 4 for none.
    """
    return _extrapolated(slope_along(step), _published, x, x0, step, max_order)


def deis(
    denoise: Denoise,
    x: Tensor,
    x0: Tensor,
    step: Step,
    *,
    order: Annotated[int, Field(ge=1, le=3)] = 2,
    lower_order_final: bool = True,
) -> Tensor:
    """Extrapolate the noise by a polynomial in log sigma (DEIS log-rho, Zhang & Chen 2023).

    lower_order_final: walks of fewer than 15 steps end in steps of order 2 and 1.
    """
    if lower_order_final and step.total < 15:
        order = min(order, step.total - step.number)
    return _extrapolated(NOISE, _in_log_sigma, x, x0, step, order)


def deis_tab(denoise: Denoise, x: Tensor, x0: Tensor, step: Step, *, max_order: Order = 3) -> Tensor:
    """Extrapolate the slope by a polynomial in VP time (DEIS tAB, Zhang & Chen 2023; diff-sampler)."""
    return _extrapolated(slope_along(step), _in_vp_time, x, x0, step, max_order)


Weigh = Callable[[tuple[float, ...], float], Sequence[float]]
"""(times of the places known, newest first; time of the step's end) -> the weight of each slope."""


def _extrapolated(slope: Slope, weigh: Weigh, x: Tensor, x0: Tensor, step: Step, order: int) -> Tensor:
    places, end = known(x, x0, step, order), float(slope.time(step.down))
    times = tuple(takewhile(math.isfinite, (float(slope.time(level)) for level, _, _ in places)))
    if len(times) < 2:
        return x0
    return mixed(slope.kind, weigh(times, end), places[: len(times)])


def _in_sigma(times: tuple[float, ...], end: float) -> list[float]:
    """The mean of each of Lagrange's polynomials; Gauss's two points are exact for a cubic."""
    middle, half = (end + times[0]) / 2, (end - times[0]) / 2
    points = [middle - half / math.sqrt(3), middle + half / math.sqrt(3)]
    return [sum(_lagrange(times, j, point) for point in points) / 2 for j in range(len(times))]


def _in_log_sigma(times: tuple[float, ...], end: float) -> list[float]:
    """The means over sigma of Lagrange's polynomials in u = log sigma, from the means of u and u^2."""
    u = [math.log(time / times[0]) for time in times]
    h = math.log(end / times[0])
    first = -h / expm1(-h) - 1
    if len(u) == 2:
        return [1 - first / u[1], first / u[1]]
    second = -(h**2) / expm1(-h) - 2 * first
    one = (second - u[2] * first) / (u[1] * (u[1] - u[2]))
    two = (second - u[1] * first) / (u[2] * (u[2] - u[1]))
    return [1 - one - two, one, two]


def _published(times: tuple[float, ...], end: float) -> list[float]:
    """diff-sampler's ipndm_v, where h, h1, h2, h3 are this step and the ones before it."""
    h, *before = (a - b for a, b in zip((end, *times), times, strict=False))
    h1, h2, h3 = (*before, math.inf, math.inf)[:3]
    weights = [1 + h / h1 / 2, -h / h1 / 2, 0.0, 0.0]
    if len(times) > 2:
        bend, b = (1 - h**2 / (3 * h1 * (h1 + h2))) / 2, h1 / h2
        weights = [w + bend * part for w, part in zip(weights, (1, -1 - b, b, 0), strict=True)]
    if len(times) > 3:
        c = h1 * (h1 + h2) / (h2 * (h2 + h3))
        twist = (1 - h / (3 * (h + h1))) / 2 + (1 - h / (2 * (h + h1))) * h / (6 * (h + h1 + h2))
        twist *= h * (h + h1) * (h + h1 + h2) / (h1 * (h1 + h2) * (h1 + h2 + h3))
        parts = (1, -1 - b - c, b + c * (1 + h2 / h3), -b * c)
        weights = [w + twist * part for w, part in zip(weights, parts, strict=True)]
    return weights[: len(times)]


@lru_cache(maxsize=4096)
def _in_vp_time(times: tuple[float, ...], end: float) -> tuple[float, ...]:
    """The means over sigma of Lagrange's polynomials in the time of a linear VP schedule."""
    *nodes, until = map(_vp_time, (*times, end))
    points = np.linspace(nodes[0], until, _POINTS)
    lost = points * _BETA_MIN + points**2 * _BETA_RISE / 2  # sigma^2 + 1 is e to this
    dsigma = (_BETA_MIN + points * _BETA_RISE) / 2 * np.exp(lost) / np.sqrt(np.expm1(lost))
    scale = (until - nodes[0]) / _POINTS / (end - times[0])
    return tuple(float((dsigma * _lagrange(nodes, j, points)).sum() * scale) for j in range(len(times)))


def _vp_time(sigma: float) -> float:
    lost = math.log1p(sigma**2)
    return 2 * lost / (math.sqrt(_BETA_MIN**2 + 2 * _BETA_RISE * lost) + _BETA_MIN)


def _lagrange(nodes: Sequence[Number], j: int, at: Number) -> Number:
    """The polynomial that is one at nodes[j] and zero at the others."""
    return math.prod((at - node) / (nodes[j] - node) for k, node in enumerate(nodes) if k != j)


_POINTS = 10_000  # the published rule: as many equal strips, so its error belongs to the solver
_LOST = math.log(0.002**2 + 1), math.log(80.0**2 + 1)  # sigma 0.002 at time 0.001, 80 at time 1
_BETA_RISE = 2 * (_LOST[0] / 0.001 - _LOST[1]) / (0.001 - 1)
_BETA_MIN = _LOST[1] - _BETA_RISE / 2
