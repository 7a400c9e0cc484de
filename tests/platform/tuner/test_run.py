import time

from diffsmith.tuner import folders
from diffsmith.tuner.budget import Budget
from diffsmith.tuner.records import Trial
from diffsmith.tuner.run import run
from diffsmith.tuner.search import Search
from diffsmith.tuner.trials.executors import Inline
from diffsmith.tuner.trials.jobs import Climbed, Stepped


def _slow(job):
    for step in range(1, 1000):
        time.sleep(0.02)
        yield Stepped(job.number, step, 1000, 0.1)
    return {"quality": 1.0}


def test_when_the_time_is_over_what_runs_is_paused_and_nothing_starts(new_sweep, searched):
    started = time.monotonic()
    search = searched(new_sweep(), _slow, seconds=0.5)
    assert time.monotonic() - started < 5
    (trial,) = search.trials.values()
    assert (trial.state, trial.reason) == ("paused", "the time budget ended")
    assert 0 < trial.seconds < 1.5
    assert search.stopped == "the time budget is spent"
    assert search.budget.spent < 2


def test_no_trial_starts_that_could_not_end(new_sweep, searched, evaluate):
    def half_a_second(job):
        time.sleep(0.5)
        return (yield from evaluate(job))

    search = searched(new_sweep(rungs=()), half_a_second, seconds=1.2)
    assert [trial.state for trial in search.trials.values()] == ["complete", "complete"]


def test_what_was_spent_counts_in_the_next_run(new_sweep, searched):
    sweep = new_sweep()
    searched(sweep, _slow, seconds=0.3)
    assert folders.reopen(sweep.folder.parent, sweep.name).seconds >= 0.3
    assert searched(sweep, _slow, seconds=0.3).trials == {}


def test_a_run_yields_starts_steps_scores_and_ends_in_their_order(new_sweep, evaluate):
    sweep = new_sweep()
    search = Search(sweep.spec, folders.open_study(sweep), sweep.folder, ("quality",), Budget(trials=1))
    happened = list(run(search, Inline(evaluate), lambda: False))
    assert [type(each) for each in happened] == [Trial, Stepped, Climbed, Stepped, Climbed, Trial]
    assert (happened[0].state, happened[-1].state) == ("running", "complete")
    assert len(happened[-1].rungs) == 2


def test_an_interrupt_pauses_what_runs(new_sweep, searched):
    checks = iter([False, False, False, True])
    search = searched(new_sweep(), _slow, interrupted=lambda: next(checks))
    assert [trial.state for trial in search.trials.values()] == ["paused"]
    assert search.stopped == "interrupted"
