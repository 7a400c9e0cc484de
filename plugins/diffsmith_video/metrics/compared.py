"""What two sets of clips must be before they are compared, and how far numbers of theirs lie apart."""

from torch import Tensor

from diffsmith.errors import DiffsmithError
from diffsmith.metrics import Reference
from diffsmith.metrics.compared import require_comparable

__all__ = ["apart", "require_clips"]


def require_clips(samples: Tensor, reference: Reference, frames: int) -> None:
    """Raise where a metric of clips [N, C, F, H, W] of at least so many frames would mean nothing."""
    require_comparable(samples, reference, least=1)
    for clips, what in ((samples, "samples"), (reference.real.x, "real clips")):
        if clips.shape[2] < frames:
            raise DiffsmithError(
                f"this metric needs {what} of at least {frames} frames, got {clips.shape[2]}"
            )


def apart(ours: Tensor, real: Tensor) -> float:
    """The Wasserstein-1 distance of two sets of numbers: how far one has to be moved to be the other."""
    from scipy.stats import wasserstein_distance

    return float(wasserstein_distance(ours.double().cpu().numpy(), real.double().cpu().numpy()))
