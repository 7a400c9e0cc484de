"""Noise that is one Brownian path, so that more steps refine the same sample."""

from collections.abc import Callable, Sequence
from math import sqrt

import torch
from torch import Tensor

from .levels import Level, flow
from .noise import Seeded

__all__ = ["Brownian"]

_DIGITS = 6  # to which the tree rounds times
_RESOLUTION = 2e-6


class Brownian:
    """A path W for each sample, from its own seed, over the levels of a walk; its time is sigma / alpha.

    The unit noise between two levels is (W(to) - W(from)) / sqrt(|to - from|), equal to k-diffusion's and
    diffusers' BrownianTreeNoiseSampler with these seeds. Where a walk begins in pure noise, time is flow
    time. Beyond the ends of the walk, and between equal levels, the noise is plain; `drawn` counts that.
    """

    def __init__(self, seeds: Sequence[int], log_snrs: Tensor, drawn: int = 0) -> None:
        self._seeds, self._plain = list(seeds), Seeded(seeds, drawn)
        self._in_flow = bool(log_snrs[0].isneginf())
        noisy = [log_snr for log_snr in log_snrs.tolist() if log_snr != torch.inf]
        times = [self._time(flow(log_snr)) for log_snr in noisy]
        self._ends = min(times, default=0.0), max(times, default=0.0)
        self._trees: list[Callable[[float, float], Tensor]] = []

    @property
    def drawn(self) -> int:
        """How often plain noise was drawn; the path needs no count."""
        return self._plain.drawn

    def __call__(self, x: Tensor, here: Level, there: Level) -> Tensor:
        """Unit noise for each sample of x [B, ...], the path's from here to there."""
        start, end = (_within(self._ends, self._time(level)) for level in (here, there))
        if abs(end - start) < _RESOLUTION:
            return self._plain(x, here, there)
        if not self._trees:
            self._trees = _planted(self._seeds, self._ends, x)
        # The tree rounds its ends, and warns of what then lies beyond them.
        ends = round(self._ends[0], _DIGITS), round(self._ends[1], _DIGITS)
        low, high = (_within(ends, time) for time in sorted((start, end)))
        walked = torch.stack([tree(low, high) for tree in self._trees])
        return walked.div_((1 if end > start else -1) * sqrt(abs(end - start))).to(x)

    def _time(self, level: Level) -> float:
        return float(flow(level.log_snr).sigma if self._in_flow else level.ratio)


def _planted(
    seeds: Sequence[int], ends: tuple[float, float], x: Tensor
) -> list[Callable[[float, float], Tensor]]:
    """A tree a seed; on the CPU, so that every device draws the same."""
    from torchsde import BrownianTree  # type: ignore[import-untyped]

    origin = torch.zeros(x.shape[1:], dtype=x.dtype if x.dtype == torch.float64 else torch.float32)
    return [BrownianTree(ends[0], origin, ends[1], entropy=seed) for seed in seeds]


def _within(ends: tuple[float, float], time: float) -> float:
    return min(max(time, ends[0]), ends[1])
