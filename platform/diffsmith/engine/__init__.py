"""Where and how a network runs, and what that costs."""

from .allocations import Allocations
from .attention import attending
from .blocks import blocks
from .caching import deep_features, first_block
from .compiling import compiled
from .graphs import graphed
from .guard import NonFiniteOutput, guarded
from .islands import in_float32
from .offload import offloaded, visiting
from .packing import packed, unpacked
from .parts import PartCost, profile
from .placement import device_of, dtype_of, placed
from .preparing import prepared, settled
from .probe import Cost, probe
from .quantising import quantised
from .recompute import recomputed
from .reuse import reusing_text
from .settings import Settings
from .walks import begin

__all__ = [
    "Allocations",
    "Cost",
    "NonFiniteOutput",
    "PartCost",
    "Settings",
    "attending",
    "begin",
    "blocks",
    "compiled",
    "deep_features",
    "device_of",
    "dtype_of",
    "first_block",
    "graphed",
    "guarded",
    "in_float32",
    "offloaded",
    "packed",
    "placed",
    "prepared",
    "probe",
    "profile",
    "quantised",
    "recomputed",
    "reusing_text",
    "settled",
    "unpacked",
    "visiting",
]
