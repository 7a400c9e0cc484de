"""Which levels a walk visits."""

from collections.abc import Mapping, Sequence

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
        spacing = _explicit(name, listed[name] or (), schedule)
    choice = parse(SpacingSpec, {"steps": steps, **written(spacing or {})}, "spacing")
    placed = factory.grid(schedule, solver, choice, registry)
    left = cut(placed, strength)
    if len(left) < 2:
        least = 1 / (len(placed) - 1)
        raise SpecError([f"strength: {strength} leaves none of the steps; give at least {least:.3g}"])
    return left


def _explicit(name: str, values: Sequence[float], schedule: NoiseSchedule) -> Named:
    """A flow's sigmas are its own, in [0, 1]; everywhere else sigma is the noise for a signal of size one."""
    numbers = tuple(map(float, values))
    if name == "sigmas" and schedule.path is flow:
        name, numbers = "log_snrs", tuple(log(1 - sigma) - log(sigma) for sigma in numbers)
    return {"name": f"explicit_{name}", name: numbers}
