"""Pictures of what samplers do: the levels they visit, and the ways they go."""

from .spacings import plot_spacings
from .trajectories import plot_trajectories
from .ways import grids, walked

__all__ = ["grids", "plot_spacings", "plot_trajectories", "walked"]
