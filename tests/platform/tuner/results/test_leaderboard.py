from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diffsmith.errors import DiffsmithError
from diffsmith.tuner.records import Trial
from diffsmith.tuner.results.leaderboard import Leaderboard

SCORES = st.fixed_dictionaries({"quality": st.integers(0, 5), "latency": st.integers(0, 5)})
DIRECTIONS = st.sampled_from(["minimize", "maximize"])


def trials_of(*scores, state="complete"):
    return [Trial(number, state, {}, {}, Path(), each) for number, each in enumerate(scores)]


@given(st.lists(SCORES, max_size=12), DIRECTIONS, DIRECTIONS, st.integers(-1, 6))
def test_the_front_is_what_nobody_beats(scores, quality, latency, bound):
    objectives = {"quality": quality, "latency": latency}
    board = Leaderboard(trials_of(*scores), objectives, {"latency": bound})
    signs = {name: 1 if way == "minimize" else -1 for name, way in objectives.items()}
    points = {
        number: tuple(signs[name] * each[name] for name in objectives)
        for number, each in enumerate(scores)
        if each["latency"] <= bound
    }
    front = {
        number
        for number, (q, t) in points.items()
        if not any(a <= q and b <= t and (a < q or b < t) for a, b in points.values())
    }
    assert {trial.number for trial in board.front} == front
    if points:
        assert board.best in board.front
        assert points[board.best.number] == min(points.values())


@given(st.lists(SCORES, max_size=12), DIRECTIONS, st.integers(-1, 6))
def test_the_feasible_are_first_then_the_leading_objective_counts(scores, direction, bound):
    board = Leaderboard(trials_of(*scores), {"quality": direction}, {"latency": bound})
    sign = 1 if direction == "minimize" else -1
    keys = [
        (trial.scores["latency"] > bound, sign * trial.scores["quality"], trial.number)
        for trial in board.ranked
    ]
    assert keys == sorted(keys)
    assert len(keys) == len(scores)


def test_only_complete_trials_are_ranked():
    trials = [
        trial
        for state in ("pruned", "failed", "running", "paused")
        for trial in trials_of({"quality": 1}, state=state)
    ]
    board = Leaderboard(trials, {"quality": "minimize"}, {})
    assert board.ranked == board.front == []
    with pytest.raises(DiffsmithError, match="no trial is complete yet: give the sweep a larger budget"):
        _ = board.best


def test_when_no_trial_keeps_the_bounds_the_best_says_so():
    board = Leaderboard(
        trials_of({"quality": 1, "latency": 2}), {"quality": "minimize"}, {"latency": 0.5, "memory": 9}
    )
    with pytest.raises(
        DiffsmithError, match=r"no trial keeps latency <= 0.5, memory <= 9; resume for longer"
    ):
        _ = board.best
    assert board.front == []
    assert len(board.ranked) == 1


def test_a_trial_is_found_by_its_number():
    board = Leaderboard(trials_of({"quality": 1}, {"quality": 2}), {"quality": "minimize"}, {})
    assert board.trial(1).scores == {"quality": 2}
    with pytest.raises(DiffsmithError, match=r"trial 7 is not complete. Complete: \[0, 1\]"):
        board.trial(7)
