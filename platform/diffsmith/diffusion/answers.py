"""What a denoiser may say beside its clean estimate."""

from typing import NamedTuple

from torch import Tensor

from .denoiser import Denoise
from .levels import Level

__all__ = ["Answer", "answer"]


class Answer(NamedTuple):
    """The estimate that the solver works with, and what is pushed onto x after the move, times alpha.

    CFG++ solves with the unconditional estimate and pushes by the guidance; a clip that keeps the noise
    direction pushes by what it cut off.
    """

    x0: Tensor
    push: Tensor | None = None


def answer(denoise: Denoise, x: Tensor, level: Level) -> Answer:
    """The denoiser's answer; most only have an estimate, some have a method `answer` that says more."""
    more = getattr(denoise, "answer", None)
    return more(x, level) if more else Answer(denoise(x, level))
