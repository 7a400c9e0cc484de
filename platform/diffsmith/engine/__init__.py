"""Where and how a network runs."""

from .placement import device_of, placed
from .probe import Cost, probe

__all__ = ["Cost", "device_of", "placed", "probe"]
