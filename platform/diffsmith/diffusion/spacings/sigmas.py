"""Spacings by the size of the noise, between two ends.

sigma_min and sigma_max replace the ends of training; within "leading" or "trailing", the ends are the
first and the last level of that spacing (with its offset), as diffusers' schedulers in sigma have them.
"""

import torch
from torch import Tensor

from ..schedules import NoiseSchedule
from .ends import Offset, Positive, Range, Within, at_sigmas, ended

__all__ = ["beta", "exponential", "karras", "kl_optimal", "laplace", "polyexponential"]


def karras(
    schedule: NoiseSchedule,
    steps: int,
    *,
    rho: Positive = 7.0,
    sigma_min: Positive | None = None,
    sigma_max: Positive | None = None,
    within: Within = "training",
    offset: Offset = 0,
) -> Tensor:
    """Equal strides in sigma^(1/rho) (Karras et al. 2022, eq. 5)."""
    noisy, clean = Range.of(schedule, steps, sigma_min, sigma_max, within, offset)
    roots = torch.lerp(noisy ** (1 / rho), clean ** (1 / rho), _fractions(steps))
    return at_sigmas(schedule, roots**rho)


def exponential(
    schedule: NoiseSchedule,
    steps: int,
    *,
    sigma_min: Positive | None = None,
    sigma_max: Positive | None = None,
    within: Within = "training",
    offset: Offset = 0,
) -> Tensor:
    """Equal strides in log sigma, that is in log-SNR (Lu et al. 2022; Song et al. 2020 for VE).

    Also: uniform_log_snr, lu, lu_lambdas, geometric
    """
    noisy, clean = Range.of(schedule, steps, sigma_min, sigma_max, within, offset)
    return at_sigmas(schedule, torch.lerp(noisy.log(), clean.log(), _fractions(steps)).exp())


def polyexponential(
    schedule: NoiseSchedule,
    steps: int,
    *,
    rho: Positive = 1.0,
    sigma_min: Positive | None = None,
    sigma_max: Positive | None = None,
) -> Tensor:
    """Log sigma follows a power: above 1 more levels near the clean end (k-diffusion)."""
    noisy, clean = Range.of(schedule, steps, sigma_min, sigma_max)
    ramp = (1 - _fractions(steps)) ** rho
    return at_sigmas(schedule, torch.lerp(clean.log(), noisy.log(), ramp).exp())


def beta(  # noqa: PLR0913 — two ends, two shapes
    schedule: NoiseSchedule,
    steps: int,
    *,
    alpha: Positive = 0.6,
    beta: Positive = 0.6,
    sigma_min: Positive | None = None,
    sigma_max: Positive | None = None,
    within: Within = "training",
    offset: Offset = 0,
) -> Tensor:
    """Sigmas at the quantiles of a beta distribution: dense at both ends (Lee et al. 2024)."""
    from scipy.stats import beta as beta_distribution

    noisy, clean = Range.of(schedule, steps, sigma_min, sigma_max, within, offset)
    quantiles = beta_distribution.ppf(1 - _fractions(steps).numpy(), alpha, beta)
    return at_sigmas(schedule, torch.lerp(clean, noisy, torch.from_numpy(quantiles)))


def laplace(
    schedule: NoiseSchedule,
    steps: int,
    *,
    mu: float = 0.0,
    beta: Positive = 0.5,
    sigma_min: Positive | None = None,
    sigma_max: Positive | None = None,
) -> Tensor:
    """Log-SNRs at the quantiles of a Laplace distribution: dense around -mu (Hang et al. 2024; ComfyUI)."""
    x = _fractions(steps)
    spread = (0.5 - x).sign() * torch.log(1 - 2 * (0.5 - x).abs() + 1e-5)
    clean, noisy = schedule.ends()
    clean = clean if sigma_min is None else -clean.new_tensor(sigma_min).log()
    noisy = noisy if sigma_max is None else -noisy.new_tensor(sigma_max).log()
    log_snrs = (beta * spread - mu).clamp(noisy, clean)
    log_snrs[0] = noisy if noisy.isneginf() else log_snrs[0]
    return ended(log_snrs)


def kl_optimal(
    schedule: NoiseSchedule,
    steps: int,
    *,
    sigma_min: Positive | None = None,
    sigma_max: Positive | None = None,
) -> Tensor:
    """Equal strides in the arc tangent of sigma (Align Your Steps, Sabour et al. 2024, theorem 3.1)."""
    noisy, clean = Range.of(schedule, steps, sigma_min, sigma_max)
    sigmas = torch.lerp(noisy.atan(), clean.atan(), _fractions(steps)).tan()
    sigmas[0] = noisy  # to which the tangent only comes close
    return at_sigmas(schedule, sigmas)


def _fractions(steps: int) -> Tensor:
    return torch.linspace(0, 1, steps, dtype=torch.float64)
