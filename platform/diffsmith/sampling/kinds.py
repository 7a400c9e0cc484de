"""Whether what a person gives is of the right kind at all."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import torch
from torch import Tensor

from ..diffusion.levels import Level
from ..diffusion.noise import Noise
from ..diffusion.trajectory import Frame
from ..errors import SpecError

__all__ = ["checked_noise", "wrong_kinds"]

SEEDS = 2**32
"""How many different streams there are: torch's generator heeds no more of a seed."""


def wrong_kinds(given: Mapping[str, Any]) -> Iterator[str]:
    """A sentence for each argument that is not what it has to be."""
    for name, (fits, expected) in _KINDS.items():
        if given[name] is not None and not fits(given[name]):
            shown = given[name]
            told = f"{shown.dtype} of shape {list(shown.shape)}" if isinstance(shown, Tensor) else repr(shown)
            yield f"{name}: expected {expected}, got {told[:80]}"


def checked_noise(noise: Noise) -> Noise:
    """A person's own noise, whose every draw is shaped like x."""

    def drawn(x: Tensor, here: Level, there: Level) -> Tensor:
        draw = noise(x, here, there)
        if not isinstance(draw, Tensor) or draw.shape != x.shape:
            got = list(draw.shape) if isinstance(draw, Tensor) else type(draw).__name__
            raise SpecError([f"noise: expected a tensor shaped like x {list(x.shape)}, got {got}"])
        return draw.to(x)

    return drawn


def _is_start(x: Any) -> bool:
    return isinstance(x, Frame) or _is_batch(x)


def _is_batch(x: Any) -> bool:
    return isinstance(x, Tensor) and x.is_floating_point() and x.ndim > 0


def _is_shape(shape: Any) -> bool:
    return isinstance(shape, tuple | list | torch.Size) and all(isinstance(n, int) and n > 0 for n in shape)


def _are_seeds(seeds: Any) -> bool:
    try:
        return len(seeds) >= 0 and all(isinstance(seed, int) and 0 <= seed < SEEDS for seed in seeds)
    except TypeError:
        return False


def _is_dtype(dtype: Any) -> bool:
    return isinstance(dtype, torch.dtype) and dtype.is_floating_point


def _is_device(device: Any) -> bool:
    try:
        torch.empty(0, device=device)
    except (AssertionError, RuntimeError, TypeError):
        return False
    return torch.device(device).type != "meta"


_KINDS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "x": (_is_start, "a Frame, or a floating-point tensor [B, ...]"),
    "image": (_is_batch, "a floating-point tensor [B, ...]"),
    "mask": (lambda mask: isinstance(mask, Tensor), "a tensor that broadcasts to the image"),
    "shape": (_is_shape, "the whole numbers of one sample's shape, as (3, 32, 32)"),
    "seeds": (_are_seeds, f"whole numbers from 0 to {SEEDS - 1}, one a sample"),
    "strength": (lambda strength: isinstance(strength, int | float), "a number above 0, at most 1"),
    "dtype": (_is_dtype, "a floating-point dtype"),
    "device": (_is_device, "a device that is there, as 'cpu'"),
}
