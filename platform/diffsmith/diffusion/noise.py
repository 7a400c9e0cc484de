"""Where a sampler's noise comes from."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from .levels import Level

__all__ = ["Noise", "Seeded", "brownian", "seeded"]

Noise = Callable[[Tensor, Level, Level], Tensor]
"""(x, from, to) -> unit noise shaped like x; the levels serve noise that is a path, such as Brownian."""


def seeded(seeds: Sequence[int], log_snrs: Tensor, drawn: int = 0) -> Noise:
    """Plain normal noise, one generator a sample."""
    return Seeded(seeds, drawn)


def brownian(seeds: Sequence[int], log_snrs: Tensor, drawn: int = 0) -> Noise:
    """Increments of one Brownian path a sample: more steps refine the same picture (torchsde).

    Also: brownian_tree, BrownianTreeNoiseSampler
    """
    from .brownian import Brownian

    return Brownian(seeds, log_snrs, drawn)


class Seeded:
    """Noise whose every sample depends on its own seed, not on the batch it is in.

    `drawn` counts; given at the start, it goes on where an earlier walk stopped.
    """

    def __init__(self, seeds: Sequence[int], drawn: int = 0) -> None:
        self._generators = [torch.Generator().manual_seed(seed) for seed in seeds]
        self._behind, self.drawn = drawn, drawn

    def __call__(self, x: Tensor, here: Level, there: Level) -> Tensor:
        """Unit noise for each sample of x [B, ...], from its own seed."""
        while self._behind:
            self._draw(x)
            self._behind -= 1
        self.drawn += 1
        return self._draw(x)

    def _draw(self, x: Tensor) -> Tensor:
        if len(self._generators) == 1:
            alone = (1, *x.shape[1:])
            return torch.randn(alone, generator=self._generators[0], dtype=x.dtype).to(x.device)
        draws = [torch.randn(x.shape[1:], generator=g, dtype=x.dtype) for g in self._generators]
        return torch.stack(draws).to(x.device)
