"""Schedules that are a table of betas, one a training timestep."""

from collections.abc import Callable
from typing import Annotated, Literal

import torch
from pydantic import Field
from torch import Tensor

from .. import betas as beta_tables
from .. import levels
from ..levels import Level
from ..scalars import Number, exp, log
from .schedule import NoiseSchedule, line, whole

__all__ = ["vp"]

Share = Annotated[float, Field(gt=0, lt=1)]

TINY = 2.0**-24
"""float16's smallest number: the signal that diffusers' solvers leave where it should be zero."""


def vp(  # noqa: PLR0913 — each names a fact of the training, most are never given
    *,
    betas: Literal["linear", "scaled_linear", "cosine", "sigmoid", "exp", "laplace"] = "linear",
    start: Share | None = None,
    end: Share | None = None,
    timesteps: Annotated[int, Field(ge=2)] = 1000,
    trained_betas: Annotated[tuple[Share, ...], Field(min_length=2)] | None = None,
    terminal: Literal["trained", "zero", "tiny"] = "trained",
    interpolation: Literal["log_snr", "sigma"] = "log_snr",
    label: Literal["exact", "rounded", "floored", "log_sigma"] = "exact",
) -> NoiseSchedule:
    """Variance preserving over a table of betas; the network is told the timestep (Ho et al. 2020).

    start, end: the first and last beta. trained_betas: the whole table, in place of these. terminal: what
    is left of the signal at the end; "zero" nothing (Lin et al. 2024, Algorithm 1), "tiny" 2^-24.
    interpolation: what is straight between two timesteps. label: "log_sigma" tells log(sigma / alpha) / 4.
    """
    bounds = {name: value for name, value in (("start", start), ("end", end)) if value is not None}
    table = (
        torch.tensor(trained_betas, dtype=torch.float64)
        if trained_betas
        else beta_tables.BETAS[betas](timesteps, **bounds)
    )
    log_snrs = _terminated(beta_tables.alpha_bars(table), terminal)
    if terminal == "zero" and label == "log_sigma":
        raise ValueError("terminal 'zero' has no log sigma to tell: take terminal 'tiny', or another label")
    at, timestep = _between("signal" if terminal == "zero" else interpolation, log_snrs)
    return NoiseSchedule(
        levels.vp,
        at,
        (lambda level: -level.log_snr / 4)
        if label == "log_sigma"
        else (lambda level: whole(timestep(level), label)),
        timesteps=len(table),
    )


def _terminated(alpha_bar: Tensor, terminal: str) -> Tensor:
    if terminal != "trained":
        alpha_bar = beta_tables.zero_terminal(alpha_bar)
    if terminal == "tiny":
        # A table that comes so near to none already would else turn back to less noise.
        alpha_bar[-1] = min(TINY, alpha_bar[-2].item() / 2)
    return beta_tables.log_snrs(alpha_bar)


def _between(straight: str, log_snrs: Tensor) -> tuple[Callable[[Tensor], Tensor], Callable[[Level], Number]]:
    """(training time -> log-SNR, level -> timestep), both straight lines in that coordinate."""
    of_log_snr, to_log_snr = _COORDINATES[straight]
    known, index = of_log_snr(log_snrs), torch.arange(len(log_snrs), dtype=torch.float64)
    value, timestep, last = line(index, known), line(known, index), len(log_snrs) - 1
    return (
        lambda time: to_log_snr(value(time.to(torch.float64) * last)),
        lambda level: timestep(of_log_snr(level.log_snr)),
    )


_COORDINATES: dict[str, tuple[Callable[[Number], Number], Callable[[Number], Number]]] = {
    "log_snr": (lambda log_snr: -log_snr, lambda noisiness: -noisiness),
    "sigma": (lambda log_snr: exp(-log_snr), lambda sigma: -log(sigma)),
    "signal": (lambda log_snr: -exp(log_snr), lambda lost: log(-lost)),
}
"""What may be straight between two timesteps: growing with noise, and turned round."""
