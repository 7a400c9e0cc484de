"""The roofline: operations of a network call over what this machine multiplies at most."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import torch
from torch.nn import functional as F
from torch.utils.flop_counter import FlopCounterMode

from .meters import now

__all__ = ["Peak", "Work", "peak", "work"]


@dataclass(frozen=True)
class Work:
    """Floating-point operations, a multiplication and an addition each one."""

    products: float
    convolutions: float


@dataclass(frozen=True)
class Peak:
    """Operations a second, at best."""

    products: float = 0
    convolutions: float = 0

    def better(self, other: "Peak") -> "Peak":
        """The best of both: what was less was disturbed."""
        return Peak(*map(max, (self.products, self.convolutions), (other.products, other.convolutions)))

    def seconds(self, work: Work) -> float:
        """The floor: what that work takes if nothing else takes any time."""
        return work.products / self.products + work.convolutions / self.convolutions


def work(call: Callable[[], object]) -> Work:
    """Of a call that makes its network itself, on tensors without numbers."""
    with torch.device("meta"), torch.no_grad(), FlopCounterMode(display=False) as counter:
        call()
    counts = counter.get_flop_counts()["Global"]
    convolutions = sum(count for kind, count in counts.items() if "conv" in str(kind))
    return Work(sum(counts.values()) - convolutions, convolutions)


def peak(device: str, dtype: torch.dtype, *, repeats: int = 6, side: int = 2048) -> Peak:
    """The fastest of a product of squares of that side and of a 3x3 convolution at 320 channels."""
    scale = 1 if device == "cpu" else 4
    new = partial(torch.randn, device=device, dtype=dtype)
    a, b = new(side * scale, side * scale), new(side * scale, side * scale)
    x, weight = new(2 * scale, 320, 32 * scale, 32 * scale), new(320, 320, 3, 3)
    last = {"memory_format": torch.channels_last}
    xs, ws = x.contiguous(**last), weight.contiguous(**last)
    convolve = [partial(F.conv2d, x, weight, padding=1), partial(F.conv2d, xs, ws, padding=1)]
    return Peak(
        2 * len(a) ** 3 / _fastest([partial(torch.mm, a, b)], repeats),
        2 * x.numel() * weight[:, 0].numel() / _fastest(convolve, repeats),
    )


@torch.no_grad()
def _fastest(ways: list[Callable[[], object]], repeats: int) -> float:
    found = []
    for way in ways * (repeats + 1):
        started = now()
        way()
        found.append(now() - started)
    return min(found[len(ways) :])
