"""The parts of a pipeline, each built from its choice."""

from collections.abc import Callable
from typing import Any

from ..cards import ModelCard
from ..diffusion.denoiser import Denoise
from ..diffusion.guidance import Guidance
from ..diffusion.noise import Noise
from ..diffusion.prediction import Prediction
from ..diffusion.schedules import NoiseSchedule
from ..errors import SpecError
from ..registry import Registry
from ..specs import Choice, ModelSpec, PipelineSpec

__all__ = [
    "boundary",
    "card_of",
    "guidance",
    "network_builder",
    "noise",
    "prediction",
    "schedule",
    "threshold",
]


def network_builder(model: ModelSpec, registry: Registry) -> Callable[..., Any]:
    """(shape, classes) -> the network."""
    return registry.bind("models", model, "model")


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
