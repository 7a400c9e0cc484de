"""Walking a model on another path than its own: the same levels, x of another size."""

from collections.abc import Iterator
from functools import partial

from torch import Tensor

from .denoiser import Denoise
from .levels import Level, Path, flow, ve
from .noise import Noise
from .schedules import NoiseSchedule
from .trajectory import Frame, Trajectory

__all__ = ["in_sigma", "moved_to", "sigma_path"]


def in_sigma(loop: Trajectory) -> Trajectory:
    """Walk where dx / dsigma is (x - x0) / sigma, as solvers that follow this slope must.

    That holds on VE and on flow; any other path is walked as VE, or as flow where it begins in pure
    noise, which on VE is infinitely far away.
    """
    return partial(_in_sigma, loop)


def _in_sigma(
    loop: Trajectory,
    denoise: Denoise,
    x: Tensor | Frame,
    schedule: NoiseSchedule,
    log_snrs: Tensor,
    noise: Noise,
) -> Iterator[Frame]:
    path = sigma_path(schedule, log_snrs)
    if path is not schedule.path and not isinstance(x, Frame):
        x = moved_to(path, x, schedule.path(log_snrs[0].item()))
    return loop(denoise, x, schedule._replace(path=path), log_snrs, noise)


def sigma_path(schedule: NoiseSchedule, log_snrs: Tensor) -> Path:
    """The path that `in_sigma` walks."""
    if schedule.path in (ve, flow):
        return schedule.path
    return flow if log_snrs[0].isneginf() else ve


def moved_to(path: Path, x: Tensor, level: Level) -> Tensor:
    """x, which is at `level`, as it is on that path."""
    there = path(level.log_snr)
    size = there.alpha / level.alpha if level.sigma == 0 else there.sigma / level.sigma
    return x if abs(size - 1) < 1e-12 else x * size
