"""Distances between the samples and real data: 0 where both are one distribution."""

from typing import Annotated

import torch
from pydantic import Field
from torch import Tensor

from .compared import features, numbers
from .reference import Reference

__all__ = ["frechet", "kid", "sliced_wasserstein"]


def frechet(samples: Tensor, reference: Reference) -> float:
    """Distance of the Gaussians through both sets of features (Heusel et al. 2017, there called FID).

    Also: frechet_distance, fd
    """
    ours, real = features(samples, reference)
    apart = (ours.mean(0) - real.mean(0)).square().sum()
    a, b = torch.cov(ours.T), torch.cov(real.T)
    root = _root(a)
    overlap = torch.linalg.eigvalsh(root @ b @ root).clamp(min=0).sqrt().sum()
    return max(0.0, float(apart + a.trace() + b.trace() - 2 * overlap))


def kid(samples: Tensor, reference: Reference) -> float:
    """Squared MMD of the features under a cubic kernel, unbiased: may be negative (Binkowski et al. 2018).

    Also: kernel_distance
    """
    ours, real = features(samples, reference)
    return _mean_within(ours) + _mean_within(real) - 2 * _kernel_sum(ours, real) / (len(ours) * len(real))


def sliced_wasserstein(
    samples: Tensor, reference: Reference, *, projections: Annotated[int, Field(ge=1, le=65_536)] = 256
) -> float:
    """Wasserstein-2 distance of the numbers along random lines, root mean square (Bonneel et al. 2015).

    Also: swd
    """
    ours, real = numbers(samples, reference)
    generator = torch.Generator().manual_seed(0)
    lines = torch.randn(ours.shape[1], projections, generator=generator, dtype=ours.dtype)
    lines /= lines.norm(dim=0)
    count = min(len(ours), len(real))
    a, b = ((_some(rows, count) @ lines).sort(0).values for rows in (ours, real))
    return float((a - b).square().mean().sqrt())


def _root(symmetric: Tensor) -> Tensor:
    values, vectors = torch.linalg.eigh(symmetric)
    root: Tensor = vectors * values.clamp(min=0).sqrt() @ vectors.T
    return root


def _mean_within(x: Tensor) -> float:
    """The kernel's mean over all pairs of two different rows."""
    alone = (x.square().mean(1) + 1) ** 3
    return (_kernel_sum(x, x) - float(alone.sum())) / (len(x) * (len(x) - 1))


def _kernel_sum(x: Tensor, y: Tensor) -> float:
    return sum((float(((part @ y.T / y.shape[1] + 1) ** 3).sum()) for part in torch.split(x, 1024)), 0.0)


def _some(rows: Tensor, count: int) -> Tensor:
    """As many rows, chosen by a fixed seed."""
    return rows[torch.randperm(len(rows), generator=torch.Generator().manual_seed(0))[:count]]
