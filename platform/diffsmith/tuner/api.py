"""sweep(): from a name to a leaderboard, in one call."""

from collections.abc import Generator
from pathlib import Path
from typing import Any

from ..registry import Registry, default_registry
from . import folders
from .budget import Budget, duration
from .plans import plan
from .records import Sweep
from .run import Happened
from .sweeping import sweeping

__all__ = ["resumed", "started", "sweep"]


def sweep(target: str, *, resume: bool = False, **settings: Any) -> Sweep:
    """Search until the budget is spent; returns the sweep, whose `.best.pipeline()` generates.

    target: a data set ("digits"), a space, a space file; with resume=True the name of a sweep. settings:
    budget ("2m" or seconds), trials, workers, objectives, constraints ({"latency": 0.05}), seed, runs (a
    folder), name, and the fields of SweepSpec. What `diffsmith sweep` does, without its display.
    """
    going = (resumed if resume else started)(target, **settings)
    while True:
        try:
            next(going)
        except StopIteration as done:
            finished: Sweep = done.value
            return finished


def started(
    target: str,
    *,
    budget: str | float | None = None,
    trials: int | None = None,
    workers: int | None = None,
    runs: str | Path = "runs",
    name: str | None = None,
    registry: Registry | None = None,
    **settings: Any,
) -> Generator[Happened, None, Sweep]:
    """The same, step by step: a new sweep. What was asked for is checked now, not at the first step."""
    registry = registry or default_registry()
    seconds = _seconds(budget)
    clock = Budget(seconds, trials)
    spec = plan(target, registry, seconds=seconds, trials=trials, **settings)
    made = folders.create(spec, Path(runs), name or Path(target).stem)
    return sweeping(made, registry, workers, clock)


def resumed(
    name: str,
    *,
    budget: str | float | None = None,
    trials: int | None = None,
    workers: int | None = None,
    runs: str | Path = "runs",
    registry: Registry | None = None,
) -> Generator[Happened, None, Sweep]:
    """Go on with a sweep: for what was left of its budget, or for this much longer."""
    registry = registry or default_registry()
    old = folders.reopen(Path(runs), name)
    return sweeping(old, registry, workers, _more(old, _seconds(budget), trials))


def _more(old: Sweep, seconds: float | None, trials: int | None) -> Budget:
    """The budget of a further run: both kinds count over all runs."""
    spent = old.seconds
    made = sum(trial.state in {"complete", "pruned", "failed"} for trial in old.trials)
    if seconds is None and trials is None:
        return Budget(old.spec.seconds, old.spec.trials, spent)
    return Budget(
        None if seconds is None else spent + seconds, None if trials is None else made + trials, spent
    )


def _seconds(budget: str | float | None) -> float | None:
    return duration(budget) if isinstance(budget, str) else budget
