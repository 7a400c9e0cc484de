"""What is drawn, worked out: levels of spacings, and the places that samplers pass through."""

from collections.abc import Sequence

import torch
from torch import Tensor

from .. import factory
from ..diffusion.levels import Level
from ..diffusion.noise import Seeded
from ..diffusion.scalars import sqrt
from ..diffusion.schedules import NoiseSchedule
from ..diffusion.starting import pure
from ..refusals import require_a_beginning
from ..registry import Registry
from ..specs import SchedulerSpec, SpacingSpec, parse
from ..testing.mixture import GaussianMixture

__all__ = ["grids", "walked"]


def grids(names: Sequence[str], schedule: NoiseSchedule, steps: int, registry: Registry) -> dict[str, Tensor]:
    """log-SNRs [steps + 1] by spacing."""
    nothing = SchedulerSpec(name="euler")
    chosen = [parse(SpacingSpec, {"name": name, "steps": steps}, "spacing") for name in names]
    return {each.name: factory.grid(schedule, nothing, each, registry) for each in chosen}


def walked(
    name: str,
    mixture: GaussianMixture,
    schedule: NoiseSchedule,
    spacing: SpacingSpec,
    seeds: Sequence[int],
    registry: Registry,
) -> Tensor:
    """Where samples of a mixture are before and after every step, [steps + 1, B, D], at unit size.

    That is x over sqrt(alpha^2 + sigma^2), which looks alike on every path.
    """
    solver = SchedulerSpec(name=name)
    grid = factory.grid(schedule, solver, spacing, registry)
    first, noise = schedule.path(grid[0].item()), Seeded(seeds)
    unit = noise(mixture.means.new_empty(len(seeds), mixture.means.shape[1]), first, first)
    loop = factory.scheduler(solver, registry)
    require_a_beginning(loop, schedule, grid)
    frames = loop(mixture.denoise, pure(unit, first), schedule, grid, noise)
    return torch.stack([unit, *(frame.x / _size(frame.level) for frame in frames)])


def _size(level: Level) -> float:
    return float(sqrt(level.alpha**2 + level.sigma**2))
