"""DDPM whose state is kept within the data's range after every step, as for waveforms."""

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field
from torch import Tensor

from ..answers import answer
from ..denoiser import Denoise
from ..levels import carry
from ..noise import Noise
from ..renoise import posterior
from ..schedules import NoiseSchedule
from ..trajectory import Frame, begun

__all__ = ["diffwave"]


def diffwave(
    denoise: Denoise,
    x: Tensor | Frame,
    schedule: NoiseSchedule,
    log_snrs: Tensor,
    noise: Noise,
    *,
    limit: Annotated[float, Field(gt=0)] = 1.0,
) -> Iterator[Frame]:
    """Sample the posterior, then clip x itself to [-limit, limit] (Kong et al. 2021, reference program)."""
    levels = [schedule.path(log_snr) for log_snr in log_snrs.tolist()]
    begin, x, _ = begun(x)
    for index in range(begin, len(levels) - 1):
        here, there = levels[index], levels[index + 1]
        step = posterior(here, there)
        x0, push, _ = answer(denoise, x, here)
        x0 = x0 if push is None else x0 + push
        x = carry(x, x0, here, step.down)
        if step.fresh:
            x = x + step.fresh * noise(x, here, there)
        x = x.clamp(-limit, limit)
        yield Frame(index, there, x, x0)
