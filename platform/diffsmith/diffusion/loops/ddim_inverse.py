"""DDIM turned round: from a clean sample to the noise that a deterministic sampler makes it from."""

from collections.abc import Iterator
from typing import Literal

from torch import Tensor

from .. import prediction
from ..denoiser import Denoise
from ..levels import Level, blend
from ..noise import Noise
from ..schedules import NoiseSchedule
from ..trajectory import Frame, begun

__all__ = ["ddim_inverse"]

_HELD = {"epsilon": prediction.epsilon(), "v": prediction.v(), "flow": prediction.flow()}


def ddim_inverse(
    denoise: Denoise,
    x: Tensor | Frame,
    schedule: NoiseSchedule,
    log_snrs: Tensor,
    noise: Noise,
    *,
    held: Literal["epsilon", "v", "flow"] = "epsilon",
) -> Iterator[Frame]:
    """Walk the levels from clean to noise (DDIM inversion, Song et al. 2021, section 4.3; eq. 13 reversed).

    x is the clean sample. The network is told the level a step goes to, while x is still where it comes
    from: what it is trained to answer, `held`, is taken to be the same at both.
    """
    levels = [schedule.path(log_snr) for log_snr in log_snrs.flip(0).tolist()]
    row = _HELD[held]
    begin, x, _ = begun(x)
    for index in range(begin, len(levels) - 1):
        here, there = levels[index], levels[index + 1]
        x0, unit_noise = _parts(row, here, x, row.out(x, denoise(x, there), there))
        x = blend(there.alpha, x0, there.sigma, unit_noise)
        yield Frame(index, there, x, x0)


def _parts(row: prediction.Prediction, level: Level, x: Tensor, out: Tensor) -> tuple[Tensor, Tensor]:
    """The clean estimate and the noise that x is made of, by an answer a * x0 + b * noise."""
    a, b = row.mix(level)
    common = level.alpha * b - level.sigma * a
    x0 = blend(b / common, x, -level.sigma / common, out)
    return x0, blend(-a / common, x, level.alpha / common, out)
