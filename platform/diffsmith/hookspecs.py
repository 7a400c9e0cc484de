"""Everything a plugin can bring or hear of. Registration hooks are pure and return values."""

from pathlib import Path
from typing import TYPE_CHECKING

import pluggy

if TYPE_CHECKING:
    import typer

    from .cards import AdapterCard, Card, ConditionerCard, DatasetCard, MetricCard, ModelCard, SchedulerCard
    from .modality import Modality
    from .samples import Sample
    from .training.fit import Step
    from .tuner.records import Sweep, Trial

__all__ = ["hookimpl"]

hookspec = pluggy.HookspecMarker("diffsmith")
hookimpl = pluggy.HookimplMarker("diffsmith")


@hookspec
def diffsmith_modalities() -> "list[Modality]":  # type: ignore[empty-body]
    """How the shapes, decoding and files of a kind of data work."""


@hookspec
def diffsmith_models() -> "list[ModelCard]":  # type: ignore[empty-body]
    """Networks: (shape, classes, *, options) -> torch module."""


@hookspec
def diffsmith_autoencoders() -> "list[Card]":  # type: ignore[empty-body]
    """Networks that make data small and large again: (*, options) -> torch module with encode and decode."""


@hookspec
def diffsmith_conditioners() -> "list[ConditionerCard]":  # type: ignore[empty-body]
    """What turns words and pictures into what networks read: (component, *, options) -> Conditioner."""


@hookspec
def diffsmith_adapters() -> "list[AdapterCard]":  # type: ignore[empty-body]
    """Small weights that go into a network's: (tensors, adapter, *, options) -> tensors."""


@hookspec
def diffsmith_layouts() -> "list[Card]":  # type: ignore[empty-body]
    """Published classes of networks by their names in config.json: the card's ref is a Layout."""


@hookspec
def diffsmith_pipelines() -> "list[Card]":  # type: ignore[empty-body]
    """Published classes of pipelines by their names in model_index.json: the card's ref is a Family."""


@hookspec
def diffsmith_single_files() -> "list[Card]":  # type: ignore[empty-body]
    """Ways to lay a model out in one file: (tensors, *, options) -> Reading, or None for another file."""


@hookspec
def diffsmith_caches() -> "list[Card]":  # type: ignore[empty-body]
    """Features of a network kept from step to step, an approximation: (network, *, options) -> network."""


@hookspec
def diffsmith_datasets() -> "list[DatasetCard]":  # type: ignore[empty-body]
    """Data: (*, options) -> Data."""


@hookspec
def diffsmith_metrics() -> "list[MetricCard]":  # type: ignore[empty-body]
    """Scores: (samples, reference, *, options) -> float."""


@hookspec
def diffsmith_search_spaces() -> "list[Path]":  # type: ignore[empty-body]
    """Folders of search-space YAML files."""


@hookspec
def diffsmith_schedulers() -> "list[SchedulerCard]":  # type: ignore[empty-body]
    """Named (estimate, renoise) pairs, or loops with trajectory's signature."""


@hookspec
def diffsmith_estimates() -> "list[Card]":  # type: ignore[empty-body]
    """Clean estimates to hold over a step: (denoise, x, x0, step, *, options) -> x0."""


@hookspec
def diffsmith_renoise() -> "list[Card]":  # type: ignore[empty-body]
    """Noise rules: (here, there, *, options) -> Step."""


@hookspec
def diffsmith_correctors() -> "list[Card]":  # type: ignore[empty-body]
    """Better places for x once x0 is known there: (x, x0, step, *, options) -> x."""


@hookspec
def diffsmith_noise() -> "list[Card]":  # type: ignore[empty-body]
    """Where noise comes from: (seeds, log_snrs, drawn, *, options) -> Noise."""


@hookspec
def diffsmith_spacings() -> "list[Card]":  # type: ignore[empty-body]
    """Noise levels to visit: (schedule, steps, *, options) -> log-SNRs [steps + 1]."""


@hookspec
def diffsmith_guidance() -> "list[Card]":  # type: ignore[empty-body]
    """Guidance: (ask, prediction, *, options) -> denoise."""


@hookspec
def diffsmith_thresholds() -> "list[Card]":  # type: ignore[empty-body]
    """Limits on the clean estimate: (denoise, *, options) -> denoise."""


@hookspec
def diffsmith_boundaries() -> "list[Card]":  # type: ignore[empty-body]
    """What consistency models need around them: (denoise, schedule, *, options) -> denoise."""


@hookspec
def diffsmith_schedules() -> "list[Card]":  # type: ignore[empty-body]
    """Noise schedules of training: (*, options) -> NoiseSchedule."""


@hookspec
def diffsmith_predictions() -> "list[Card]":  # type: ignore[empty-body]
    """What networks answer: (*, options) -> Prediction."""


@hookspec
def diffsmith_times() -> "list[Card]":  # type: ignore[empty-body]
    """Where the loss looks: (draws, schedule, *, options) -> log-SNRs."""


@hookspec
def diffsmith_weightings() -> "list[Card]":  # type: ignore[empty-body]
    """Weights of the loss: (level, prediction, *, options) -> weight."""


@hookspec
def diffsmith_commands(app: "typer.Typer") -> None:
    """Add commands to the command line."""


@hookspec
def diffsmith_samples_made(samples: "list[Sample]") -> None:
    """Hear that a pipeline made samples."""


@hookspec
def diffsmith_fit_step(step: "Step") -> None:
    """Hear of every training step of `diffsmith train`."""


@hookspec
def diffsmith_sweep_started(sweep: "Sweep") -> None:
    """Hear that a sweep starts or is resumed."""


@hookspec
def diffsmith_trial_ended(sweep: "Sweep", trial: "Trial") -> None:
    """Hear that a trial ended, in whatever state."""


@hookspec
def diffsmith_sweep_ended(sweep: "Sweep") -> None:
    """Hear that a sweep stopped; `sweep.leaderboard` holds its trials."""
