"""Where trials run: in this process, or in worker processes that live for the whole sweep."""

import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Protocol

from .driving import driven
from .jobs import Ended, Evaluate, Event, Job, Stopped, event_of

__all__ = ["Executor", "Inline", "Processes", "suitable_workers"]

_GRACE = 10.0


class Executor(Protocol):
    """Runs jobs: the sweep starts them, hears of them, and may stop them."""

    @property
    def room(self) -> int:
        """How many more jobs can start now."""
        ...

    def start(self, job: Job, deadline: float) -> None:
        """Start a job that pauses itself at the deadline (as time.time() tells it)."""
        ...

    def stop(self, number: int, stop: Stopped) -> None:
        """Ask a job to end; its Ended comes as an event."""
        ...

    def events(self, timeout: float) -> Iterator[Event]:
        """What happened since the last call; waits at most that long for the first."""
        ...

    def close(self) -> None:
        """Leave nothing running."""
        ...


def suitable_workers() -> int:
    """One a GPU; on the CPU one a core, up to four: small networks gain little from more threads."""
    import torch

    return torch.cuda.device_count() or min(4, os.cpu_count() or 1)


class Inline:
    """One job at a time in this process, advanced by `events`: for tests, debugging and odd objectives."""

    def __init__(self, evaluate: Evaluate) -> None:
        self._evaluate = evaluate
        self._running: Iterator[Event] | None = None
        self._stop: Stopped | None = None

    @property
    def room(self) -> int:
        return 0 if self._running else 1

    def start(self, job: Job, deadline: float) -> None:
        self._stop = None
        self._running = driven(self._evaluate, job, deadline, lambda: self._stop)

    def stop(self, number: int, stop: Stopped) -> None:
        self._stop = stop

    def events(self, timeout: float) -> Iterator[Event]:
        if self._running is not None:
            event = next(self._running)
            if isinstance(event, Ended):
                self._running = None
            yield event

    def close(self) -> None:
        self._running = None


class Processes:
    """Worker processes, each with its share of the cores; one that dies fails its trial and is replaced."""

    def __init__(self, count: int, folder: Path) -> None:
        self._threads = max(1, (os.cpu_count() or 1) // count)
        self._log = folder / "workers.log"
        self._idle = [self._spawn() for _ in range(count)]
        self._busy: dict[int, subprocess.Popen[bytes]] = {}
        self._heard: queue.Queue[Event] = queue.Queue()

    @property
    def room(self) -> int:
        return len(self._idle)

    def start(self, job: Job, deadline: float) -> None:
        worker = self._idle.pop(0)
        if worker.poll() is not None:
            worker = self._spawn()
        self._busy[job.number] = worker
        _say(worker, {"job": asdict(job), "deadline": min(deadline, sys.maxsize)})
        threading.Thread(target=self._listen, args=(worker, job.number), daemon=True).start()

    def stop(self, number: int, stop: Stopped) -> None:
        if number in self._busy:
            _say(self._busy[number], {"number": number, "stop": stop.state, "reason": stop.reason})

    def events(self, timeout: float) -> Iterator[Event]:
        try:
            event = self._heard.get(timeout=timeout)
            while True:
                if isinstance(event, Ended):
                    self._idle.append(self._busy.pop(event.number))
                yield event
                event = self._heard.get_nowait()
        except queue.Empty:
            return

    def close(self) -> None:
        for worker in self._busy.values():  # it was asked to end, or the sweep itself was torn down
            if worker.poll() is None:
                os.killpg(worker.pid, signal.SIGKILL)
        workers = [*self._idle, *self._busy.values()]
        for worker in workers:
            if worker.stdin:
                with suppress(BrokenPipeError):  # what a dead worker did not read is still in the pipe
                    worker.stdin.close()
        until = time.monotonic() + _GRACE
        for worker in workers:
            _end(worker, until)

    def _spawn(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "diffsmith.tuner.trials.worker", str(self._threads)]
        with self._log.open("ab") as log:
            # A session of its own: Ctrl-C is for the sweep, which then asks its workers to pause.
            return subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, start_new_session=True
            )

    def _listen(self, worker: subprocess.Popen[bytes], number: int) -> None:
        """Pass on what a worker tells about one job; its death is the job's end too."""
        started = time.monotonic()
        assert worker.stdout is not None  # noqa: S101 — it was opened as a pipe
        for line in worker.stdout:
            try:
                event = event_of(line)
            except (ValueError, TypeError, KeyError, AttributeError):
                continue  # printed by something before the worker claimed its output, or its last half word
            self._heard.put(event)
            if isinstance(event, Ended):
                return
        reason = f"the worker process {_death(worker.wait())}; see {self._log}"
        self._heard.put(Ended(number, "failed", time.monotonic() - started, {}, reason))


def _say(worker: subprocess.Popen[bytes], message: dict[str, object]) -> None:
    assert worker.stdin is not None  # noqa: S101 — it was opened as a pipe
    try:
        worker.stdin.write(json.dumps(message).encode() + b"\n")
        worker.stdin.flush()
    except BrokenPipeError:
        return  # it died: its listener tells


def _death(code: int) -> str:
    return f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with code {code}"


def _end(worker: subprocess.Popen[bytes], until: float) -> None:
    """Wait for a worker whose input was closed; then end it and whatever it started."""
    try:
        worker.wait(max(0.0, until - time.monotonic()))
    except subprocess.TimeoutExpired:
        os.killpg(worker.pid, signal.SIGKILL)
        worker.wait()
