"""The same walk again, from noise that keeps the slow motion of what the last one made."""

from dataclasses import replace

from torch import Tensor

from ..diffusion.levels import Level
from ..diffusion.noise import Seeded
from ..diffusion.reinitialising import low_pass, mixed
from ..diffusion.schedules import NoiseSchedule
from ..diffusion.starting import noised, pure
from ..specs import FreeInitSpec
from .tasks import Task
from .wanting import apart

__all__ = ["again"]


def again(begun: Task, made: Tensor, number: int, spec: FreeInitSpec, schedule: NoiseSchedule) -> Task:
    """Where the walk begins for the time of that number, `made` being x at the end of the last one."""
    assert begun.noise is not None  # noqa: S101 — a walk from noise has it
    unit = Level(0.0, 1.0)
    noisiest = schedule.path(schedule.ends()[1].item())
    slow = noised(made, begun.noise, noisiest).float()
    fresh = Seeded(apart(begun.seeds, number))(slow, unit, unit)
    stops = (spec.spatial_stop, spec.temporal_stop)
    low = low_pass(tuple(slow.shape[-3:]), spec.filter, spec.order, *stops).to(slow)
    noise = mixed(slow, fresh, low).to(begun.x)
    return replace(begun, x=pure(noise, schedule.path(begun.log_snrs[0].item())))
