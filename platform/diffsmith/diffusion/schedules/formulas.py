"""Schedules that are a formula of the training time."""

import math
from collections.abc import Callable
from functools import partial
from typing import Annotated, Literal, NamedTuple

import torch
from pydantic import Field
from torch import Tensor

from .. import levels
from ..levels import Level
from ..scalars import Number, exp, log, sqrt
from .schedule import NoiseSchedule, whole

__all__ = ["angle", "cosine", "edm", "flow", "sub_vp_sde", "ve", "vp_sde"]

Positive = Annotated[float, Field(gt=0)]
Share = Annotated[float, Field(gt=0, lt=1)]
Count = Annotated[int, Field(ge=2)]


def flow(
    *,
    shift: Positive = 1.0,
    timesteps: Count = 1000,
    label: Literal["exact", "rounded", "floored", "inverted"] = "exact",
) -> NoiseSchedule:
    """Straight flow; the network is told timesteps * sigma (Esser et al. 2024, section 3.1).

    label: "inverted" tells timesteps * alpha, as Mochi is told.
    """

    def at(time: Tensor) -> Tensor:
        sigma = (1 + time.to(torch.float64) * (timesteps - 1)) / timesteps
        sigma = shift * sigma / (1 + (shift - 1) * sigma)
        return torch.log1p(-sigma) - sigma.log()

    def told(level: Level) -> Number:
        if label == "inverted":
            return timesteps * level.alpha
        return whole(timesteps * level.sigma, label)

    return NoiseSchedule(levels.flow, at, told, timesteps=timesteps)


def ve(
    *,
    sigma_min: Positive = 0.01,
    sigma_max: Positive = 50.0,
    timesteps: Count = 1000,
    label: Literal["log_sigma", "sigma", "log_half_sigma"] = "log_sigma",
) -> NoiseSchedule:
    """Variance exploding, geometric sigmas; the network is told log sigma / 4 (Song et al. 2020).

    label: "log_half_sigma" tells log(sigma / 2), the log of sigma where pictures lie in [0, 1].
    """
    curve = partial(_geometric, sigma_min, sigma_max)
    return NoiseSchedule(levels.ve, curve, _SIGMA_TOLD[label], timesteps=timesteps)


_SIGMA_TOLD: dict[str, Callable[[Level], Number]] = {
    "log_sigma": lambda level: log(level.sigma) / 4,
    "sigma": lambda level: level.sigma,
    "log_half_sigma": lambda level: log(level.sigma / 2),
}


def edm(
    *,
    sigma_min: Positive = 0.002,
    sigma_max: Positive = 80.0,
    sigma_data: Positive = 0.5,
    rho: Positive | None = None,
    timesteps: Count = 1000,
    label_scale: Positive = 1.0,
) -> NoiseSchedule:
    """Variance exploding with unit-variance input (Karras et al. 2022, Table 1).

    rho: training times lie evenly in sigma^(1/rho), as consistency models have them; in log sigma without
    it. label_scale: the network is told this times log sigma / 4.
    """
    curve = partial(_geometric, sigma_min, sigma_max)
    return NoiseSchedule(
        levels.ve,
        partial(_rooted, sigma_min, sigma_max, rho) if rho else curve,
        label=lambda level: label_scale * log(level.sigma) / 4,
        scale=lambda level: (level.sigma**2 + sigma_data**2) ** -0.5,
        timesteps=timesteps,
    )


def vp_sde(
    *,
    beta_min: Positive = 0.1,
    beta_max: Positive = 20.0,
    eps: Share = 1e-3,
    timesteps: Count = 1000,
    label_scale: Positive = 999.0,
) -> NoiseSchedule:
    """Variance preserving in continuous time, betas growing linearly (Song et al. 2020, eq. 32).

    eps: the time of the clean end. label_scale: the network is told this times the time.
    """
    grown = _Grown(beta_min, beta_max)

    def at(time: Tensor) -> Tensor:
        lost = grown.lost(eps + time.to(torch.float64) * (1 - eps))
        return -torch.log(torch.expm1(2 * lost)) / 2

    return NoiseSchedule(levels.vp, at, partial(grown.label, label_scale), timesteps=timesteps)


def sub_vp_sde(
    *,
    beta_min: Positive = 0.1,
    beta_max: Positive = 20.0,
    eps: Share = 1e-3,
    timesteps: Count = 1000,
    label_scale: Positive = 999.0,
) -> NoiseSchedule:
    """As vp_sde with less noise on the way: sigma = 1 - alpha^2 (Song et al. 2020, eq. 29)."""
    grown = _Grown(beta_min, beta_max)

    def at(time: Tensor) -> Tensor:
        lost = grown.lost(eps + time.to(torch.float64) * (1 - eps))
        log_snr: Tensor = -lost - torch.log(-torch.expm1(-2 * lost))
        return log_snr

    return NoiseSchedule(_sub_vp, at, partial(grown.label, label_scale), timesteps=timesteps)


