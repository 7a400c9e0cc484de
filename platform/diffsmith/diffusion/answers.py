"""What a denoiser may say beside its clean estimate."""

from typing import TYPE_CHECKING, NamedTuple

from torch import Tensor

from .levels import Level

if TYPE_CHECKING:
    from .denoiser import Denoise

__all__ = ["Answer", "answer"]


class Answer(NamedTuple):
    """The estimate that the solver works with, and what is pushed onto x after the move, times alpha.

    CFG++ solves with the unconditional estimate and pushes by the guidance; a clip that keeps the noise
    direction pushes by what it cut off. The sample that is meant is x0 + push. variance: what the network
    says of its own uncertainty, shaped like x0, where it was trained to (Nichol & Dhariwal 2021).
    """

    x0: Tensor
    push: Tensor | None = None
    variance: Tensor | None = None


def answer(denoise: "Denoise", x: Tensor, level: Level) -> Answer:
    """The denoiser's answer; most only have an estimate, some have a method `answer` that says more."""
    more = getattr(denoise, "answer", None)
    return more(x, level) if more else Answer(denoise(x, level))
