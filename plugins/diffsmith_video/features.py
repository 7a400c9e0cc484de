"""The feature space of clips, and of their frames; and which classes are seen in clips."""

from collections.abc import Callable

from torch import Tensor

from diffsmith.data import Data, Split
from diffsmith.features import Trained, classifier_of
from diffsmith.features.pictures import PICTURES
from diffsmith.nn.video.folding import frames_of

from .classifier import CLIPS

__all__ = ["embedder", "recognised"]


def embedder(data: Data) -> Callable[[Tensor], Tensor]:
    """Clips [N, C, F, H, W], or pictures [N, C, H, W], to 32 features each.

    Those of clips are a classifier's of the training clips, those of pictures one's of all their frames,
    which learns only where somebody asks it.
    """
    clips, frames = classifier_of(data.train, CLIPS), None

    def embed(x: Tensor) -> Tensor:
        nonlocal frames
        if x.ndim == _CLIPS:
            return clips.embed(x)
        frames = frames or _classifier_of_frames(data.train)
        return frames.embed(x)

    return embed


def recognised(x: Tensor, label: Tensor, data: Data) -> float:
    """The share of clips [N, C, F, H, W] in which the data's classifier sees the class [N] asked for."""
    seen = classifier_of(data.train, CLIPS).name(x)
    return float((seen == label.to(seen)).float().mean())


_CLIPS = 5  # the dimensions of a batch of clips


def _classifier_of_frames(clips: Split) -> Trained:
    frames = clips.x.shape[2]
    label = None if clips.label is None else clips.label.repeat_interleave(frames)
    return classifier_of(Split(frames_of(clips.x), label), PICTURES)
