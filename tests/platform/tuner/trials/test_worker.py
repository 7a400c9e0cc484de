import json
import subprocess
import sys

import pytest

from diffsmith.tuner.trials.jobs import Climbed, Ended, Stepped, event_of


@pytest.fixture
def worker():
    command = [sys.executable, "-m", "diffsmith.tuner.trials.worker", "1"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as worker:
        yield worker
        worker.kill()


def say(worker, **message):
    worker.stdin.write(json.dumps(message).encode() + b"\n")
    worker.stdin.flush()


def a_job(base, folder, number, steps):
    base["train"]["steps"] = steps
    job = {"number": number, "spec": base, "folder": str(folder), "rungs": [0.5], "samples": 16}
    return {**job, "metrics": ["sliced_wasserstein"], "seed": 0}


def test_jobs_come_in_events_go_out_and_the_end_of_input_is_the_end(worker, base, tmp_path):
    say(worker, number=9, stop="pruned", reason="for a job that is over")
    say(worker, job=a_job(base, tmp_path, 1, 4), deadline=sys.maxsize)
    events = []
    while not events or not isinstance(events[-1], Ended):
        events.append(event_of(worker.stdout.readline()))
    assert [event.rung.step for event in events if isinstance(event, Climbed)] == [2, 4]
    assert isinstance(events[0], Stepped)
    assert events[-1].state == "complete"
    assert (tmp_path / "weights.safetensors").exists()

    say(worker, job=a_job(base, tmp_path / "b", 2, 100_000), deadline=sys.maxsize)
    assert event_of(worker.stdout.readline()).number == 2
    say(worker, number=1, stop="pruned", reason="for the job before")
    assert isinstance(event_of(worker.stdout.readline()), Stepped)
    worker.stdin.close()
    assert worker.wait(60) == 0
    assert not any(b"Ended" in line for line in worker.stdout)


def test_a_job_that_cannot_be_meant_fails_and_the_next_one_runs(worker, base, tmp_path):
    wrong = a_job(json.loads(json.dumps(base)), tmp_path, 1, 4)
    wrong["spec"]["model"]["widht"] = 8
    say(worker, job=wrong, deadline=sys.maxsize)
    end = event_of(worker.stdout.readline())
    assert end.state == "failed"
    assert "unknown name 'widht' — did you mean 'width'" in end.reason
    say(worker, job=a_job(base, tmp_path, 2, 1), deadline=sys.maxsize)
    while not isinstance(event := event_of(worker.stdout.readline()), Ended):
        pass
    assert (event.number, event.state) == (2, "complete")
