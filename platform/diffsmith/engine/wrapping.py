"""A module's forward with something around it."""

from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

from torch import nn

__all__ = ["wrap"]

M = TypeVar("M", bound=nn.Module)


def wrap(module: M, around: Callable[..., Any], *told: Any) -> M:
    """Make module(...) call around(forward, *told, ...); the module itself, its names and weights, stay.

    `around` is a function of a file, no closure: then a deep copy of the module is wrapped around its own
    forward, not around the first one's.
    """
    inner = module.__dict__.get("forward") or partial(_own, module)
    module.forward = partial(around, inner, *told)
    return module


def _own(module: nn.Module, *args: Any, **told: Any) -> Any:
    """The forward of its class, which may become another one (see packing)."""
    return type(module).forward(module, *args, **told)
