"""The two sets of rows that a metric compares, once it is sure that they can be."""

import torch
from torch import Tensor

from ..errors import DiffsmithError
from .reference import Reference

__all__ = ["features", "numbers", "require_comparable"]


def features(samples: Tensor, reference: Reference, least: int = 2) -> tuple[Tensor, Tensor]:
    """Samples and real data as features [N, D], in double precision."""
    require_comparable(samples, reference, least)
    return reference.embed(samples).double().cpu(), reference.features.double().cpu()


def numbers(samples: Tensor, reference: Reference, least: int = 1) -> tuple[Tensor, Tensor]:
    """Samples and real data as flat numbers [N, D], in double precision."""
    require_comparable(samples, reference, least)
    return samples.flatten(1).double().cpu(), reference.real.x.flatten(1).double().cpu()


def require_comparable(samples: Tensor, reference: Reference, least: int) -> None:
    """Raise where a metric would give a number that means nothing."""
    for rows, what in ((samples, "samples"), (reference.real.x, "real rows")):
        if len(rows) < least:
            raise DiffsmithError(f"this metric needs at least {least} {what}, got {len(rows)}")
    broken = int((~torch.isfinite(samples)).flatten(1).any(1).sum())
    if broken:
        raise DiffsmithError(f"{broken} of {len(samples)} samples hold NaN or infinite values")
