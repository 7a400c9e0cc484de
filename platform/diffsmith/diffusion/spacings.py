"""Which noise levels a sampler visits: functions (schedule, steps) -> log-SNRs [steps + 1], noise to clean.

They know nothing of solvers, so every spacing works with every one. All end at +inf: no noise is left.
"""

from typing import Annotated, Literal

import numpy as np
import torch
from pydantic import Field
from torch import Tensor

from .levels import ve
from .schedules import NoiseSchedule

__all__ = [
    "beta",
    "explicit_log_snrs",
    "explicit_sigmas",
    "explicit_timesteps",
    "exponential",
    "karras",
    "leading",
    "linspace",
    "quadratic",
    "shifted",
    "trailing",
]

Positive = Annotated[float, Field(gt=0)]
Listed = Annotated[tuple[float, ...], Field(min_length=1)]
Final = Literal["zero", "listed"]


def leading(schedule: NoiseSchedule, steps: int, *, offset: Annotated[int, Field(ge=0)] = 0) -> Tensor:
    """Every k-th training timestep, counted from the clean end (DDIM, Song et al. 2021)."""
    stride = schedule.timesteps // steps
    timesteps = torch.arange(steps - 1, -1, -1) * stride + offset
    return _at_timesteps(schedule, timesteps.clamp(max=schedule.timesteps - 1))


def trailing(schedule: NoiseSchedule, steps: int) -> Tensor:
    """Every k-th training timestep, counted from the noisy end, which it includes (Lin et al. 2024)."""
    # numpy's stepping, and so its rounding of halves, is what published samplers were run with.
    counts = np.arange(schedule.timesteps, 0, -schedule.timesteps / steps)[:steps]
    return _at_timesteps(schedule, torch.from_numpy(counts.round() - 1))


def linspace(schedule: NoiseSchedule, steps: int, *, whole: bool = False) -> Tensor:
    """Equal strides from the last training timestep to the first; `whole` rounds to whole timesteps."""
    timesteps = torch.linspace(schedule.timesteps - 1, 0, steps, dtype=torch.float64)
    return _at_timesteps(schedule, timesteps.round() if whole else timesteps)


def quadratic(schedule: NoiseSchedule, steps: int) -> Tensor:
    """Timesteps grow with the square of the count: many near the clean end (Song et al. 2021, D.2)."""
    roots = torch.linspace(1, 0, steps, dtype=torch.float64)
    return _at_timesteps(schedule, roots**2 * (schedule.timesteps - 1))


def karras(schedule: NoiseSchedule, steps: int, *, rho: Positive = 7.0) -> Tensor:
    """Equal strides in sigma^(1/rho) (Karras et al. 2022, eq. 5)."""
    noisy, clean = _ends(schedule)
    roots = torch.lerp(noisy ** (1 / rho), clean ** (1 / rho), _fractions(steps))
    return _at_sigmas(schedule, roots**rho)


def exponential(schedule: NoiseSchedule, steps: int) -> Tensor:
    """Equal strides in log sigma, that is in log-SNR (Lu et al. 2022).

    Also: uniform_log_snr
    """
    noisy, clean = _ends(schedule)
    return _at_sigmas(schedule, torch.lerp(noisy.log(), clean.log(), _fractions(steps)).exp())


def beta(schedule: NoiseSchedule, steps: int, *, alpha: Positive = 0.6, beta: Positive = 0.6) -> Tensor:
    """Sigmas at the quantiles of a beta distribution: dense at both ends (Lee et al. 2024)."""
    from scipy.stats import beta as beta_distribution

    noisy, clean = _ends(schedule)
    quantiles = beta_distribution.ppf(1 - _fractions(steps).numpy(), alpha, beta)
    return _at_sigmas(schedule, torch.lerp(clean, noisy, torch.from_numpy(quantiles)))


def shifted(schedule: NoiseSchedule, steps: int, *, shift: Positive = 3.0) -> Tensor:
    """Equal flow times, pushed to the schedule's noisy end by `shift` (Esser et al. 2024, eq. 23)."""
    noisiest = (-schedule.ends()[1]).sigmoid()
    time = torch.linspace(1, 1 / steps, steps, dtype=torch.float64)
    return _ended(_log_snr_of_flow(noisiest * shift * time / (1 + (shift - 1) * time)))


def explicit_timesteps(schedule: NoiseSchedule, steps: int, *, timesteps: Listed) -> Tensor:
    """Exactly the training timesteps given, noisiest first; their count decides, not `steps`."""
    return _at_timesteps(schedule, torch.tensor(timesteps, dtype=torch.float64))


def explicit_sigmas(schedule: NoiseSchedule, steps: int, *, sigmas: Listed, final: Final = "zero") -> Tensor:
    """Exactly the noise levels sigma / alpha given, noisiest first; a final 0 may be left out.

    final: "listed" ends at the last one given, with noise left.
    """
    log_snrs = -torch.tensor(sigmas, dtype=torch.float64).log()
    return log_snrs if final == "listed" else _ended(log_snrs)


def explicit_log_snrs(
    schedule: NoiseSchedule, steps: int, *, log_snrs: Listed, final: Final = "zero"
) -> Tensor:
    """Exactly the log-SNRs given, noisiest first; their count decides, not `steps`.

    final: "listed" ends at the last one given, with noise left.
    """
    listed = torch.tensor(log_snrs, dtype=torch.float64)
    return listed if final == "listed" else _ended(listed)


def _at_timesteps(schedule: NoiseSchedule, timesteps: Tensor) -> Tensor:
    return _ended(schedule.at(timesteps.to(torch.float64) / (schedule.timesteps - 1)))


def _ended(log_snrs: Tensor) -> Tensor:
    """The levels, and after them no noise at all."""
    if log_snrs[-1].isposinf():
        return log_snrs
    return torch.cat([log_snrs, log_snrs.new_tensor([torch.inf])])


def _fractions(steps: int) -> Tensor:
    return torch.linspace(0, 1, steps, dtype=torch.float64)


def _from_pure_noise(schedule: NoiseSchedule) -> bool:
    return bool(schedule.ends()[1].isneginf())


def _ends(schedule: NoiseSchedule) -> tuple[Tensor, Tensor]:
    """Noisiest and cleanest sigma: sigma / alpha, or the flow time where that would be infinite."""
    clean, noisy = schedule.ends()
    if _from_pure_noise(schedule):
        return (-noisy).sigmoid(), (-clean).sigmoid()
    return ve(noisy).sigma, ve(clean).sigma


def _at_sigmas(schedule: NoiseSchedule, sigmas: Tensor) -> Tensor:
    return _ended(_log_snr_of_flow(sigmas) if _from_pure_noise(schedule) else -sigmas.log())


def _log_snr_of_flow(time: Tensor) -> Tensor:
    return torch.log1p(-time) - time.log()
