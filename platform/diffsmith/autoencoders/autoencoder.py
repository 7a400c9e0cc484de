"""What all autoencoders do."""

from typing import Protocol

from torch import Tensor

__all__ = ["Autoencoder"]


class Autoencoder(Protocol):
    """Pictures to the latents that denoisers know, and back.

    channels: of the latents; factor: how many times smaller they are; sample_size: height and width of the
    pictures it was trained on. x is [B, 3, H, W] in [-1, 1], latents are [B, channels, H/factor, W/factor].
    """

    @property
    def channels(self) -> int: ...  # noqa: D102 - told above

    @property
    def factor(self) -> int: ...  # noqa: D102

    @property
    def sample_size(self) -> int: ...  # noqa: D102

    def encode(self, x: Tensor) -> Tensor: ...  # noqa: D102

    def decode(self, latents: Tensor) -> Tensor: ...  # noqa: D102
