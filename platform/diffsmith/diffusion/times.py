"""Where in training time the loss looks: functions (uniform draws [B], schedule) -> log-SNRs [B]."""

from typing import Annotated

from pydantic import Field
from torch import Tensor

from .schedules import NoiseSchedule

__all__ = ["log_normal", "logit_normal", "uniform"]

Positive = Annotated[float, Field(gt=0)]


def uniform(draws: Tensor, schedule: NoiseSchedule) -> Tensor:
    """Every training time alike (Ho et al. 2020)."""
    return schedule.at(draws)


def logit_normal(draws: Tensor, schedule: NoiseSchedule, *, mean: float = 0.0, std: Positive = 1.0) -> Tensor:
    """Flow times whose logit is normal: most in the middle (Esser et al. 2024, section 3.1)."""
    return _normal(draws, schedule, -mean, std)


def log_normal(draws: Tensor, schedule: NoiseSchedule, *, mean: float = -1.2, std: Positive = 1.2) -> Tensor:
    """Noise levels sigma / alpha whose logarithm is normal (Karras et al. 2022, Table 1)."""
    return _normal(draws, schedule, -mean, std)


def _normal(draws: Tensor, schedule: NoiseSchedule, mean: float, std: float) -> Tensor:
    """Normal log-SNRs inside what the schedule covers; a flow time's logit is its negative log-SNR."""
    clean, noisy = schedule.ends()
    z = draws.double().clamp(1e-6, 1 - 1e-6)
    return (mean + std * _quantile(z)).clamp(noisy, clean)


def _quantile(draws: Tensor) -> Tensor:
    return (2 * draws - 1).erfinv() * 2**0.5
