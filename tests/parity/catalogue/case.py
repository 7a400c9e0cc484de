"""One comparison: a scheduler of ours beside its reference."""

from collections.abc import Callable
from typing import NamedTuple

EXACT = 1e-9
"""Where the reference computes in float64."""
FLOAT32 = 2e-6
"""Where it computes in float32."""


class Case(NamedTuple):
    """`difference` runs both sides and gives the largest difference, relative to the largest value."""

    scheduler: str
    """The registered name."""
    options: str
    """What was set, in words for the table, as "eta 0.5"; empty where nothing was."""
    prediction: str
    path: str
    spacing: str
    """A registered spacing, or "recorded" where the levels lie beside the recorded numbers."""
    reference: str
    """As in the table: "diffusers DDIMScheduler", "k-diffusion sample_heun"."""
    difference: Callable[[], float]
    bound: float

    def __str__(self) -> str:
        return "-".join(
            part.replace(" ", "_")
            for part in (self.scheduler, self.options, self.prediction, self.spacing, self.reference)
            if part
        )
