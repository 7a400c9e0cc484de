"""One step of the reverse-time SDE, as its discretisations differ (Song et al. 2020).

All follow the score, which is (alpha * x0 - x) / sigma^2: so all are a blend of x and the clean estimate.
"""

from collections.abc import Callable
from functools import partial
from itertools import pairwise
from typing import Literal, NamedTuple

import torch
from torch import Tensor

from ..levels import Level
from ..scalars import sqrt
from ..schedules import NoiseSchedule
from .rates import Rates, rates, require_signal

__all__ = ["Ending", "Move", "Predictor", "Strides", "Variance", "moves"]

Predictor = Literal["reverse_diffusion", "ancestral_sampling", "euler_maruyama", "probability_flow", "none"]
Variance = Literal["fixed_small", "fixed_large"]
Strides = Literal["levels", "even"]
Ending = Literal["clean", "mean", "noisy"]


class Move(NamedTuple):
    """x becomes of_x * x + of_x0 * the clean estimate + noise * fresh noise."""

    of_x: float
    of_x0: float
    noise: float = 0.0


def moves(
    predictor: Predictor,
    schedule: NoiseSchedule,
    log_snrs: Tensor,
    *,
    variance: Variance = "fixed_small",
    strides: Strides = "levels",
    ending: Ending = "clean",
) -> list[Move]:
    """The predictor's moves between the levels [n + 1]; a SpecError where there are none."""
    levels = [schedule.path(log_snr) for log_snr in log_snrs.tolist()]
    if predictor not in ("ancestral_sampling", "none"):
        require_signal(levels[0], "take predictor ancestral_sampling, or ")
    if predictor == "euler_maruyama":
        made = _euler_maruyama(schedule, log_snrs, strides)
    else:
        by_levels: dict[str, Callable[[Level, Level], Move]] = {
            "reverse_diffusion": _reverse_diffusion,
            "ancestral_sampling": partial(_ancestral_sampling, variance=variance),
            "probability_flow": _probability_flow,
            "none": _none,
        }
        made = [by_levels[predictor](here, there) for here, there in pairwise(levels)]
    if levels[-1].sigma == 0 and ending != "noisy":
        made[-1] = made[-1]._replace(noise=0.0) if ending == "mean" else Move(0.0, levels[-1].alpha)
    return made


def _reverse_diffusion(here: Level, there: Level) -> Move:
    """Take the forward step back, to first order, with its own noise (Song et al. 2020, eq. 46)."""
    kept, added = _forward(here, there)
    return _by_score(here, 2 - kept, added, sqrt(added))


def _probability_flow(here: Level, there: Level) -> Move:
    """The same with half of the score and no noise (Song et al. 2020, appendix D.3)."""
    kept, added = _forward(here, there)
    return _by_score(here, 2 - kept, added / 2)


def _ancestral_sampling(here: Level, there: Level, variance: Variance) -> Move:
    """The posterior's mean, with its noise or the forward step's (Ho et al. 2020, section 3.2)."""
    kept, added = _forward(here, there)
    noise = sqrt(added) * (there.sigma / here.sigma if variance == "fixed_small" else 1.0)
    return Move(kept * there.sigma**2 / here.sigma**2, there.alpha * added / here.sigma**2, noise)


def _none(here: Level, there: Level) -> Move:
    """What there was is taken for the next level; the corrector does the rest."""
    return Move(1.0, 0.0)


def _euler_maruyama(schedule: NoiseSchedule, log_snrs: Tensor, strides: Strides) -> list[Move]:
    """Drift and noise of a whole step as they are at its start."""
    times = schedule.time(log_snrs)
    lasting = -times.diff() if strides == "levels" else torch.full_like(times[1:], 1 / len(times[1:]))
    starts = zip(log_snrs[:-1].tolist(), rates(schedule, times[:-1]), lasting.tolist(), strict=True)
    return [_drifted(schedule.path(log_snr), rate, dt) for log_snr, rate, dt in starts]


def _drifted(here: Level, rate: Rates, dt: float) -> Move:
    added = rate.variance(here.sigma) * dt
    return _by_score(here, 1 - rate.log_alpha * dt, added, sqrt(added))


def _forward(here: Level, there: Level) -> tuple[float, float]:
    """What the noising step from `there` to `here` multiplies x by, and the variance it adds."""
    kept = here.alpha / there.alpha
    return kept, here.sigma**2 - (kept * there.sigma) ** 2


def _by_score(here: Level, of_x: float, of_score: float, noise: float = 0.0) -> Move:
    share = of_score / here.sigma**2
    return Move(of_x - share, here.alpha * share, noise)
