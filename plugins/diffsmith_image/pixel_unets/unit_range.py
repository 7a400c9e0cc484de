"""For networks that know pictures with values in [0, 1]."""

from torch import Tensor, nn

__all__ = ["unit_range"]


def unit_range() -> nn.Module:
    """No coder: pictures whose values lie in [0, 1] for a network, as NCSN++'s do (Song et al. 2020)."""
    return _UnitRange()


class _UnitRange(nn.Module):
    """Moves the values, and nothing else."""

    channels, factor, sample_size = 3, 1, 256

    def encode(self, x: Tensor) -> Tensor:
        """[B, 3, H, W] in [-1, 1] to the same in [0, 1]."""
        return (x + 1) / 2

    def decode(self, latents: Tensor) -> Tensor:
        """[B, 3, H, W] in [0, 1] to the same in [-1, 1]."""
        return 2 * latents - 1
