"""Clips longer than a network's own, in windows that overlap."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial

import torch
from torch import Tensor

from ..specs import ContextSpec

__all__ = ["told_of", "windowed", "windows"]

Network = Callable[..., Tensor]

_TIME = {"beside": 2, "camera": 1}
"""Conditions that have something to say of each frame, and the dimension in which they do."""


def windowed(network: Network, length: int | None, context: ContextSpec | None) -> Network:
    """The network, shown `length` frames of a clip at a time, its answers blended where windows overlap."""
    if length is None or context is None:
        return network
    return partial(_windowed, network, length, context)


def windows(frames: int, length: int, overlap: int, loop: bool = False) -> list[list[int]]:
    """The frames of each window: as few as cover the clip, evenly apart, sharing `overlap` or more.

    loop: they go around the clip's end, so that the last frame is followed by the first.
    """
    if not loop and frames <= length:
        return [[*range(frames)]]
    length = min(length, frames)
    stride = max(1, length - min(overlap, length - 1))
    if loop:
        count = max(2, -(-frames // stride))
        return [[(round(i * frames / count) + at) % frames for at in range(length)] for i in range(count)]
    count = 1 + -(-(frames - length) // stride)
    starts = (round(i * (frames - length) / (count - 1)) for i in range(count))
    return [[*range(start, start + length)] for start in starts]


def _windowed(
    network: Network, length: int, context: ContextSpec, x: Tensor, t: Tensor, **condition: Tensor
) -> Tensor:
    frames = x.shape[2]
    seen = windows(frames, length, context.overlap, context.loop)
    if len(seen) == 1:
        return network(x, t, **condition)
    total, share = None, x.new_zeros(frames, 1, 1)
    for window, answer in _answers(network, seen, x, t, condition):
        weight = _weights(len(window), context.blend).to(x)
        total = x.new_zeros(*answer.shape[:2], *x.shape[2:]) if total is None else total
        total.index_add_(2, window, answer * weight)
        share.index_add_(0, window, weight)
    assert total is not None  # noqa: S101 — there is at least one window
    return total / share


def _answers(
    network: Network, seen: list[list[int]], x: Tensor, t: Tensor, condition: Mapping[str, Tensor]
) -> Iterator[tuple[Tensor, Tensor]]:
    for frames in seen:
        window = torch.tensor(frames, device=x.device)
        told = {name: told_of(name, value, window, x.shape[2]) for name, value in condition.items()}
        yield window, network(x.index_select(2, window), t, **told)


def told_of(name: str, value: Tensor, window: Tensor, frames: int) -> Tensor:
    """What a condition says of these frames; what is said of all of them stays the very same tensor."""
    dim = _TIME.get(name)
    if dim is None or value.ndim <= dim or value.shape[dim] != frames:
        return value
    return value.index_select(dim, window)


def _weights(length: int, blend: str) -> Tensor:
    """[length, 1, 1]: how much each frame of a window counts."""
    inside = torch.arange(1, length + 1)
    heights = torch.minimum(inside, inside.flip(0)) if blend == "pyramid" else torch.ones(length)
    return heights.float()[:, None, None]
