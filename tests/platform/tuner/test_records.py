from dataclasses import replace


def test_a_trial_that_never_trained_has_no_curve(finished, tmp_path):
    assert replace(finished.best, folder=tmp_path).curve() == []


def test_a_trial_knows_its_curve_its_rungs_and_its_pipeline(finished):
    trial = finished.best
    assert [step for step, _ in trial.curve()] == list(range(1, 11))
    assert all(loss > 0 for _, loss in trial.curve())
    assert [rung.step for rung in trial.rungs] == [3, 10]
    assert all((trial.folder / rung.sheet).exists() for rung in trial.rungs)
    assert trial.pipeline().spec.model.classes == 10


def test_a_changed_sweep_has_a_leaderboard_of_its_own(finished):
    assert len(finished.leaderboard.ranked) == 3
    assert len(replace(finished, trials=finished.trials[:1]).leaderboard.ranked) == 1
