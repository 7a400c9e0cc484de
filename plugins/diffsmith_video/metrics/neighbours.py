"""How the samples lie among real clips in features of whole clips."""

from torch import Tensor

from diffsmith.metrics import Reference
from diffsmith.metrics.neighbours import Neighbour, coverage

__all__ = ["coverage_video"]


def coverage_video(samples: Tensor, reference: Reference, *, k: Neighbour = 5) -> float:
    """Diversity: the share of real clips with a sample in their ball (Naeem et al. 2020)."""
    return coverage(samples, reference, k=k)
