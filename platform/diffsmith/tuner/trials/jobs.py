"""What is sent to a worker, and what comes back."""

import json
from collections.abc import Callable, Generator
from dataclasses import asdict, dataclass
from typing import Any

from ..records import Rung, State

__all__ = [
    "Climbed",
    "Ended",
    "Evaluate",
    "Event",
    "Job",
    "Stepped",
    "Stopped",
    "event_line",
    "event_of",
    "job_of",
]


@dataclass(frozen=True)
class Job:
    """One trial to run: plain data, so that it can cross to another process or machine."""

    number: int
    spec: dict[str, Any]
    folder: str
    rungs: tuple[float, ...]
    """Shares of the training after which it is scored on the way."""
    samples: int
    metrics: tuple[str, ...]
    seed: int
    judged: dict[str, Any] | None = None
    """The data that scores compare with; by default those it is trained on."""


@dataclass(frozen=True)
class Stepped:
    """A training step was made (not every one is told)."""

    number: int
    step: int
    of: int
    loss: float


@dataclass(frozen=True)
class Climbed:
    """The trial was scored on the way."""

    number: int
    rung: Rung


@dataclass(frozen=True)
class Ended:
    """The trial is over, one way or the other."""

    number: int
    state: State
    seconds: float
    scores: dict[str, float]
    reason: str = ""


Event = Stepped | Climbed | Ended
Evaluate = Callable[[Job], Generator[Event, None, dict[str, float]]]
"""Yields what happens and returns the scores; may raise, and must let a Stopped through."""


class Stopped(Exception):
    """Thrown into an evaluation that must end now: as "pruned", or "paused" to go on another time."""

    def __init__(self, state: State, reason: str) -> None:
        self.state, self.reason = state, reason
        super().__init__(reason)


def event_line(event: Event) -> str:
    """An event as one line of JSON."""
    return json.dumps({"event": type(event).__name__, **asdict(event)})


def event_of(line: str | bytes) -> Event:
    """And back."""
    values = json.loads(line)
    kind = values.pop("event")
    if kind == "Climbed":
        return Climbed(values["number"], Rung(**values["rung"]))
    return Stepped(**values) if kind == "Stepped" else Ended(**values)


def job_of(values: dict[str, Any]) -> Job:
    """A job out of the JSON of its fields."""
    return Job(**{**values, "rungs": tuple(values["rungs"]), "metrics": tuple(values["metrics"])})
