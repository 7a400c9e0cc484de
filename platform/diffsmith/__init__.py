"""diffsmith: AutoML for diffusion models. The public names, imported when they are first used."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .cards import Card, DatasetCard, MetricCard, ModelCard, SchedulerCard, cards_in
    from .data import Data, Split
    from .errors import DiffsmithError, SpecError
    from .hookspecs import hookimpl
    from .interop.scheduler_config import load_scheduler
    from .pipeline import Pipeline, build, load
    from .registry import Registry, default_registry
    from .samples import Sample, save_sheet
    from .sampling import frames, load_frame, sample, save_frame
    from .specs import PipelineSpec, Request, SweepSpec, TrainSpec
    from .training.fit import fit
    from .tuner.api import sweep

__version__ = "0.1.0"

_HOMES = {
    "cards": ("Card", "DatasetCard", "MetricCard", "ModelCard", "SchedulerCard", "cards_in"),
    "data": ("Data", "Split"),
    "errors": ("DiffsmithError", "SpecError"),
    "hookspecs": ("hookimpl",),
    "interop.scheduler_config": ("load_scheduler",),
    "pipeline": ("Pipeline", "build", "load"),
    "registry": ("Registry", "default_registry"),
    "samples": ("Sample", "save_sheet"),
    "sampling": ("frames", "load_frame", "sample", "save_frame"),
    "specs": ("PipelineSpec", "Request", "SweepSpec", "TrainSpec"),
    "training.fit": ("fit",),
    "tuner.api": ("sweep",),
}
_HOME = {name: module for module, names in _HOMES.items() for name in names}

__all__ = [
    "Card",
    "Data",
    "DatasetCard",
    "DiffsmithError",
    "MetricCard",
    "ModelCard",
    "Pipeline",
    "PipelineSpec",
    "Registry",
    "Request",
    "Sample",
    "SchedulerCard",
    "SpecError",
    "Split",
    "SweepSpec",
    "TrainSpec",
    "build",
    "cards_in",
    "default_registry",
    "fit",
    "frames",
    "hookimpl",
    "load",
    "load_frame",
    "load_scheduler",
    "sample",
    "save_frame",
    "save_sheet",
    "sweep",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'diffsmith' has no attribute {name!r}")
    return getattr(import_module(f".{_HOME[name]}", __name__), name)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
