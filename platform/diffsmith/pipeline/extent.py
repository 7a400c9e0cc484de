"""How large the samples are that a network makes, in pixels and in its own space."""

from typing import NamedTuple

from torch import nn

from ..autoencoders import Autoencoder
from ..errors import SpecError
from ..specs import Request

__all__ = ["Extent"]


class Extent(NamedTuple):
    """A network called `name` with samples of `shape` in its own space, behind an autoencoder or none."""

    name: str
    shape: tuple[int, ...]
    network: nn.Module
    autoencoder: Autoencoder | None

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
        return self.shape[1] * self.factor, self.shape[2] * self.factor

    @property
    def fixed(self) -> bool:
        """Whether it makes one size only, having learnt a place for every token."""
        return getattr(self.network, "grid", None) is not None

    def shape_of(self, request: Request) -> tuple[int, ...]:
        """Of one sample of that request, in network space; a SpecError where it cannot have that size."""
        size = self.size_of(request)
        return self.shape if size is None else (self.shape[0], *(side // self.factor for side in size))

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
