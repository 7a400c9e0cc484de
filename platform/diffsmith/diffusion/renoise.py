"""How much old noise a step trades for fresh: what makes a sampler deterministic, ancestral or an SDE."""

import math
from functools import partial
from typing import Annotated, Literal

from pydantic import Field
from torch import Tensor

from ..errors import SpecError
from .levels import Level, flow
from .scalars import log, sqrt
from .steps import Step

__all__ = ["ancestral", "ancestral_flow", "churn", "consistency", "fresh", "ode", "posterior", "sa", "sde"]

Share = Annotated[float, Field(ge=0, le=1.5)]
Size = Annotated[float, Field(ge=0, le=2)]
Variance = Literal[
    "fixed_small", "fixed_small_log", "fixed_large", "fixed_large_log", "learned", "learned_range"
]


def ode(here: Level, there: Level) -> Step:
    """Keep all the noise there is: the probability-flow ODE."""
    return Step(here, here, there, there)


def ancestral(here: Level, there: Level, *, eta: Share = 1.0, s_noise: Size = 1.0) -> Step:
    """Trade the posterior's share (Ho et al. 2020); eta scales it, as in DDIM (Song et al. 2021, eq. 16)."""
    traded = there.sigma * min(eta * sqrt(1 - _kept(here, there) ** 2), 1.0)
    return Step(here, here, _less(there, traded), there, traded * s_noise)


def ancestral_flow(here: Level, there: Level, *, eta: Share = 1.0, s_noise: Size = 1.0) -> Step:
    """Descend to a lower flow time, then mix in noise: eta as ComfyUI has it for flow models (..._RF)."""
    after = flow(there.log_snr)
    lower = max(1 + (after.sigma / flow(here.log_snr).sigma - 1) * eta, 0.0)
    kept = lower * after.alpha / (1 - lower + lower * after.alpha)
    down = Level(there.alpha, there.sigma * kept)
    return Step(here, here, down, there, s_noise * there.sigma * sqrt(1 - kept**2))


def sde(here: Level, there: Level, *, eta: Share = 1.0, s_noise: Size = 1.0) -> Step:
    """Trade what the reverse SDE mixes in over the step (Lu et al. 2022, SDE-DPM-Solver++)."""
    down = Level(there.alpha, there.sigma * _kept(here, there) ** eta)
    return Step(here, here, down, there, s_noise * sqrt(there.sigma**2 - down.sigma**2))


def churn(
    here: Level,
    there: Level,
    *,
    gamma: Annotated[float, Field(ge=0, le=1)] = 0.1,
    s_noise: Size = 1.0,
    s_tmin: Annotated[float, Field(ge=0)] = 0.0,
    s_tmax: Annotated[float, Field(gt=0)] | None = None,
) -> Step:
    """Add noise before the step, then follow the ODE (Karras et al. 2022, Algorithm 2).

    s_tmin, s_tmax: the noise levels sigma / alpha between which it is added; None for no end.
    """
    if not s_tmin <= here.ratio <= (math.inf if s_tmax is None else s_tmax):
        return ode(here, there)
    start = Level(here.alpha, here.sigma * (1 + gamma))
    return Step(here, start, there, there, lift=s_noise * sqrt(start.sigma**2 - here.sigma**2))


def fresh(here: Level, there: Level, *, s_noise: Size = 1.0) -> Step:
    """Trade everything: few-step consistency sampling (Song et al. 2023, Algorithm 1)."""
    return Step(here, here, Level(there.alpha, 0.0), there, there.sigma * s_noise)


def consistency(
    here: Level,
    there: Level,
    *,
    sigma_min: Annotated[float, Field(ge=0)] = 0.0,
    s_noise: Size = 1.0,
) -> Step:
    """Trade everything but what the estimate at sigma_min keeps (Song et al. 2023, Algorithm 1)."""
    floor = sigma_min * there.alpha
    return Step(here, here, Level(there.alpha, 0.0), there, s_noise * sqrt(there.sigma**2 - floor**2))


def posterior(here: Level, there: Level, *, variance: Variance = "fixed_small") -> Step:
    """The mean of the posterior, and a variance of one's choice (Ho et al. 2020, eq. 7 and section 3.2).

    fixed_small is the posterior's own, right for data at one point; fixed_large is that of the forward
    step, right for normal data; _log means the same, computed by logarithms elsewhere. The network may
    give the variance itself (learned) or its place in log between the two, from -1 to 1 (learned_range,
    Nichol & Dhariwal 2021, eq. 15).
    """
    kept = _kept(here, there)
    traded = sqrt(1 - kept**2)
    small, large = there.sigma * traded, here.sigma * traded
    down = Level(there.alpha, there.sigma * kept)
    if there.sigma == 0:
        return Step(here, here, down, there)
    if variance in ("learned", "learned_range"):
        sized = partial(_learned, variance, small, large)
        return Step(here, here, down, there, large, learned=sized)
    return Step(here, here, down, there, small if variance.startswith("fixed_small") else large)


def sa(  # noqa: PLR0913 — an interval, which end of the step is held to it, and what happens inside
    here: Level,
    there: Level,
    *,
    tau: Size = 1.0,
    tau_from: Annotated[float, Field(ge=0)] = math.inf,
    tau_to: Annotated[float, Field(ge=0)] = 0.0,
    tau_at: Literal["start", "end"] = "end",
    form: Literal["data", "noise"] = "data",
    s_noise: Size = 1.0,
) -> Step:
    """Trade what the reverse SDE of strength tau mixes in, on a part of the way (Xue et al. 2023).

    tau_from, tau_to: the noise-to-signal ratios between which that is so. tau_at: whether the start or
    the end of a step has to lie there. form: "data" is `sde` with eta = tau^2; "noise" is the step of
    SDE-DPM-Solver, for estimates that extrapolate the noise: its noise has the right size for small
    steps only, and steps from pure noise or to none follow the ODE.
    """
    ratio = (here if tau_at == "start" else there).ratio
    share = tau**2 if tau_to <= ratio <= tau_from else 0.0
    if form == "data":
        return sde(here, there, eta=share, s_noise=s_noise)
    if share == 0 or here.alpha == 0 or there.sigma == 0:
        return ode(here, there)
    growth = here.ratio / there.ratio
    down = Level(there.alpha, there.sigma * (1 - share * (growth - 1)))
    return Step(here, here, down, there, s_noise * tau * there.sigma * sqrt(growth**2 - 1))


def _learned(variance: str, small: float, large: float, told: Tensor | None) -> Tensor:
    """The standard deviation of the fresh noise, each value its own."""
    if told is None:
        what = f"{variance} needs a network that answers with twice the channels of x"
        raise SpecError([f"scheduler.variance: {what}"])
    if variance == "learned":
        return told.sqrt()
    sized: Tensor = small * ((told + 1) * (log(large / small) / 2)).exp_()
    return sized


def _kept(here: Level, there: Level) -> float:
    """The noise-to-signal ratio after the step over the one before."""
    return float((there.sigma * here.alpha) / (here.sigma * there.alpha))


def _less(there: Level, traded: float) -> Level:
    return Level(there.alpha, sqrt(there.sigma**2 - traded**2))
