"""What each part of a network costs."""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack, nullcontext
from functools import partial
from typing import Any, NamedTuple, cast

import torch
from torch import nn

from .allocations import Allocations
from .packed_layers import PACKED, Weights

__all__ = ["PartCost", "profile"]

_MIB = 2**20
Meter = Callable[[], Callable[[], float]]
"""Begins to measure; what it gives ends it."""


class PartCost(NamedTuple):
    """Seconds of all calls of a part; the MiB that its tensors took at most, and those of its weights."""

    name: str
    calls: int
    seconds: float
    memory: float
    weights: float


def profile(network: nn.Module, call: Callable[[], object]) -> list[PartCost]:
    """What the parts of a network, its children and those in its lists, cost in `call()`, in their order.

    The last row, "(all)", is the whole call. It is made twice: for time, and then for memory.
    """
    parts = _parts(network)
    weight = next(network.parameters(), None)
    device = torch.device("cpu") if weight is None else weight.device
    seconds = _metered(parts, call, partial(_clock, device), nullcontext())
    memory = _metered(parts, call, partial(_peak, counted := Allocations()), counted)
    return [
        PartCost(name, len(seconds[name]), sum(seconds[name]), max(memory[name], default=0.0), _weights(part))
        for name, part in {**parts, "(all)": network}.items()
    ]


def _metered(
    parts: dict[str, nn.Module], call: Callable[[], object], meter: Meter, inside: AbstractContextManager[Any]
) -> dict[str, list[float]]:
    """What the meter says of every call of every part."""
    found: dict[str, list[float]] = {name: [] for name in (*parts, "(all)")}
    running: list[Callable[[], float]] = []
    with ExitStack() as hooks, inside:
        for name, part in parts.items():
            before = part.register_forward_pre_hook(lambda *_: running.append(meter()))
            after = part.register_forward_hook(lambda *_, name=name: found[name].append(running.pop()()))
            hooks.callback(before.remove)
            hooks.callback(after.remove)
        end = meter()
        call()
        found["(all)"].append(end())
    return found


def _clock(device: torch.device) -> Callable[[], float]:
    started = _now(device)
    return lambda: _now(device) - started


def _peak(counted: Allocations) -> Callable[[], float]:
    start, outer = counted.live, counted.peak
    counted.peak = start

    def end() -> float:
        mine, counted.peak = counted.peak, max(outer, counted.peak)
        return (mine - start) / _MIB

    return end


def _now(device: torch.device) -> float:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter()


def _parts(network: nn.Module) -> dict[str, nn.Module]:
    found: dict[str, nn.Module] = {}
    for name, child in network.named_children():
        rows = child.named_children() if isinstance(child, nn.ModuleList | nn.ModuleDict) else [("", child)]
        found |= {f"{name}.{place}".rstrip("."): part for place, part in rows}
    return found


def _weights(part: nn.Module) -> float:
    packed = [cast(Weights, each.packed) for each in part.modules() if type(each) in PACKED.values()]
    plain = sum(weight.nbytes for weight in part.parameters())
    return (plain + sum(weight.nbytes for weight in packed)) / _MIB
