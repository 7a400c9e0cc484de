"""What can be measured of a scheduler: its order of convergence, and how often it asks the network."""

import math
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from ..cards import SchedulerCard
from ..diffusion.estimates.stages import dpmpp_3s
from ..diffusion.levels import Level, Path, vp
from ..diffusion.noise import Seeded
from ..diffusion.trajectory import Frame, Trajectory, trajectory
from ..factory import scheduler
from ..options import options_model
from ..registry import Registry
from ..specs import SchedulerSpec, parse
from .mixture import three_blobs
from .paths import bare

__all__ = ["evaluations", "order_of_convergence", "without_noise"]

_COARSE, _FINE, _TRUE = 20, 80, 800
_AMOUNTS = ("eta", "tau")


def order_of_convergence(loop: Trajectory, path: Path = vp) -> float:
    """The slope of log error over log steps, between 20 and 80 steps on a Gaussian mixture.

    Measured from log-SNR -2 to 2, where the way is smooth and no last jump to no noise hides the error.
    """
    true, _ = _arrived(_exact, path, _TRUE)
    errors = [float((_arrived(loop, path, steps)[0] - true).norm()) for steps in (_COARSE, _FINE)]
    return math.log(errors[0] / errors[1], _FINE / _COARSE)


def without_noise(card: SchedulerCard, registry: Registry) -> Trajectory:
    """The scheduler with its own noise turned off, where an option does that."""
    card_of_noise = card if card.ref else registry.get("renoise", card.renoise)
    known = options_model(card_of_noise.function).model_fields
    quiet = {name: 0.0 for name in _AMOUNTS if name in known}
    return scheduler(parse(SchedulerSpec, {"name": card.name, **quiet}), registry)


def evaluations(loop: Trajectory, path: Path = vp) -> float:
    """Calls of the network a step, over 20 steps."""
    _, calls = _arrived(loop, path, _COARSE)
    return calls / _COARSE


def _arrived(loop: Trajectory, path: Path, steps: int) -> tuple[Tensor, int]:
    """x at the end, and the number of calls."""
    log_snrs = torch.linspace(-2, 2, steps + 1, dtype=torch.float64)
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(8, 2, generator=generator, dtype=torch.float64) * path(-2.0).sigma
    mixture, asked = three_blobs(), 0

    def denoise(x: Tensor, level: Level) -> Tensor:
        nonlocal asked
        asked += 1
        return mixture.denoise(x, level)

    *_, last = loop(denoise, x, bare(path), log_snrs, Seeded(range(8)))
    size = path(last.level.log_snr).sigma / last.level.sigma
    return last.x * size, asked


def _exact(*walk: Any) -> Iterator[Frame]:
    return trajectory(*walk, estimate=dpmpp_3s)
