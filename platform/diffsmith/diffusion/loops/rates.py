"""How fast the levels of a schedule change with its training time."""

from collections.abc import Callable
from math import isfinite
from typing import NamedTuple

import torch
from torch import Tensor

from ...errors import SpecError
from ..levels import Level
from ..schedules import NoiseSchedule

__all__ = ["Rates", "rates", "require_signal"]


class Rates(NamedTuple):
    """The slopes of log alpha and of log sigma over training time, whose unit is the whole of training.

    The noise path is that of the SDE dx = f x dt + g dw with f = `log_alpha` (Song et al. 2020, eq. 5).
    """

    log_alpha: float
    log_sigma: float

    def variance(self, sigma: float) -> float:
        """g^2, the variance that a unit of time adds where there is that sigma."""
        return 2 * sigma**2 * (self.log_sigma - self.log_alpha)


def rates(schedule: NoiseSchedule, times: Tensor) -> list[Rates]:
    """The rates at training times [n] in [0, 1]; a SpecError where log-SNRs have no slope.

    By differences of sixth order, over time each taken into training from where it stands: what a schedule
    says beyond its ends means nothing. Log-SNRs bend within a share of the time itself, as its root and its
    logarithm do, so those strides are a share of it too.
    """
    into = torch.ones_like(times).copysign(0.5 - times)
    log_snr = _slopes(schedule.at, times, into * torch.where(times > _AT_ONCE, 4e-3 * times, 1e-5))
    of_log_snr = _slopes(lambda at: schedule.path(at).alpha.log(), schedule.at(times), 1e-2 * into)
    log_alpha = of_log_snr * log_snr
    if not log_alpha.isfinite().all():
        raise SpecError(["scheduler: it needs a schedule whose log-SNR has a slope over training time"])
    return [Rates(*pair) for pair in torch.stack([log_alpha, log_alpha - log_snr], 1).tolist()]


def _slopes(function: Callable[[Tensor], Tensor], at: Tensor, stride: Tensor) -> Tensor:
    return function(at[:, None] + stride[:, None] * torch.arange(len(_WEIGHTS))) @ _WEIGHTS / stride


def require_signal(first: Level, or_else: str = "") -> None:
    """Refuse to begin where there is no signal, or noise without bound: rates are infinite there."""
    if first.alpha == 0 or not isfinite(first.sigma):
        what = "this one has no step out of pure noise (alpha = 0)"
        raise SpecError([f"scheduler: {what}: {or_else}begin lower, as with the spacing explicit_sigmas"])


_AT_ONCE = 1e-9  # the clean end
_WEIGHTS = torch.tensor([-147, 360, -450, 400, -225, 72, -10], dtype=torch.float64) / 60
