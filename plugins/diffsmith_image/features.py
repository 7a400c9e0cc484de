"""The feature space of pictures."""

from collections.abc import Callable

from torch import Tensor

from diffsmith.data import Data
from diffsmith.features import classifier_of
from diffsmith.features.pictures import PICTURES

__all__ = ["embedder"]


def embedder(data: Data) -> Callable[[Tensor], Tensor]:
    """x [N, C, H, W] -> 32 features each, of a classifier of the training rows."""
    return classifier_of(data.train, PICTURES).embed
