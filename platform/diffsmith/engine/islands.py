"""Layers that count in float32 inside a network of a smaller number format."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._pytree import tree_map

from ..errors import SpecError, unknown_name
from .wrapping import wrap

__all__ = ["in_float32"]


def in_float32(network: nn.Module, names: Sequence[str]) -> nn.Module:
    """The network with those of its modules (dotted names) in float32: what goes in is widened, what comes
    out narrowed to the format that went in. A SpecError tells a name that no module has."""
    known = dict(network.named_modules())
    if faults := [unknown_name("engine.islands", name, [*known]) for name in names if name not in known]:
        raise SpecError(faults)
    for name in names:
        wrap(known[name].float(), _widened)
    return network


def _widened(forward: Callable[..., Any], *args: Any, **told: Any) -> Any:
    narrow = next((each.dtype for each in args if isinstance(each, Tensor)), torch.float32)
    args, told = tree_map(_to(torch.float32), (args, told))
    return tree_map(_to(narrow), forward(*args, **told))


def _to(dtype: torch.dtype) -> Callable[[Any], Any]:
    return lambda each: each.to(dtype) if isinstance(each, Tensor) and each.is_floating_point() else each
