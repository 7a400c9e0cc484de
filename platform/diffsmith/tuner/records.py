"""What happened in a sweep: frozen records that judges, tables and observers read."""

import csv
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from ..pipeline import Pipeline, load
from ..specs import SweepSpec
from .results.leaderboard import Leaderboard

__all__ = ["Rung", "State", "Sweep", "Trial"]

State = Literal["running", "complete", "pruned", "failed", "paused"]


@dataclass(frozen=True)
class Rung:
    """How good a trial was after some training steps: its scores, and a sheet of its samples."""

    step: int
    scores: dict[str, float]
    seconds: float
    sheet: str = ""
    """File name of the contact sheet in the trial's folder."""


@dataclass(frozen=True)
class Trial:
    """One configuration and what became of it."""

    number: int
    state: State
    params: dict[str, Any]
    """What was suggested, by dotted field of the spec."""
    spec: dict[str, Any]
    """The whole TrainSpec, as plain data."""
    folder: Path
    scores: dict[str, float] = field(default_factory=dict)
    """Final scores: the metrics, latency (seconds a sample) and memory (peak MiB)."""
    rungs: tuple[Rung, ...] = ()
    seconds: float = 0.0
    reason: str = ""
    """Why it was pruned, failed or paused."""

    def pipeline(self) -> Pipeline:
        """The trained pipeline, ready to generate."""
        return load(self.folder)

    def curve(self) -> list[tuple[int, float]]:
        """Training loss by step, as far as it got."""
        path = self.folder / "curve.csv"
        if not path.exists():
            return []
        with path.open(newline="") as file:
            return [(int(step), float(loss)) for step, loss in csv.reader(file)]


@dataclass(frozen=True)
class Sweep:
    """A sweep at rest: its folder holds everything that is here."""

    name: str
    folder: Path
    spec: SweepSpec
    floors: dict[str, float]
    """Noise floor of each metric: real data against held-out real data, as trials are scored."""
    trials: tuple[Trial, ...] = ()
    stopped: str = ""
    """Why the search stopped, in words."""
    test: dict[str, float] = field(default_factory=dict)
    """The best trial's scores on test data, with fresh noise: neither was used to choose it."""
    test_floors: dict[str, float] = field(default_factory=dict)
    """Noise floor of each metric against test data."""
    seconds: float = 0.0
    """What of its time budget is spent."""
    study: str = ""
    """What its Optuna study is called: it lies in the folder, or in a database that other sweeps share."""

    @cached_property
    def leaderboard(self) -> Leaderboard:
        """Its complete trials, best first."""
        return Leaderboard(self.trials, dict(self.spec.objectives), dict(self.spec.constraints))

    @property
    def best(self) -> Trial:
        """The trial with the best leading objective that keeps the constraints."""
        return self.leaderboard.best
