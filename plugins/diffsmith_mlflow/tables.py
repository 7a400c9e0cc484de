"""A sweep's records as the flat tables MLflow keeps. Pure functions, without mlflow."""

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from diffsmith.specs import SweepSpec
    from diffsmith.tuner.records import Trial
    from diffsmith.tuner.results.leaderboard import Leaderboard

__all__ = ["dotted", "markdown", "measures", "settings_of"]

_ROWS = 20


def dotted(values: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Nested fields as "train.lr" and text."""
    for name, value in values.items():
        if isinstance(value, dict) and value:
            yield from dotted(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", str(value)


def settings_of(spec: "SweepSpec") -> dict[str, str]:
    """What a sweep was asked for: all of its spec but the search space."""
    return dict(dotted(spec.model_dump(mode="json", exclude_none=True, exclude={"space", "first"})))


def measures(trial: "Trial") -> dict[tuple[str, int], float]:
    """All that was measured, by name and training step; the final scores stand at the last step."""
    loss = {("loss", step): value for step, value in trial.curve()}
    rungs = {(name, rung.step): score for rung in trial.rungs for name, score in rung.scores.items()}
    last = max((step for _, step in [*loss, *rungs]), default=0)
    final = {(name, last): score for name, score in {**trial.scores, "seconds": trial.seconds}.items()}
    return {key: value for key, value in {**loss, **rungs, **final}.items() if math.isfinite(value)}


def markdown(leaderboard: "Leaderboard") -> str:
    """The leading trials as a table: the objectives, then what each was."""
    leaders = leaderboard.ranked[:_ROWS]
    scores = list(dict.fromkeys([*leaderboard.objectives, *leaderboard.constraints]))
    rows = [["", "trial", *scores, "parameters"], ["---"] * (len(scores) + 3)]
    for place, trial in enumerate(leaders, 1):
        chosen = ", ".join(f"{name}={value}" for name, value in dotted(trial.params))
        rows.append([str(place), str(trial.number), *(_number(trial, name) for name in scores), chosen])
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _number(trial: "Trial", name: str) -> str:
    return f"{trial.scores[name]:.4g}" if name in trial.scores else ""
