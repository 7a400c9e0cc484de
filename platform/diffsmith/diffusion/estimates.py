"""Which clean estimate to hold over a step: what makes one solver differ from another."""

from torch import Tensor

from .denoiser import Denoise
from .levels import carry
from .steps import Step

__all__ = ["dpm_2", "dpmpp_2m", "dpmpp_2s", "dpmpp_3m", "euler", "heun"]


def euler(denoise: Denoise, x: Tensor, x0: Tensor, step: Step) -> Tensor:
    """Hold the estimate made at the start (DDIM, Song et al. 2021; order 1, 1 evaluation a step)."""
    return x0


def heun(denoise: Denoise, x: Tensor, x0: Tensor, step: Step) -> Tensor:
    """Average the slope at both ends (Karras et al. 2022, Algorithm 2; order 2, 2 evaluations a step)."""
    x0_end = denoise(carry(x, x0, step.start, step.down), step.down)
    return x0 + step.start.sigma / (2 * step.down.sigma) * (x0_end - x0)


def dpm_2(denoise: Denoise, x: Tensor, x0: Tensor, step: Step) -> Tensor:
    """Use the slope at the middle (DPM-Solver-2, Lu et al. 2022; order 2, 2 evaluations a step)."""
    middle = step.at(0.5)
    x0_middle = denoise(carry(x, x0, step.start, middle), middle)
    return x0 + step.start.sigma / middle.sigma * (x0_middle - x0)


def dpmpp_2s(denoise: Denoise, x: Tensor, x0: Tensor, step: Step) -> Tensor:
    """Hold the estimate made at the middle (DPM-Solver++ 2S, Lu et al. 2022; order 2, 2 evaluations)."""
    middle = step.at(0.5)
    return denoise(carry(x, x0, step.start, middle), middle)


def dpmpp_2m(denoise: Denoise, x: Tensor, x0: Tensor, step: Step) -> Tensor:
    """Extrapolate from the last two estimates (DPM-Solver++ 2M, Lu et al. 2022; order 2, 1 evaluation)."""
    if not step.past:
        return x0
    before, x0_before = step.past[0]
    r = (step.here.log_snr - before.log_snr) / (step.there.log_snr - step.here.log_snr)
    return x0 + (x0 - x0_before) / (2 * r)


def dpmpp_3m(denoise: Denoise, x: Tensor, x0: Tensor, step: Step) -> Tensor:
    """Extrapolate from the last three estimates (DPM-Solver++ 3M, Lu et al. 2022; 1 evaluation a step).

    As published, `bend` enters at half of Taylor's weight: order 2 with a small error, not order 3.
    """
    if not step.past:
        return x0
    h, h_down = (end.log_snr - step.here.log_snr for end in (step.there, step.down))
    phi_1 = -(-h_down).expm1()
    phi_2 = 1 - phi_1 / h_down
    (level_1, x0_1), *older = step.past
    r_0 = (step.here.log_snr - level_1.log_snr) / h
    slope = (x0 - x0_1) / r_0
    if not older:
        return x0 + phi_2 / phi_1 * slope
    level_2, x0_2 = older[0]
    r_1 = (level_1.log_snr - level_2.log_snr) / h
    bend = (slope - (x0_1 - x0_2) / r_1) / (r_0 + r_1)
    phi_3 = phi_2 / h_down - 0.5
    return x0 + (phi_2 * (slope + bend * r_0) - phi_3 * bend) / phi_1
