"""What the parity tests share: a start, a stream of noise for both sides, and the measure."""

import torch
from torch import Tensor

from diffsmith.diffusion.noise import Noise

SHAPE = (2, 3, 4, 4)


def normal(seed: int) -> Tensor:
    return torch.randn(SHAPE, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def drawn(seed: int, dtype: torch.dtype = torch.float64) -> Noise:
    """The stream that a reference draws from a generator with this seed."""
    generator = torch.Generator().manual_seed(seed)
    return lambda x, here, there: torch.randn(x.shape, generator=generator, dtype=dtype).to(x)


def difference(mine: Tensor, theirs: Tensor) -> float:
    """The largest difference, relative to the largest value."""
    return float((mine - theirs).abs().max() / theirs.abs().max())
