"""What cannot be meant, told by name before the network is asked for the first time."""

import math

import torch
from torch import Tensor

from .diffusion.coordinates import sigma_path
from .diffusion.levels import Level
from .diffusion.prediction import Prediction
from .diffusion.schedules import NoiseSchedule
from .diffusion.trajectory import Frame, Trajectory
from .errors import SpecError
from .registry import Registry
from .specs import SchedulerSpec

__all__ = ["require_a_beginning", "require_heeded", "require_readable", "require_same_walk"]


def require_readable(schedule: NoiseSchedule, prediction: Prediction, log_snrs: Tensor) -> None:
    """Refuse a start where the network cannot be told the level, or its answer not be read."""
    first = schedule.path(log_snrs[0].item())
    if not math.isfinite(first.sigma):
        raise SpecError([f"{_BEGINS}, and on a variance exploding path nothing is: {_LOWER}"])
    if not math.isfinite(schedule.label(first)):
        raise SpecError([f"{_BEGINS}, which the network cannot be told: tell it timesteps, or {_LOWER}"])
    if not _readable(prediction, first):
        instead = f"use a network that answers with v, sample or flow, or {_LOWER}"
        raise SpecError([f"{_BEGINS}, where this prediction says nothing about the sample: {instead}"])


def require_a_beginning(loop: Trajectory, schedule: NoiseSchedule, log_snrs: Tensor) -> None:
    """Refuse what the loop itself refuses: it is begun, and stopped where it would ask the network."""
    try:
        next(loop(_stop, torch.zeros(1, 1, 1, 1), schedule, log_snrs, lambda x, here, there: x))
    except _AskedError:
        pass
    except ValueError as error:
        raise SpecError([str(error)]) from None


class _AskedError(Exception):
    """The network would have been asked."""


def _stop(x: Tensor, level: Level) -> Tensor:
    raise _AskedError


def require_heeded(pushing: str, solver: SchedulerSpec, registry: Registry) -> None:
    """Refuse what works by pushing x beside the clean estimate where the solver would not heed it."""
    card = registry.scheduler(solver.name, "scheduler.name")[0] if solver.name else None
    heeds, name = (card.pushes, card.name) if card else (solver.correct is None, "a corrector")
    if not heeds:
        what = f"it pushes x beside the clean estimate, which {name} does not heed"
        raise SpecError([f"{pushing}: {what}: take another, or a scheduler such as euler"])


def require_same_walk(
    frame: Frame, schedule: NoiseSchedule, log_snrs: Tensor, solver: SchedulerSpec, registry: Registry
) -> None:
    """Refuse to go on from a frame of another path, or of another grid; some loops have their own places."""
    card = registry.scheduler(solver.name)[0] if solver.name else None
    path = sigma_path(schedule, log_snrs) if card and card.walk == "sigma" else schedule.path
    there = frame.level.log_snr
    if not all(math.isclose(*pair, rel_tol=1e-6) for pair in zip(path(there), frame.level, strict=True)):
        raise SpecError([f"x: the frame lies on another path than this scheduler walks: {_SAME}"])
    steps = len(log_snrs) - 1
    if card and card.ref:
        return
    if frame.index >= steps or not math.isclose(there, log_snrs[frame.index + 1].item(), abs_tol=1e-6):
        what = f"the frame after step {frame.index + 1}, at log-SNR {there:.4g}, is not one of these {steps}"
        raise SpecError([f"x: {what}: {_SAME}"])


_SAME = "go on with the scheduler, the spacing and the steps that it was made with"
_BEGINS = "spacing: the first level is pure noise (alpha = 0)"
_LOWER = "begin lower, as with the spacings explicit_sigmas and explicit_log_snrs"


def _readable(prediction: Prediction, level: Level) -> bool:
    try:
        return all(math.isfinite(part) for part in prediction.reading(level))
    except ZeroDivisionError:
        return False
