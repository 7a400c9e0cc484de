"""Where a walk begins: in noise, or part of the way along with a picture under it."""

import math

from torch import Tensor

from .levels import Level, blend
from .scalars import sqrt

__all__ = ["cut", "noised", "pure"]


def pure(noise: Tensor, level: Level) -> Tensor:
    """Unit noise as large as data of unit variance would be at that level."""
    return noise.mul(sqrt(level.alpha**2 + level.sigma**2))


def noised(image: Tensor, noise: Tensor, level: Level) -> Tensor:
    """The image at that level: alpha * image + sigma * noise (SDEdit, Meng et al. 2022, Algorithm 1)."""
    return blend(level.alpha, image, level.sigma, noise)


def cut(log_snrs: Tensor, strength: float) -> Tensor:
    """The last floor(strength * steps) steps of the grid, as image-to-image pipelines count them."""
    steps = len(log_snrs) - 1
    kept = math.floor(strength * steps + 1e-9)  # 0.58 * 50 is a little less than 29
    return log_snrs[steps - kept :]
