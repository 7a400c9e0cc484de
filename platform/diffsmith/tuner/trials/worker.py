"""A worker process: jobs come in on its standard input, events go out, one JSON line each.

Run as `python -m diffsmith.tuner.trials.worker THREADS`; it ends when its input does.
"""

import json
import os
import select
import sys
import time
from collections.abc import Iterable
from functools import partial
from io import FileIO
from typing import TextIO

from .driving import driven
from .jobs import Event, Stepped, Stopped, event_line, job_of

__all__ = ["main"]

_TOLD_EVERY = 0.1


def main(threads: int) -> None:
    """Serve jobs until the input ends: then the sweep is gone, and nobody is left to work for."""
    asked, told = open(0, "rb", buffering=0), _claimed_output()  # noqa: SIM115 — unbuffered: `select` sees all
    import torch

    from ...registry import default_registry
    from .evaluate import evaluate

    torch.set_num_threads(threads)
    run = partial(evaluate, registry=default_registry())
    while line := asked.readline():
        message = json.loads(line)
        if "job" in message:  # a stop that comes after its job's end is of no interest
            job = job_of(message["job"])
            stop = partial(_stop, asked, job.number)
            _tell(told, driven(run, job, message["deadline"], stop))


def _claimed_output() -> TextIO:
    """The standard output for events alone; what libraries print goes to standard error."""
    told = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    return told


def _stop(asked: FileIO, number: int) -> Stopped | None:
    """What the sweep says about this job meanwhile, if anything."""
    if not select.select([asked], [], [], 0)[0]:
        return None
    line = asked.readline()
    if not line:
        sys.exit(0)
    message = json.loads(line)
    return Stopped(message["stop"], message["reason"]) if message["number"] == number else None


def _tell(told: TextIO, events: Iterable[Event]) -> None:
    """Write the events down the line; of the training steps only some."""
    last = 0.0
    for event in events:
        if not isinstance(event, Stepped) or time.monotonic() - last > _TOLD_EVERY:
            told.write(event_line(event) + "\n")
            last = time.monotonic()


if __name__ == "__main__":
    main(int(sys.argv[1]))
