"""Where a sampler's noise comes from."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from .levels import Level

__all__ = ["Noise", "seeded"]

Noise = Callable[[Tensor, Level, Level], Tensor]
"""(x, from, to) -> unit noise shaped like x; the levels serve noise that is a path, such as Brownian."""


def seeded(seeds: Sequence[int]) -> Noise:
    """Noise whose every sample depends on its own seed, not on the batch it is in."""
    generators = [torch.Generator().manual_seed(seed) for seed in seeds]

    def noise(x: Tensor, here: Level, there: Level) -> Tensor:
        draws = [torch.randn(x.shape[1:], generator=g, dtype=x.dtype) for g in generators]
        return torch.stack(draws).to(x.device)

    return noise
