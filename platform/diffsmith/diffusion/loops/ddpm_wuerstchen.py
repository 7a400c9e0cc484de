"""DDPM that ends above no noise at all, and adds none in its last step."""

from collections.abc import Iterator

from torch import Tensor

from ..denoiser import Denoise
from ..estimates.single import euler
from ..levels import Level
from ..noise import Noise
from ..renoise import posterior
from ..schedules import NoiseSchedule
from ..steps import Step
from ..trajectory import Frame, trajectory

__all__ = ["ddpm_wuerstchen"]


def ddpm_wuerstchen(
    denoise: Denoise, x: Tensor | Frame, schedule: NoiseSchedule, log_snrs: Tensor, noise: Noise
) -> Iterator[Frame]:
    """The posterior's mean and noise, in the last step its mean alone (Wuerstchen, Pernias et al. 2023)."""
    end = schedule.path(log_snrs[-1].item())

    def rule(here: Level, there: Level) -> Step:
        step = posterior(here, there)
        return step._replace(fresh=0.0) if there == end else step

    return trajectory(denoise, x, schedule, log_snrs, noise, estimate=euler, renoise=rule)
