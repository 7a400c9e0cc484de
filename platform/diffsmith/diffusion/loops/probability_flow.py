"""The probability-flow ODE, by a solver that chooses its own steps."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any, Literal

import torch
from pydantic import Field
from torch import Tensor

from ..denoiser import Denoise
from ..levels import Level, Path, flow
from ..noise import Noise
from ..scalars import log
from ..schedules import NoiseSchedule
from ..steps import Past
from ..trajectory import Frame, begun

__all__ = ["probability_flow"]

Tolerance = Annotated[float, Field(gt=0, lt=1)]
Method = Literal["RK45", "RK23", "DOP853"]


def probability_flow(  # noqa: PLR0913 — the five that a walk needs, and the options
    denoise: Denoise,
    x: Tensor | Frame,
    schedule: NoiseSchedule,
    log_snrs: Tensor,
    noise: Noise,
    *,
    rtol: Tolerance = 1e-5,
    atol: Tolerance = 1e-5,
    method: Method = "RK45",
) -> Iterator[Frame]:
    """The ODE with the SDE's marginals, solved to a tolerance (Song et al. 2020, section 4.3).

    The steps between the levels are the solver's own, scipy's of that name, in float64; the levels only say
    where it stops to show a frame. The tolerance is one for the whole batch. Into no noise at all, the
    clean estimate there is taken.
    """
    from scipy import integrate

    solve = partial(getattr(integrate, method), rtol=rtol, atol=atol)
    levels = [schedule.path(log_snr) for log_snr in log_snrs.tolist()]
    begin, start, past = begun(x)
    known = past[0] if past else Past(levels[begin], start, denoise(start, levels[begin]), levels[begin])
    for index, there in enumerate(levels[begin + 1 :], begin):
        if there.sigma == 0:
            yield Frame(index, there, known.x0 * there.alpha, known.x0)
        else:
            known = _crossed(denoise, known, there, schedule.path, solve)
            yield Frame(index, there, known.x, known.x0, (known,))


def _crossed(denoise: Denoise, known: Past, there: Level, path: Path, solve: Callable[..., Any]) -> Past:
    """x and its clean estimate there, and in `down` how far a step might lead from there.

    Over the time of the straight flow, where the slope is finite from pure noise on.
    """
    start, proposed, end = (_time(level) for level in (known.level, known.down, there))
    begin = known.x.double().mul(start / known.level.sigma).cpu().numpy()
    if not known.x0.isfinite().all():  # the solver would look for a step for ever
        raise ArithmeticError(f"probability_flow: the network's answer at {known.level} is not finite")
    slope = _Slope(denoise, path, known.x, known.x0)
    first = min(start - proposed, start - end) or None
    solver = solve(slope, start, begin.ravel(), end, first_step=first)
    longest = 0.0
    while solver.status == "running":
        if message := solver.step():
            raise ArithmeticError(f"probability_flow: {message} Do the network's answers stay finite?")
        longest = max(longest, solver.step_size)
    return Past(there, slope.on_path(end, solver.y), slope.x0, path(_log_snr(max(end - longest, 0.0))))


@dataclass
class _Slope:
    """dy / dt on the straight flow for flat float64 arrays, and the clean estimate it was made of last.

    The first is made of the estimate given: it belongs to where the solver begins.
    """

    denoise: Denoise
    path: Path
    like: Tensor
    x0: Tensor
    asked: bool = False

    def __call__(self, time: float, y: Any) -> Any:
        if self.asked:
            self.x0 = self.denoise(self.on_path(time, y), self.path(_log_snr(time)))
        self.asked = True
        return (y - self.x0.double().cpu().numpy().ravel()) / time

    def on_path(self, time: float, y: Any) -> Tensor:
        """y as the network's path has it, shaped like the sample."""
        size = self.path(_log_snr(time)).sigma / time
        return torch.from_numpy(y * size).reshape(self.like.shape).to(self.like)


def _time(level: Level) -> float:
    return float(flow(level.log_snr).sigma)


def _log_snr(time: float) -> float:
    return float(log(1 - time) - log(time))
