"""SEEDS: exponential solvers of the SDE whose stages lie on one noise path (Gonzalez et al. 2023).

Their noise at a middle is part of the noise at the end. So they are walked as what they are: steps from
middle to middle, each with its own noise, where the estimate held makes up for what was held before.
"""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from itertools import pairwise
from typing import Annotated, Literal, NamedTuple

import torch
from pydantic import Field
from torch import Tensor

from ..denoiser import Denoise
from ..looks import Kind, held, way
from ..noise import Noise
from ..renoise import sde
from ..scalars import expm1
from ..schedules import NoiseSchedule
from ..steps import Renoise, Step, between
from ..trajectory import Frame, trajectory

__all__ = ["seeds_2", "seeds_3"]

Share = Annotated[float, Field(ge=0, le=1.5)]
Size = Annotated[float, Field(ge=0, le=2)]


def seeds_2(  # noqa: PLR0913 — the five that a walk needs, and the options
    denoise: Denoise,
    x: Tensor | Frame,
    schedule: NoiseSchedule,
    log_snrs: Tensor,
    noise: Noise,
    *,
    r: Annotated[float, Field(gt=0, lt=1)] = 0.5,
    solver_type: Literal["phi_1", "phi_2"] = "phi_1",
    eta: Share = 1.0,
    s_noise: Size = 1.0,
) -> Iterator[Frame]:
    """Look again at the fraction r of the step (Gonzalez et al. 2023; ComfyUI, sample_seeds_2).

    solver_type: phi_1 lets a change count half, phi_2 by its exact weight. A frame a step of the grid.
    """
    inner = _Stages((r,), "midpoint" if solver_type == "phi_1" else "heun")
    return inner.walk(denoise, x, schedule, log_snrs, noise, partial(sde, eta=eta, s_noise=s_noise))


def seeds_3(  # noqa: PLR0913 — the five that a walk needs, and the options
    denoise: Denoise,
    x: Tensor | Frame,
    schedule: NoiseSchedule,
    log_snrs: Tensor,
    noise: Noise,
    *,
    r_1: Annotated[float, Field(gt=0, lt=0.5)] = 1 / 3,
    r_2: Annotated[float, Field(ge=0.5, lt=1)] = 2 / 3,
    eta: Share = 1.0,
    s_noise: Size = 1.0,
) -> Iterator[Frame]:
    """Look again at r_1 and r_2 of the step (Gonzalez et al. 2023; ComfyUI, sample_seeds_3).

    A frame a step of the grid.
    """
    inner = _Stages((r_1, r_2), "midpoint")
    return inner.walk(denoise, x, schedule, log_snrs, noise, partial(sde, eta=eta, s_noise=s_noise))


class _Stages(NamedTuple):
    """Where to look on every step, and how the last stage counts it."""

    at: tuple[float, ...]
    kind: Kind

    def walk(
        self,
        denoise: Denoise,
        x: Tensor | Frame,
        schedule: NoiseSchedule,
        log_snrs: Tensor,
        noise: Noise,
        renoise: Renoise,
    ) -> Iterator[Frame]:
        """Walk the stages, and show those that end on the grid."""
        stages, ends = self.divided(schedule, log_snrs.tolist())
        if isinstance(x, Frame):
            x = replace(x, index=ends[x.index])
        for frame in trajectory(denoise, x, schedule, stages, noise, estimate=self.hold, renoise=renoise):
            if frame.index in ends:
                yield replace(frame, index=ends.index(frame.index))

    def divided(self, schedule: NoiseSchedule, log_snrs: list[float]) -> tuple[Tensor, list[int]]:
        """The levels of all stages, and the stages that end on the grid; a step to no noise has but one."""
        visited, ends = log_snrs[:1], list[int]()
        for here, there in pairwise(log_snrs):
            start, end = schedule.path(here), schedule.path(there)
            if end.sigma:
                visited += [between(schedule, start, end, fraction).log_snr for fraction in self.at]
            visited.append(there)
            ends.append(len(visited) - 2)
        return torch.tensor(visited, dtype=torch.float64), ends

    def hold(self, denoise: Denoise, x: Tensor, x0: Tensor, step: Step) -> Tensor:
        """What to hold over a stage, so that from the first one on the right mean was held."""
        place = step.number % (len(self.at) + 1)
        if place == 0:
            return x0
        first, *later = step.past[:place][::-1]
        found = [*(past.x0 for past in later), x0]
        before = sum(past.down.log_snr - past.level.log_snr for past in (first, *later))
        whole = before + way(step)
        so_far = self.mean(first.x0, found[:-1], before)
        return so_far.lerp(self.mean(first.x0, found, whole), expm1(-whole) / expm1(-way(step)))

    def mean(self, x0: Tensor, found: list[Tensor], whole: float) -> Tensor:
        """What a step up to the next place to look, or to the end, has to hold on average."""
        end = (*self.at, 1.0)[len(found)]
        kind: Kind = self.kind if len(found) == len(self.at) else "heun"
        return held(x0, found, [fraction / end for fraction in self.at[: len(found)]], whole, "data", kind)
