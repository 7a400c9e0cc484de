"""Estimates that look no further back than the start of the step: Euler and the Runge-Kutta kind."""

from torch import Tensor

from ..denoiser import Denoise
from ..levels import Level, carry
from ..scalars import sqrt
from ..steps import Step

__all__ = ["dpm_2", "euler", "heun"]


def euler(denoise: Denoise, x: Tensor, x0: Tensor, step: Step) -> Tensor:
    """Hold the estimate made at the start (DDIM, Song et al. 2021; order 1, 1 evaluation a step)."""
    return x0


def heun(denoise: Denoise, x: Tensor, x0: Tensor, step: Step) -> Tensor:
    """Average the slope at both ends (Karras et al. 2022, Algorithm 2; order 2, 2 evaluations a step)."""
    x0_end = denoise(carry(x, x0, step.start, step.down), step.down)
    return x0.lerp(x0_end, step.start.sigma / (2 * step.down.sigma))


def dpm_2(denoise: Denoise, x: Tensor, x0: Tensor, step: Step) -> Tensor:
    """Use the slope at the middle in log sigma (k-diffusion, sample_dpm_2; order 2, 2 evaluations a step)."""
    middle = _middle(step.start, step.schedule.path(step.down.log_snr))
    x0_middle = denoise(carry(x, x0, step.start, middle), middle)
    return x0.lerp(x0_middle, step.start.sigma / middle.sigma)


def _middle(start: Level, end: Level) -> Level:
    """Where sigma is the geometric mean, on the straight line that x moves on over VE and flow."""
    share = 1 / (1 + sqrt(end.sigma / start.sigma))
    return Level(start.alpha + share * (end.alpha - start.alpha), sqrt(start.sigma * end.sigma))
