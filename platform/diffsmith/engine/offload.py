"""Weights that stay in the CPU's memory and visit the GPU block by block."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._pytree import tree_map

from ..nn.once import Once
from .blocks import blocks
from .wrapping import wrap

__all__ = ["offloaded", "visiting"]


def offloaded(network: nn.Module, device: torch.device) -> nn.Module:
    """The network, computing on the device with the weights of one unit there at a time.

    A unit is a repeated block, or a layer outside of them. Inputs may lie anywhere; the answer comes back to
    where x was.
    """
    inside = blocks(network)
    for name, layer in network.named_modules():
        if layer is network or any(name.startswith(f"{block}.") for block in inside):
            continue
        if name in inside or _own(layer):
            wrap(layer, _visited, layer, device, name in inside)
    return wrap(network, _there_and_back, network, device, Once())


@contextmanager
def visiting(module: nn.Module, device: torch.device, deep: bool = True) -> Iterator[None]:
    """The module's weights are on the device inside the block, and again where they were behind it.

    deep: those of the modules inside it, too. What is changed inside is lost.
    """
    layers = [*module.modules()] if deep else [module]
    both: list[tuple[Any, Any]] = [(layer._parameters, layer._buffers) for layer in layers]
    homes = [(owned, dict(owned)) for pair in both for owned in pair]
    try:
        for owned, home in homes:
            owned.update({name: _moved(tensor, device) for name, tensor in home.items()})
        yield
    finally:
        for owned, home in homes:
            owned.update(home)


def _visited(
    forward: Callable[..., Any], layer: nn.Module, device: torch.device, deep: bool, *args: Any, **told: Any
) -> Any:
    with visiting(layer, device, deep):
        return forward(*args, **told)


def _there_and_back(
    forward: Callable[..., Tensor],
    network: nn.Module,
    device: torch.device,
    once: Once,
    x: Tensor,
    *args: Any,
    **told: Any,
) -> Tensor:
    args, told = tree_map(lambda each: _brought(each, device, once), (args, told))
    with visiting(network, device, deep=False):
        return forward(x.to(device), *args, **told).to(x.device)


def _brought(value: Any, device: torch.device, once: Once) -> Any:
    """Conditions are the same tensors at every step, so they travel once."""
    return once(value, lambda tensor: tensor.to(device), ()) if isinstance(value, Tensor) else value


def _moved(tensor: Any, device: torch.device) -> Any:
    if tensor is None or tensor.device == device:
        return tensor
    there = tensor.detach().to(device, non_blocking=True)
    return nn.Parameter(there, requires_grad=False) if isinstance(tensor, nn.Parameter) else there


def _own(layer: nn.Module) -> bool:
    return bool(layer._parameters or layer._buffers)
