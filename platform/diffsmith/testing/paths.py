"""A schedule for problems that have no network."""

from torch import Tensor

from ..diffusion.levels import Path
from ..diffusion.schedules import NoiseSchedule

__all__ = ["bare"]


def bare(path: Path) -> NoiseSchedule:
    """A schedule that is little more than a path: log-SNR falls evenly with time and is what is told."""
    return NoiseSchedule(path, _even, lambda level: level.log_snr)


def _even(time: Tensor) -> Tensor:
    return 10 - 20 * time
