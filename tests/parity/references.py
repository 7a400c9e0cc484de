"""What the parity tests share: one analytic denoiser, the noise handed to both sides, and our last frame."""

from collections.abc import Iterable
from functools import partial

import torch
from torch import Tensor

from diffsmith.diffusion.denoiser import Denoise
from diffsmith.diffusion.levels import Level, Path
from diffsmith.diffusion.noise import Noise
from diffsmith.diffusion.steps import Renoise
from diffsmith.diffusion.trajectory import Estimate, trajectory
from diffsmith.testing import bare

SHAPE = (2, 3, 4, 4)


def analytic(x: Tensor, level: Level) -> Tensor:
    """0.7 * tanh(x / sqrt(1 + s^2)) + 0.2 * x / (1 + s^2) at s = sigma / alpha, finite at alpha = 0 too."""
    size = (level.alpha**2 + level.sigma**2) ** 0.5
    return 0.7 * (x / size).tanh() + 0.2 * x * level.alpha / size**2


def normal(seed: int) -> Tensor:
    return torch.randn(SHAPE, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def drawn(seed: int, dtype: torch.dtype = torch.float64) -> Noise:
    """The stream that a reference draws from a generator with this seed."""
    generator = torch.Generator().manual_seed(seed)
    return lambda x, here, there: torch.randn(x.shape, generator=generator, dtype=dtype).to(x)


def replayed(draws: Iterable[Tensor]) -> Noise:
    remaining = iter(draws)
    return lambda x, here, there: next(remaining)


def ours(
    denoise: Denoise,
    x: Tensor,
    path: Path,
    log_snrs: Tensor,
    noise: Noise,
    *,
    estimate: Estimate,
    renoise: Renoise,
) -> Tensor:
    *_, last = trajectory(denoise, x, bare(path), log_snrs, noise, estimate=estimate, renoise=renoise)
    return last.x


def difference(mine: Tensor, theirs: Tensor) -> float:
    """The largest difference, relative to the largest value."""
    return float((mine - theirs).abs().max() / theirs.abs().max())


in_float64 = partial(torch.tensor, dtype=torch.float64)
