"""The only loop: from noise to a sample, one frame a step."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from torch import Tensor

from .denoiser import Denoise
from .levels import Level, Path, carry
from .noise import Noise
from .renoise import ode
from .steps import Step

__all__ = ["Estimate", "Frame", "Renoise", "Trajectory", "trajectory"]

Estimate = Callable[[Denoise, Tensor, Tensor, Step], Tensor]
"""(denoise, x, x0 at the step's start, step) -> the clean estimate to hold over the step."""

Renoise = Callable[[Level, Level], Step]
"""(here, there) -> how the step between them treats its noise."""

Trajectory = Callable[[Denoise, Tensor, Path, Tensor, Noise], Iterator["Frame"]]
"""What every scheduler is: (denoise, x, path, log-SNRs [n + 1], noise) -> frames."""


@dataclass(frozen=True, slots=True)
class Frame:
    """What a consumer sees after each step: x at `level`, and the clean estimate it came from."""

    index: int
    level: Level
    x: Tensor
    x0: Tensor


def trajectory(
    denoise: Denoise,
    x: Tensor,
    path: Path,
    log_snrs: Tensor,
    noise: Noise,
    *,
    estimate: Estimate,
    renoise: Renoise = ode,
) -> Iterator[Frame]:
    """Walk x from the first level to the last, one Frame per step."""
    levels = [path(log_snr) for log_snr in log_snrs]
    past: tuple[tuple[Level, Tensor], ...] = ()
    for index, (here, there) in enumerate(pairwise(levels)):
        step = renoise(here, there)._replace(path=path, past=past)
        if step.start is not here:
            x = x + (step.start.sigma**2 - here.sigma**2).sqrt() * noise(x, here, step.start)
        x0 = denoise(x, step.start)
        held = x0 if step.down.sigma == 0 else estimate(denoise, x, x0, step)
        x = carry(x, held, step.start, step.down)
        if step.fresh > 0:
            x = x + step.fresh * noise(x, here, there)
        past = ((here, x0), *past[:1])
        yield Frame(index, there, x, x0)
