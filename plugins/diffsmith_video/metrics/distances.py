"""Distances between the samples and real clips in features of whole clips."""

from torch import Tensor

from diffsmith.metrics import Reference
from diffsmith.metrics.distances import frechet, kid

__all__ = ["frechet_video", "kid_video"]


def frechet_video(samples: Tensor, reference: Reference) -> float:
    """Distance of the Gaussians through both sets of features (Unterthiner et al. 2018, there called FVD).

    Also: frechet_video_distance, fvd
    """
    return frechet(samples, reference)


def kid_video(samples: Tensor, reference: Reference) -> float:
    """Squared MMD of clip features under a cubic kernel, unbiased: may be negative (Binkowski et al. 2018).

    Also: kernel_video_distance, kvd
    """
    return kid(samples, reference)
