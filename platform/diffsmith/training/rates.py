"""Learning rates as functions of the step."""

import math

from ..specs import FitSpec

__all__ = ["rate"]


def rate(spec: FitSpec, step: int) -> float:
    """The rate of a step (counted from 0): a linear warm-up, then constant or down a half cosine."""
    warm = min(1.0, (step + 1) / (spec.warmup + 1))
    if spec.rate == "constant":
        return spec.lr * warm
    done = max(0, step - spec.warmup) / max(1, spec.steps - spec.warmup)
    return spec.lr * warm * (1 + math.cos(math.pi * min(1.0, done))) / 2
