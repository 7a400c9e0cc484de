"""How much old noise a step trades for fresh: what makes a sampler deterministic, ancestral or an SDE."""

from typing import Annotated

from pydantic import Field

from .levels import Level
from .scalars import sqrt
from .steps import Step

__all__ = ["ancestral", "churn", "fresh", "ode", "sde"]

Share = Annotated[float, Field(ge=0, le=1.5)]
Size = Annotated[float, Field(ge=0, le=2)]


def ode(here: Level, there: Level) -> Step:
    """Keep all the noise there is: the probability-flow ODE."""
    return Step(here, here, there, there)


def ancestral(here: Level, there: Level, *, eta: Share = 1.0, s_noise: Size = 1.0) -> Step:
    """Trade the posterior's share (Ho et al. 2020); eta scales it, as in DDIM (Song et al. 2021, eq. 16)."""
    traded = there.sigma * min(eta * sqrt(1 - _kept(here, there) ** 2), 1.0)
    return Step(here, here, _less(there, traded), there, traded * s_noise)


def sde(here: Level, there: Level, *, eta: Share = 1.0, s_noise: Size = 1.0) -> Step:
    """Trade what the reverse SDE mixes in over the step (Lu et al. 2022, SDE-DPM-Solver++)."""
    down = Level(there.alpha, there.sigma * _kept(here, there) ** eta)
    return Step(here, here, down, there, s_noise * sqrt(there.sigma**2 - down.sigma**2))


def churn(
    here: Level, there: Level, *, gamma: Annotated[float, Field(ge=0, le=1)] = 0.1, s_noise: Size = 1.0
) -> Step:
    """Add noise before the step, then follow the ODE (Karras et al. 2022, Algorithm 2)."""
    start = Level(here.alpha, here.sigma * (1 + gamma))
    return Step(here, start, there, there, lift=s_noise * sqrt(start.sigma**2 - here.sigma**2))


def fresh(here: Level, there: Level, *, s_noise: Size = 1.0) -> Step:
    """Trade everything: few-step consistency sampling (Song et al. 2023, Algorithm 1)."""
    return Step(here, here, Level(there.alpha, 0.0), there, there.sigma * s_noise)


def _kept(here: Level, there: Level) -> float:
    """The noise-to-signal ratio after the step over the one before."""
    return float((there.sigma * here.alpha) / (here.sigma * there.alpha))


def _less(there: Level, traded: float) -> Level:
    return Level(there.alpha, sqrt(there.sigma**2 - traded**2))
