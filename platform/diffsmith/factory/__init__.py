"""Names to things: every part of a spec, built by the registry, with all faults found at once."""

from .checks import check, checked
from .grids import grid, log_snrs, spacing
from .parts import boundary, guidance, network_builder, noise, prediction, schedule, threshold
from .solvers import scheduler

__all__ = [
    "boundary",
    "check",
    "checked",
    "grid",
    "guidance",
    "log_snrs",
    "network_builder",
    "noise",
    "prediction",
    "schedule",
    "scheduler",
    "spacing",
    "threshold",
]
