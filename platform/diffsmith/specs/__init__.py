"""What a person, a sweep or an agent writes: frozen data that hold names, never import paths."""

from .base import Choice, PartSpec, Spec, parse, understood
from .clips import ContextSpec, FreeInitSpec
from .pipeline import EngineSpec, ModelSpec, PipelineSpec, RefinerSpec, SchedulerSpec, SpacingSpec
from .requests import FILES, Request
from .training import Direction, FitSpec, SweepSpec, TrainSpec

__all__ = [
    "FILES",
    "Choice",
    "ContextSpec",
    "Direction",
    "EngineSpec",
    "FitSpec",
    "FreeInitSpec",
    "ModelSpec",
    "PartSpec",
    "PipelineSpec",
    "RefinerSpec",
    "Request",
    "SchedulerSpec",
    "SpacingSpec",
    "Spec",
    "SweepSpec",
    "TrainSpec",
    "parse",
    "understood",
]
