"""The training loss, read from the same table of predictions as sampling."""

from collections.abc import Callable

from torch import Tensor

from .levels import Level
from .prediction import Prediction
from .schedules import NoiseSchedule

__all__ = ["denoising_loss"]


def denoising_loss(
    net: Callable[[Tensor, Tensor], Tensor],
    x0: Tensor,
    noise: Tensor,
    log_snr: Tensor,
    schedule: NoiseSchedule,
    prediction: Prediction,
    weighting: Callable[[Level, Prediction], Tensor],
) -> Tensor:
    """Mean weighted squared error of net(x, label [B]) at log_snr [B]; x0 and noise are [B, ...]."""
    level = schedule.path(log_snr)
    wide = Level(*(_like(part, x0) for part in level))
    x = wide.alpha * x0 + wide.sigma * noise
    out = net(x * _like(schedule.scale(level), x0), schedule.label(level).to(x0))
    error = (out - prediction.target(x0, noise, wide)) ** 2
    return (_like(weighting(level, prediction), x0) * error).mean()


def _like(value: Tensor | float, x: Tensor) -> Tensor:
    """A value a sample [B], in x's dtype and shaped to broadcast against x; a float as it is."""
    if not isinstance(value, Tensor):
        return x.new_tensor(value)
    return value.to(x).view(-1, *[1] * (x.ndim - 1))
