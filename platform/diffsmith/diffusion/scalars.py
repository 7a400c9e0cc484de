"""The few functions of one number, for floats and tensors alike; infinity instead of an error."""

import math
from typing import Any

from torch import Tensor

__all__ = ["Number", "exp", "expm1", "log", "sigmoid", "sqrt"]

Number = Any
"""A float in sampling, where a step then costs no more than its arithmetic; a Tensor in training."""


def exp(x: Number) -> Number:
    """e to the x."""
    if isinstance(x, Tensor):
        return x.exp()
    return math.exp(x) if x < _LARGEST else math.inf


def expm1(x: Number) -> Number:
    """e to the x, less one, exact near zero."""
    if isinstance(x, Tensor):
        return x.expm1()
    return math.expm1(x) if x < _LARGEST else math.inf


def log(x: Number) -> Number:
    """The natural logarithm; minus infinity at zero."""
    if isinstance(x, Tensor):
        return x.log()
    return math.log(x) if x > 0 else -math.inf


def sqrt(x: Number) -> Number:
    """The square root; zero for what rounding took just below zero."""
    return x.clamp(min=0).sqrt() if isinstance(x, Tensor) else math.sqrt(max(x, 0.0))


def sigmoid(x: Number) -> Number:
    """1 / (1 + e^-x), exact at both ends."""
    if isinstance(x, Tensor):
        return x.sigmoid()
    small = math.exp(-abs(x))
    return 1 / (1 + small) if x >= 0 else small / (1 + small)


_LARGEST = 709.0  # e to more than this is beyond float64
