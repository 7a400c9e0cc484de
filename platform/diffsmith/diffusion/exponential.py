"""The polynomial through a few estimates, averaged over a step as the step itself weighs them.

A step in log-SNR holds the mean of the estimates on its way. Measured by s, from 0 where it starts to 1
where it ends, their weight grows as e^(z s): z is the way in log-SNR for clean estimates (times 1 + eta in
an SDE), and minus it for noise (Lu et al. 2022, eq. 3.4; Xue et al. 2023, eq. 15). So the means of 1, s,
s^2, ... decide everything, and the solvers of this family differ in how exactly they take them.
"""

from collections.abc import Callable, Sequence
from math import isfinite, isinf
from typing import Literal

from torch import Tensor

from .levels import Level, blend
from .scalars import expm1
from .steps import Past

__all__ = ["Form", "Means", "Solver", "exact", "held", "mixed", "simplified", "weights"]

Form = Literal["data", "noise"]
"""What the polynomial goes through: clean estimates, or the noise they leave."""

Solver = Literal["bh1", "bh2"]

Means = Callable[[float, int], list[float]]
"""(z, how many) -> the means of s^0, s^1, ... that a solver takes."""


def exact(z: float, count: int) -> list[float]:
    """The means of s^0 ... s^(count - 1) over 0 to 1 under a density that grows as e^(z s)."""
    if abs(z) < 1:  # upwards, this would lose z^-k of its digits
        integrals = [_series(z, count - 1)]
        for k in range(count - 1, 0, -1):
            integrals.insert(0, (1 - z * integrals[0]) / k)
    else:  # times z, so that an infinite step has its limit
        integrals = [-expm1(-z)]
        for k in range(1, count):
            integrals.append(1 - k / z * integrals[-1])
    return [integral / integrals[0] for integral in integrals]


def simplified(solver: Solver, z: float, count: int) -> list[float]:
    """Through two estimates the mean of s is one half, of the step (bh1) or of its weight (bh2).

    UniPC's B(h) (Zhao et al. 2023); bh1 is SA-Solver's rescaling too (Xue et al. 2023, app. D).
    """
    if count != 2:
        return exact(z, count)
    return [1.0, 0.5 if solver == "bh2" else 1.0 if isinf(z) else 0.5 * z / -expm1(-z) if z else 0.5]


def weights(nodes: Sequence[float], means: Sequence[float]) -> list[float]:
    """What each value counts for in the mean of the polynomial through them at `nodes` (Lagrange)."""
    return [sum(a * mean for a, mean in zip(_basis(nodes, node), means, strict=True)) for node in nodes]


def held(base: Past, end: Level, places: Sequence[Past], means: Means, form: Form = "data") -> Tensor:
    """The clean estimate that stands for the polynomial through `places` on the way from `base` to `end`.

    Places in pure noise, infinitely far back, have no say. From pure noise itself the noise form has no
    meaning, and clean estimates are taken.
    """
    start = base.level.log_snr
    h = end.log_snr - start
    if h == 0:
        return base.x0
    nodes = [_node(place.level, base.level, end, h) for place in places]
    near = [(node, place) for node, place in zip(nodes, places, strict=True) if isfinite(node)]
    in_noise = form == "noise" and base.level.alpha > 0
    z = -h if in_noise else base.down.log_snr - start
    shares = weights([node for node, _ in near], means(z, len(near)))
    if in_noise:
        return _held_noise(base, list(zip(shares, (place for _, place in near), strict=True)))
    return mixed([(share, place.x0) for share, (_, place) in zip(shares, near, strict=True)])


def mixed(pairs: Sequence[tuple[float, Tensor]]) -> Tensor:
    """The sum of the tensors, each times its number; a pass over memory for each."""
    (a, x), *others = [pair for pair in pairs if pair[0]]
    if not others:
        return x if a == 1 else x * a
    (b, y), *rest = others
    total = blend(a, x, b, y)
    for weight, more in rest:
        total.add_(more, alpha=weight)
    return total


def _held_noise(base: Past, shares: Sequence[tuple[float, Past]]) -> Tensor:
    """The clean estimate at `base` that leaves there the given mean of the noise at each place."""
    own = sum(share for share, place in shares if place is base)
    pairs = [((1 - own) / base.level.alpha, base.x), (own, base.x0)]
    for share, place in shares:
        if place is not base:
            pull = base.level.ratio * share / place.level.sigma
            pairs += [(-pull, place.x), (pull * place.level.alpha, place.x0)]
    return mixed(pairs)


def _node(level: Level, start: Level, end: Level, h: float) -> float:
    """Where a level lies, if the step goes from 0 to 1; both of these hold from pure noise too."""
    if level in (start, end):
        return float(level == end)
    return float((level.log_snr - start.log_snr) / h)


def _basis(nodes: Sequence[float], own: float) -> list[float]:
    """Coefficients of 1, s, s^2, ... of the polynomial that is 1 at `own` and 0 at the other nodes."""
    coefficients = [1.0]
    for node in nodes:
        if node != own:
            by_s, by_one = [0.0, *coefficients], [*coefficients, 0.0]
            coefficients = [(a - node * b) / (own - node) for a, b in zip(by_s, by_one, strict=True)]
    return coefficients


def _series(z: float, k: int) -> float:
    """The integral of s^k e^(z (s - 1)) over 0 to 1, by Taylor in z; exact to rounding for |z| < 1."""
    term = total = 1 / (k + 1)
    for n in range(_TERMS):
        term *= -z / (k + n + 2)
        total += term
    return total


_TERMS = 17
