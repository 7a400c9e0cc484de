"""How an autoencoder's latents are told to denoisers: at mean 0 and variance 1 or so."""

from typing import NamedTuple

import torch
from torch import Tensor

__all__ = ["Scaling"]


class Scaling(NamedTuple):
    """(latents - shift) * factor, each one number, or one a channel (Rombach et al. 2022, appendix D.1)."""

    factor: tuple[float, ...] = (1.0,)
    shift: tuple[float, ...] = (0.0,)

    def scaled(self, latents: Tensor) -> Tensor:
        """The encoder's [B, C, H, W] as denoisers know them."""
        return ((latents - _wide(self.shift, latents)) * _wide(self.factor, latents)).to(latents.dtype)

    def spread(self, std: Tensor) -> Tensor:
        """The encoder's standard deviations [B, C, H, W] as denoisers know them."""
        return (std * _wide(self.factor, std)).to(std.dtype)

    def unscaled(self, latents: Tensor) -> Tensor:
        """A denoiser's [B, C, H, W] as the decoder knows them."""
        return (latents / _wide(self.factor, latents) + _wide(self.shift, latents)).to(latents.dtype)


def _wide(numbers: tuple[float, ...], like: Tensor) -> float | Tensor:
    """Numbers stay in float32 where latents are halves: 0.18215 is 0.1826 in bfloat16."""
    if len(numbers) == 1:
        return numbers[0]
    return torch.tensor(numbers, dtype=torch.promote_types(like.dtype, torch.float32), device=like.device)[
        :, None, None
    ]
