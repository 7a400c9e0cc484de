"""Training timesteps by counting, noisiest first."""

import numpy as np
import torch
from torch import Tensor

__all__ = ["leading_counts", "linear_counts", "trailing_counts"]


def leading_counts(timesteps: int, steps: int, offset: int = 0, *, closed: bool = True) -> Tensor:
    """Every k-th of so many timesteps, from the clean end; the clean end itself only where it is closed."""
    stride = timesteps // (steps if closed else steps + 1)
    counts = torch.arange(steps - 1, -1, -1) if closed else torch.arange(steps, 0, -1)
    return counts * stride + offset


def trailing_counts(timesteps: int, steps: int, *, stride: float | None = None) -> Tensor:
    """Every k-th of so many timesteps, from the noisy end."""
    # numpy's stepping, and so its rounding of halves, is what published samplers were run with.
    counts = np.arange(timesteps, 0, -(stride or timesteps / steps))[:steps]
    return torch.from_numpy(counts.round() - 1)


def linear_counts(timesteps: int, steps: int, *, closed: bool = True) -> Tensor:
    """From the last timestep to the first in equal strides; the first itself only where it is closed."""
    if not closed:
        return torch.from_numpy(np.linspace(0, timesteps - 1, steps + 1)[:0:-1].copy())
    return torch.linspace(timesteps - 1, 0, steps, dtype=torch.float64)
