"""Predictor-corrector that asks again where it has corrected: PECE, two evaluations a step."""

from collections.abc import Iterator
from functools import cache, partial
from math import inf
from typing import Annotated, Literal

from pydantic import Field
from torch import Tensor

from ..correctors import sa_corrector
from ..denoiser import Denoise
from ..estimates.exponential_adams import sa_solver
from ..noise import Noise
from ..renoise import sa
from ..schedules import NoiseSchedule
from ..steps import Step
from ..trajectory import Correct, Frame, Trajectory, begun, trajectory

__all__ = ["sa_solver_pece"]

Order = Annotated[int, Field(ge=0, le=4)]
Positive = Annotated[float, Field(ge=0)]


def sa_solver_pece(  # noqa: PLR0913 — the options of predictor, corrector and noise
    denoise: Denoise,
    x: Tensor | Frame,
    schedule: NoiseSchedule,
    log_snrs: Tensor,
    noise: Noise,
    *,
    predictor_order: Annotated[int, Field(ge=1, le=4)] = 3,
    corrector_order: Order = 4,
    simple_order_2: bool = False,
    lower_order_final: bool = True,
    final_order: Order = 0,
    lower_sooner: bool = False,
    tau: Annotated[float, Field(ge=0, le=2)] = 1.0,
    tau_from: Positive = inf,
    tau_to: Positive = 0.0,
    tau_at: Literal["start", "end"] = "end",
    s_noise: Annotated[float, Field(ge=0, le=2)] = 1.0,
) -> Iterator[Frame]:
    """SA-Solver that asks again where it has corrected (Xue et al. 2023, PECE; 2 evaluations a step)."""
    loop = partial(
        trajectory,
        estimate=partial(
            sa_solver,
            predictor_order=predictor_order,
            simple_order_2=simple_order_2,
            lower_order_final=lower_order_final,
            final_order=final_order,
        ),
        renoise=partial(sa, tau=tau, tau_from=tau_from, tau_to=tau_to, tau_at=tau_at, s_noise=s_noise),
    )
    correct = partial(
        sa_corrector,
        corrector_order=corrector_order,
        simple_order_2=simple_order_2,
        lower_order_final=lower_order_final,
        final_order=final_order,
        lower_sooner=lower_sooner,
    )
    return _pece(loop, correct, denoise, x, schedule, log_snrs, noise)


def _pece(
    loop: Trajectory,
    correct: Correct,
    denoise: Denoise,
    x: Tensor | Frame,
    schedule: NoiseSchedule,
    log_snrs: Tensor,
    noise: Noise,
) -> Iterator[Frame]:
    """Before each step of the loop that has a past: ask, and go on from where that corrects x to."""
    schedule = schedule._replace(path=cache(schedule.path))  # the loop is begun anew at every step
    total, (begin, start, past) = len(log_snrs) - 1, begun(x)
    for index in range(begin, total):
        here = schedule.path(log_snrs[index].item())
        if past:
            still = Step(here, here, here, here, number=index, total=total, schedule=schedule, past=past)
            start = correct(start, denoise(start, here), still)
        frame = next(loop(denoise, Frame(index - 1, here, start, start, past), schedule, log_snrs, noise))
        start, past = frame.x, frame.past
        yield frame
