"""What a person begins with, and what a walk makes of it."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from ..diffusion.denoiser import Denoise
from ..diffusion.inpainting import keeping
from ..diffusion.levels import Level
from ..diffusion.noise import Noise, Seeded
from ..diffusion.starting import noised, pure
from ..diffusion.trajectory import Frame
from ..errors import SpecError
from ..registry import Registry
from .kinds import checked_noise, wrong_kinds
from .named import Named, choice

__all__ = ["Given"]


class Given(NamedTuple):
    """A start [B, ...], or what one is made of; image and mask broadcast to it."""

    x: Tensor | Frame | None = None
    shape: Sequence[int] | None = None
    seeds: Sequence[int] | None = None
    image: Tensor | None = None
    mask: Tensor | None = None
    strength: float = 1.0
    dtype: torch.dtype | None = None
    device: torch.device | str | None = None

    def require_sense(self) -> None:
        """A SpecError lists everything that does not fit together."""
        if faults := list(wrong_kinds(self._asdict())) or [*self._missing(), *self._unfit()]:
            raise SpecError(faults)

    def noise(self, named: Named | Noise, log_snrs: Tensor, registry: Registry) -> Noise:
        """The noise of the walk: of every seed's stream the start has the first draw."""
        if callable(named):
            return checked_noise(named)
        drawn = self.x.drawn if isinstance(self.x, Frame) else 1
        made: Noise = registry.bind("noise", choice(named, "noise"), "noise")(
            self._numbers(), log_snrs, drawn
        )
        return made

    def start(self, level: Level) -> Tensor | Frame:
        """x at the first level: as given, or made of an image and of unit noise, which x then is."""
        if isinstance(self.x, Frame) or (self.x is not None and self.image is None):
            return self.x
        noise = self._unit(level) if self.x is None else self.x
        if self.image is None:
            return pure(noise, level)
        known = noised(self.image.to(noise).expand_as(noise), noise, level)
        anew = self.mask is not None and self.strength == 1  # nothing of the image there
        return known.lerp(pure(noise, level), self.mask.to(noise)) if anew else known  # type: ignore[union-attr]

    def keeping(self, denoise: Denoise) -> Denoise:
        """The denoiser with the image kept where the mask says so."""
        if self.mask is None or self.image is None:
            return denoise
        return keeping(denoise, self.image, self.mask)

    def _unit(self, level: Level) -> Tensor:
        if self.image is not None:
            blank = self.image.new_empty(self._batch(), *self.image.shape[1:])
        else:
            dtype = self.dtype or torch.float32
            blank = torch.empty(self._batch(), *(self.shape or ()), dtype=dtype, device=self.device)
        return Seeded(self._numbers())(blank, level, level)

    def _numbers(self) -> Sequence[int]:
        return range(self._batch()) if self.seeds is None else self.seeds

    def _batch(self) -> int:
        if self.x is not None:
            return len(self.x.x if isinstance(self.x, Frame) else self.x)
        if self.seeds is not None:
            return len(self.seeds)
        return 1 if self.image is None else len(self.image)

    def _missing(self) -> Iterator[str]:
        made = self.x is None and self.image is None
        if made and self.shape is None:
            yield "x: missing; give the start, or shape=(channels, ...) or image= to make one of"
        if self.shape is not None and not made:
            yield "shape: means nothing where x or image is given; leave it out"
        if (self.dtype or self.device) and not made:
            yield "dtype, device: they are those of x or image, which is given; leave them out"
        if self.strength != 1 and made:
            yield "strength: needs the image to begin from"
        if self.mask is not None and self.image is None:
            yield "mask: needs the image that is known where the mask is 0"

    def _unfit(self) -> Iterator[str]:
        batch = self._batch()
        if not 0 < self.strength <= 1:
            yield f"strength: must be above 0 and at most 1, got {self.strength}"
        if not batch:
            yield "x: an empty batch" if self.seeds is None else "seeds: none given"
        elif len(self._numbers()) != batch:
            yield f"seeds: {len(self._numbers())} for a batch of {batch}"
        yield from self._unfit_pictures(batch)

    def _unfit_pictures(self, batch: int) -> Iterator[str]:
        if self.image is None:
            return
        if len(self.image) not in {1, batch}:
            yield f"image: {len(self.image)} for a batch of {batch}; give one, or as many"
        elif isinstance(self.x, Tensor) and self.image.shape[1:] != self.x.shape[1:]:
            yield f"image: of shape {list(self.image.shape)}, but x is {list(self.x.shape)}"
        if self.mask is not None:
            yield from _unfit_mask(self.mask, (batch, *self.image.shape[1:]))


def _unfit_mask(mask: Tensor, shape: tuple[int, ...]) -> Iterator[str]:
    try:
        fits = torch.broadcast_shapes(mask.shape, shape) == shape  # type: ignore[no-untyped-call]
    except RuntimeError:
        fits = False
    if not fits:
        yield f"mask: of shape {list(mask.shape)}, which does not broadcast to {list(shape)}"
    elif not (mask.min() >= 0 and mask.max() <= 1):
        yield "mask: must lie between 0 (keep the image) and 1 (make anew)"
