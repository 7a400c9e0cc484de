"""fit(): train a spec into a folder, a step at a time."""

from collections.abc import Iterator
from pathlib import Path

from .. import factory
from ..documents import write_yaml
from ..files import sweep_litter
from ..pipeline import SPEC_FILE
from ..pipeline.building import located
from ..registry import Registry, default_registry
from ..specs import PipelineSpec, TrainSpec, parse
from ..weights.tensors import save_tensors
from .material import Prepared, preparing
from .run import Step, Training

__all__ = ["WEIGHTS_FILE", "Prepared", "Step", "fit", "fitting", "save_pipeline"]

WEIGHTS_FILE = "weights.safetensors"


def fit(spec: TrainSpec, folder: str | Path, registry: Registry | None = None) -> Iterator[Step]:
    """Train, yielding every step; at the end `folder` holds a pipeline that `diffsmith.load` opens.

    A spec with weights goes on from them: they are copied, and stay what they are. A run that was stopped
    goes on from its last checkpoint in the folder, to the same weights as one that never was (bit for bit on
    the CPU). A NaN or infinite loss raises NonFiniteLoss.
    """
    return (event for event in fitting(spec, folder, registry) if isinstance(event, Step))


def fitting(
    spec: TrainSpec, folder: str | Path, registry: Registry | None = None
) -> Iterator[Prepared | Step]:
    """The same; yields also how far the work has come that is done before the first step."""
    registry, folder = registry or default_registry(), Path(folder)
    factory.check(spec, registry)  # before the data are read, and with every fault at once
    sweep_litter(folder)
    data = registry.bind("datasets", spec.data, "data")()
    material = yield from preparing(spec, data, registry)
    training = Training(spec, material, registry, folder / "checkpoints")
    for step in training.steps():
        if step.number % spec.train.checkpoint_every == 0 or step.number == step.of:
            training.save()
        registry.shout("diffsmith_fit_step", step=step)
        yield step
    save_pipeline(training, folder)


def save_pipeline(training: Training, folder: Path) -> Path:
    """Write the averaged weights and their spec; returns the spec's path."""
    save_tensors(folder / WEIGHTS_FILE, training.average.module.state_dict())
    return write_yaml(folder / SPEC_FILE, _pointing(training).to_dict())


def _pointing(training: Training) -> PipelineSpec:
    """The spec with the weights that were trained; what stands beside them stays where it is."""
    values = located(training.spec.pipeline().to_dict(), Path())
    values.pop("adapters", None)  # which are in the weights by now
    trained = {"weights": WEIGHTS_FILE}
    if _is_a_part(training.spec, training.registry):
        values["model"] |= trained
    else:
        values |= trained
        values["model"].pop("weights", None)
    return parse(PipelineSpec, {name: value for name, value in values.items() if value is not None})


def _is_a_part(spec: PipelineSpec, registry: Registry) -> bool:
    """Whether a pipeline's weights are more than its network's."""
    beside = [factory.autoencoder_of(spec, registry), factory.conditioner_of(spec, registry), spec.preview]
    lie_there = any(part is not None and part.weights is None for part in beside)
    return lie_there or bool(factory.card_of(spec.model, registry).part)
