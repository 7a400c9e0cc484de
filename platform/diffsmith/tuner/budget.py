"""How long a sweep may run, and whether it has stopped getting better."""

import re
import time
from dataclasses import dataclass

from ..errors import SpecError

__all__ = ["Budget", "converged", "duration"]

_UNITS = {"ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


def duration(text: str, what: str = "budget") -> float:
    """Seconds in "90", "90s", "2m", "1h30m", "50ms" or "1d"."""
    parts = re.findall(r"(\d+(?:\.\d+)?)(ms|[smhd]|)", text.strip().lower())
    if not parts or "".join(number + unit for number, unit in parts) != text.strip().lower():
        raise SpecError([f"{what}: {text!r} is no duration. Write for example 50ms, 90s, 2m, 1h30m"])
    seconds = sum(float(number) * _UNITS[unit or "s"] for number, unit in parts)
    if seconds <= 0:
        raise SpecError([f"{what}: {text!r} leaves no time. Write for example 50ms, 90s, 2m, 1h30m"])
    return seconds


@dataclass
class Budget:
    """Seconds and trials of one sweep over all its runs; None is without end.

    The clock runs from `start`: what comes before (loading, the judge's training) is not charged.
    """

    seconds: float | None = None
    trials: int | None = None
    spent_before: float = 0.0
    _started: float | None = None

    def start(self) -> None:
        """Start the clock."""
        self._started = time.time()

    @property
    def spent(self) -> float:
        """Seconds used, earlier runs included."""
        return self.spent_before + (time.time() - self._started if self._started else 0.0)

    @property
    def left(self) -> float:
        """Seconds left."""
        return float("inf") if self.seconds is None else self.seconds - self.spent

    @property
    def deadline(self) -> float:
        """When the time is over, as time.time() tells it."""
        return time.time() + self.left


def converged(costs: list[float], patience: int | None) -> bool:
    """Whether the last `patience` trials brought nothing better than what was there before."""
    if patience is None or len(costs) <= patience:
        return False
    return min(costs[-patience:]) >= min(costs[:-patience])
