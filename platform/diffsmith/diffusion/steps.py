"""One move of a sampler."""

from collections.abc import Callable
from typing import NamedTuple

from torch import Tensor

from .levels import Level, blend, flow
from .noise import Noise
from .schedules import NoiseSchedule

__all__ = ["Past", "Renoise", "Step", "between"]


class Past(NamedTuple):
    """What a solver remembers of a step: asked at `level`, carried to `down`, then `added` noise."""

    level: Level
    x: Tensor
    x0: Tensor
    down: Level
    added: Tensor | None = None

    @property
    def noise(self) -> Tensor:
        """The noise that the clean estimate leaves in x."""
        return blend(1 / self.level.sigma, self.x, -self.level.alpha / self.level.sigma, self.x0)


class Step(NamedTuple):
    """Add `lift` noise: `here` -> `start`; carry to `down`; add `fresh` noise: arrive `there`.

    A noise rule gives these seven; `learned`, where it is set, makes the size of the fresh noise from what
    the network says of its variance. The walk fills in the rest: its number, counted from 0, of how many,
    the schedule with the path that is walked, earlier steps (newest first), the noise and the rule for
    estimates that renoise inside the step, and what is pushed onto x after the move.
    """

    here: Level
    start: Level
    down: Level
    there: Level
    fresh: float = 0.0
    lift: float = 0.0
    learned: Callable[[Tensor | None], Tensor] | None = None
    number: int = 0
    total: int = 1
    schedule: NoiseSchedule = None  # type: ignore[assignment]
    past: tuple[Past, ...] = ()
    noise: Noise = None  # type: ignore[assignment]
    renoise: "Renoise" = None  # type: ignore[assignment]
    push: Tensor | None = None

    def at(self, fraction: float) -> Level:
        """The level a fraction of the way from start to down, in log-SNR."""
        return between(self.schedule, self.start, self.down, fraction)


Renoise = Callable[[Level, Level], Step]
"""(here, there) -> how the step between them treats its noise."""


def between(schedule: NoiseSchedule, start: Level, end: Level, fraction: float) -> Level:
    """The level a fraction of the way, in log-SNR; from pure noise, where that is infinite, in flow time."""
    if start.alpha == 0:
        time = 1 + fraction * (flow(end.log_snr).sigma - 1)
        return schedule.path(Level(1 - time, time).log_snr)
    return schedule.path(start.log_snr + fraction * (end.log_snr - start.log_snr))
