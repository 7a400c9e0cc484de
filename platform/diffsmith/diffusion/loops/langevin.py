"""Langevin steps: they move x at its level until it is distributed as the score says."""

from collections.abc import Callable
from typing import Literal

import torch
from torch import Tensor

from ..levels import Level
from ..noise import Noise
from ..scalars import Number, sqrt

__all__ = ["Corrector", "Norms", "Size", "langevin_step", "step_size"]

Corrector = Literal["langevin", "ald", "none"]
Norms = Literal["sample", "batch"]
Size = Callable[[Tensor, Tensor, Level, float], Number]
"""(score, fresh noise, level, kept) -> the step's size, one for all or [B, 1, ...]."""


def langevin_step(x: Tensor, x0: Tensor, here: Level, there: Level, noise: Noise, size: Size) -> Tensor:
    """Along the score by the size, with the noise that keeps the distribution (Song & Ermon 2019, eq. 4)."""
    score = torch.sub(x0 * here.alpha, x).div_(here.sigma**2)
    fresh = noise(x, here, here)
    far = size(score, fresh, here, here.alpha / there.alpha)
    return torch.add(x, score.mul_(far)).add_(fresh * sqrt(2 * far))


def step_size(corrector: Corrector, snr: float, norms: Norms) -> Size:
    """How far a corrector goes: by the norms of score and noise, or by the level alone.

    It is shortened by what the forward step keeps of the signal, squared: alpha_i of the paper's VP, one
    on VE, and zero in pure noise.
    """

    def langevin(score: Tensor, fresh: Tensor, here: Level, kept: float) -> Tensor:
        """Song et al. (2020), Algorithms 4 and 5."""
        lengths = _norm(fresh, norms) / _norm(score, norms)
        # Where the score vanishes there is nowhere to go.
        return (2 * kept**2 * (snr * lengths) ** 2).nan_to_num(0.0, posinf=0.0)

    def ald(score: Tensor, fresh: Tensor, here: Level, kept: float) -> float:
        """Song & Ermon (2019), Algorithm 1: in proportion to the noise's variance."""
        return float(2 * (kept * snr * here.sigma) ** 2)

    return langevin if corrector == "langevin" else ald


def _norm(x: Tensor, norms: Norms) -> Tensor:
    each: Tensor = torch.linalg.vector_norm(x, dim=tuple(range(1, x.ndim)), keepdim=True)
    return each.mean() if norms == "batch" else each
