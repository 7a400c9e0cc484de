"""Which levels a walk visits."""

from collections.abc import Mapping, Sequence
from math import inf
from typing import Any

from torch import Tensor

from .. import factory
from ..diffusion.levels import flow
from ..diffusion.scalars import log
from ..diffusion.schedules import NoiseSchedule
from ..diffusion.starting import cut
from ..errors import SpecError
from ..registry import Registry
from ..specs import SchedulerSpec, SpacingSpec, parse
from .named import Named, written

__all__ = ["Listed", "levels"]

Listed = Mapping[str, Sequence[float] | None]
"""What was listed outright, by what it lists: sigmas, timesteps or log_snrs."""


def levels(
    schedule: NoiseSchedule,
    solver: SchedulerSpec,
    steps: int,
    spacing: Named | None,
    listed: Listed,
    strength: float,
    registry: Registry,
) -> Tensor:
    """log-SNRs [steps + 1], noise to clean; of fewer steps where a picture is changed by less than 1."""
    given = [name for name, values in listed.items() if values is not None]
    if len(given) + (spacing is not None) > 1:
        raise SpecError([f"{', '.join(given)}{', spacing' * (spacing is not None)}: give one of them"])
    for name in given:
        spacing = _explicit(name, listed[name], schedule)
    choice = parse(SpacingSpec, {"steps": steps, **written(spacing or {}, "spacing")}, "spacing")
    placed = factory.grid(schedule, solver, choice, registry)
    left = cut(placed, strength)
    if len(left) < 2:
        steps = len(placed) - 1
        raise SpecError([f"strength: {strength} leaves none of the {steps} steps; give at least 1/{steps}"])
    return left


_RANGES = {"sigmas": (0.0, inf), "timesteps": (0.0, inf)}


def _explicit(name: str, values: Any, schedule: NoiseSchedule) -> Named:
    """A flow's sigmas are its own, in [0, 1]; everywhere else sigma is the noise for a signal of size one."""
    try:
        numbers = tuple(map(float, values))
    except (TypeError, ValueError):
        raise SpecError([f"{name}: expected a list of numbers, noisiest first, got {values!r}"]) from None
    low, high = _RANGES.get(name, (-inf, inf))
    if name == "timesteps":
        high = schedule.timesteps - 1
    elif name == "sigmas" and schedule.path is flow:
        high = 1.0
    if wrong := [number for number in numbers if number < low or number > high]:
        raise SpecError([f"{name}: {wrong[0]:g} does not lie between {low:g} and {high:g}"])
    if name == "sigmas" and schedule.path is flow:
        name, numbers = "log_snrs", tuple(log(1 - sigma) - log(sigma) for sigma in numbers)
    return {"name": f"explicit_{name}", name: numbers}
