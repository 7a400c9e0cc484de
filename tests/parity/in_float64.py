"""diffusers in float64: so a difference is one of formulas, not of rounding."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any
from unittest import mock

import torch

__all__ = ["ALPHA_BARS", "default_float64", "in_float64"]

ALPHA_BARS = torch.cumprod(1 - torch.linspace(1e-4, 0.02, 1000, dtype=torch.float64), 0)
"""The default betas of both sides, linear, multiplied up."""


@contextmanager
def in_float64(of: Any) -> Iterator[None]:
    """While this lasts, that module, or a scheduler's own, reads float64 where it says float32."""
    module = of if isinstance(of, ModuleType) else sys.modules[of.__module__]
    libraries = {name: _Double(getattr(module, name)) for name in ("np", "torch") if hasattr(module, name)}
    with mock.patch.multiple(module, **libraries):
        yield


@contextmanager
def default_float64() -> Iterator[None]:
    """While this lasts, what says no dtype at all is float64 too."""
    torch.set_default_dtype(torch.float64)
    try:
        yield
    finally:
        torch.set_default_dtype(torch.float32)


class _Double:
    """A library, but for one word."""

    def __init__(self, library: ModuleType) -> None:
        self._library, self.float32 = library, library.float64

    def __getattr__(self, name: str) -> Any:
        return getattr(self._library, name)
