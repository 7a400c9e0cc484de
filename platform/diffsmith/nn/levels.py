"""The levels of a U-Net: how many fit a picture or a frame, and which of them are meant."""

from collections.abc import Sequence
from math import gcd

__all__ = ["attending", "check_levels"]


def check_levels(height: int, width: int, levels: int) -> None:
    """A ValueError says how many levels, each half the size of the one before, a picture has room for."""
    both = gcd(height, width)
    most = (both & -both).bit_length()  # one more than the times both sides can be halved
    if levels > most:
        raise ValueError(
            f"{levels} levels do not fit a picture of {height}x{width}: at most {most} are possible"
        )


def attending(chosen: Sequence[int], levels: int) -> list[bool]:
    """For each level, finest first, whether its index is chosen; -1 is the coarsest."""
    wrong = [level for level in chosen if not -levels <= level < levels]
    if wrong:
        raise ValueError(f"attention at level {wrong[0]} of {levels}: possible are {-levels} to {levels - 1}")
    return [level in chosen or level - levels in chosen for level in range(levels)]
