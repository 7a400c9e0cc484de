"""The leaderboard as rows, for people and for programs."""

import csv
from typing import Any

from pydantic_core import to_json

from ...files import replacing, write_text
from ..records import Sweep, Trial

__all__ = ["rows", "write_tables"]


def rows(sweep: Sweep) -> list[dict[str, Any]]:
    """One flat row a trial: the ranked ones first, then those that did not come through."""
    ranked = sweep.leaderboard.ranked
    front = {trial.number for trial in sweep.leaderboard.front}
    others = [trial for trial in sweep.trials if trial.state != "complete"]
    placed = [_row(trial, place, trial.number in front) for place, trial in enumerate(ranked, 1)]
    return placed + [_row(trial, None, False) for trial in others]


def write_tables(sweep: Sweep) -> None:
    """leaderboard.json and leaderboard.csv in the sweep's folder."""
    table = rows(sweep)
    document = {
        "sweep": sweep.name,
        "objectives": dict(sweep.spec.objectives),
        "constraints": dict(sweep.spec.constraints),
        "noise_floor": sweep.floors,
        "trials": table,
    }
    text = to_json(document, indent=1, inf_nan_mode="strings").decode()  # JSON has no word for infinity
    write_text(sweep.folder / "leaderboard.json", text)
    columns = list(dict.fromkeys(name for row in table for name in row))
    with replacing(sweep.folder / "leaderboard.csv") as beside, beside.open("w", newline="") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows(table)


def _row(trial: Trial, place: int | None, on_front: bool) -> dict[str, Any]:
    return {
        "place": place,
        "trial": trial.number,
        "state": trial.state,
        "pareto": on_front,
        **trial.scores,
        "seconds": round(trial.seconds, 3),
        "reason": trial.reason,
        "folder": str(trial.folder),
        **trial.params,
    }
