"""What the scheduler of a spec does, in one form however it is written: so that two can be compared."""

from collections.abc import Mapping
from inspect import signature
from typing import Any

from .. import factory
from ..cards import ModelCard
from ..diffusion.betas import BETAS
from ..registry import Registry
from ..specs import Choice, PipelineSpec, SchedulerSpec
from .choices import whole_options

__all__ = ["meaning"]

Values = dict[str, Any]

_FACTORS = {"estimate": ("estimates", "euler"), "renoise": ("renoise", "ode"), "correct": ("correctors", "")}
_IN_A_TABLE = {"betas", "start", "end", "timesteps"}


def meaning(spec: PipelineSpec, registry: Registry) -> Values:
    """Every part that a scheduler_config.json tells of, with all options; the number of steps is not one.

    Nor is how a level between two timesteps is placed and told: each class of diffusers has one way.
    """
    spacing = factory.spacing(spec.spacing, spec.scheduler, registry)
    card: ModelCard = registry.get("models", spec.model.name)
    schedule = _named("schedules", spec.model.schedule or Choice.model_validate(card.schedule), registry)
    boundary = spec.model.boundary or _choice(card.boundary)
    return {
        "scheduler": _solver(spec.scheduler, registry),
        "spacing": {**_named("spacings", spacing, registry), "final": spacing.final},
        "model.schedule": _resolved(schedule) if schedule["name"] == "vp" else schedule,
        "model.prediction": _whole(
            "predictions", spec.model.prediction or _choice(card.prediction), registry
        ),
        "model.boundary": _whole("boundaries", boundary, registry),
        "threshold": _whole("thresholds", spec.threshold, registry),
        "noise": _whole("noise", spec.noise, registry),
    }


def _resolved(schedule: Values) -> Values:
    """A table of betas with its ends. Whether no signal is left there, or 2^-24 of it, is the class's."""
    left_out = {"interpolation"} | (_IN_A_TABLE if schedule["trained_betas"] else set())
    left_out |= set() if schedule["label"] == "log_sigma" else {"label"}
    usual = signature(BETAS[schedule["betas"]]).parameters
    ends = {key: usual[key].default if schedule[key] is None else schedule[key] for key in ("start", "end")}
    terminal = "trained" if schedule["terminal"] == "trained" else "zero"
    told = {**schedule, **ends, "terminal": terminal}
    return {key: value for key, value in told.items() if key not in left_out}


def _choice(values: Mapping[str, Any] | str | None) -> Choice | None:
    return Choice.model_validate(values) if values else None


def _whole(kind: str, choice: Choice | None, registry: Registry) -> Values | None:
    return None if choice is None else _named(kind, choice, registry)


def _named(kind: str, choice: Choice, registry: Registry) -> Values:
    card = registry.get(kind, choice.name)
    return {"name": card.name, **whole_options(card, choice.options)}


def _solver(choice: SchedulerSpec, registry: Registry) -> Values:
    """A loop of its own by its name; a row by its factors: two names for the same are the same."""
    if not choice.name:
        chosen = {role: getattr(choice, role) or _choice(usual) for role, (_, usual) in _FACTORS.items()}
        told = {role: _named(_FACTORS[role][0], each, registry) for role, each in chosen.items() if each}
        return {"walk": "own", **told}
    card, _ = registry.scheduler(choice.name)
    if card.ref:
        return {"name": card.name, **whole_options(card, choice.options)}
    options = {**card.defaults, **choice.options}
    names = {role: getattr(card, role) for role in _FACTORS if getattr(card, role)}
    factors = {role: _factor(role, name, options, registry) for role, name in names.items()}
    return {"walk": card.walk, **factors}


def _factor(role: str, name: str, options: Mapping[str, Any], registry: Registry) -> Values:
    """A factor with those of the row's options that are its own."""
    card = registry.get(_FACTORS[role][0], name)
    return {"name": name, **whole_options(card, options)}
