import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diffsmith.specs import FitSpec
from diffsmith.training.rates import rate


@st.composite
def places(draw):
    spec = FitSpec(
        steps=draw(st.integers(1, 10**8)),
        lr=draw(st.floats(1e-9, 1)),
        rate=draw(st.sampled_from(["constant", "cosine"])),
        warmup=draw(st.integers(0, 10**6)),
    )
    return spec, draw(st.integers(0, spec.steps - 1))


@given(places())
def test_a_rate_is_always_above_zero_and_at_most_lr(place):
    spec, step = place
    assert math.isfinite(rate(spec, step))
    assert 0 < rate(spec, step) <= spec.lr


def test_warm_up_is_a_straight_line_that_ends_at_lr():
    spec = FitSpec(lr=0.5, warmup=4)
    assert [rate(spec, step) for step in range(6)] == pytest.approx([0.1, 0.2, 0.3, 0.4, 0.5, 0.5])


def test_constant_stays_and_does_not_know_the_length():
    short, long = (FitSpec(lr=0.1, warmup=3, steps=steps) for steps in (10, 1000))
    assert [rate(short, step) for step in range(10)] == [rate(long, step) for step in range(10)]
    assert rate(long, 999) == 0.1


def test_cosine_goes_down_from_lr_through_its_half_to_nearly_zero():
    spec = FitSpec(lr=0.2, rate="cosine", warmup=100, steps=1100)
    down = [rate(spec, step) for step in range(100, 1100)]
    assert down[0] == 0.2
    assert down == sorted(down, reverse=True)
    assert rate(spec, 600) == pytest.approx(0.1)
    assert down[-1] < 0.2 * 1e-4


def test_a_warm_up_longer_than_the_training_only_rises():
    spec = FitSpec(lr=1, rate="cosine", warmup=50, steps=10)
    assert [rate(spec, step) for step in range(10)] == pytest.approx([(step + 1) / 51 for step in range(10)])
