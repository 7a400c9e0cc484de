"""Estimates drawn on from earlier ones, in log-SNR: DPM-Solver and DPM-Solver++ multistep, RES.

One evaluation a step. `lower_order_final` takes order 1 in the last step and 2 in the one before when there
are fewer than 15 steps; `euler_at_final` takes order 1 in the last one always.
"""

from functools import partial
from typing import Annotated, Literal

from pydantic import Field
from torch import Tensor

from ..denoiser import Denoise
from ..exponential import Form, exact, held, mixed, weights
from ..steps import Past, Step

__all__ = ["dpm_solver", "dpmpp_2m", "dpmpp_3m", "res_multistep"]

Kind = Literal["midpoint", "heun"]

_FEW = 15


def dpmpp_2m(
    denoise: Denoise,
    x: Tensor,
    x0: Tensor,
    step: Step,
    *,
    kind: Kind = "midpoint",
    lower_order_final: bool = False,
    euler_at_final: bool = False,
) -> Tensor:
    """Extrapolate from the last two estimates (DPM-Solver++ 2M, Lu et al. 2022; order 2, 1 evaluation)."""
    return _drawn_on(x, x0, step, _order(2, step, lower_order_final, euler_at_final), kind)


def dpmpp_3m(
    denoise: Denoise,
    x: Tensor,
    x0: Tensor,
    step: Step,
    *,
    kind: Kind = "heun",
    lower_order_final: bool = False,
    euler_at_final: bool = False,
) -> Tensor:
    """Extrapolate from the last three estimates (DPM-Solver++ 3M, Lu et al. 2022; 1 evaluation a step).

    As published, the second difference enters at half of Taylor's weight: order 2 with a small error, not
    order 3; `exponential_adams` has the whole. kind: of the steps that have two estimates only.
    """
    return _drawn_on(x, x0, step, _order(3, step, lower_order_final, euler_at_final), kind)


def dpm_solver(  # noqa: PLR0913 — the four options of the method
    denoise: Denoise,
    x: Tensor,
    x0: Tensor,
    step: Step,
    *,
    order: Annotated[int, Field(ge=1, le=3)] = 2,
    kind: Kind = "midpoint",
    lower_order_final: bool = False,
    euler_at_final: bool = False,
) -> Tensor:
    """Extrapolate the noise of the last one to three estimates (DPM-Solver, Lu et al. 2022; 1 evaluation).

    Order 3, as published, has the same half weight as `dpmpp_3m`.
    """
    return _drawn_on(x, x0, step, _order(order, step, lower_order_final, euler_at_final), kind, "noise")


def res_multistep(denoise: Denoise, x: Tensor, x0: Tensor, step: Step) -> Tensor:
    """Extrapolate over the way without the fresh noise (RES, Zhang et al. 2023; order 2, 1 evaluation).

    With no fresh noise it is `dpmpp_2m`, kind "heun".
    """
    if not step.past or step.past[0].level.alpha == 0 or step.past[0].down.sigma == 0:
        return x0
    before = step.past[0]
    way = step.down.log_snr - step.start.log_snr
    node = (before.level.log_snr - before.down.log_snr) / way
    here, earlier = weights([0.0, node], exact(way, 2))
    return mixed([(here, x0), (earlier, before.x0)])


def _drawn_on(x: Tensor, x0: Tensor, step: Step, order: int, kind: Kind, form: Form = "data") -> Tensor:
    now = Past(step.start, x, x0, step.down)
    return held(now, step.there, [now, *step.past[: order - 1]], partial(_published, kind), form)


def _published(kind: Kind, z: float, count: int) -> list[float]:
    """The means of 1, s and s^2 as DPM-Solver's multistep formulas have them."""
    means = exact(z, count)
    if count == 2 and kind == "midpoint":
        return [1.0, 0.5]
    return [*means[:2], *(mean / 2 for mean in means[2:])]


def _order(order: int, step: Step, lower_order_final: bool, euler_at_final: bool) -> int:
    left = step.total - step.number
    if (lower_order_final and step.total < _FEW) or (euler_at_final and left == 1):
        return min(order, left)
    return order
