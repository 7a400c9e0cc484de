"""Estimates drawn on from earlier ones, in log-SNR: DPM-Solver++ multistep, one evaluation a step."""

from torch import Tensor

from ..denoiser import Denoise
from ..scalars import expm1
from ..steps import Step

__all__ = ["dpmpp_2m", "dpmpp_3m"]


def dpmpp_2m(denoise: Denoise, x: Tensor, x0: Tensor, step: Step) -> Tensor:
    """Extrapolate from the last two estimates (DPM-Solver++ 2M, Lu et al. 2022; order 2, 1 evaluation)."""
    if not step.past:
        return x0
    before, here = step.past[0], step.here.log_snr
    r = (here - before.level.log_snr) / (step.there.log_snr - here)
    return before.x0.lerp(x0, 1 + 1 / (2 * r))


def dpmpp_3m(denoise: Denoise, x: Tensor, x0: Tensor, step: Step) -> Tensor:
    """Extrapolate from the last three estimates (DPM-Solver++ 3M, Lu et al. 2022; 1 evaluation a step).

    As published, `bend` enters at half of Taylor's weight: order 2 with a small error, not order 3.
    """
    if not step.past:
        return x0
    h, h_down = (end.log_snr - step.here.log_snr for end in (step.there, step.down))
    phi_1 = -expm1(-h_down)
    phi_2 = 1 - phi_1 / h_down
    before, *older = step.past
    r_0 = (step.here.log_snr - before.level.log_snr) / h
    slope = (x0 - before.x0) / r_0
    if not older:
        return x0.add(slope, alpha=phi_2 / phi_1)
    r_1 = (before.level.log_snr - older[0].level.log_snr) / h
    bend = (slope - (before.x0 - older[0].x0) / r_1) / (r_0 + r_1)
    phi_3 = phi_2 / h_down - 0.5
    return x0.add(slope, alpha=phi_2 / phi_1).add(bend, alpha=(phi_2 * r_0 - phi_3) / phi_1)
