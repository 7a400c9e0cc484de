"""How things change along the frames of a clip, compared with real clips.

Each metric makes one number of every clip, and is the Wasserstein-1 distance between the samples' numbers
and the real clips': both the mean and the spread have to be right.
"""

from itertools import pairwise

import numpy as np
from torch import Tensor

from diffsmith.metrics import Reference

from .compared import apart, require_clips

__all__ = ["flicker", "motion"]


def motion(samples: Tensor, reference: Reference) -> float:
    """How unlike real clips in how much moves: optical flow, in pixels a frame (Farneback 2003).

    A clip's motion is the mean length of its flow over all pixels and all pairs of neighbouring frames.
    """
    require_clips(samples, reference, frames=2)
    return apart(_motion(samples), _motion(reference.real.x))


def flicker(samples: Tensor, reference: Reference) -> float:
    """How unlike real clips in how unevenly they change: the mean second difference in time.

    A clip's flicker is the mean of |x[f + 1] - 2 x[f] + x[f - 1]| over all values and inner frames.
    """
    require_clips(samples, reference, frames=3)
    return apart(_flicker(samples), _flicker(reference.real.x))


def _flicker(clips: Tensor) -> Tensor:
    """[N, C, F, H, W] -> [N]."""
    return clips.float().diff(n=2, dim=2).abs().flatten(1).mean(1)


def _motion(clips: Tensor) -> Tensor:
    """[N, C, F, H, W] -> [N], of the mean of the channels in 8 bits."""
    grey = (clips.float().mean(1).clamp(-1, 1) + 1) * 127.5  # [N, F, H, W]
    means = [_flow(clip) for clip in grey.round().byte().cpu().numpy()]
    return clips.new_tensor(means)


def _flow(clip: "np.ndarray[tuple[int, ...], np.dtype[np.uint8]]") -> float:
    """uint8 [F, H, W] -> the mean length of the flow."""
    import cv2

    flows = [cv2.calcOpticalFlowFarneback(*pair, None, **_FARNEBACK) for pair in pairwise(clip)]
    return float(np.linalg.norm(np.stack(flows), axis=-1).mean())


_FARNEBACK = {
    "pyr_scale": 0.5,
    "levels": 3,  # OpenCV takes fewer where a level would be less than 32 pixels wide
    "winsize": 9,
    "iterations": 3,
    "poly_n": 5,
    "poly_sigma": 1.1,
    "flags": 0,
}
"""A small window: clips to train on from scratch are 16 to 64 pixels wide."""
