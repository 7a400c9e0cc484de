"""The loop that a scheduler's name, or its factors, stand for."""

from collections.abc import Callable
from functools import partial
from typing import Any

from ..cards import SchedulerCard
from ..diffusion.coordinates import in_sigma
from ..diffusion.trajectory import Trajectory, trajectory
from ..errors import SpecError, unknown_name
from ..options import options_model
from ..registry import Registry
from ..specs import Choice, SchedulerSpec

__all__ = ["scheduler"]


def scheduler(choice: SchedulerSpec, registry: Registry) -> Trajectory:
    """The loop: a named row with its options, or factors of one's own."""
    if not choice.name:
        return _multiplied(choice, registry)
    card, _ = registry.scheduler(choice.name, "scheduler.name")
    loop = _own_loop(card, choice, registry) if card.ref else _row(card, choice, registry)
    return in_sigma(loop) if card.walk == "sigma" else loop


def _own_loop(card: SchedulerCard, choice: SchedulerSpec, registry: Registry) -> Trajectory:
    return registry.bind("schedulers", Choice(name=card.name, **choice.options), "scheduler")


def _multiplied(choice: SchedulerSpec, registry: Registry) -> Trajectory:
    if choice.options:
        names = ["name", *_FACTORS]
        raise SpecError([unknown_name("scheduler", name, names) for name in choice.options])
    factors = {
        role: registry.bind(kind, getattr(choice, role) or Choice(name=usual), f"scheduler.{role}")
        for role, (kind, usual) in _FACTORS.items()
        if getattr(choice, role) or usual
    }
    return partial(trajectory, **factors)  # type: ignore[arg-type]


def _row(card: SchedulerCard, choice: SchedulerSpec, registry: Registry) -> Trajectory:
    """An option of a row goes to every factor that has it."""
    options, known = {**card.defaults, **choice.options}, set[str]()
    factors: dict[str, Callable[..., Any]] = {}
    for role, (kind, _) in _FACTORS.items():
        if name := getattr(card, role):
            fields = options_model(registry.get(kind, name).function).model_fields
            known |= fields.keys()
            own = {key: value for key, value in options.items() if key in fields}
            factors[role] = registry.bind(kind, Choice(name=name, **own), "scheduler")
    if wrong := [name for name in options if name not in known]:
        raise SpecError([unknown_name("scheduler", name, list(known)) for name in wrong])
    return partial(trajectory, **factors)  # type: ignore[arg-type]


_FACTORS = {
    "estimate": ("estimates", "euler"),
    "renoise": ("renoise", "ode"),
    "correct": ("correctors", ""),
}
"""What the loop is made of: each factor's kind, and the one that is taken where none is named."""
