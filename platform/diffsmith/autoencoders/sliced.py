"""One picture at a time."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from .autoencoder import Autoencoder

__all__ = ["Sliced", "sliced"]


@dataclass(frozen=True)
class Sliced:
    """An autoencoder that never holds more than one picture of a batch."""

    autoencoder: Autoencoder

    @property
    def channels(self) -> int:
        """Of its latents."""
        return self.autoencoder.channels

    @property
    def factor(self) -> int:
        """How many times smaller its latents are."""
        return self.autoencoder.factor

    @property
    def sample_size(self) -> int:
        """Height and width of the pictures it was trained on."""
        return self.autoencoder.sample_size

    def encode(self, x: Tensor) -> Tensor:
        """As the autoencoder does."""
        return _one_by_one(self.autoencoder.encode, x)

    def decode(self, latents: Tensor) -> Tensor:
        """As the autoencoder does."""
        return _one_by_one(self.autoencoder.decode, latents)


def sliced(autoencoder: Autoencoder) -> Autoencoder:
    """The same autoencoder, a picture at a time: the memory of one picture for a batch of any size."""
    return Sliced(autoencoder)


def _one_by_one(function: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    return torch.cat([function(one) for one in torch.split(x, 1)])
