"""What is asked for, as those look at it who turn it into conditions."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from torch import Tensor

__all__ = ["Size", "Wanted"]

Size = tuple[int, int]
"""Height and width in pixels."""


@dataclass(frozen=True)
class Wanted:
    """B samples: a prompt each, and what all of them share.

    negatives: B texts to go away from, None where nobody gave any. frames, fps: of clips. original: a picture
    to make them from, [1 or B, 3, H, W] in [-1, 1], as large as it came; picture: the same of `size`. Both
    have the sides' ratio of `size`. encode: pixels [N, 3, H, W] -> latents as denoisers know them; raw: as
    the autoencoder gives them. noise: unit noise for each sample, shaped like x [B, ...], of its own seed.
    """

    prompts: Sequence[str]
    negatives: Sequence[str] | None = None
    size: Size = (0, 0)
    frames: int = 1
    fps: float = 8.0
    original: Tensor | None = None
    picture: Tensor | None = None
    encode: Callable[[Tensor], Tensor] | None = None
    raw: Callable[[Tensor], Tensor] | None = None
    noise: Callable[[Tensor], Tensor] | None = None
