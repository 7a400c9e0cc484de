"""All that is wrong with a spec, found at once and before anything is built."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, TypeVar

from torch import Tensor

from ..errors import SpecError
from ..refusals import require_a_beginning, require_heeded, require_readable
from ..registry import Registry
from ..specs import PartSpec, PipelineSpec, TrainSpec, understood
from .grids import log_snrs, place
from .parts import (
    autoencoder_of,
    boundary,
    card_of,
    conditioner_of,
    engine_settings,
    guidance,
    network_builder,
    noise,
    prediction,
    refiner_of,
    schedule,
    shape_of,
    threshold,
)
from .solvers import scheduler

__all__ = ["check", "checked"]

P = TypeVar("P", bound=PipelineSpec)


def check(spec: PipelineSpec, registry: Registry) -> None:
    """Raise a SpecError that lists every unknown name and impossible option; builds no network."""
    faults: dict[str, None] = {}
    for part in _parts(spec, registry):
        try:
            part()
        except SpecError as error:
            faults.update(dict.fromkeys(error.faults))  # two parts may meet the same one
    own = [fault for fault in faults if not fault.startswith(_REFINER)]
    if faults:  # what the refiner took over is at fault once
        raise SpecError([*own, *(each for each in faults if each.removeprefix(_REFINER) not in own)])


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
        partial(place, spec.spacing, spec.scheduler, registry),
        partial(guidance, spec, registry),
        partial(prediction, spec.model, registry),
        partial(schedule, spec.model, registry),
        partial(boundary, spec.model, registry),
        partial(threshold, spec, registry),
        partial(_part, "autoencoders", autoencoder_of, spec, registry, "autoencoder"),
        partial(_part, "conditioners", conditioner_of, spec, registry, "conditioner"),
        partial(_part, "autoencoders", lambda spec, registry: spec.preview, spec, registry, "preview"),
        *(
            partial(registry.bind, "adapters", choice, f"adapters.{number}")
            for number, choice in enumerate(spec.adapters)
        ),
        partial(_refuse_what_windows_cannot, spec),
        partial(_refuse_what_pictures_cannot, spec, registry),
        partial(engine_settings, spec, registry),
        partial(_refiner, spec, registry),
        partial(noise, spec, registry),
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


def _part(
    kind: str,
    choice_of: Callable[[PipelineSpec, Registry], PartSpec | None],
    spec: PipelineSpec,
    registry: Registry,
    where: str,
) -> None:
    if (choice := choice_of(spec, registry)) is not None:
        registry.bind(kind, choice, where)


def _refiner(spec: PipelineSpec, registry: Registry) -> None:
    refiner = refiner_of(spec)
    if refiner is None:
        return
    if refiner.refiner is not None:
        raise SpecError(["refiner.refiner: a refiner has none of its own; leave it out"])
    try:
        check(refiner, registry)
        theirs = shape_of(refiner.model, registry)[0][0]
    except SpecError as error:
        raise SpecError([f"{_REFINER}{fault}" for fault in error.faults]) from None
    own = shape_of(spec.model, registry)[0][0]
    kinds = [card_of(each, registry).modality for each in (refiner.model, spec.model)]
    if kinds[0] != kinds[1]:
        what = f"{refiner.model.name} makes {kinds[0]} data, and {spec.model.name} {kinds[1]}"
        raise SpecError([f"refiner: {what}; name one that makes the same"])
    if theirs != own:
        what = f"{refiner.model.name} works on {theirs} channels, and {spec.model.name} makes {own}"
        raise SpecError([f"refiner: {what}; name one that works on the same"])


_REFINER = "refiner."


def _refuse_what_cannot_begin(spec: PipelineSpec, registry: Registry) -> None:
    levels, known = log_snrs(spec, registry), schedule(spec.model, registry)
    require_readable(known, prediction(spec.model, registry), levels)
    require_a_beginning(scheduler(spec.scheduler, registry), known, levels)


def _refuse_what_is_not_heeded(spec: PipelineSpec, registry: Registry) -> None:
    guided = guidance(spec, registry)(_nobody, prediction(spec.model, registry))
    if hasattr(guided, "answer"):
        require_heeded("guidance", spec.scheduler, registry)
    if spec.threshold and spec.threshold.options.get("keep_noise"):
        require_heeded("threshold.keep_noise", spec.scheduler, registry)


def _refuse_what_windows_cannot(spec: PipelineSpec) -> None:
    """Features that are kept from step to step belong to one window, and the next one is another."""
    if spec.context is not None and (spec.engine.cache is not None or spec.engine.graphs):
        what = "context shows the network one window after the other"
        raise SpecError([f"engine.cache, engine.graphs: {what}; leave them out"])


def _refuse_what_pictures_cannot(spec: PipelineSpec, registry: Registry) -> None:
    """Windows, and the motion that is kept, are along the frames of a clip."""
    given = [name for name in ("context", "freeinit") if getattr(spec, name) is not None]
    model = card_of(spec.model, registry)
    if given and model.modality == "image":
        raise SpecError([f"{', '.join(given)}: {model.name} makes no clips; leave it out"])


def _nobody(*asked: object) -> tuple[Tensor, ...]:
    """Stands where the network would: only the kind of denoiser matters here, it is never called."""
    return ()


def _refuse_what_training_cannot(spec: TrainSpec, registry: Registry) -> None:
    model, data = card_of(spec.model, registry), registry.get("datasets", spec.data.name, "data.name")
    if model.modality != data.modality:
        raise SpecError([f"data: {data.name} is {data.modality} data, {model.name} makes {model.modality}"])
    if model.boundary or spec.model.boundary or spec.guidance.name == "embedded":
        what = f"{model.name} was distilled to take few steps or to read a guidance scale"
        raise SpecError([f"model: {what}, which this loss would undo; train the model it was made from"])
    parts = filter(None, [autoencoder_of(spec, registry), conditioner_of(spec, registry)])
    if spec.weights is None and (lost := [part.name for part in parts if part.weights is None]):
        what = f"missing; {model.name} is trained on what {' and '.join(lost)} make"
        advice = f"name published ones, such as {model.weights or 'a folder of them'}"
        raise SpecError([f"weights: {what}, which come with weights: {advice}"])
