"""Inpainting: a denoiser that already knows a part of the answer."""

from dataclasses import dataclass
from math import isclose

from torch import Tensor

from .answers import Answer, answer
from .denoiser import Denoise
from .levels import Level
from .starting import noised

__all__ = ["keeping"]


def keeping(
    denoise: Denoise, image: Tensor, mask: Tensor, noise: Tensor | None = None, begun: Level | None = None
) -> Denoise:
    """The denoiser, where the mask is 1; where it is 0 the clean estimate is the image itself.

    image and mask in [0, 1] broadcast to x [B, ...]. An ODE solver then carries the known region exactly
    along its path, as if the noised image were pasted in after every step, and ends on it; noise rules
    treat it as they treat the rest. With `noise` the network is shown that paste whatever the solver does,
    but for the level where the walk has `begun`, which it sees as it is (Lugmayr et al. 2022, equation 8).
    """
    return _Keeping(denoise, image, mask, noise, begun)


@dataclass(frozen=True, slots=True)
class _Keeping:
    denoise: Denoise
    image: Tensor
    mask: Tensor
    noise: Tensor | None
    begun: Level | None

    def __call__(self, x: Tensor, level: Level) -> Tensor:
        return self._kept(self.denoise(self._pasted(x, level), level))

    def answer(self, x: Tensor, level: Level) -> Answer:
        """The same, and what is pushed onto x is pushed only where the image is made anew."""
        x0, push, variance = answer(self.denoise, self._pasted(x, level), level)
        pushed = None if push is None else push * self.mask.to(push)
        return Answer(self._kept(x0), pushed, variance)

    def _pasted(self, x: Tensor, level: Level) -> Tensor:
        if self.noise is None or (self.begun is not None and isclose(level.log_snr, self.begun.log_snr)):
            return x
        return noised(self.image.to(x), self.noise.to(x), level).lerp(x, self.mask.to(x))

    def _kept(self, x0: Tensor) -> Tensor:
        return self.image.to(x0).lerp(x0, self.mask.to(x0))
