import math
from statistics import median

import pytest
from optuna.trial import TrialState

from diffsmith.tuner import folders
from diffsmith.tuner.records import Rung
from diffsmith.tuner.trials.jobs import Climbed, Stopped

FIRST = [{"train.lr": 0.01}, {"train.lr": 0.002}]
TWO = {"quality": "minimize", "latency": "minimize"}
SMALL = {"train.lr": [0.001, 0.01, 0.1], "train.steps": {"low": 8, "high": 12, "step": 2}}


def rates(search):
    return [trial.params["train.lr"] for trial in search.trials.values()]


def states(search):
    return [trial.state for trial in search.trials.values()]


def test_what_comes_first_is_tried_before_anything_is_searched(new_sweep, searched, evaluate):
    search = searched(new_sweep(first=FIRST), evaluate, trials=4)
    assert rates(search)[:2] == [0.01, 0.002]
    assert search.stopped == "4 trials were made"
    assert len({trial.folder for trial in search.trials.values()}) == 4


@pytest.mark.parametrize("seed", [0, 1])
def test_a_small_space_is_tried_out_exactly(new_sweep, searched, evaluate, seed):
    asked = []

    def noted(job):
        asked.append((job.spec["train"]["lr"], job.spec["train"]["steps"]))
        return evaluate(job)

    search = searched(new_sweep(space=SMALL, seed=seed, rungs=()), noted)
    assert search.stopped == "every configuration of the space was tried"
    assert sorted(asked) == sorted((lr, steps) for lr in (0.001, 0.01, 0.1) for steps in (8, 10, 12))
    again = searched(folders.reopen(search.folder.parent, search.folder.name), noted)
    assert again.stopped == "every configuration of the space was tried"
    assert len(asked) == 9


def test_a_rare_configuration_is_found_too(new_sweep, searched, evaluate):
    space = {"model.prediction.name": {"choose": {"v": {"train.lr": [0.1]}, "flow": None}}}
    nested = {"train.rate": {"choose": {"constant": space, "cosine": None}}, "train.ema": [0.5] * 50 + [0.9]}
    search = searched(new_sweep(space=nested, rungs=()), evaluate)
    assert len(search.trials) == (2 + 1) * 2


def test_the_budget_of_trials_is_exact_over_several_runs(new_sweep, searched, evaluate):
    sweep = new_sweep()
    assert len(searched(sweep, evaluate, trials=2).trials) == 2
    assert len(searched(sweep, evaluate, trials=5).trials) == 5
    assert len(searched(sweep, evaluate, trials=5).trials) == 5
    assert len(searched(sweep, evaluate, trials=3).trials) == 5


def test_the_same_seed_asks_for_the_same_configurations(new_sweep, searched, evaluate):
    sequences = [rates(searched(new_sweep(seed=seed), evaluate, trials=11)) for seed in (3, 3, 4)]
    assert sequences[0] == sequences[1]
    assert sequences[0] != sequences[2]


def test_tpe_learns(new_sweep, searched, evaluate):
    found = rates(searched(new_sweep(rungs=()), evaluate, trials=40))
    assert median(found[20:]) < median(found[:8]) / 3


def test_with_maximize_the_largest_leads_and_the_search_goes_there(new_sweep, searched, evaluate):
    search = searched(new_sweep(objectives={"quality": "maximize"}, rungs=()), evaluate, trials=30)
    assert sum(rates(search)[15:]) / 15 > sum(rates(search)[:8]) / 8
    assert folders.reopen(search.folder.parent, search.folder.name).best.scores["quality"] == max(
        rates(search)
    )


def test_weak_trials_are_pruned_at_a_rung(new_sweep, searched, evaluate):
    first = [{"train.lr": lr} for lr in (0.001, 0.002, 0.003, 0.004, 0.05, 0.0005)]
    search = searched(new_sweep(first=first), evaluate, trials=6)
    assert states(search) == ["complete"] * 4 + ["pruned", "complete"]
    weak = search.trials[4]
    assert (weak.scores, len(weak.rungs)) == ({}, 1)
    assert weak.reason == "behind the others after 3 steps"
    assert search.study.trials[4].state is TrialState.PRUNED
    assert search.study.trials[4].value == 0.05


def test_with_two_objectives_only_the_weakest_are_pruned_and_tpe_goes_on(new_sweep, searched, evaluate):
    first = [{"train.lr": lr} for lr in (0.001, 0.002, 0.003, 0.004, 0.0035, 0.05)]
    search = searched(new_sweep(first=first, objectives=TWO), evaluate, trials=25)
    assert states(search)[:6] == ["complete"] * 5 + ["pruned"]
    assert len(search.trials) == 25
    assert search.study.trials[5].state is TrialState.PRUNED


