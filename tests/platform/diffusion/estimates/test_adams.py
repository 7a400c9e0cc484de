import math
from itertools import pairwise

import pytest
import torch

from diffsmith.diffusion import levels
from diffsmith.diffusion.estimates import adams, adams_fixed
from diffsmith.diffusion.levels import Level, carry
from diffsmith.diffusion.steps import Past, Step
from diffsmith.errors import SpecError
from diffsmith.options import checked_options
from diffsmith.testing import bare

UNEQUAL = [9.0, 7.5, 4.0, 2.0, 1.3]
EQUAL = [9.0, 7.0, 5.0, 3.0, 1.0]


def curve(slope, whole):
    """sigma -> (x, x0) of a way on VE with that slope, whose integral is `whole`."""

    def at(sigma):
        x = torch.tensor([whole(sigma)], dtype=torch.float64)
        return x, x - sigma * slope(sigma)

    return at


def power(k):
    return curve(lambda sigma: sigma**k, lambda sigma: sigma ** (k + 1) / (k + 1))


def log_power(k):
    """A slope that is a power of log sigma."""
    wholes = [
        lambda sigma: sigma,
        lambda sigma: sigma * (math.log(sigma) - 1),
        lambda sigma: sigma * (math.log(sigma) ** 2 - 2 * math.log(sigma) + 2),
    ]
    return curve(lambda sigma: math.log(sigma) ** k, wholes[k])


def remembered(way, levels):
    """The steps from level to level, newest first."""
    return tuple(Past(level, *way(level.sigma), there) for level, there in pairwise(levels))[::-1]


def miss(estimate, way, sigmas, **options):
    """How far the step to the last sigma goes astray when the way before it is known."""
    *before, here, end = (Level(1.0, sigma) for sigma in sigmas)
    past = remembered(way, [*before, here])[:3]
    step = Step(here, here, end, end, number=4, total=20, schedule=bare(levels.ve), past=past)
    x, x0 = way(here.sigma)
    held = estimate(None, x, x0, step, **options)
    return float((carry(x, held, here, end) - way(end.sigma)[0]).abs())


@pytest.mark.parametrize("order", [1, 2, 3, 4])
def test_lms_is_exact_for_a_slope_of_lower_degree(order):
    for k in range(order):
        assert miss(adams.lms, power(k), UNEQUAL, order=order) < 1e-9
    assert miss(adams.lms, power(order), UNEQUAL, order=order) > 1e-2


@pytest.mark.parametrize("order", [1, 2, 3])
def test_deis_is_exact_for_a_slope_of_lower_degree_in_log_sigma(order):
    for k in range(order):
        assert miss(adams.deis, log_power(k), UNEQUAL, order=order) < 1e-12
    assert miss(adams.deis, power(1), UNEQUAL, order=order) > 1e-3


@pytest.mark.parametrize("order", [1, 2, 3, 4])
@pytest.mark.parametrize("estimate", [adams_fixed.ipndm, adams.ipndm_v])
def test_ipndm_is_exact_in_equal_steps(estimate, order):
    if estimate is adams.ipndm_v:
        order = min(order, 3)  # its fourth order, as published, is not
    for k in range(order):
        assert miss(estimate, power(k), EQUAL, max_order=order) < 1e-9


def test_ipndm_v_is_lms_at_order_2_and_not_above():
    def apart(order):
        theirs = miss(adams.ipndm_v, power(3), UNEQUAL, max_order=order)
        return abs(theirs - miss(adams.lms, power(3), UNEQUAL, order=order))

    assert apart(2) < 1e-9
    assert apart(3) > 1e-2
    assert apart(4) > 1e-2


def test_deis_tab_is_exact_for_a_constant_slope_to_its_quadrature():
    assert 1e-9 < miss(adams.deis_tab, power(0), UNEQUAL, max_order=3) < 1e-3


def test_deis_ends_short_walks_at_lower_order():
    x, way = torch.ones(1, dtype=torch.float64), power(1)
    places = [Level(1.0, sigma) for sigma in UNEQUAL]
    past = remembered(way, places[:3])

    def held(number, total, **options):
        step = Step(places[2], places[2], places[3], places[3], number=number, total=total, past=past)
        return adams.deis(None, x, 0.5 * x, step, order=3, **options)

    assert torch.equal(held(9, 10), held(9, 10, lower_order_final=False)) is False
    assert torch.equal(held(9, 10), 0.5 * x)
    assert not torch.equal(held(8, 10), held(7, 10))
    assert torch.equal(held(7, 10), held(19, 20))


@pytest.mark.parametrize("estimate", [adams.lms, adams.deis, adams.deis_tab, adams.ipndm_v])
def test_pure_noise_infinitely_far_away_teaches_nothing(estimate):
    noise, here, there = (levels.vp(log_snr) for log_snr in (-math.inf, -2.0, -1.0))
    x = torch.ones(1, dtype=torch.float64)
    past = (Past(noise, 3 * x, 0 * x, here),)
    step = Step(here, here, there, there, number=1, total=20, schedule=bare(levels.vp), past=past)
    assert torch.equal(estimate(None, x, 0.5 * x, step), 0.5 * x)


@pytest.mark.parametrize(("estimate", "option"), [(adams.lms, "order"), (adams.ipndm_v, "max_order")])
def test_orders_beyond_four_are_refused(estimate, option):
    with pytest.raises(SpecError, match=option):
        checked_options(estimate, {option: 5}, "scheduler")
