"""A trained network as a clean-estimate function."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from ..errors import SpecError
from .answers import Answer
from .levels import Level, blend
from .prediction import Prediction
from .scalars import Number
from .schedules import NoiseSchedule

__all__ = ["Denoise", "Denoiser"]

Denoise = Callable[[Tensor, Level], Tensor]
"""(noisy x, where it is) -> clean estimate x0."""


@dataclass(frozen=True, slots=True)
class Denoiser:
    """The only place that knows what the network outputs and how it is told the level.

    net: (x, label) -> out, x and out [B, ...], the label a number. Where out has twice the channels, the
    second half is the network's word on its variance, which only `answer` passes on.
    """

    net: Callable[[Tensor, Number], Tensor]
    schedule: NoiseSchedule
    prediction: Prediction

    def __call__(self, x: Tensor, level: Level) -> Tensor:
        """The clean estimate; x may lie on any path, at the same log-SNR it only has another size."""
        return self.answer(x, level).x0

    def answer(self, x: Tensor, level: Level) -> Answer:
        """The clean estimate, and the variance where the network gives one."""
        home = self.schedule.path(level.log_snr)
        size = home.sigma / level.sigma
        scale = size * self.schedule.scale(home)
        out = self.net(x if abs(scale - 1) < _NEGLIGIBLE else x * scale, self.schedule.label(home))
        variance = None
        if not isinstance(out, Tensor) or out.shape != x.shape:
            out, variance = _parted(out, x)
        of_x, of_out = self.prediction.reading(home)
        return Answer(blend(of_x * size, x, of_out, out), None, variance)


def _parted(out: Any, x: Tensor) -> tuple[Tensor, Tensor]:
    """The answer and the network's word on its variance; a SpecError for what is neither."""
    wide = (len(x), 2 * x.shape[1], *x.shape[2:]) if x.ndim > 1 else ()
    if not isinstance(out, Tensor):
        what = f"answered with a {type(out).__name__}, expected a tensor shaped like x {list(x.shape)}"
        raise SpecError([f"net: {what}; wrap it, as in lambda x, t: net(x, t).sample"])
    if out.shape != wide:
        what = f"answered with shape {list(out.shape)} to x of shape {list(x.shape)}"
        raise SpecError([f"net: {what}, expected the same, or twice the channels where it learned variances"])
    answer, variance = out.chunk(2, 1)
    return answer, variance


_NEGLIGIBLE = 1e-12  # what log and exp lose of a level that was at home already
