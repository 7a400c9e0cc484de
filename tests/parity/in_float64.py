"""diffusers' schedulers in float64: so a difference is one of formulas, not of rounding."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any
from unittest import mock

import numpy as np
import torch

__all__ = ["ALPHA_BARS", "doubled"]

ALPHA_BARS = torch.cumprod(1 - torch.linspace(1e-4, 0.02, 1000, dtype=torch.float64), 0)
"""The default betas of both sides, linear, multiplied up."""


@contextmanager
def doubled(scheduler: Any) -> Iterator[None]:
    """While this lasts, the scheduler's module reads float64 where it says float32."""
    module = sys.modules[type(scheduler).__module__]
    with mock.patch.multiple(module, np=_Double(np), torch=_Double(torch)):
        yield


class _Double:
    """A library, but for one word."""

    def __init__(self, library: ModuleType) -> None:
        self._library, self.float32 = library, library.float64

    def __getattr__(self, name: str) -> Any:
        return getattr(self._library, name)
