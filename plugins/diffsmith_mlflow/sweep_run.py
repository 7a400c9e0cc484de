"""A sweep in MLflow: one run, and one run inside it for each trial. MLflow's global state is left alone."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mlflow import MlflowClient
from mlflow.utils.mlflow_tags import MLFLOW_PARENT_RUN_ID, MLFLOW_RUN_NOTE

from diffsmith.errors import DiffsmithError

from .best_model import register
from .entries import log
from .tables import markdown
from .trial_run import STATUS, fill_run, new_run

if TYPE_CHECKING:
    from diffsmith.tuner.records import Sweep, Trial

__all__ = ["SweepRun"]

_FILES = ("leaderboard.json", "leaderboard.csv", "samples.png", "samples.mp4", "pareto.png")
_LONGEST_NOTE = 8000


@dataclass
class SweepRun:
    """The run of a sweep; `trials` are the run ids of the trials that are tracked, by number."""

    client: MlflowClient
    experiment: str
    id: str
    trials: dict[int, str] = field(default_factory=dict)

    def add(self, sweep: "Sweep", trial: "Trial") -> None:
        """Track a trial that ended, and the best scores so far."""
        if trial.number not in self.trials and trial.state in STATUS:
            tags = {MLFLOW_PARENT_RUN_ID: self.id, "diffsmith.sweep": sweep.name}
            run = self.trials[trial.number] = new_run(self.client, self.experiment, trial, tags)
            fill_run(self.client, run, trial)
            self._log_best(sweep)

    def add_missing(self, sweep: "Sweep") -> None:
        """Track the trials that ended while nobody tracked."""
        for trial in sweep.trials:
            self.add(sweep, trial)

    def end(self, sweep: "Sweep") -> None:
        """Log the leaderboard, end the run, register the best pipeline."""
        self.add_missing(sweep)
        table = markdown(sweep.leaderboard)
        self.client.log_text(self.id, table, "leaderboard.md")
        for path in (sweep.folder / name for name in _FILES):
            if path.exists():
                self.client.log_artifact(self.id, str(path))
        tags = {MLFLOW_RUN_NOTE: table[:_LONGEST_NOTE], "diffsmith.stopped": sweep.stopped}
        log(self.client, self.id, _scores("floor", sweep.floors) | _scores("test", sweep.test), tags=tags)
        self.client.set_terminated(self.id, "KILLED" if sweep.stopped == "interrupted" else "FINISHED")
        best = _best(sweep)
        if best:
            register(self.client, self.experiment, self.trials[best.number], sweep.name, best)

    def _log_best(self, sweep: "Sweep") -> None:
        """One step a trial: a curve of the search."""
        best = _best(sweep)
        log(self.client, self.id, _scores("best", best.scores if best else {}, len(self.trials)))


def _scores(what: str, scores: dict[str, float], step: int = 0) -> dict[tuple[str, int], float]:
    return {(f"{what}.{name}", step): score for name, score in scores.items()}


def _best(sweep: "Sweep") -> "Trial | None":
    try:
        return sweep.best
    except DiffsmithError:  # none yet
        return None