def _failing(job):
    lr = job.spec["train"]["lr"]
    yield Climbed(job.number, Rung(3, {"quality": lr}, 0.0))
    match job.number:
        case 0:
            raise RuntimeError("out of memory")
        case 1:
            return {"quality": math.nan, "latency": 1.0}
        case 2:
            return {"quality": -math.inf, "latency": 1.0}
        case 3:
            return {"latency": 1.0}
        case 4:
            return {"quality": lr, "latency": math.nan}
        case 5:
            raise MemoryError
    return {"quality": lr, "latency": 1.0}


@pytest.mark.parametrize("objectives", [{"quality": "minimize"}, TWO])
def test_a_trial_that_fails_says_why_and_the_sweep_goes_on(new_sweep, searched, objectives):
    sweep = new_sweep(objectives=objectives, constraints={"latency": 2.0, "quality": 1.0}, rungs=())
    search = searched(sweep, _failing, trials=9)
    reasons = [trial.reason for trial in search.trials.values() if trial.state == "failed"]
    assert reasons == [
        "RuntimeError: out of memory",
        "its quality is nan",
        "its quality is -inf",
        "it has no quality",
        "its latency is nan",
        "MemoryError: ",
    ]
    assert states(search)[6:] == ["complete"] * 3
    reopened = folders.reopen(sweep.folder.parent, sweep.name)
    assert [trial.reason for trial in reopened.trials][:6] == reasons
    assert len(reopened.leaderboard.ranked) == 3


def test_a_search_that_brings_nothing_better_stops(new_sweep, searched, evaluate):
    first = [{"train.lr": lr} for lr in (0.0003, 0.0002, 0.0001, 0.01, 0.02, 0.03)]
    search = searched(new_sweep(first=first, patience=3, rungs=()), evaluate, trials=20)
    assert search.stopped == "the last 3 trials brought nothing better"
    assert len(search.trials) == 6


def test_constraints_reach_optuna_and_the_leaderboard(new_sweep, searched, evaluate):
    sweep = new_sweep(constraints={"latency": 0.2}, rungs=())
    search = searched(sweep, evaluate, trials=30)
    for trial in search.study.trials:
        assert trial.constraints == {
            "latency": pytest.approx(trial.user_attrs["diffsmith"]["scores"]["latency"] - 0.2)
        }
    assert sum(trial.scores["latency"] <= 0.2 for trial in list(search.trials.values())[15:]) >= 5
    best = folders.reopen(sweep.folder.parent, sweep.name).best
    assert best.scores["quality"] == min(lr for lr in rates(search) if 0.001 / lr <= 0.2)


def _interrupt_after(count):
    """Says True from its count-th call on."""
    calls = iter(range(10**6))
    return lambda: next(calls) >= count


def test_interrupted_trials_are_taken_up_exactly_once(new_sweep, searched, evaluate):
    sweep, ended = new_sweep(first=FIRST, rungs=()), []
    for _ in range(4):
        search = searched(sweep, evaluate, interrupted=_interrupt_after(1))
        assert (search.stopped, states(search)) == ("interrupted", ["paused"])
        waiting = search.study.get_trials(states=[TrialState.WAITING])
        assert len(waiting) == 1, "the other one; this one is queued when somebody goes on"
    assert {trial.state for trial in folders.reopen(sweep.folder.parent, sweep.name).trials} == {"paused"}

    def noted(job):
        scores = yield from evaluate(job)
        ended.append(job.spec["train"]["lr"])
        return scores

    search = searched(sweep, noted, trials=6)
    assert states(search) == ["complete"] * 6
    assert sorted(ended[:2]) == [0.002, 0.01]
    assert len(set(ended)) == 6
    reopened = folders.reopen(sweep.folder.parent, sweep.name)
    assert [trial.state for trial in reopened.trials] == ["complete"] * 6


def test_what_is_queued_waits_where_the_budget_is_spent(new_sweep, searched, evaluate):
    sweep = new_sweep(first=FIRST)
    for _ in range(3):
        search = searched(sweep, evaluate, trials=0)
        assert search.trials == {}
        assert len(search.study.trials) == 2


def test_a_trial_can_be_paused_again_and_again(new_sweep, searched, evaluate):
    sweep = new_sweep(first=FIRST[:1])

    def paused(job):
        yield from evaluate(job)
        raise Stopped("paused", "again")

    for _ in range(3):
        assert states(searched(sweep, paused, interrupted=_interrupt_after(9))).count("paused") >= 1
    search = searched(sweep, evaluate, trials=3)
    assert states(search).count("complete") == 3
    assert rates(search).count(0.01) == 1


def test_rungs_without_the_leading_objective_prune_nothing(new_sweep, searched, evaluate):
    search = searched(
        new_sweep(objectives={"latency": "minimize", "quality": "minimize"}), evaluate, trials=9
    )
    assert states(search) == ["complete"] * 9
