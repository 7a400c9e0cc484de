"""DPM-Solver singlestep on the levels of the grid: groups of one to three steps that share their start."""

from collections.abc import Iterator, Sequence
from typing import Annotated, Literal

from pydantic import Field
from torch import Tensor

from ..answers import answer
from ..denoiser import Denoise
from ..levels import Level, carry, flow
from ..looks import Kind, held, read
from ..noise import Noise
from ..renoise import ode, sde
from ..schedules import NoiseSchedule
from ..steps import Past, Step
from ..trajectory import Frame, begun

__all__ = ["dpm_solver_singlestep"]

Algorithm = Literal["dpmsolver", "dpmsolver++", "sde-dpmsolver++"]


def dpm_solver_singlestep(  # noqa: PLR0913 — the five that a walk needs, and the options
    denoise: Denoise,
    x: Tensor | Frame,
    schedule: NoiseSchedule,
    log_snrs: Tensor,
    noise: Noise,
    *,
    order: Annotated[int, Field(ge=1, le=3)] = 2,
    form: Algorithm = "dpmsolver++",
    kind: Kind = "midpoint",
    lower_order_final: bool = False,
) -> Iterator[Frame]:
    """Groups of `order` levels, each level left again from its group's start (Lu et al. 2022; 1 evaluation).

    A frame a level. form: extrapolate the noise (dpmsolver), the clean estimate (++), or that as an SDE.
    The last step to no noise is of order 1, as is with lower_order_final the last one of a full group.
    """
    levels = [schedule.path(log_snr) for log_snr in log_snrs.tolist()]
    count, (begin, x, past) = len(levels) - 1, begun(x)
    lowered = lower_order_final or levels[-1].sigma == 0
    for index in range(begin, count):
        here, there = levels[index], levels[index + 1]
        x0, push, _ = answer(denoise, x, here)
        place = 0 if index == count - 1 and lowered else index % order
        first, *later = [*past[:place][::-1], Past(here, x, x0, there)]
        step = (sde if form.startswith("sde") else ode)(first.level, there)
        x = carry(first.x, _over(first, later, step, form, kind), first.level, step.down)
        if push is not None:
            x = x.add(push, alpha=step.down.alpha)
        added = step.fresh * noise(x, first.level, there) if step.fresh else None
        past = (Past(here, (later or [first])[-1].x, x0, step.down, added), *past[:2])
        x = x if added is None else x + added
        yield Frame(index, there, x, x0 if push is None else x0 + push, past)


def _over(first: Past, later: Sequence[Past], step: Step, form: Algorithm, kind: Kind) -> Tensor:
    """What to hold from the group's start to there, by what was found at the levels between."""
    formed: Literal["noise", "data"] = "noise" if form == "dpmsolver" else "data"
    over, seen = first.x0, list[Tensor]()
    for count, found in enumerate(later, 1):
        seen.append(read(found.x0, over, first.level, found.level, formed))
        end = step if count == len(later) else ode(first.level, later[count].level)
        at = [_fraction(first.level, each.level, end.there) for each in later[:count]]
        way = end.down.log_snr - first.level.log_snr
        over = held(first.x0, seen, at, way, formed, kind)
    return over


def _fraction(start: Level, level: Level, end: Level) -> float:
    """How much of the way a level has behind it, in log-SNR; from pure noise in flow time."""
    if start.alpha == 0:
        return float(flow(level.log_snr).alpha / flow(end.log_snr).alpha)
    return float((level.log_snr - start.log_snr) / (end.log_snr - start.log_snr))
