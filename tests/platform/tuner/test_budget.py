import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diffsmith.errors import SpecError
from diffsmith.tuner.budget import Budget, converged, duration


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90", 90), ("90s", 90), ("2m", 120), ("1h30m", 5400), ("50ms", 0.05), ("1d", 86400), (" 1.5M ", 90)],
)
def test_durations_are_read(text, seconds):
    assert duration(text) == pytest.approx(seconds)


@given(st.integers(0, 3), st.integers(0, 23), st.integers(0, 59), st.integers(0, 59), st.integers(1, 999))
def test_what_is_written_is_read(days, hours, minutes, seconds, milliseconds):
    text = f"{days}d{hours}h{minutes}m{seconds}s{milliseconds}ms"
    whole = 86400 * days + 3600 * hours + 60 * minutes + seconds + milliseconds / 1000
    assert duration(text) == pytest.approx(whole)


@pytest.mark.parametrize(
    "text",
    ["", " ", "m", "2 m", "2x", "-1m", "1m-", "1e3", "1h,30m", "0", "0s", "ms", "1.m", "nan", "inf", "١s x"],
)
def test_what_is_no_duration_is_refused(text):
    with pytest.raises(SpecError, match=r"^--max-latency: .*Write for example 50ms, 90s, 2m, 1h30m$"):
        duration(text, "--max-latency")


@given(st.text(max_size=8))
def test_any_text_is_a_duration_or_a_spec_error(text):
    try:
        assert duration(text) > 0
    except SpecError as error:
        assert str(error).startswith("budget: ")


def test_a_budget_counts_what_earlier_runs_spent():
    budget = Budget(seconds=10, spent_before=4)
    assert (budget.spent, budget.left) == (4, 6), "the clock does not run yet"
    budget.start()
    assert 4 <= budget.spent < 5
    assert budget.deadline - time.time() == pytest.approx(6, abs=1)
    assert Budget().left == Budget().deadline == float("inf")


@given(st.lists(st.floats(allow_nan=False), max_size=12), st.integers(1, 5))
def test_a_search_has_converged_when_its_best_is_older_than_its_patience(costs, patience):
    old = [cost for number, cost in enumerate(costs) if number < len(costs) - patience]
    better = any(cost < min(old) for cost in costs[-patience:]) if old else True
    assert converged(costs, patience) == (not better)
    assert not converged(costs, None)
