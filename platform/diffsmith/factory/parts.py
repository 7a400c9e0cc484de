"""The parts of a pipeline, each built from its choice."""

from collections.abc import Callable
from dataclasses import fields
from typing import Any

from ..cards import ConditionerCard, ModelCard
from ..diffusion.denoiser import Denoise
from ..diffusion.guidance import Guidance
from ..diffusion.noise import Noise
from ..diffusion.prediction import Prediction
from ..diffusion.schedules import NoiseSchedule
from ..engine import Settings
from ..errors import SpecError
from ..registry import Registry
from ..specs import Choice, ModelSpec, PartSpec, PipelineSpec, RefinerSpec

__all__ = [
    "autoencoder_of",
    "boundary",
    "card_of",
    "conditioner_of",
    "engine_settings",
    "guidance",
    "network_builder",
    "noise",
    "prediction",
    "reads",
    "refiner_of",
    "schedule",
    "shape_of",
    "threshold",
]


def network_builder(model: ModelSpec, registry: Registry) -> Callable[..., Any]:
    """(shape, classes) -> the network."""
    return registry.bind("models", model, "model")


def shape_of(model: ModelSpec, registry: Registry) -> tuple[tuple[int, ...], int | None]:
    """(shape of one sample in the network's space, classes): the spec's, or a published model's own."""
    card = card_of(model, registry)
    shape, classes = model.shape or card.shape, model.classes
    if shape is None:
        raise SpecError(
            ["model.shape: missing. Training writes it down; give it as [channels, height, width]"]
        )
    return tuple(shape), card.classes if classes is None else classes


def engine_settings(spec: PipelineSpec, registry: Registry) -> Settings:
    """What is chosen about the network's run, with the feature cache it names."""
    engine, cache = spec.engine, spec.engine.cache
    chosen = {field.name: getattr(engine, field.name) for field in fields(Settings) if field.name != "cache"}
    return Settings(**chosen, cache=None if cache is None else registry.bind("caches", cache, "engine.cache"))


def autoencoder_of(spec: PipelineSpec, registry: Registry) -> PartSpec | None:
    """What makes data small for the network: the spec's choice, its card's, or nothing."""
    return _part(spec.autoencoder, card_of(spec.model, registry).autoencoder)


def conditioner_of(spec: PipelineSpec, registry: Registry) -> PartSpec | None:
    """What reads prompts: the spec's choice, its card's, or nothing."""
    return _part(spec.conditioner, card_of(spec.model, registry).conditioner)


def reads(spec: PipelineSpec, registry: Registry) -> tuple[str, ...]:
    """What the model is told by: "text", a "picture", both, or neither."""
    choice = conditioner_of(spec, registry)
    card: ConditionerCard | None = None if choice is None else registry.get("conditioners", choice.name)
    return () if card is None else card.reads


def _part(chosen: PartSpec | None, usual: dict[str, Any] | None) -> PartSpec | None:
    """The choice; where it names the card's own thing, with the card's options beneath its own."""
    if usual is None or (chosen is not None and chosen.name != usual["name"]):
        return chosen
    return PartSpec.model_validate({**usual, **({} if chosen is None else chosen.to_dict())})


def refiner_of(spec: PipelineSpec) -> RefinerSpec | None:
    """The refiner, which walks and runs as the first pipeline does but for what it says itself."""
    if spec.refiner is None:
        return None
    own, first = spec.refiner.model_fields_set, spec.model_fields_set
    shared = {name: getattr(spec, name) for name in SHARED if name in first and name not in own}
    return spec.refiner.model_copy(update=shared)


SHARED = ("scheduler", "spacing", "guidance", "threshold", "noise", "engine")
"""What a refiner takes over from the first pipeline: a sample changes hands where both have a level."""


def schedule(model: ModelSpec, registry: Registry) -> NoiseSchedule:
    """The noise the model is trained on: the spec's choice, or its card's."""
    choice = model.schedule or Choice.model_validate(card_of(model, registry).schedule)
    make = registry.bind("schedules", choice, "model.schedule")
    try:
        built: NoiseSchedule = make()
    except ValueError as error:
        raise SpecError([f"model.schedule: {error}"]) from None
    return built


def prediction(model: ModelSpec, registry: Registry) -> Prediction:
    """What the model answers: the spec's choice, or its card's."""
    choice = model.prediction or Choice.model_validate(card_of(model, registry).prediction)
    built: Prediction = registry.bind("predictions", choice, "model.prediction")()
    return built


def guidance(spec: PipelineSpec, registry: Registry) -> Guidance:
    """(ask, prediction) -> denoise."""
    return registry.bind("guidance", spec.guidance, "guidance")


def boundary(model: ModelSpec, registry: Registry) -> Callable[[Denoise, NoiseSchedule], Denoise]:
    """(denoise, schedule) -> denoise: what a consistency model needs around it, if this is one."""
    written = card_of(model, registry).boundary
    choice = model.boundary or (Choice.model_validate(written) if written else None)
    if choice is None:
        return lambda denoise, schedule: denoise
    return registry.bind("boundaries", choice, "model.boundary")


def threshold(spec: PipelineSpec, registry: Registry) -> Callable[[Denoise], Denoise]:
    """denoise -> denoise, its estimates kept within the data's range where the spec asks for that."""
    if spec.threshold is None:
        return lambda denoise: denoise
    return registry.bind("thresholds", spec.threshold, "threshold")


def noise(spec: PipelineSpec, registry: Registry) -> Callable[..., Noise]:
    """(seeds, log-SNRs, draws so far) -> the noise of a walk."""
    return registry.bind("noise", spec.noise, "noise")


def card_of(model: ModelSpec, registry: Registry) -> ModelCard:
    """What the plugin tells of the model."""
    card: ModelCard = registry.get("models", model.name, "model.name")
    return card
