"""Estimates that look no further back than the start of the step: Euler and the Runge-Kutta kind."""

from torch import Tensor

from ..denoiser import Denoise
from ..levels import carry
from ..steps import Step

__all__ = ["dpm_2", "dpmpp_2s", "euler", "heun"]


def euler(denoise: Denoise, x: Tensor, x0: Tensor, step: Step) -> Tensor:
    """Hold the estimate made at the start (DDIM, Song et al. 2021; order 1, 1 evaluation a step)."""
    return x0


def heun(denoise: Denoise, x: Tensor, x0: Tensor, step: Step) -> Tensor:
    """Average the slope at both ends (Karras et al. 2022, Algorithm 2; order 2, 2 evaluations a step)."""
    x0_end = denoise(carry(x, x0, step.start, step.down), step.down)
    return x0.lerp(x0_end, step.start.sigma / (2 * step.down.sigma))


def dpm_2(denoise: Denoise, x: Tensor, x0: Tensor, step: Step) -> Tensor:
    """Use the slope at the middle (DPM-Solver-2, Lu et al. 2022; order 2, 2 evaluations a step)."""
    middle = step.at(0.5)
    x0_middle = denoise(carry(x, x0, step.start, middle), middle)
    return x0.lerp(x0_middle, step.start.sigma / middle.sigma)


def dpmpp_2s(denoise: Denoise, x: Tensor, x0: Tensor, step: Step) -> Tensor:
    """Hold the estimate made at the middle (DPM-Solver++ 2S, Lu et al. 2022; order 2, 2 evaluations)."""
    middle = step.at(0.5)
    return denoise(carry(x, x0, step.start, middle), middle)
