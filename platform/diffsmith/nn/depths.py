"""How many transformer blocks stand at each level of a U-Net, or at each layer of a level."""

from collections.abc import Callable, Sequence
from typing import TypeVar

__all__ = ["Depth", "check_depths", "each_layer", "spread"]

Depth = int | tuple[int, ...]
"""Of a level: one number for all its layers, or one for each."""

A = TypeVar("A")


def each_layer(layer: Callable[[int, int], A], depth: Depth, heads: int) -> A | list[A]:
    """layer(depth, heads) for a level, or a list of one for each of its layers."""
    return layer(depth, heads) if isinstance(depth, int) else [layer(each, heads) for each in depth]


def spread(depth: Depth, layers: int) -> tuple[int, ...]:
    """One number for each layer."""
    return (depth,) * layers if isinstance(depth, int) else depth


def check_depths(
    widths: Sequence[int],
    layers: int,
    heads: Sequence[int],
    down: Sequence[Depth],
    up: Sequence[Depth],
    kind: str = "",
) -> None:
    """Raise a ValueError about the first numbers that do not fit each other; kind begins their names."""
    for name, numbers in (("heads", heads), ("depths", down), ("up_depths", up)):
        if len(numbers) != len(widths):
            told = f"{kind}{name} are {len(numbers)} for {len(widths)} widths"
            raise ValueError(f"{told}: give one for each level")
    for depth, count in [*((depth, layers) for depth in down), *((depth, layers + 1) for depth in up)]:
        if not isinstance(depth, int) and len(depth) != count:
            told = f"{kind}depths {list(depth)} of a level with {count} residual blocks"
            raise ValueError(f"{told}: give {count}")
    for level, (width, count) in enumerate(zip(widths, heads, strict=True)):
        if width % count:
            told = f"{count} {kind}heads do not divide the {width} channels of level {level}"
            raise ValueError(told)
