"""What plugin authors test with: a problem whose answer is known."""

from .mixture import GaussianMixture, three_blobs
from .paths import bare

__all__ = ["GaussianMixture", "bare", "three_blobs"]
