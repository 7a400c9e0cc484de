"""What plugin authors test with: a problem whose answer is known."""

from .mixture import GaussianMixture, three_blobs

__all__ = ["GaussianMixture", "three_blobs"]
