"""Thresholds: clean estimates kept within the range that the data have.

Functions (denoise, *, options) -> denoise. `keep_noise` is DDIM's way: the solver works with the estimate
as it is, so the noise that it finds in x stays, and what the threshold took away is pushed onto x after
the move. Without it the estimate itself is cut, as DDPM and DPM-Solver++ do.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Annotated

import torch
from pydantic import Field
from torch import Tensor

from .answers import Answer, answer
from .denoiser import Denoise
from .levels import Level

__all__ = ["clip", "dynamic"]

Limit = Annotated[float, Field(gt=0)]


def clip(denoise: Denoise, *, limit: Limit = 1.0, keep_noise: bool = False) -> Denoise:
    """Clip every value to [-limit, limit] (Ho et al. 2020)."""
    return _Within(denoise, partial(torch.clamp, min=-limit, max=limit), keep_noise)


def dynamic(
    denoise: Denoise,
    *,
    ratio: Annotated[float, Field(gt=0, le=1)] = 0.995,
    limit: Annotated[float, Field(ge=1)] = float("inf"),
    keep_noise: bool = False,
) -> Denoise:
    """Clip to a quantile of each sample's own values and scale back (Saharia et al. 2022, section 2.3).

    The quantile, at `ratio` of the absolute values, is taken no smaller than 1 and no larger than `limit`.
    """
    return _Within(denoise, partial(_dynamic, ratio=ratio, limit=limit), keep_noise)


@dataclass(frozen=True, slots=True)
class _Within:
    denoise: Denoise
    within: Callable[[Tensor], Tensor]
    keep_noise: bool

    def __call__(self, x: Tensor, level: Level) -> Tensor:
        x0 = self.denoise(x, level)
        return x0 if self.keep_noise else self.within(x0)

    def answer(self, x: Tensor, level: Level) -> Answer:
        x0, push, variance = answer(self.denoise, x, level)
        held = x0 if self.keep_noise else self.within(x0)
        if push is None and not self.keep_noise:
            return Answer(held, None, variance)
        meant = self.within(x0 if push is None else x0 + push)
        return Answer(held, meant - held, variance)


def _dynamic(x0: Tensor, ratio: float, limit: float) -> Tensor:
    size = _quantile(x0.abs().flatten(1), ratio).clamp(1, limit).view(-1, *[1] * (x0.ndim - 1))
    return x0.clamp(-size, size) / size


def _quantile(values: Tensor, ratio: float) -> Tensor:
    """[B, N] -> [B], between two neighbours; unlike torch.quantile, of any number of values."""
    rank = ratio * (values.shape[1] - 1)
    below = int(rank)
    low = values.kthvalue(below + 1).values
    high = values.kthvalue(min(below + 2, values.shape[1])).values
    return low.lerp(high, rank - below)
