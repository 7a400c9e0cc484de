"""Which rows a step sees, and its randomness: functions of the seed and the step alone.

Nothing is carried from step to step, so a resumed run needs no random state to go on exactly.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache

import torch
from torch import Tensor

__all__ = ["rows_of", "seeded_step"]


def rows_of(batch_number: int, batch: int, rows: int, seed: int) -> Tensor:
    """The row numbers [batch] of one batch out of an endless stream of shuffled epochs."""
    first = batch_number * batch
    epochs = range(first // rows, (first + batch - 1) // rows + 1)
    stream = torch.cat([_shuffled(rows, seed, epoch) for epoch in epochs])
    start = first - epochs[0] * rows
    return stream[start : start + batch]


@contextmanager
def seeded_step(seed: int, number: int) -> Iterator[None]:
    """Inside, torch's random numbers depend on the seed and the number only; outside nothing changes."""
    with torch.random.fork_rng(devices=_accelerators()):
        torch.manual_seed(_mixed(seed, number))
        yield


@lru_cache(maxsize=4)
def _shuffled(rows: int, seed: int, epoch: int) -> Tensor:
    generator = torch.Generator().manual_seed(_mixed(seed, epoch))
    return torch.randperm(rows, generator=generator)


def _mixed(seed: int, number: int) -> int:
    return (seed * 0x9E3779B97F4A7C15 + number) % 2**63


def _accelerators() -> list[int]:
    return list(range(torch.cuda.device_count()))
