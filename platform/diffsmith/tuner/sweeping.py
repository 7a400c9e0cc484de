"""A sweep from its first trial to its last file: a generator of what happens."""

from collections.abc import Generator
from contextlib import ExitStack, closing
from dataclasses import replace
from functools import partial
from pathlib import Path

from ..registry import Registry
from . import folders, storage
from .budget import Budget
from .interrupts import interrupts
from .plans import metrics_of
from .records import Sweep, Trial
from .results.finish import finish
from .run import Happened, run
from .search import Search
from .trials.evaluate import evaluate
from .trials.executors import Executor, Inline, Processes, suitable_workers
from .trials.judge import judge_of

__all__ = ["sweeping"]


def sweeping(
    sweep: Sweep, registry: Registry, workers: int | None, budget: Budget
) -> Generator[Happened, None, Sweep]:
    """Search on until the budget is spent, then write the results; returns the finished sweep.

    workers: processes, as many as suit this machine if None; 0 runs every trial in this one.
    """
    with ExitStack() as stack:
        interrupted = stack.enter_context(interrupts())
        stack.enter_context(storage.told(sweep.folder))
        stack.enter_context(storage.locked(sweep.folder))
        executor = stack.enter_context(closing(_executor(workers, sweep.folder, registry)))
        metrics = metrics_of(sweep.spec, registry)
        floors = judge_of(sweep.spec.base.data, metrics, registry).floors(sweep.spec.samples)
        sweep = replace(sweep, floors=floors)
        folders.write(sweep)
        search = Search(sweep.spec, folders.open_study(sweep), sweep.folder, metrics, budget)
        registry.shout("diffsmith_sweep_started", sweep=sweep)
        yield sweep
        for happened in run(search, executor, interrupted):
            if isinstance(happened, Trial) and happened.state != "running":
                registry.shout("diffsmith_trial_ended", sweep=_now(sweep, search), trial=happened)
            yield happened
        sweep = finish(replace(_now(sweep, search), seconds=budget.spent), registry)
        registry.shout("diffsmith_sweep_ended", sweep=sweep)
    return sweep


def _now(sweep: Sweep, search: Search) -> Sweep:
    return replace(sweep, trials=tuple(search.trials.values()), stopped=search.stopped)


def _executor(workers: int | None, folder: Path, registry: Registry) -> Executor:
    workers = suitable_workers() if workers is None else workers
    return Processes(workers, folder) if workers else Inline(partial(evaluate, registry=registry))
