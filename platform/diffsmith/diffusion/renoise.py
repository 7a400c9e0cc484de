"""How much old noise a step trades for fresh: what makes a sampler deterministic, ancestral or an SDE."""

from typing import Annotated

from pydantic import Field
from torch import Tensor

from .levels import Level
from .steps import Step

__all__ = ["ancestral", "churn", "fresh", "ode", "sde"]

Share = Annotated[float, Field(ge=0, le=1.5)]


def ode(here: Level, there: Level) -> Step:
    """Keep all the noise there is: the probability-flow ODE."""
    return Step(here, here, there, there)


def ancestral(here: Level, there: Level, *, eta: Share = 1.0) -> Step:
    """Trade the posterior's share (Ho et al. 2020); eta scales it, as in DDIM (Song et al. 2021, eq. 16)."""
    ratio = _noise_ratio(here, there)
    traded = there.sigma * (eta * (1 - ratio**2).sqrt()).clamp(max=1)
    return Step(here, here, there._replace(sigma=(there.sigma**2 - traded**2).sqrt()), there, traded)


def sde(here: Level, there: Level, *, eta: Share = 1.0) -> Step:
    """Trade what the reverse SDE mixes in over the step (Lu et al. 2022, SDE-DPM-Solver++)."""
    down = there._replace(sigma=there.sigma * _noise_ratio(here, there) ** eta)
    return Step(here, here, down, there, (there.sigma**2 - down.sigma**2).sqrt())


def churn(here: Level, there: Level, *, gamma: Annotated[float, Field(ge=0, le=1)] = 0.1) -> Step:
    """Add noise before the step, then follow the ODE (Karras et al. 2022, Algorithm 2)."""
    return Step(here, here._replace(sigma=here.sigma * (1 + gamma)), there, there)


def fresh(here: Level, there: Level) -> Step:
    """Trade everything: few-step consistency sampling (Song et al. 2023, Algorithm 1)."""
    return Step(here, here, there._replace(sigma=0 * there.sigma), there, there.sigma)


def _noise_ratio(here: Level, there: Level) -> Tensor:
    """The noise-to-signal ratio after the step over the one before."""
    return (there.sigma * here.alpha) / (here.sigma * there.alpha)
