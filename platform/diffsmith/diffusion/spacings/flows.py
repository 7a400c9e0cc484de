"""Spacings that were made for the straight flow."""

import math
from typing import Annotated, Literal

import torch
from pydantic import Field
from torch import Tensor

from ..schedules import NoiseSchedule
from .ends import Positive, Range, at_sigmas, ended, log_snr_of_flow

__all__ = ["dynamic_shift", "linear_quadratic", "shifted"]

Share = Annotated[float, Field(gt=0, lt=1)]
Time = Annotated[float, Field(gt=0, le=1)]
Last = Literal["step", "training", "beyond"]


def shifted(
    schedule: NoiseSchedule,
    steps: int,
    *,
    shift: Positive = 3.0,
    last: Last = "step",
    first: Time = 1.0,
    terminal: Share | None = None,
    sigma_max: Time | None = None,
) -> Tensor:
    """Equal flow times, pushed to the schedule's noisy end by `shift` (Esser et al. 2024, eq. 23).

    last: where the equal times end; one "step" above 0, at the clean end of "training" (which diffusers'
    flow schedulers shift a second time), or one step before that, so that it lies "beyond" them. first:
    where they begin. terminal: stretches the times after the shift to end there. sigma_max: the most noise.
    """
    times = _shift(_equal(schedule, steps, first, last), shift)
    if terminal is not None and steps > 1:
        times = 1 - (1 - times) * ((1 - terminal) / (1 - times[-1]))
    noisiest = (-schedule.ends()[1]).sigmoid()
    return ended(log_snr_of_flow((noisiest * times).clamp(max=sigma_max or 1.0)))


def dynamic_shift(  # noqa: PLR0913 — each is a number of a published config
    schedule: NoiseSchedule,
    steps: int,
    *,
    mu: float | None = None,
    sequence: Annotated[int, Field(ge=1)] = 4096,
    base_shift: float = 0.5,
    max_shift: float = 1.15,
    base_sequence: Annotated[int, Field(ge=1)] = 256,
    max_sequence: Annotated[int, Field(ge=1)] = 4096,
    kind: Literal["exponential", "linear"] = "exponential",
    last: Last = "step",
    terminal: Share | None = None,
    sigma_max: Time | None = None,
) -> Tensor:
    """`shifted` by e^mu, and mu grows with the number of image tokens (Flux, Qwen-Image).

    mu: given outright, or else on the line through base_shift at base_sequence and max_shift at
    max_sequence tokens, at `sequence`. kind: "linear" shifts by mu itself. last, terminal, sigma_max: as in
    `shifted`.
    """
    if mu is None:
        share = (sequence - base_sequence) / ((max_sequence - base_sequence) or 1)
        mu = base_shift + (max_shift - base_shift) * share
    shift = math.exp(mu) if kind == "exponential" else mu
    if shift <= 0:
        raise ValueError(f"dynamic_shift: a linear shift must be above 0, mu is {mu:g}")
    return shifted(schedule, steps, shift=shift, last=last, terminal=terminal, sigma_max=sigma_max)


def linear_quadratic(
    schedule: NoiseSchedule,
    steps: int,
    *,
    threshold: Share = 0.025,
    linear_steps: Annotated[int, Field(ge=1)] | None = None,
) -> Tensor:
    """Small equal strides down to 1 - threshold, then a parabola to 0 (Genmo, Mochi; ComfyUI).

    linear_steps: how many of the steps are equal, half of them unless given.
    """
    straight = min(linear_steps or steps // 2, steps - 1)
    if not straight:
        return at_sigmas(schedule, Range.of(schedule).noisy[None])
    bent = steps - straight
    slope = threshold / straight
    bend = (1 - slope * steps) / bent**2
    count = torch.arange(steps, dtype=torch.float64)
    done = slope * count + bend * (count - straight).clamp(min=0) ** 2
    return at_sigmas(schedule, Range.of(schedule).noisy * (1 - done))


def _equal(schedule: NoiseSchedule, steps: int, first: float, last: Last) -> Tensor:
    if last == "step":
        return first * torch.linspace(1, 1 / steps, steps, dtype=torch.float64)
    clean = (-schedule.ends()[0]).sigmoid().item()
    if last == "training":
        return torch.linspace(first, clean, steps, dtype=torch.float64)
    return torch.linspace(first, clean, steps + 1, dtype=torch.float64)[:-1]


def _shift(time: Tensor, shift: float) -> Tensor:
    return shift * time / (1 + (shift - 1) * time)
