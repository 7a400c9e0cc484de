"""Names to things: every part of a spec, built by the registry, with all faults found at once."""

from collections.abc import Callable
from functools import partial
from typing import Any

from .cards import ModelCard, SchedulerCard
from .diffusion.guidance import Guidance
from .diffusion.prediction import Prediction
from .diffusion.schedules import NoiseSchedule
from .diffusion.trajectory import Trajectory, trajectory
from .errors import SpecError, unknown_name
from .options import options_model
from .registry import Registry
from .specs import Choice, ModelSpec, PipelineSpec, SchedulerSpec, TrainSpec

__all__ = ["check", "guidance", "network_builder", "prediction", "schedule", "scheduler", "spacing"]


def check(spec: PipelineSpec, registry: Registry) -> None:
    """Raise a SpecError that lists every unknown name and impossible option of the spec; builds nothing."""
    faults: list[str] = []
    for part in _parts(spec, registry):
        try:
            part()
        except SpecError as error:
            faults.extend(error.faults)
    if faults:
        raise SpecError(faults)


def _parts(spec: PipelineSpec, registry: Registry) -> list[Callable[[], Any]]:
    parts: list[Callable[[], Any]] = [
        partial(network_builder, spec.model, registry),
        partial(scheduler, spec.scheduler, registry),
        partial(spacing, spec, registry),
        partial(guidance, spec, registry),
    ]
    if spec.model.name in registry.names("models"):
        parts += [partial(schedule, spec.model, registry), partial(prediction, spec.model, registry)]
    if isinstance(spec, TrainSpec):
        parts += [
            partial(registry.bind, "datasets", spec.data, "data"),
            partial(registry.bind, "times", spec.train.times, "train.times"),
            partial(registry.bind, "weightings", spec.train.weighting, "train.weighting"),
        ]
    return parts


def network_builder(model: ModelSpec, registry: Registry) -> Callable[..., Any]:
    """(shape, classes) -> the network."""
    return registry.bind("models", model, "model")


def schedule(model: ModelSpec, registry: Registry) -> NoiseSchedule:
    """The noise the model is trained on: the spec's choice, or its card's."""
    card: ModelCard = registry.get("models", model.name, "model.name")
    choice = model.schedule or Choice.model_validate(card.schedule)
    built: NoiseSchedule = registry.bind("schedules", choice, "model.schedule")()
    return built


def prediction(model: ModelSpec, registry: Registry) -> Prediction:
    """What the model answers: the spec's choice, or its card's."""
    card: ModelCard = registry.get("models", model.name, "model.name")
    choice = model.prediction or Choice.model_validate(card.prediction)
    built: Prediction = registry.bind("predictions", choice, "model.prediction")()
    return built


def spacing(spec: PipelineSpec, registry: Registry) -> Callable[..., Any]:
    """(schedule, steps) -> log-SNRs."""
    return registry.bind("spacings", spec.spacing, "spacing")


def guidance(spec: PipelineSpec, registry: Registry) -> Guidance:
    """(ask, prediction) -> denoise."""
    return registry.bind("guidance", spec.guidance, "guidance")


def scheduler(choice: SchedulerSpec, registry: Registry) -> Trajectory:
    """The loop: a named row with its options, or an estimate and a noise rule of one's own."""
    if not choice.name:
        return _multiplied(choice, registry)
    card: SchedulerCard = registry.get("schedulers", choice.name, "scheduler.name")
    if card.ref:
        return registry.bind("schedulers", choice, "scheduler")
    return _row(card, choice, registry)


def _multiplied(choice: SchedulerSpec, registry: Registry) -> Trajectory:
    if choice.options:
        names = ["name", "estimate", "renoise"]
        raise SpecError([unknown_name("scheduler", name, names) for name in choice.options])
    estimate = registry.bind("estimates", choice.estimate or Choice(name="euler"), "scheduler.estimate")
    renoise = registry.bind("renoise", choice.renoise or Choice(name="ode"), "scheduler.renoise")
    return partial(trajectory, estimate=estimate, renoise=renoise)


def _row(card: SchedulerCard, choice: SchedulerSpec, registry: Registry) -> Trajectory:
    """An option of a row goes to the factor that has it."""
    left = {**card.defaults, **choice.options}
    factors: dict[str, Callable[..., Any]] = {}
    for kind, role, name in (("estimates", "estimate", card.estimate), ("renoise", "renoise", card.renoise)):
        fields = options_model(registry.get(kind, name).function).model_fields
        own = {key: left.pop(key) for key in list(left) if key in fields}
        factors[role] = registry.bind(kind, Choice(name=name, **own), "scheduler")
    if left:
        raise SpecError([unknown_name("scheduler", name, list(card.defaults)) for name in left])
    return partial(trajectory, **factors)  # type: ignore[arg-type]
