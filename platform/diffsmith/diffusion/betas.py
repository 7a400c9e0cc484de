"""Beta tables of variance-preserving training: the published discrete noise schedules."""

import math
from collections.abc import Callable

import torch
from torch import Tensor

__all__ = [
    "BETAS",
    "alpha_bars",
    "cosine",
    "exp",
    "laplace",
    "linear",
    "log_snrs",
    "scaled_linear",
    "sigmoid",
    "zero_terminal",
]


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
    return _along(lambda t: torch.cos((t + 0.008) / 1.008 * math.pi / 2) ** 2, steps, start, end)


def exp(steps: int, start: float = 0.0, end: float = 0.999) -> Tensor:
    """Alpha-bar is e to the -12 t: one and the same beta at every step (Shap-E, Jun & Nichol 2023)."""
    return _along(lambda t: torch.exp(-12 * t), steps, start, end)


def laplace(steps: int, start: float = 0.0, end: float = 0.999) -> Tensor:
    """Log-SNRs at the quantiles of a Laplace distribution (Hang et al. 2024), as diffusers' DDPM has it."""

    def alpha_bar(t: Tensor) -> Tensor:
        side = torch.where(t <= 0.5, 1.0, -1.0)
        log_snr = -0.5 * side * torch.log(1 - 2 * (0.5 - t).abs() + 1e-6)
        return log_snr.sigmoid().sqrt()

    return _along(alpha_bar, steps, start, end)


BETAS: dict[str, Callable[..., Tensor]] = {
    "linear": linear,
    "scaled_linear": scaled_linear,
    "cosine": cosine,
    "sigmoid": sigmoid,
    "exp": exp,
    "laplace": laplace,
}


def alpha_bars(betas: Tensor) -> Tensor:
    """How much of the signal's variance is left at each training timestep."""
    return torch.cumprod(1 - betas, 0)


def zero_terminal(alpha_bar: Tensor) -> Tensor:
    """The table moved so that nothing of the signal is left at its end (Lin et al. 2024, Algorithm 1)."""
    roots = alpha_bar.sqrt()
    return ((roots - roots[-1]) * (roots[0] / (roots[0] - roots[-1]))) ** 2


def log_snrs(alpha_bar: Tensor) -> Tensor:
    """The log-SNR at each training timestep."""
    return (alpha_bar.log() - torch.log1p(-alpha_bar)) / 2


def _along(alpha_bar: Callable[[Tensor], Tensor], steps: int, start: float, end: float) -> Tensor:
    at = alpha_bar(torch.arange(steps + 1, dtype=torch.float64) / steps)
    return (1 - at[1:] / at[:-1]).clamp(start, end)
