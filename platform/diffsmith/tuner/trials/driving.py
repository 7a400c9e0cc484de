"""Drive one evaluation: hand out its events, and end it when it is told to or its time is over."""

import time
from collections.abc import Callable, Generator, Iterator
from contextlib import suppress

from ...errors import DiffsmithError
from ..records import State
from .jobs import Ended, Evaluate, Event, Job, Stopped

__all__ = ["driven"]


def driven(
    evaluate: Evaluate, job: Job, deadline: float, told: Callable[[], Stopped | None]
) -> Iterator[Event]:
    """The evaluation's events; the last one is its one Ended, whatever happens.

    Between any two of them `told` may end it, and so does the deadline (as time.time() tells it).
    """
    started = time.perf_counter()
    state: State = "complete"
    reason, scores = "", {}
    try:
        scores = yield from _stoppable(evaluate(job), deadline, told)
    except Stopped as stop:
        state, reason = stop.state, stop.reason
    except DiffsmithError as error:
        state, reason = "failed", str(error)
    except Exception as error:  # noqa: BLE001 — one trial's fault must not end the sweep
        state, reason = "failed", f"{type(error).__name__}: {error}"
    yield Ended(job.number, state, time.perf_counter() - started, scores, reason)


def _stoppable(
    events: Generator[Event, None, dict[str, float]], deadline: float, told: Callable[[], Stopped | None]
) -> Generator[Event, None, dict[str, float]]:
    while True:
        try:
            event = next(events)
        except StopIteration as done:
            scores: dict[str, float] = done.value
            return scores
        yield event
        stop = told() or _late(deadline)
        if stop is not None:
            with suppress(StopIteration):
                events.throw(stop)
            raise stop


def _late(deadline: float) -> Stopped | None:
    return Stopped("paused", "the time budget ended") if time.time() >= deadline else None
