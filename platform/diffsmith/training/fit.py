"""fit(): train a spec into a folder, a step at a time."""

from collections.abc import Iterator
from pathlib import Path

from .. import factory
from ..documents import write_yaml
from ..files import sweep_litter
from ..pipeline import SPEC_FILE
from ..registry import Registry, default_registry
from ..specs import PipelineSpec, TrainSpec
from ..weights.tensors import save_tensors
from .run import Step, Training

__all__ = ["WEIGHTS_FILE", "Step", "fit", "save_pipeline"]

WEIGHTS_FILE = "weights.safetensors"


def fit(spec: TrainSpec, folder: str | Path, registry: Registry | None = None) -> Iterator[Step]:
    """Train, yielding every step; at the end `folder` holds a pipeline that `diffsmith.load` opens.

    A run that was stopped goes on from its last checkpoint in the folder, to the same weights as one that
    never was (bit for bit on the CPU). A NaN or infinite loss raises NonFiniteLoss.
    """
    registry, folder = registry or default_registry(), Path(folder)
    factory.check(spec, registry)  # before the data are read, and with every fault at once
    sweep_litter(folder)
    data = registry.bind("datasets", spec.data, "data")()
    training = Training(spec, data, registry, folder / "checkpoints")
    for step in training.steps():
        if step.number % spec.train.checkpoint_every == 0 or step.number == step.of:
            training.save()
        registry.shout("diffsmith_fit_step", step=step)
        yield step
    save_pipeline(training, folder)


def save_pipeline(training: Training, folder: Path) -> Path:
    """Write the averaged weights and their spec; returns the spec's path."""
    save_tensors(folder / WEIGHTS_FILE, training.average.module.state_dict())
    return write_yaml(folder / SPEC_FILE, _pointing(training, folder).to_dict())


def _pointing(training: Training, folder: Path) -> PipelineSpec:
    """The spec with the weights that were trained; what stands beside them stays where it is."""
    spec = training.spec
    if spec.weights is None or not factory.card_of(spec.model, training.registry).part:
        return spec.pipeline(WEIGHTS_FILE)
    beside = Path(spec.weights).expanduser()
    there = str(beside.resolve()) if beside.exists() else spec.weights
    own = spec.model_copy(update={"model": spec.model.model_copy(update={"weights": WEIGHTS_FILE})})
    return own.pipeline(there)
