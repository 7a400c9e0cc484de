"""How the samples lie among real data: in balls that reach to each real row's k-th real neighbour."""

from typing import Annotated

import torch
from pydantic import Field
from torch import Tensor

from .compared import features
from .reference import Reference

__all__ = ["coverage", "density"]

Neighbour = Annotated[int, Field(ge=1, le=1000)]


def density(samples: Tensor, reference: Reference, *, k: Neighbour = 5) -> float:
    """Fidelity: real balls a sample lies in, over k; about 1 for real data (Naeem et al. 2020)."""
    return float(_visitors(samples, reference, k).double().sum() / (k * len(samples)))


def coverage(samples: Tensor, reference: Reference, *, k: Neighbour = 5) -> float:
    """Diversity: the share of real rows with a sample in their ball (Naeem et al. 2020)."""
    return float((_visitors(samples, reference, k) > 0).double().mean())


def _visitors(samples: Tensor, reference: Reference, k: int) -> Tensor:
    """For each real row, the number of samples nearer than its k-th real neighbour."""
    ours, real = features(samples, reference, least=k + 1)
    return torch.cat([_inside(part, real, ours, k) for part in torch.split(real, 1024)])


def _inside(centres: Tensor, real: Tensor, ours: Tensor, k: int) -> Tensor:
    # A row's nearest real row is itself, so its k-th neighbour is the (k + 1)-th nearest.
    reach = _distances(centres, real).kthvalue(k + 1, dim=1, keepdim=True).values
    return (_distances(centres, ours) < reach).sum(1)


def _distances(a: Tensor, b: Tensor) -> Tensor:
    return torch.cdist(a, b, compute_mode="donot_use_mm_for_euclid_dist")  # exact, so that equal is equal
