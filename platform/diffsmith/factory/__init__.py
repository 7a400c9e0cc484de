"""Names to things: every part of a spec, built by the registry, with all faults found at once."""

from .checks import check, checked
from .grids import grid, last_part, log_snrs, spacing
from .parts import (
    SHARED,
    autoencoder_of,
    boundary,
    card_of,
    conditioner_of,
    engine_settings,
    guidance,
    network_builder,
    noise,
    prediction,
    reads,
    refiner_of,
    schedule,
    shape_of,
    threshold,
)
from .solvers import scheduler

__all__ = [
    "SHARED",
    "autoencoder_of",
    "boundary",
    "card_of",
    "check",
    "checked",
    "conditioner_of",
    "engine_settings",
    "grid",
    "guidance",
    "last_part",
    "log_snrs",
    "network_builder",
    "noise",
    "prediction",
    "reads",
    "refiner_of",
    "schedule",
    "scheduler",
    "shape_of",
    "spacing",
    "threshold",
]
