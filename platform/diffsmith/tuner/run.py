"""The loop of a sweep: ask, evaluate, tell."""

import time
from collections.abc import Callable, Iterator

from .records import Sweep, Trial
from .search import Search
from .trials.executors import Executor
from .trials.jobs import Climbed, Ended, Stepped, Stopped

__all__ = ["Happened", "run"]

Happened = Sweep | Stepped | Climbed | Trial
"""What a sweep yields: itself as it begins, then steps, scores on the way, trials as they start and end."""

_WAIT = 0.1
_GRACE = 10.0


def run(search: Search, executor: Executor, interrupted: Callable[[], bool]) -> Iterator[Happened]:
    """Go on until the budget is spent, nothing gets better, or somebody interrupts."""
    search.budget.start()
    while not interrupted():
        while executor.room and (trial := search.ask()):
            executor.start(search.job(trial), search.budget.deadline)
            yield trial
        if not search.running:
            return
        yield from _events(search, executor)
    yield from _paused(search, executor)


def _events(search: Search, executor: Executor) -> Iterator[Happened]:
    for event in executor.events(_WAIT):
        match event:
            case Ended():
                yield search.tell(event)
            case Climbed():
                if not search.climbed(event):
                    worse = f"behind the others after {event.rung.step} steps"
                    executor.stop(event.number, Stopped("pruned", worse))
                yield event
            case _:
                yield event


def _paused(search: Search, executor: Executor) -> Iterator[Happened]:
    """Everything under way is asked to leave a checkpoint and end; what does not is taken up on resume."""
    for number in search.running:
        executor.stop(number, Stopped("paused", "interrupted"))
    until = time.monotonic() + _GRACE
    while search.running and time.monotonic() < until:
        yield from _events(search, executor)
    search.stopped = "interrupted"
