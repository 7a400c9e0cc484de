"""Which noise levels a spec visits."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from ..diffusion.schedules import NoiseSchedule
from ..diffusion.starting import cut
from ..errors import SpecError
from ..options import options_model
from ..registry import Registry
from ..specs import Choice, PipelineSpec, SchedulerSpec, SpacingSpec
from .parts import schedule

__all__ = ["grid", "last_part", "log_snrs", "place", "spacing"]


def log_snrs(spec: PipelineSpec, registry: Registry) -> Tensor:
    """The noise levels the spec visits, [steps + 1] log-SNRs from noise to clean."""
    return grid(schedule(spec.model, registry), spec.scheduler, spec.spacing, registry)


def last_part(spec: PipelineSpec, strength: float, registry: Registry) -> Tensor:
    """The levels visited from a picture on: as many steps nearer to it, or the last share of the steps.

    The first where the spacing knows of it, as a latent consistency model's does.
    """
    if strength == 1:
        return log_snrs(spec, registry)
    named = spacing(spec.spacing, spec.scheduler, registry)
    card = registry.get("spacings", named.name, "spacing.name")
    if "strength" in options_model(card.function).model_fields:
        nearer = SpacingSpec.model_validate({**named.to_dict(), "strength": strength})
        return log_snrs(spec.model_copy(update={"spacing": nearer}), registry)
    return cut(log_snrs(spec, registry), strength)


def grid(
    noise_schedule: NoiseSchedule, solver: SchedulerSpec, choice: SpacingSpec, registry: Registry
) -> Tensor:
    """The levels that a spacing places on a schedule, once they are known to go from noise to clean."""
    placing = place(choice, solver, registry)
    try:
        placed: Tensor = placing(noise_schedule, choice.steps)
    except ValueError as error:
        raise SpecError([f"spacing: {error}"]) from None
    if choice.final != "zero" and not _ends_itself(choice, solver, registry):
        placed = _FINALS[choice.final](noise_schedule, placed)
    if fault := _damage(placed):
        name = spacing(choice, solver, registry).name
        what = f"{name} with {choice.steps} steps does not go from noise to clean"
        advice = "ask for fewer steps, or list every level once, noisiest first"
        raise SpecError([f"spacing: {what}: {advice} ({fault})"])
    return placed


def place(choice: SpacingSpec, solver: SchedulerSpec, registry: Registry) -> Callable[..., Any]:
    """(schedule, steps) -> log-SNRs [steps + 1]: the spacing with its options."""
    named = spacing(choice, solver, registry)
    own = {"final": choice.final} if _ends_itself(choice, solver, registry) else {}
    bare = Choice.model_validate({"name": named.name, **named.options, **own})
    return registry.bind("spacings", bare, "spacing")


def _ends_itself(choice: SpacingSpec, solver: SchedulerSpec, registry: Registry) -> bool:
    """Whether the spacing knows which level was its last: a list of one's own may hold no noise or some."""
    if choice.final != "listed":
        return False
    card = registry.get("spacings", spacing(choice, solver, registry).name, "spacing.name")
    return "final" in options_model(card.function).model_fields


def _at_the_clean_end(noise_schedule: NoiseSchedule, placed: Tensor) -> Tensor:
    """Down to the clean end of training; where the levels reach it before, that is their end."""
    clean = noise_schedule.ends()[0]
    noisier = placed[placed < clean - _NEAR]
    return torch.cat([noisier, clean[None]])


_FINALS: dict[str, Callable[[NoiseSchedule, Tensor], Tensor]] = {
    "sigma_min": _at_the_clean_end,
    "listed": lambda noise_schedule, placed: placed[:-1],
}
"""What becomes of the last level of a spacing, which is no noise at all."""

_NEAR = 1e-9  # what a level loses on its way through exp and log


def _damage(placed: Tensor) -> str:
    """What is wrong with a grid, in words; nothing where every level is cleaner than the one before."""
    if len(placed) < 2:
        return "one level is no step"
    wrong = (~(placed.diff() > 0)).nonzero()
    if not len(wrong):
        return ""
    at = int(wrong[0])
    before, after = placed[at : at + 2].tolist()
    return f"level {at + 2}, log-SNR {after:.4g}, is not cleaner than the one before, {before:.4g}"


def spacing(choice: SpacingSpec, solver: SchedulerSpec, registry: Registry) -> SpacingSpec:
    """The spacing that was named, or else the one that the scheduler's name ends in."""
    if "name" in choice.model_fields_set or not solver.name:
        return choice
    _, named = registry.scheduler(solver.name, "scheduler.name")
    return choice.model_copy(update={"name": named}) if named else choice
