"""Looks inside a step: asking the network again on the way, and what to hold over the step after that."""

from collections.abc import Sequence
from math import isinf
from typing import Literal

from torch import Tensor

from .denoiser import Denoise
from .exponential import Form, exact, mixed, weights
from .levels import Level, carry
from .scalars import exp
from .steps import Step

__all__ = ["Form", "Kind", "held", "looks", "read", "way"]

Kind = Literal["midpoint", "heun"]
"""midpoint: one look counts as if at the middle, of two the later alone; heun: as the polynomial has it."""


def looks(
    denoise: Denoise, x: Tensor, x0: Tensor, step: Step, at: Sequence[float], form: Form
) -> list[Tensor]:
    """What is seen at one or two fractions of the step, rising, each reached by holding what was seen."""
    seen: list[Tensor] = []
    for count, fraction in enumerate(at):
        there = step.at(fraction)
        before = [each / fraction for each in at[:count]]
        until = held(x0, seen, before, fraction * way(step), form, "heun")
        found = denoise(carry(x, until, step.start, there), there)
        seen.append(read(found, until, step.start, there, form))
    return seen


def read(found: Tensor, until: Tensor, start: Level, there: Level, form: Form) -> Tensor:
    """What an estimate found `there`, having held `until`, means at `start`.

    In the data form itself, in the noise form the one that leaves the noise found in x. In pure noise that
    would tell nothing of x0: there both forms take it as it is.
    """
    if form == "data" or start.alpha == 0:
        return found
    return until.lerp(found, exp(there.log_snr - start.log_snr))


def held(
    x0: Tensor, seen: Sequence[Tensor], at: Sequence[float], way: float, form: Form, kind: Kind = "midpoint"
) -> Tensor:
    """What to hold over a step whose start showed x0, and up to two fractions of it, rising, what is `seen`.

    way: how far the step goes in log-SNR. Singlestep DPM-Solver of order 1 to 3 (Lu et al. 2022,
    Algorithms 1 and 2) and DPM-Solver++ (Lu et al. 2022b, Algorithm 1).
    """
    nodes, values = [0.0, *at], [x0, *seen]
    means = _means(way, form, len(values))
    if kind == "midpoint" and len(seen) == 1:
        means = [1.0, 0.5]
    if kind == "midpoint" and len(seen) == 2:
        del nodes[1], values[1], means[2]
    return mixed(list(zip(weights(nodes, means), values, strict=True)))


def way(step: Step) -> float:
    """How far a step carries x, in log-SNR."""
    return float(step.down.log_snr - step.start.log_snr)


def _means(way: float, form: Form, count: int) -> list[float]:
    """The means of s^0, s^1, ... over the step; from pure noise, infinitely far, s is flow time."""
    if isinf(way):
        return [1 / (power + 1) for power in range(count)]
    return exact(way if form == "data" else -way, count)
