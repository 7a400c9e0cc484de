"""DPM-Solver-fast: third-order steps, equal in log-SNR, within a given number of evaluations."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from math import inf, isfinite
from typing import Annotated

import torch
from pydantic import Field
from torch import Tensor

from ..denoiser import Denoise
from ..estimates.single import euler
from ..estimates.stages import dpm_solver_2, dpm_solver_3
from ..noise import Noise
from ..schedules import NoiseSchedule
from ..steps import Step
from ..trajectory import Frame, trajectory
from .ends import above, behind

__all__ = ["dpm_fast"]


def dpm_fast(
    denoise: Denoise,
    x: Tensor | Frame,
    schedule: NoiseSchedule,
    log_snrs: Tensor,
    noise: Noise,
    *,
    eta: Annotated[float, Field(ge=0, le=1)] = 0.0,
    s_noise: Annotated[float, Field(ge=0, le=2)] = 1.0,
) -> Iterator[Frame]:
    """As many evaluations as the grid has steps, between its ends (Lu et al. 2022; sample_dpm_fast).

    Of the grid only the ends count, and the number of its steps. Where an end is pure noise, or no noise at
    all, one plain step leads from it, or to it. A frame a step, with the index of the grid's step it passed.
    """
    visited, orders = _planned(log_snrs)
    if isinstance(x, Frame):
        x = replace(x, index=behind(visited.tolist(), x.level))
    goal = max(filter(isfinite, visited.tolist()), default=-inf)
    estimate, renoise = partial(_of_order, orders), partial(above, goal, eta, s_noise)
    for frame in trajectory(denoise, x, schedule, visited, noise, estimate=estimate, renoise=renoise):
        yield replace(frame, index=behind(log_snrs.tolist(), frame.level))


def _planned(log_snrs: Tensor) -> tuple[Tensor, list[int]]:
    """The levels to visit, and the order of each step between them."""
    finite = log_snrs[log_snrs.isfinite()]
    from_noise, to_clean = log_snrs[log_snrs.isneginf()], log_snrs[log_snrs.isposinf()]
    orders = _orders(len(finite) - 1) if len(finite) > 1 else []
    if orders:
        finite = torch.linspace(finite[0], finite[-1], len(orders) + 1, dtype=torch.float64)
    visited = torch.cat([from_noise, finite, to_clean])
    plain = len(visited) - 1 - len(orders) - len(from_noise)
    return visited, [*[1] * len(from_noise), *orders, *[1] * plain]


def _orders(evaluations: int) -> list[int]:
    """Threes, and at the end what is left of the evaluations (Lu et al. 2022, section 3.4)."""
    threes, left = divmod(evaluations, 3)
    return [3] * threes + [left] if left else [3] * (threes - 1) + [2, 1]


def _of_order(orders: list[int], denoise: Denoise, x: Tensor, x0: Tensor, step: Step) -> Tensor:
    return {1: euler, 2: dpm_solver_2, 3: dpm_solver_3}[orders[step.number]](denoise, x, x0, step)
