import threading

import pytest

import diffsmith
from diffsmith.errors import DiffsmithError, SpecError
from diffsmith.tuner import api
from diffsmith.tuner.records import Sweep, Trial
from diffsmith.tuner.trials.jobs import Climbed, Stepped


def test_from_a_name_to_samples_in_one_call(space_path, tmp_path):
    sweep = diffsmith.sweep(str(space_path), data="digits", trials=2, workers=0, samples=16, runs=tmp_path)
    samples = sweep.best.pipeline().generate(labels=[3, 7], seed=0)
    assert [sample.label for sample in samples] == [3, 7]
    assert sweep.name == "tiny"
    assert 0 < sweep.seconds < 60
    assert len(sweep.best.curve()) == 10


def test_two_workers_make_both_trials_and_a_resumed_sweep_goes_on(space_path, tmp_path, registry):
    common = {"runs": tmp_path, "registry": registry, "workers": 2}
    sweep = api.sweep(str(space_path), trials=2, samples=16, name="two", **common)
    assert [trial.state for trial in sweep.trials] == ["complete"] * 2, [t.reason for t in sweep.trials]
    assert len({trial.folder for trial in sweep.trials}) == 2
    assert sweep.name == "two"
    more = api.sweep("two", resume=True, trials=1, **common)
    assert len(more.trials) == 3
    assert more.trials[:2] == sweep.trials
    assert more.seconds > sweep.seconds


def test_without_more_a_resumed_sweep_has_what_was_left_of_its_budget(finished):
    budget = api._more(finished, None, None)
    assert (budget.trials, budget.seconds, budget.spent_before) == (3, None, finished.seconds)
    assert api._more(finished, 5.0, None).left == pytest.approx(5.0)
    assert api._more(finished, None, 4).trials == 7


def test_a_sweep_step_by_step_begins_with_itself(space_path, tmp_path, registry):
    going = api.started(str(space_path), trials=1, workers=0, samples=16, runs=tmp_path, registry=registry)
    happened = list(going)
    assert isinstance(happened[0], Sweep)
    assert happened[0].floors
    assert {type(each) for each in happened[1:]} == {Trial, Stepped, Climbed}


def test_it_can_run_beside_the_main_thread(space_path, tmp_path, registry):
    done = []

    def work():
        done.append(
            api.sweep(str(space_path), trials=1, workers=0, samples=16, runs=tmp_path, registry=registry)
        )

    thread = threading.Thread(target=work)
    thread.start()
    thread.join(60)
    assert done[0].best.number == 0


def test_a_sweep_that_is_left_in_the_middle_lets_go_of_its_folder(space_path, tmp_path, registry):
    common = {"workers": 0, "runs": tmp_path, "registry": registry}
    going = api.started(str(space_path), trials=3, samples=16, **common)
    while not isinstance(next(going), Stepped):
        pass
    with pytest.raises(DiffsmithError, match="another process is running this sweep"):
        api.sweep("tiny", resume=True, **common)
    going.close()
    sweep = api.sweep("tiny", resume=True, **common)
    assert [trial.state for trial in sweep.trials] == ["complete"] * 3


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"budget": "2 minutes"}, "budget: '2 minutes' is no duration"),
        ({"budget": -3}, "seconds: input should be greater than 0"),
        ({"trials": 0}, "trials: input should be greater than or equal to 1"),
        ({"trails": 3}, "unknown name 'trails' — did you mean 'trials'"),
    ],
)
def test_wrong_settings_leave_nothing_behind(settings, told, space_path, tmp_path, registry):
    with pytest.raises(SpecError) as caught:
        api.sweep(str(space_path), runs=tmp_path, registry=registry, **settings)
    assert told in str(caught.value)
    assert list(tmp_path.iterdir()) == []
