"""Trials in a few words."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..tuner.records import Sweep, Trial

__all__ = ["best_so_far", "ended", "score", "settings"]


def ended(trial: "Trial") -> str:
    """A line about a trial that ended."""
    scores = "  ".join(f"{name} {score(name, value)}" for name, value in trial.scores.items())
    return f"trial {trial.number:3d} {trial.state:8s} {trial.seconds:5.1f} s  {scores or trial.reason}"


def best_so_far(sweep: "Sweep | None") -> str:
    """The leading score so far, of the trials that keep the constraints if there are any."""
    if sweep is None or not sweep.leaderboard.ranked:
        return "no trial is complete yet"
    best, leading = sweep.leaderboard.ranked[0], next(iter(sweep.spec.objectives))
    return f"best {leading} so far: {score(leading, best.scores[leading])} (trial {best.number})"


def score(name: str, value: float) -> str:
    """A score with its unit."""
    if name in ("latency", "frame_latency"):
        return f"{value * 1e3:.1f} ms"
    return f"{value:.0f} MiB" if name == "memory" else f"{value:.3f}"


def settings(params: Mapping[str, Any]) -> str:
    """The parameters of a trial, short."""
    return " ".join(f"{name.removeprefix('train.')}={_short(value)}" for name, value in params.items())


def _short(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)
