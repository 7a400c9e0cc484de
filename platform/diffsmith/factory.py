"""Names to things: every part of a spec, built by the registry, with all faults found at once."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, TypeVar

import torch
from torch import Tensor

from .cards import ModelCard, SchedulerCard
from .diffusion.coordinates import in_sigma
from .diffusion.guidance import Guidance
from .diffusion.prediction import Prediction
from .diffusion.schedules import NoiseSchedule
from .diffusion.trajectory import Trajectory, trajectory
from .errors import SpecError, unknown_name
from .options import options_model
from .refusals import require_a_beginning, require_heeded, require_readable
from .registry import Registry
from .specs import Choice, ModelSpec, PipelineSpec, SchedulerSpec, SpacingSpec, TrainSpec, understood

__all__ = [
    "check",
    "checked",
    "grid",
    "guidance",
    "log_snrs",
    "network_builder",
    "prediction",
    "schedule",
    "scheduler",
    "spacing",
]

P = TypeVar("P", bound=PipelineSpec)


def check(spec: PipelineSpec, registry: Registry) -> None:
    """Raise a SpecError that lists every unknown name and impossible option; builds no network."""
    faults: dict[str, None] = {}
    for part in _parts(spec, registry):
        try:
            part()
        except SpecError as error:
            faults.update(dict.fromkeys(error.faults))  # two parts may meet the same one
    if faults:
        raise SpecError(list(faults))


def checked(kind: type[P], values: Mapping[str, Any], registry: Registry, where: str = "") -> P:
    """Plain data as a checked spec; a SpecError lists what is wrong in its form and its names at once."""
    spec, faults = understood(kind, values)
    try:
        if spec is not None:
            check(spec, registry)
    except SpecError as error:
        faults += error.faults
    if spec is None or faults:
        found = SpecError(list(dict.fromkeys(faults)))
        raise found.under(where) if where else found
    return spec


def _parts(spec: PipelineSpec, registry: Registry) -> list[Callable[[], Any]]:
    parts: list[Callable[[], Any]] = [
        partial(network_builder, spec.model, registry),
        partial(scheduler, spec.scheduler, registry),
        partial(_place, spec.spacing, spec.scheduler, registry),
        partial(guidance, spec, registry),
        partial(prediction, spec.model, registry),
        partial(schedule, spec.model, registry),
        partial(_refuse_what_cannot_begin, spec, registry),
        partial(_refuse_what_is_not_heeded, spec, registry),
    ]
    if isinstance(spec, TrainSpec):
        parts += [
            partial(registry.bind, "datasets", spec.data, "data"),
            partial(registry.bind, "times", spec.train.times, "train.times"),
            partial(registry.bind, "weightings", spec.train.weighting, "train.weighting"),
            partial(_refuse_what_training_cannot, spec, registry),
        ]
    return parts


def network_builder(model: ModelSpec, registry: Registry) -> Callable[..., Any]:
    """(shape, classes) -> the network."""
    return registry.bind("models", model, "model")


def schedule(model: ModelSpec, registry: Registry) -> NoiseSchedule:
    """The noise the model is trained on: the spec's choice, or its card's."""
    choice = model.schedule or Choice.model_validate(_card(model, registry).schedule)
    make = registry.bind("schedules", choice, "model.schedule")
    try:
        built: NoiseSchedule = make()
    except ValueError as error:
        raise SpecError([f"model.schedule: {error}"]) from None
    return built


def prediction(model: ModelSpec, registry: Registry) -> Prediction:
    """What the model answers: the spec's choice, or its card's."""
    choice = model.prediction or Choice.model_validate(_card(model, registry).prediction)
    built: Prediction = registry.bind("predictions", choice, "model.prediction")()
    return built


def log_snrs(spec: PipelineSpec, registry: Registry) -> Tensor:
    """The noise levels the spec visits, [steps + 1] log-SNRs from noise to clean."""
    return grid(schedule(spec.model, registry), spec.scheduler, spec.spacing, registry)


def grid(
    noise_schedule: NoiseSchedule, solver: SchedulerSpec, choice: SpacingSpec, registry: Registry
) -> Tensor:
    """The levels that a spacing places on a schedule, once they are known to go from noise to clean."""
    place = _place(choice, solver, registry)
    try:
        placed: Tensor = place(noise_schedule, choice.steps)
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


def _place(choice: SpacingSpec, solver: SchedulerSpec, registry: Registry) -> Callable[..., Any]:
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


def guidance(spec: PipelineSpec, registry: Registry) -> Guidance:
    """(ask, prediction) -> denoise."""
    return registry.bind("guidance", spec.guidance, "guidance")


def scheduler(choice: SchedulerSpec, registry: Registry) -> Trajectory:
    """The loop: a named row with its options, or factors of one's own."""
    if not choice.name:
        return _multiplied(choice, registry)
    card, _ = registry.scheduler(choice.name, "scheduler.name")
    loop = _own_loop(card, choice, registry) if card.ref else _row(card, choice, registry)
    return in_sigma(loop) if card.walk == "sigma" else loop


def _own_loop(card: SchedulerCard, choice: SchedulerSpec, registry: Registry) -> Trajectory:
    chosen = Choice(name=card.name, **{**card.defaults, **choice.options})
    return registry.bind("schedulers", chosen, "scheduler")


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


def _card(model: ModelSpec, registry: Registry) -> ModelCard:
    card: ModelCard = registry.get("models", model.name, "model.name")
    return card


def _refuse_what_cannot_begin(spec: PipelineSpec, registry: Registry) -> None:
    levels, known = log_snrs(spec, registry), schedule(spec.model, registry)
    require_readable(known, prediction(spec.model, registry), levels)
    require_a_beginning(scheduler(spec.scheduler, registry), known, levels)


def _refuse_what_is_not_heeded(spec: PipelineSpec, registry: Registry) -> None:
    guided = guidance(spec, registry)(_nobody, prediction(spec.model, registry))
    if hasattr(guided, "answer"):
        require_heeded("guidance", spec.scheduler, registry)


def _nobody(*asked: object) -> tuple[Tensor, ...]:
    raise NotImplementedError


def _refuse_what_training_cannot(spec: TrainSpec, registry: Registry) -> None:
    if spec.weights is not None:
        raise SpecError(["weights: training starts from fresh ones; leave this out"])
    model, data = _card(spec.model, registry), registry.get("datasets", spec.data.name, "data.name")
    if model.modality != data.modality:
        raise SpecError([f"data: {data.name} is {data.modality} data, {model.name} makes {model.modality}"])
