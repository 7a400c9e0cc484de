"""How large and how long the samples are that a network makes, in pixels, in frames and in its own space."""

from typing import NamedTuple

from torch import nn

from ..autoencoders import Autoencoder
from ..errors import SpecError
from ..specs import ContextSpec, Request

__all__ = ["Extent"]

_CLIP = 4  # numbers in the shape of a clip


class Extent(NamedTuple):
    """A network called `name` with samples of `shape` in its own space, behind an autoencoder or none.

    context: how clips are made that are longer than its own.
    """

    name: str
    shape: tuple[int, ...]
    network: nn.Module
    autoencoder: Autoencoder | None
    context: ContextSpec | None = None

    @property
    def factor(self) -> int:
        """Pixels a latent, along each side."""
        return getattr(self.autoencoder, "factor", 1)

    @property
    def grain(self) -> int:
        """What height and width in pixels are multiples of."""
        return self.factor * getattr(self.network, "patch", 1)

    @property
    def data_channels(self) -> int:
        """Channels of a decoded sample."""
        return self.shape[0] if self.autoencoder is None else getattr(self.autoencoder, "data_channels", 3)

    @property
    def extra_channels(self) -> int:
        """Channels that the network reads beside x: a mask and what it hides."""
        return getattr(self.network, "channels", self.shape[0]) - self.shape[0]

    @property
    def native(self) -> tuple[int, int]:
        """Height and width in pixels that it was trained on."""
        return self.shape[-2] * self.factor, self.shape[-1] * self.factor

    @property
    def fixed(self) -> bool:
        """Whether it makes one size only, having learnt a place for every token."""
        return getattr(self.network, "grid", None) is not None

    def shape_of(self, request: Request) -> tuple[int, ...]:
        """Of one sample of that request, in network space; a SpecError where it cannot have that size."""
        size, time = self.size_of(request), self._time(request)
        if size is None:
            return (self.shape[0], *time, *self.shape[-2:])
        return (self.shape[0], *time, *(side // self.factor for side in size))

    @property
    def window(self) -> int | None:
        """Frames that the network sees at once, where a clip may be longer; None where it sees all of it."""
        if self.context is None or len(self.shape) < _CLIP:
            return None
        return self.context.length or self._most or self.shape[1]

    @property
    def _most(self) -> int | None:
        """Frames that it can see at once, having learnt so many places; None where any number will do."""
        most: int | None = getattr(self.network, "frames_max", None)
        return most

    def _time(self, request: Request) -> tuple[int, ...]:
        """The number of frames, for clips."""
        if len(self.shape) < _CLIP:
            return ()
        frames = request.frames or self.shape[1]
        if self.fixed and frames != self.shape[1]:
            raise SpecError([f"frames: {self.name} makes {self.shape[1]} only"])
        if self._most is not None and min(frames, self.window or frames) > self._most:
            told = f"frames: {self.name} makes 1 to {self._most} in one go, not {frames}"
            how = f"set context.length={self._most} (--window {self._most}) for longer clips in windows"
            raise SpecError([f"{told}; {how}"])
        return (frames,)

    def size_of(self, request: Request) -> tuple[int, int] | None:
        """The height and width in pixels that are asked for; None where a picture may keep its own."""
        if request.size is None or request.size == self.native:
            return self.native if self.fixed else request.size
        if self.fixed:
            raise SpecError([f"size: {self.name} makes {self.native[1]}x{self.native[0]} only"])
        if faults := [fault for side in request.size if (fault := self._uneven(side))]:
            raise SpecError(list(dict.fromkeys(faults)))
        return request.size

    def _uneven(self, side: int) -> str:
        """What is wrong with a side of so many pixels, if anything is."""
        lower, upper = side // self.grain * self.grain, -(-side // self.grain) * self.grain
        near = f"{lower} and {upper}" if lower else upper
        return "" if side == upper else f"size: {side} is no multiple of {self.grain}; nearest: {near}"
