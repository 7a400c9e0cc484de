"""The backend of a network's attention."""

from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from ..nn.attending import using
from .compilers import require_compiler
from .wrapping import wrap

__all__ = ["attending", "fastest"]


def attending(network: nn.Module, name: str) -> nn.Module:
    """The network, with attention computed that way: "sdpa", "sliced" or "flex"; the numbers stay.

    A SpecError says what is missing for "flex", which has to be compiled.
    """
    if name == "flex":
        require_compiler("engine.attention: flex", next(network.parameters()).device)
    return network if name == "sdpa" else wrap(network, _using, name)


def fastest(device: torch.device, dtype: torch.dtype) -> str:
    """The backend measured to be fastest: PyTorch's own, but on a CPU in bfloat16 slices are."""
    return "sliced" if device.type == "cpu" and dtype == torch.bfloat16 else "sdpa"


def _using(forward: Callable[..., Any], name: str, *args: Any, **told: Any) -> Any:
    with using(name):
        return forward(*args, **told)
