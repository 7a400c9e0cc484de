"""What Adams and Runge-Kutta solvers mix: slopes known at several places, as one clean estimate to hold."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from torch import Tensor

from .. import prediction
from ..denoiser import Denoise
from ..levels import Level, blend, carry
from ..levels import flow as flow_path
from ..prediction import Prediction
from ..scalars import Number
from ..steps import Step

__all__ = ["NOISE", "Slope", "asked", "known", "mixed", "slope_along"]

Place = tuple[Level, Tensor, Tensor]
"""A level, x there, and the clean estimate there."""


class Slope(NamedTuple):
    """dx / dtime is an answer of one kind: the noise on VE, in sigma; the velocity on flow, in flow time."""

    kind: Prediction
    time: Callable[[Level], Number]


NOISE = Slope(prediction.epsilon(), lambda level: level.ratio)
"""x / alpha moves along the noise as sigma / alpha falls, on any path."""
FLOW = Slope(prediction.flow(), lambda level: level.sigma / (level.alpha + level.sigma))


def slope_along(step: Step) -> Slope:
    """The slope in sigma that k-diffusion's solvers follow on this path; finite from pure noise on flow."""
    return FLOW if step.schedule.path is flow_path else NOISE


def known(x: Tensor, x0: Tensor, step: Step, order: int) -> list[Place]:
    """Where the slope is known, newest first: the step's start and what is remembered, `order` at most.

    Across fresh noise, added after a step or lifted before it, nothing is: it bends the way itself.
    """
    places, begins = [(step.start, x, x0)], step.start
    for past in step.past[: order - 1]:
        if past.added is not None or past.down != begins:
            break
        places.append((past.level, past.x, past.x0))
        begins = past.level
    return places


def asked(denoise: Denoise, here: Place, held: Tensor, there: Level) -> Place:
    """Where holding that estimate leads, and the answer there."""
    start, x, _ = here
    moved = carry(x, held, start, there)
    return there, moved, denoise(moved, there)


def mixed(kind: Prediction, weights: Sequence[float], places: Sequence[Place]) -> Tensor:
    """The clean estimate which means, at the first place, this weighted sum of the answers at all places."""
    here, x, x0 = places[0]
    of_x, of_x0 = _answer(kind, here)
    if of_x0 == 0:
        return x0  # pure noise, which says nothing of x0
    held = blend(weights[0], x0, (weights[0] - 1) * of_x / of_x0, x)
    for weight, (level, past_x, past_x0) in zip(weights[1:], places[1:], strict=True):
        past_of_x, past_of_x0 = _answer(kind, level)
        held = held.add(past_x, alpha=weight * past_of_x / of_x0)
        held = held.add(past_x0, alpha=weight * past_of_x0 / of_x0)
    return held


def _answer(kind: Prediction, level: Level) -> tuple[float, float]:
    """The answer of this kind is `of_x` * x + `of_x0` * x0."""
    return float(kind.mix(level)[1] / level.sigma), float(kind.slope(level))
