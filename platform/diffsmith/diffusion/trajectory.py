"""The only loop: from noise to a sample, one frame a step."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from torch import Tensor

from .answers import answer
from .denoiser import Denoise
from .levels import Level, carry
from .noise import Noise
from .renoise import ode
from .schedules import NoiseSchedule
from .steps import Past, Renoise, Step

__all__ = ["Correct", "Estimate", "Frame", "Trajectory", "trajectory"]

Estimate = Callable[[Denoise, Tensor, Tensor, Step], Tensor]
"""(denoise, x, x0 at the step's start, step) -> the clean estimate to hold over the step."""

Correct = Callable[[Tensor, Tensor, Step], Tensor]
"""(x, x0 at the step's start, step) -> a better x at that place, now that x0 is known there."""

Trajectory = Callable[[Denoise, "Tensor | Frame", NoiseSchedule, Tensor, Noise], Iterator["Frame"]]
"""What every scheduler is: (denoise, x, schedule, log-SNRs [n + 1], noise) -> frames.

`schedule.path` is the path that x is on. In place of x an earlier Frame may be given, to go on from.
"""


@dataclass(frozen=True, slots=True)
class Frame:
    """What a consumer sees after each step: x at `level`, and the clean estimate it came from.

    With what the solver remembers, and how often noise was drawn, it is all that a walk needs to go on
    from here.
    """

    index: int
    level: Level
    x: Tensor
    x0: Tensor
    past: tuple[Past, ...] = ()
    drawn: int = 0


def trajectory(  # noqa: PLR0913 — the five that a walk needs, and the three factors of a solver
    denoise: Denoise,
    x: Tensor | Frame,
    schedule: NoiseSchedule,
    log_snrs: Tensor,
    noise: Noise,
    *,
    estimate: Estimate,
    renoise: Renoise = ode,
    correct: Correct | None = None,
) -> Iterator[Frame]:
    """Walk x from the first level to the last, one Frame per step."""
    levels = [schedule.path(log_snr) for log_snr in log_snrs.tolist()]
    count, (begin, x, past) = len(levels) - 1, begun(x)
    for index in range(begin, count):
        here, there = levels[index], levels[index + 1]
        step = renoise(here, there)
        if step.lift:
            x = x + step.lift * noise(x, here, step.start)
        x0, push, variance = answer(denoise, x, step.start)
        known = (index, count, schedule, past, noise, renoise, push)
        step = Step._make((*step[:_RULED], *known))
        if correct is not None and past:
            x = correct(x, x0, step)
        held = x0 if step.down.sigma == 0 else estimate(denoise, x, x0, step)
        moved = carry(x, held, step.start, step.down)
        if push is not None:
            moved = moved.add(push, alpha=step.down.alpha)
        size = step.learned(variance) if step.learned else step.fresh
        added = size * noise(x, here, there) if step.fresh else None
        past = (Past(step.start, x, x0, step.down, added), *past[:2])
        x = moved if added is None else moved + added
        yield Frame(index, there, x, x0 if push is None else x0 + push, past)


_RULED = Step._fields.index("number")  # what a noise rule gives comes before what the walk knows


def begun(x: Tensor | Frame) -> tuple[int, Tensor, tuple[Past, ...]]:
    """Where a walk begins: the index of its first step, x there, and what is remembered."""
    return (x.index + 1, x.x, x.past) if isinstance(x, Frame) else (0, x, ())
