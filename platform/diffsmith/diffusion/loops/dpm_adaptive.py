"""DPM-Solver-12 and -23: step sizes chosen on the way, by what two orders disagree about."""

from collections.abc import Iterator
from dataclasses import replace
from math import atan, inf, isfinite, log
from typing import Annotated, Literal, NamedTuple

import torch
from pydantic import Field
from torch import Tensor

from ..answers import answer
from ..denoiser import Denoise
from ..estimates.single import euler
from ..levels import carry
from ..looks import held, looks, way
from ..noise import Noise
from ..scalars import exp
from ..schedules import NoiseSchedule
from ..steps import Past
from ..trajectory import Frame, trajectory
from .ends import above, behind

__all__ = ["dpm_adaptive"]

Positive = Annotated[float, Field(gt=0)]
Gain = Annotated[float, Field(ge=0)]

_CLOSE = 1e-5  # in log-SNR: near enough to the end
_SHORTEST = 1e-4  # in log-SNR: a step as short as this is taken whatever its error, so that walks end
_WORST = 1e-100  # one over an infinite error


def dpm_adaptive(  # noqa: PLR0913 — the five that a walk needs, and the options
    denoise: Denoise,
    x: Tensor | Frame,
    schedule: NoiseSchedule,
    log_snrs: Tensor,
    noise: Noise,
    *,
    order: Literal[2, 3] = 3,
    rtol: Positive = 0.05,
    atol: Positive = 0.0078,
    h_init: Positive = 0.05,
    pcoeff: Gain = 0.0,
    icoeff: Gain = 1.0,
    dcoeff: Gain = 0.0,
    accept_safety: Annotated[float, Field(gt=0, lt=1)] = 0.81,
    eta: Annotated[float, Field(ge=0, le=1)] = 0.0,
    s_noise: Annotated[float, Field(ge=0, le=2)] = 1.0,
) -> Iterator[Frame]:
    """Steps as long as the tolerance allows (Lu et al. 2022, appendix C; k-diffusion, sample_dpm_adaptive).

    Of the grid only the ends count. From pure noise one plain step leads to the grid's next level, and from
    its last one with noise to none. The error is one number for the whole batch. A frame a step, with the
    index of the grid's step that it has behind it.
    """
    gains = tuple(gain / (1.5 if eta else order) for gain in (pcoeff, icoeff, dcoeff))
    solver = _Solver(denoise, schedule, noise, order, (rtol, atol), gains, accept_safety, eta, s_noise)
    for frame in _walk(solver, x, log_snrs.tolist(), h_init):
        yield replace(frame, index=behind(log_snrs.tolist(), frame.level))


def _walk(solver: "_Solver", x: Tensor | Frame, log_snrs: list[float], h_init: float) -> Iterator[Frame]:
    frame = x if isinstance(x, Frame) else Frame(-1, solver.schedule.path(log_snrs[0]), x, x)
    goal = max(filter(isfinite, log_snrs), default=-inf)
    if frame.level.alpha == 0 and goal > -inf:
        frame = solver.plain(frame, log_snrs[1])
        yield frame
    while frame.level.log_snr < goal - _CLOSE:
        frame = solver.taken(frame, _Pace.of(frame, h_init), goal)
        yield frame
    if frame.level.log_snr < log_snrs[-1] == inf:
        yield solver.plain(frame, log_snrs[-1])


class _Solver(NamedTuple):
    """The options, and what every step needs."""

    denoise: Denoise
    schedule: NoiseSchedule
    noise: Noise
    order: int
    tolerance: tuple[float, float]
    gains: tuple[float, ...]
    safety: float
    eta: float
    s_noise: float

    def taken(self, frame: Frame, pace: "_Pace", goal: float) -> Frame:
        """Try shorter and shorter steps from a frame until one is good enough."""
        here, x = frame.level, frame.x
        x0, push, _ = answer(self.denoise, x, here)
        at, good = [1 / 2] if self.order == 2 else [1 / 3, 2 / 3], False
        while not good:
            there = self.schedule.path(min(goal, here.log_snr + pace.h))
            step = above(goal, self.eta, self.s_noise, here, there)._replace(schedule=self.schedule)
            seen = looks(self.denoise, x, x0, step, at, "noise")
            low, high = (
                carry(x, held(x0, seen[:n], at[:n], way(step), "noise"), here, step.down)
                for n in (self.order - 2, self.order - 1)
            )
            error = _error(low, high, frame.past[0].x if frame.past else x, *self.tolerance)
            good, pace = pace.after(error, self.gains, self.safety)
        if push is not None:
            high = high.add(push, alpha=step.down.alpha)
        if step.fresh:
            high = high + step.fresh * self.noise(x, here, step.there)
        # The next step asks for the lower order's x, and for the pace.
        memory = Past(here, low, x0, step.down, torch.tensor(pace, dtype=torch.float64))
        return Frame(0, step.there, high, x0 if push is None else x0 + push, (memory,))

    def plain(self, frame: Frame, log_snr: float) -> Frame:
        """One Euler step."""
        ends = torch.tensor([frame.level.log_snr, log_snr], dtype=torch.float64)
        walk = trajectory(self.denoise, frame.x, self.schedule, ends, self.noise, estimate=euler)
        return replace(next(walk), past=())


class _Pace(NamedTuple):
    """The PID controller: the step to try, in log-SNR, and one over the errors of the last two taken."""

    h: float
    last: float = 0.0
    before: float = 0.0

    @classmethod
    def of(cls, frame: Frame, h_init: float) -> "_Pace":
        """What a frame remembers, or else the first one."""
        remembered = frame.past[0].added if frame.past else None
        return cls(h_init) if remembered is None else cls(*remembered.tolist())

    def after(self, error: float, gains: tuple[float, ...], safety: float) -> tuple[bool, "_Pace"]:
        """Whether a step with that error, 1 being the tolerance, is taken, and the pace from here on."""
        now, (p, i, d) = max(1 / (error + 1e-8), _WORST), gains
        last, before = self.last or now, self.before or now
        change = exp((p + i + d) * log(now) - (p + 2 * d) * log(last) + d * log(before))
        factor = 1 + atan(change - 1)
        taken = not factor < safety or self.h <= _SHORTEST  # an error that is not a number ends the walk
        return taken, _Pace(max(self.h * factor, _SHORTEST), *((now, last) if taken else (last, before)))


def _error(low: Tensor, high: Tensor, before: Tensor, rtol: float, atol: float) -> float:
    """The root mean square of the difference, in units of the tolerance; the one number read back."""
    allowed = low.abs().maximum(before.abs()).mul_(rtol).clamp_(min=atol)
    return float(((low - high) / allowed).square_().mean().sqrt())
