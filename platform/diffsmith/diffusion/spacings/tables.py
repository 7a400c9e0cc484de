"""Spacings that are a list of levels: published ones, and one's own."""

from typing import Annotated, Literal

import numpy as np
import torch
from pydantic import Field
from torch import Tensor

from ..schedules import NoiseSchedule
from .ends import at_timesteps, ended

__all__ = ["align_your_steps", "explicit_log_snrs", "explicit_sigmas", "explicit_timesteps"]

Listed = Annotated[tuple[float, ...], Field(min_length=1)]
Final = Literal["zero", "listed"]

# Sabour et al. 2024, table 3: ten steps each; the last level is where the noise is taken out entirely.
_TEN_STEPS = {
    "sd15": (14.615, 6.475, 3.861, 2.697, 1.886, 1.396, 0.963, 0.652, 0.399, 0.152, 0.029),
    "sdxl": (14.615, 6.315, 3.771, 2.181, 1.342, 0.862, 0.555, 0.380, 0.234, 0.113, 0.029),
    "deepfloyd": (160.41, 8.081, 3.315, 1.885, 1.207, 0.785, 0.553, 0.293, 0.186, 0.030, 0.006),
    "svd": (700.00, 54.5, 15.886, 7.977, 4.248, 1.789, 0.981, 0.403, 0.173, 0.034, 0.002),
}


def align_your_steps(
    schedule: NoiseSchedule, steps: int, *, model: Literal["sd15", "sdxl", "deepfloyd", "svd"] = "sd15"
) -> Tensor:
    """Ten noise levels optimised for a model, other counts log-linear between them (Sabour et al. 2024).

    Also: ays
    """
    log_sigmas = np.log(_TEN_STEPS[model])
    places = np.linspace(0, len(log_sigmas) - 1, steps + 1)[:-1]
    return ended(-torch.from_numpy(np.interp(places, np.arange(len(log_sigmas)), log_sigmas)))


def explicit_timesteps(schedule: NoiseSchedule, steps: int, *, timesteps: Listed) -> Tensor:
    """Exactly the training timesteps given, noisiest first; their count decides, not `steps`."""
    return at_timesteps(schedule, torch.tensor(timesteps, dtype=torch.float64))


def explicit_sigmas(schedule: NoiseSchedule, steps: int, *, sigmas: Listed, final: Final = "zero") -> Tensor:
    """Exactly the noise levels sigma / alpha given, noisiest first; a final 0 may be left out.

    final: "listed" ends at the last one given, with noise left.
    """
    log_snrs = -torch.tensor(sigmas, dtype=torch.float64).log()
    return log_snrs if final == "listed" else ended(log_snrs)


def explicit_log_snrs(
    schedule: NoiseSchedule, steps: int, *, log_snrs: Listed, final: Final = "zero"
) -> Tensor:
    """Exactly the log-SNRs given, noisiest first; their count decides, not `steps`.

    final: "listed" ends at the last one given, with noise left.
    """
    listed = torch.tensor(log_snrs, dtype=torch.float64)
    return listed if final == "listed" else ended(listed)
