"""Adams-Bashforth with fixed weights, as if all steps were equal, and the starts that belong to it."""

from typing import Annotated, Literal

import torch
from pydantic import Field
from torch import Tensor

from ..denoiser import Denoise
from ..levels import Level
from ..prediction import Prediction, epsilon, v
from ..steps import Step
from .slopes import asked, known, mixed, slope_along

__all__ = ["gradient_estimation", "ipndm", "pndm"]


def ipndm(
    denoise: Denoise,
    x: Tensor,
    x0: Tensor,
    step: Step,
    *,
    max_order: Annotated[int, Field(ge=1, le=4)] = 4,
) -> Tensor:
    """Extrapolate the slope by Adams-Bashforth for equal steps (iPNDM, Zhang & Chen 2023; diff-sampler)."""
    return _extrapolated(slope_along(step).kind, x, x0, step, max_order)


def gradient_estimation(
    denoise: Denoise,
    x: Tensor,
    x0: Tensor,
    step: Step,
    *,
    ge_gamma: Annotated[float, Field(ge=1, le=4)] = 2.0,
) -> Tensor:
    """Go beyond the slope by what it changed since the last step (Permenter & Yuan 2024, Algorithm 2)."""
    places = known(x, x0, step, 2)
    return mixed(slope_along(step).kind, [ge_gamma, 1 - ge_gamma], places) if len(places) == 2 else x0


def pndm(
    denoise: Denoise,
    x: Tensor,
    x0: Tensor,
    step: Step,
    *,
    start: Literal["plms", "runge_kutta"] = "plms",
    extrapolate: Literal["epsilon", "v"] = "epsilon",
) -> Tensor:
    """Extrapolate the noise by Adams-Bashforth after a start of its own (PNDM, Liu et al. 2022).

    start: "plms" takes the first step with the noise at both its ends, 2 evaluations; "runge_kutta" the
    first three with the classical Runge-Kutta method, 4 evaluations each. extrapolate: "v" as diffusers
    does for networks that answer v.
    """
    kind, last = _KINDS[extrapolate], step.number + 1 == step.total
    if start == "runge_kutta" and len(step.past) < 3 and not last:
        return _runge_kutta(kind, denoise, x, x0, step)
    if not step.past and not last:
        return _both_ends(kind, denoise, x, x0, step)
    return _extrapolated(kind, x, x0, step, 4)


_KINDS = {"epsilon": epsilon(), "v": v()}
_WEIGHTS = {
    1: (1.0,),
    2: (3 / 2, -1 / 2),
    3: (23 / 12, -16 / 12, 5 / 12),
    4: (55 / 24, -59 / 24, 37 / 24, -9 / 24),
}


def _extrapolated(kind: Prediction, x: Tensor, x0: Tensor, step: Step, order: int) -> Tensor:
    places = known(x, x0, step, order)
    return mixed(kind, _WEIGHTS[len(places)], places)


def _both_ends(kind: Prediction, denoise: Denoise, x: Tensor, x0: Tensor, step: Step) -> Tensor:
    here = (step.start, x, x0)
    return mixed(kind, [1 / 2, 1 / 2], [here, asked(denoise, here, x0, step.down)])


def _runge_kutta(kind: Prediction, denoise: Denoise, x: Tensor, x0: Tensor, step: Step) -> Tensor:
    middle, here = _halfway_in_time(step), (step.start, x, x0)
    first = asked(denoise, here, x0, middle)
    second = asked(denoise, here, mixed(kind, [0.0, 1.0], [here, first]), middle)
    end = asked(denoise, here, mixed(kind, [0.0, 1.0], [here, second]), step.down)
    return mixed(kind, [1 / 6, 1 / 3, 1 / 3, 1 / 6], [here, first, second, end])


def _halfway_in_time(step: Step) -> Level:
    """Halfway between the training times of the step's ends, as the paper's half steps lie."""
    ends = torch.tensor([step.start.log_snr, step.down.log_snr], dtype=torch.float64)
    time = step.schedule.time(ends).mean()
    return step.schedule.path(step.schedule.at(time).item())
