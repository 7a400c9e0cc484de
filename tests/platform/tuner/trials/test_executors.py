import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from diffsmith.tuner.trials.executors import Inline, Processes, suitable_workers
from diffsmith.tuner.trials.jobs import Climbed, Ended, Job, Stepped, Stopped

FOREVER = sys.maxsize
NOISE = """
import os, threading, time
print("at the start")
def talk():
    while True:
        print("words from python")
        os.write(1, b"words from below")
        time.sleep(0.01)
threading.Thread(target=talk, daemon=True).start()
"""


@pytest.fixture
def job(base, tmp_path):
    """job(number, steps): a real one."""

    def job(number: int, steps: int = 100_000) -> Job:
        base["train"]["steps"] = steps
        folder = tmp_path / f"trial-{number}"
        folder.mkdir()
        return Job(number, base, str(folder), (), 16, ("sliced_wasserstein",), 0)

    return job


@pytest.fixture
def processes(tmp_path):
    executor = Processes(1, tmp_path)
    yield executor
    executor.close()


def until(executor, kind, number, seconds=90):
    """The first event of that kind and trial."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for event in executor.events(0.1):
            if isinstance(event, kind) and event.number == number:
                return event
    raise AssertionError(f"no {kind.__name__} of trial {number} within {seconds} s")


def alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"


def gone(pids, seconds=20):
    end = time.monotonic() + seconds
    while any(map(alive, pids)) and time.monotonic() < end:
        time.sleep(0.1)
    return not any(map(alive, pids))


def pids_of(executor):
    return [worker.pid for worker in (*executor._idle, *executor._busy.values())]


def test_a_machine_has_at_least_one_worker():
    assert suitable_workers() >= 1


def test_inline_runs_one_job_at_a_time(job, evaluate):
    executor = Inline(evaluate)
    assert executor.room == 1
    executor.start(job(0), FOREVER)
    assert executor.room == 0
    assert until(executor, Ended, 0).state == "complete"
    assert executor.room == 1
    executor.start(job(1), FOREVER)
    executor.stop(1, Stopped("pruned", "enough"))
    assert until(executor, Ended, 1).state == "pruned"
    executor.start(job(2), FOREVER)
    assert until(executor, Ended, 2).state == "complete", "a stop is for one job"
    assert list(executor.events(0)) == []
    executor.close()


def test_a_killed_worker_fails_its_trial_and_a_new_one_goes_on(job, processes, tmp_path):
    processes.start(job(0), FOREVER)
    assert processes.room == 0
    until(processes, Stepped, 0)
    (first,) = pids_of(processes)
    os.kill(first, signal.SIGKILL)
    end = until(processes, Ended, 0)
    assert end.state == "failed"
    assert end.reason == f"the worker process was killed by SIGKILL; see {tmp_path / 'workers.log'}"
    processes.stop(0, Stopped("pruned", "too late"))
    processes.start(job(1, steps=3), FOREVER)
    assert until(processes, Ended, 1).state == "complete"
    (second,) = pids_of(processes)
    assert first != second
    processes.close()
    assert gone([first, second])


def test_jobs_are_stopped_and_late_stops_do_not_matter(job, processes):
    processes.start(job(0), FOREVER)
    until(processes, Stepped, 0)
    processes.stop(0, Stopped("pruned", "behind the others"))
    processes.stop(0, Stopped("paused", "a second time"))
    end = until(processes, Ended, 0)
    assert (end.state, end.reason, end.scores) == ("pruned", "behind the others", {})
    processes.stop(0, Stopped("pruned", "too late"))
    processes.start(job(1, steps=3), FOREVER)
    end = until(processes, Ended, 1)
    assert end.state == "complete", end.reason
    assert set(end.scores) == {"sliced_wasserstein", "latency", "memory"}
    processes.start(job(2), time.time() + 0.5)
    assert until(processes, Ended, 2).reason == "the time budget ended"


def test_what_is_printed_in_a_worker_does_not_break_the_talk(job, tmp_path, monkeypatch):
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text(NOISE)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "site"))
    executor = Processes(1, tmp_path)
    try:
        executor.start(job(0, steps=20), FOREVER)
        until(executor, Climbed, 0)
        assert until(executor, Ended, 0).state == "complete"
    finally:
        executor.close()
    assert "words from below" in (tmp_path / "workers.log").read_text()


def test_closing_ends_workers_that_are_busy_idle_or_dead(job, tmp_path):
    executor = Processes(3, tmp_path)
    for number in (0, 1):
        executor.start(job(number), FOREVER)
        until(executor, Stepped, number)
    pids = pids_of(executor)
    os.kill(executor._busy[1].pid, signal.SIGKILL)
    executor.stop(1, Stopped("pruned", "it cannot hear"))
    executor.close()
    assert not any(map(alive, pids))


PARENT = """
import json, sys, time
from pathlib import Path
from diffsmith.tuner.trials.executors import Processes
from diffsmith.tuner.trials.jobs import Stepped, job_of
executor = Processes(2, Path(sys.argv[1]))
pids = [worker.pid for worker in executor._idle]
executor.start(job_of(json.loads(sys.argv[2])), sys.maxsize)
while not any(isinstance(event, Stepped) for event in executor.events(0.1)):
    pass
print(json.dumps(pids), flush=True)
time.sleep(600)
"""


def test_workers_do_not_outlive_a_killed_sweep(job, tmp_path):
    import json
    from dataclasses import asdict

    command = [sys.executable, "-c", PARENT, str(tmp_path), json.dumps(asdict(job(0)))]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as parent:
        pids = json.loads(parent.stdout.readline())
        assert len(pids) == 2
        assert all(map(alive, pids))
        parent.kill()
    assert gone(pids)
