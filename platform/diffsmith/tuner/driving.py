"""Drive one evaluation: hand out its events, and end it when it is told to or its time is over."""

import time
from collections.abc import Callable, Generator, Iterator

from .jobs import Ended, Evaluate, Event, Job, Stopped

__all__ = ["driven"]


def driven(
    evaluate: Evaluate, job: Job, deadline: float, told: Callable[[], Stopped | None]
) -> Iterator[Event]:
    """The evaluation's events, up to its Ended.

    Between any two of them `told` may end it, and so does the deadline (as time.time() tells it).
    """
    events: Generator[Event, None, None] = evaluate(job)
    for event in events:
        yield event
        stop = None if isinstance(event, Ended) else told() or _late(deadline)
        if stop is not None:
            yield events.throw(stop)
            return


def _late(deadline: float) -> Stopped | None:
    return Stopped("paused", "the time budget ended") if time.time() >= deadline else None