def cosine(
    *, s: Positive = 0.008, scaler: Positive = 1.0, least: Share = 1e-4, timesteps: Count = 1000
) -> NoiseSchedule:
    """A squared cosine in continuous time, told in [0, 1] (Wuerstchen, Pernias et al. 2023).

    scaler: bends the time. least: what is left of the signal at one end and of the noise at the other.
    """
    first = math.cos(s / (1 + s) * math.pi / 2)

    def at(time: Tensor) -> Tensor:
        t = time.to(torch.float64)
        t = t**scaler if scaler < 1 else 1 - (1 - t) ** scaler
        alpha_bar = (torch.cos((t + s) / (1 + s) * math.pi / 2) / first) ** 2
        return torch.logit(alpha_bar.clamp(least, 1 - least)) / 2

    @_of_any_number
    def time(log_snr: Tensor) -> Tensor:
        alpha_bar = (2 * log_snr).sigmoid()
        t = (first * alpha_bar.sqrt()).acos() * 2 / math.pi * (1 + s) - s
        t = t ** (1 / scaler) if scaler < 1 else 1 - (1 - t) ** (1 / scaler)
        # Many times share the level at either end; of these the network is told the outermost.
        t = torch.where(alpha_bar < least * (1 + _CLOSE), 1.0, t)
        return torch.where(1 - alpha_bar < least * (1 + _CLOSE), 0.0, t)

    return NoiseSchedule(levels.vp, at, lambda level: time(level.log_snr), timesteps=timesteps)


def angle(*, timesteps: Count = 1000) -> NoiseSchedule:
    """A quarter of a circle from data to noise; told the share of it (v-diffusion; Dance Diffusion)."""

    def at(time: Tensor) -> Tensor:
        share = (1 + time.to(torch.float64) * (timesteps - 1)) / timesteps
        log_snr = -torch.log(torch.tan(share * math.pi / 2))
        return torch.where(share == 1, -torch.inf, log_snr)

    @_of_any_number
    def share(log_snr: Tensor) -> Tensor:
        return (-log_snr).exp().atan() * 2 / math.pi

    return NoiseSchedule(levels.vp, at, lambda level: share(level.log_snr), timesteps=timesteps)


_CLOSE = 1e-9


def _geometric(sigma_min: float, sigma_max: float, time: Tensor) -> Tensor:
    low, high = torch.tensor([sigma_min, sigma_max], dtype=torch.float64).log()
    return -torch.lerp(low, high, time.to(torch.float64))


def _rooted(sigma_min: float, sigma_max: float, rho: float, time: Tensor) -> Tensor:
    low, high = torch.tensor([sigma_min, sigma_max], dtype=torch.float64) ** (1 / rho)
    return -rho * torch.lerp(low, high, time.to(torch.float64)).log()


class _Grown(NamedTuple):
    """Betas that grow linearly from time 0 to 1."""

    beta_min: float
    beta_max: float

    def lost(self, time: Number) -> Number:
        """Minus log alpha: half the beta that has gathered by then."""
        return time**2 * (self.beta_max - self.beta_min) / 4 + time * self.beta_min / 2

    def label(self, scale: float, level: Level) -> Number:
        """What is told: the time at which this much is lost, at most 1."""
        return _of_any_number(self._time)(level.alpha) * scale

    def _time(self, alpha: Tensor) -> Tensor:
        lost = (-alpha.log()).clamp(0, self.lost(1.0))
        root = (self.beta_min**2 + 4 * (self.beta_max - self.beta_min) * lost).sqrt()
        return 4 * lost / (self.beta_min + root)


def _sub_vp(log_snr: Number) -> Level:
    """alpha^2 + sigma = 1."""
    ratio, signal = exp(-log_snr), exp(log_snr)
    return Level(2 / (ratio + sqrt(ratio * ratio + 4)), 2 / (1 + sqrt(1 + 4 * signal * signal)))


def _of_any_number(function: Callable[[Tensor], Tensor]) -> Callable[[Number], Number]:
    """A function of tensors that takes a float, too, and then gives one."""

    def of(number: Number) -> Number:
        if isinstance(number, Tensor):
            return function(number)
        return function(torch.tensor(number, dtype=torch.float64)).item()

    return of
