"""The frames of the samples, one by one and next to one another, in features of pictures."""

from torch import Tensor
from torch.nn import functional as F

from diffsmith.data import Split
from diffsmith.metrics import Reference
from diffsmith.metrics.distances import frechet
from diffsmith.nn.video.folding import frames_of

from .compared import apart, require_clips

__all__ = ["frame_consistency", "frame_frechet"]


def frame_frechet(samples: Tensor, reference: Reference) -> float:
    """Frechet distance of single frames in features of pictures (Heusel et al. 2017)."""
    require_clips(samples, reference, frames=1)
    return frechet(frames_of(samples), Reference(Split(frames_of(reference.real.x), None), reference.embed))


def frame_consistency(samples: Tensor, reference: Reference) -> float:
    """How unlike real clips in how alike neighbouring frames are: the cosine of their features.

    A clip's likeness is the mean cosine over its pairs of neighbours (Esser et al. 2023); the score is the
    Wasserstein-1 distance between the samples' and the real clips'. Frames that are more alike than real
    ones, as in a clip that stands still, cost as much as frames that are less alike.
    """
    require_clips(samples, reference, frames=2)
    return apart(_likeness(samples, reference), _likeness(reference.real.x, reference))


def _likeness(clips: Tensor, reference: Reference) -> Tensor:
    """[N, C, F, H, W] -> [N]."""
    seen = reference.embed(frames_of(clips))
    seen = seen.reshape(len(clips), clips.shape[2], -1)  # [N, F, D]
    return F.cosine_similarity(seen[:, 1:], seen[:, :-1], dim=2).mean(1)
