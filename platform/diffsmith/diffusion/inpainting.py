"""Inpainting: a denoiser that already knows a part of the answer."""

from dataclasses import dataclass

from torch import Tensor

from .answers import Answer, answer
from .denoiser import Denoise
from .levels import Level

__all__ = ["keeping"]


def keeping(denoise: Denoise, image: Tensor, mask: Tensor) -> Denoise:
    """The denoiser, where the mask is 1; where it is 0 the clean estimate is the image itself.

    image and mask in [0, 1] broadcast to x [B, ...]. An ODE solver then carries the known region exactly
    along its path, as if the noised image were pasted in after every step, and ends on it; noise rules
    treat it as they treat the rest.
    """
    return _Keeping(denoise, image, mask)


@dataclass(frozen=True, slots=True)
class _Keeping:
    denoise: Denoise
    image: Tensor
    mask: Tensor

    def __call__(self, x: Tensor, level: Level) -> Tensor:
        return self._kept(self.denoise(x, level))

    def answer(self, x: Tensor, level: Level) -> Answer:
        """The same, and what is pushed onto x is pushed only where the image is made anew."""
        x0, push, variance = answer(self.denoise, x, level)
        pushed = None if push is None else push * self.mask.to(push)
        return Answer(self._kept(x0), pushed, variance)

    def _kept(self, x0: Tensor) -> Tensor:
        return self.image.to(x0).lerp(x0, self.mask.to(x0))
