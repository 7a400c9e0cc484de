"""Beta tables of variance-preserving training: the published discrete noise schedules."""

import math
from collections.abc import Callable

import torch
from torch import Tensor

__all__ = ["BETAS", "cosine", "linear", "log_snrs", "scaled_linear", "sigmoid"]


def linear(steps: int, start: float = 1e-4, end: float = 0.02) -> Tensor:
    """Betas in equal steps (Ho et al. 2020, section 4)."""
    return torch.linspace(start, end, steps, dtype=torch.float64)


def scaled_linear(steps: int, start: float = 0.00085, end: float = 0.012) -> Tensor:
    """Square roots of the betas in equal steps (Rombach et al. 2022; Stable Diffusion)."""
    return torch.linspace(math.sqrt(start), math.sqrt(end), steps, dtype=torch.float64) ** 2


def sigmoid(steps: int, start: float = 1e-4, end: float = 0.02) -> Tensor:
    """Betas along a logistic curve over [-6, 6] (GeoDiff, Xu et al. 2022)."""
    return torch.linspace(-6, 6, steps, dtype=torch.float64).sigmoid() * (end - start) + start


def cosine(steps: int, start: float = 0.0, end: float = 0.999) -> Tensor:
    """Alpha-bar follows a squared cosine; betas are capped at `end` (Nichol & Dhariwal 2021, eq. 17)."""
    t = torch.arange(steps + 1, dtype=torch.float64) / steps
    alpha_bar = torch.cos((t + 0.008) / 1.008 * math.pi / 2) ** 2
    return (1 - alpha_bar[1:] / alpha_bar[:-1]).clamp(start, end)


BETAS: dict[str, Callable[..., Tensor]] = {
    "linear": linear,
    "scaled_linear": scaled_linear,
    "cosine": cosine,
    "sigmoid": sigmoid,
}


def log_snrs(betas: Tensor) -> Tensor:
    """The log-SNR at each training timestep, from the cumulative product of 1 - beta."""
    alpha_bar = torch.cumprod(1 - betas, 0)
    return (alpha_bar.log() - torch.log1p(-alpha_bar)) / 2
