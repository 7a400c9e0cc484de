"""Estimates made in stages: the network is asked again, once or twice, inside the step."""

from collections.abc import Sequence
from typing import Annotated

from pydantic import Field
from torch import Tensor

from ..denoiser import Denoise
from ..levels import carry
from ..looks import Form, held, looks, way
from ..steps import Step, between

__all__ = ["dpm_solver_2", "dpm_solver_3", "dpmpp_2s", "dpmpp_3s", "dpmpp_sde"]

Ratio = Annotated[float, Field(gt=0, le=1)]
First = Annotated[float, Field(gt=0, lt=0.5)]
Second = Annotated[float, Field(ge=0.5, le=1)]


def dpmpp_2s(denoise: Denoise, x: Tensor, x0: Tensor, step: Step, *, r: Ratio = 0.5) -> Tensor:
    """Look again at the fraction r of the step (DPM-Solver++ 2S, Lu et al. 2022; order 2, 2 evaluations)."""
    return _staged(denoise, x, x0, step, [r], "data")


def dpm_solver_2(denoise: Denoise, x: Tensor, x0: Tensor, step: Step, *, r: Ratio = 0.5) -> Tensor:
    """Look again, extrapolating the noise (DPM-Solver-2, Lu et al. 2022; order 2, 2 evaluations a step)."""
    return _staged(denoise, x, x0, step, [r], "noise")


def dpmpp_3s(
    denoise: Denoise, x: Tensor, x0: Tensor, step: Step, *, r_1: First = 1 / 3, r_2: Second = 2 / 3
) -> Tensor:
    """Look again at r_1 and r_2 of the step (DPM-Solver++ 3S, Lu et al. 2022; order 3, 3 evaluations)."""
    return _staged(denoise, x, x0, step, [r_1, r_2], "data")


def dpm_solver_3(
    denoise: Denoise, x: Tensor, x0: Tensor, step: Step, *, r_1: First = 1 / 3, r_2: Second = 2 / 3
) -> Tensor:
    """Look twice more, extrapolating the noise (DPM-Solver-3, Lu et al. 2022; order 3, 3 evaluations)."""
    return _staged(denoise, x, x0, step, [r_1, r_2], "noise")


def dpmpp_sde(denoise: Denoise, x: Tensor, x0: Tensor, step: Step, *, r: Ratio = 0.5) -> Tensor:
    """Look again at a place with fresh noise of its own (k-diffusion, sample_dpmpp_sde; 2 evaluations)."""
    there = between(step.schedule, step.start, step.there, r)
    inner = step.renoise(step.start, there)
    moved = carry(x, x0, step.start, inner.down)
    if inner.fresh:
        moved = moved.add(step.noise(x, step.start, there), alpha=inner.fresh)
    return x0.lerp(denoise(moved, there), 1 / (2 * r))


def _staged(denoise: Denoise, x: Tensor, x0: Tensor, step: Step, at: Sequence[float], form: Form) -> Tensor:
    return held(x0, looks(denoise, x, x0, step, at, form), at, way(step), form)
