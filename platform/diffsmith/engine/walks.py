"""What a wrapped network remembers of one walk from noise to sample, and when that is over."""

from typing import Protocol

from torch import nn

__all__ = ["Memory", "begin", "remember"]


class Memory(Protocol):
    """Something kept from step to step."""

    def begin(self) -> None:
        """Forget: a new walk begins."""


def remember(network: nn.Module, memory: Memory) -> None:
    """Let `begin(network)` reach this memory."""
    network.__dict__.setdefault(_ATTRIBUTE, []).append(memory)


def begin(network: nn.Module) -> None:
    """A new walk begins: what earlier ones left is forgotten. Costs nothing where nothing is remembered."""
    for memory in network.__dict__.get(_ATTRIBUTE, ()):
        memory.begin()


_ATTRIBUTE = "_diffsmith_memories"
