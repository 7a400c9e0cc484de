"""What a finished sweep tells: its leaderboard, its files, and what to do next."""

import os
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from ..errors import DiffsmithError
from .output import print_json, print_table
from .sweep_words import score, settings
from .train import TOLD

if TYPE_CHECKING:
    from ..tuner.records import Sweep

__all__ = ["report", "table"]

_ROWS = 10


def report(sweep: "Sweep", json: bool) -> None:
    """The leaderboard on stdout, and the next commands; or all of it as JSON."""
    if json:
        print_json(summary(sweep))
        return
    table(sweep, _ROWS)
    _scores_of_the_best(sweep)
    typer.echo(f"\nStopped: {sweep.stopped}.")
    _next(sweep)


def table(sweep: "Sweep", most: int) -> None:
    """The ranked trials as a table; * marks the Pareto front."""
    ranked = sweep.leaderboard.ranked[:most]
    if not ranked:
        typer.echo("No trial is complete yet.")
        return
    front = {trial.number for trial in sweep.leaderboard.front}
    names = list(ranked[0].scores)
    rows = [["", "trial", *names, "settings"]]
    for place, trial in enumerate(ranked, 1):
        mark = "*" if trial.number in front else " "
        scores = [score(name, trial.scores[name]) for name in names]
        rows.append([f"{place}{mark}", str(trial.number), *scores, settings(trial.params)])
    print_table(rows)
    if len(front) > 1:
        typer.echo("* on the Pareto front")


def summary(sweep: "Sweep") -> dict[str, Any]:
    """Everything a program may want to know."""
    from ..tuner.results.tables import rows

    return {
        "sweep": sweep.name,
        "folder": sweep.folder,
        "stopped": sweep.stopped,
        "seconds": sweep.seconds,
        "noise_floor": sweep.floors,
        "test": sweep.test,
        "test_noise_floor": sweep.test_floors,
        "trials": rows(sweep),
    }


def _scores_of_the_best(sweep: "Sweep") -> None:
    """How good the best is on data that nothing was chosen on, beside what real data scores."""
    if not sweep.test:
        return
    typer.echo(f"\nThe best, trial {sweep.best.number}, on test data (real data against real data):")
    for name, value in sweep.test.items():
        floor = f" ({sweep.test_floors[name]:.3f})" if name in sweep.test_floors else ""
        typer.echo(f"  {name} {value:.3f}{floor}")


def _next(sweep: "Sweep") -> None:
    folder = _near(sweep.folder)
    runs = f" --runs {shlex.quote(str(folder.parent))}" if folder.parent != Path("runs") else ""
    typer.echo("\nNext:")
    try:
        pipeline, best = sweep.best.pipeline(), shlex.quote(str(folder / "best"))
        labels = [f"--labels 0-{pipeline.classes - 1}"] if pipeline.classes else []
        words = " ".join([best, *(TOLD[what] for what in pipeline.reads), *labels])
        typer.echo(f"  diffsmith generate {words}    more samples of the best")
        typer.echo(f"  diffsmith dashboard{runs}    every trial in MLflow")
    except DiffsmithError as error:
        typer.echo(f"  {error}")
    name = shlex.quote(sweep.name)
    if sweep.stopped == "interrupted":
        typer.echo(f"  diffsmith sweep {name} --resume{runs}    go on where it stopped")
    else:
        typer.echo(f"  diffsmith sweep {name} --resume --budget 5m{runs}    search for longer")
    for name in ("samples.png", "samples.mp4", "pareto.png", "leaderboard.csv"):
        if (sweep.folder / name).exists():
            typer.echo(f"  {folder / name}")


def _near(path: Path) -> Path:
    """The path as one would type it here."""
    relative = Path(os.path.relpath(path))
    return path if relative.parts[:1] == ("..",) else relative
