"""What loops share that visit levels of their own between the ends of a grid."""

from bisect import bisect_right
from math import isfinite

from ..levels import Level
from ..renoise import ancestral, ode
from ..scalars import exp, sqrt
from ..steps import Step

__all__ = ["above", "behind"]

_ROUNDING = 1e-6


def behind(log_snrs: list[float], level: Level) -> int:
    """The index of the last step of the grid that a level has behind it; -1 before the end of the first."""
    return bisect_right(log_snrs, level.log_snr + _ROUNDING) - 2


def above(goal: float, eta: float, s_noise: float, here: Level, there: Level) -> Step:
    """The ancestral rule that never descends beyond a log-SNR (k-diffusion, DPMSolver).

    Steps from pure noise, and to no noise, keep to the ODE.
    """
    if not (eta and isfinite(here.log_snr) and isfinite(there.log_snr)):
        return ode(here, there)
    step = ancestral(here, there, eta=eta, s_noise=s_noise)
    if step.down.log_snr <= goal:
        return step
    down = Level(there.alpha, there.alpha * exp(-goal))
    return step._replace(down=down, fresh=s_noise * sqrt(there.sigma**2 - down.sigma**2))
