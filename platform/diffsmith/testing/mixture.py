"""A diffusion problem with a known answer: a Gaussian mixture and its exact denoiser."""

import math
from typing import NamedTuple

import torch
from torch import Tensor

from ..diffusion.levels import Level

__all__ = ["GaussianMixture", "three_blobs"]


class GaussianMixture(NamedTuple):
    """Round Gaussians in D dimensions: what a sampler should arrive at, and the best answer on the way.

    means [K, D], stds [K], weights [K] summing to one; the dtype of `means` is the dtype of the problem.
    """

    means: Tensor
    stds: Tensor
    weights: Tensor

    def denoise(self, x: Tensor, level: Level) -> Tensor:
        """E[x0 | x] for x [..., D] at a level of any path, 0-dim or [..., 1]; exact."""
        alpha, sigma = (torch.as_tensor(part, dtype=self.means.dtype) for part in level)
        variance = alpha**2 * self.stds**2 + sigma**2
        away = x[..., None, :] - alpha[..., None] * self.means
        answers = self.means + (alpha * self.stds**2 / variance)[..., None] * away
        log_density = -away.square().sum(-1) / (2 * variance) - self.means.shape[-1] / 2 * variance.log()
        shares = (self.weights.log() + log_density).softmax(-1)
        return (shares[..., None] * answers).sum(-2)

    def sample(self, n: int, generator: torch.Generator) -> Tensor:
        """Clean samples [n, D]."""
        k = torch.multinomial(self.weights, n, replacement=True, generator=generator)
        noise = torch.randn(n, self.means.shape[-1], generator=generator, dtype=self.means.dtype)
        return self.means[k] + self.stds[k, None] * noise


def three_blobs() -> GaussianMixture:
    """Three unequal components in the plane, float64."""
    angles = torch.tensor([0, 2, 4], dtype=torch.float64) * math.pi / 3
    means = torch.stack([angles.cos(), angles.sin()], -1)
    return GaussianMixture(means, means.new_tensor([0.2, 0.3, 0.4]), means.new_tensor([0.5, 0.3, 0.2]))
