"""Conditions of a network: all that it needs, and none that it would not look at."""

from collections.abc import Collection, Mapping

from torch import Tensor

__all__ = ["require"]


def require(
    reads: Mapping[str, object], given: Mapping[str, Tensor | None], spared: Collection[str] = ()
) -> None:
    """Raise a TypeError that names what is missing, and what is given and not read.

    reads: true for the conditions that the network reads. spared: those that it reads where they are given.
    """
    missing = [name for name, read in reads.items() if read and given[name] is None and name not in spared]
    unread = [name for name, tensor in given.items() if tensor is not None and not reads[name]]
    if missing or unread:
        faults = [f"{name} is missing" for name in missing] + [f"{name} is not read" for name in unread]
        told = ", ".join(name for name, read in reads.items() if read) or "none"
        raise TypeError(f"{', '.join(faults)}; the conditions that this U-Net reads: {told}")
