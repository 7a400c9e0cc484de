import math
import time
from contextlib import suppress

import pytest

from diffsmith.errors import DiffsmithError
from diffsmith.tuner.trials.driving import driven
from diffsmith.tuner.trials.jobs import Ended, Job, Stepped, Stopped

JOB = Job(7, {}, "", (), 16, (), 0)


def drive(evaluate, told=lambda: None, deadline=math.inf):
    return list(driven(evaluate, JOB, deadline, told))


def _three_steps(job):
    for step in (1, 2, 3):
        yield Stepped(job.number, step, 3, 0.1)
    return {"quality": 1.0}


def test_the_last_event_is_the_end_with_the_scores():
    *steps, end = drive(_three_steps)
    assert [step.step for step in steps] == [1, 2, 3]
    assert (end.number, end.state, end.scores, end.reason) == (7, "complete", {"quality": 1.0}, "")
    assert end.seconds > 0


@pytest.mark.parametrize("state", ["pruned", "paused"])
def test_it_ends_within_one_event_of_being_told(state):
    wishes = iter([None, Stopped(state, "enough")])
    *steps, end = drive(_three_steps, lambda: next(wishes))
    assert len(steps) == 2
    assert (end.state, end.reason, end.scores) == (state, "enough", {})


def test_it_pauses_within_one_event_of_the_deadline():
    *steps, end = drive(_three_steps, deadline=time.time() - 1)
    assert len(steps) == 1
    assert (end.state, end.reason) == ("paused", "the time budget ended")


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (DiffsmithError("no such class"), "no such class"),
        (ZeroDivisionError("1/0"), "ZeroDivisionError: 1/0"),
    ],
)
def test_what_is_raised_is_the_reason_it_failed(error, reason):
    def raising(job):
        yield Stepped(job.number, 1, 3, 0.1)
        raise error

    def at_once(job):
        raise error

    for evaluate in (raising, at_once):
        end = drive(evaluate)[-1]
        assert (end.state, end.reason) == ("failed", reason)


def test_who_swallows_a_stop_is_stopped_all_the_same():
    def stubborn(job):
        while True:
            with suppress(Stopped):
                yield Stepped(job.number, 1, 3, 0.1)

    def giving_in(job):
        try:
            yield from _three_steps(job)
        except Stopped:
            return {"quality": 0.0}

    for evaluate in (stubborn, giving_in):
        step, end = drive(evaluate, lambda: Stopped("pruned", "enough"))
        assert isinstance(step, Stepped)
        assert isinstance(end, Ended)
        assert end.state == "pruned"


def test_what_saving_raises_is_a_failure():
    def unsaved(job):
        try:
            yield Stepped(job.number, 1, 3, 0.1)
        except Stopped:
            raise DiffsmithError("the disk is full") from None
        return {}

    assert drive(unsaved, lambda: Stopped("paused", "x"))[-1].reason == "the disk is full"
