from functools import partial

import pytest
import torch

from diffsmith import SpecError, default_registry
from diffsmith.diffusion import levels, renoise

PATHS = [levels.ve, levels.vp, levels.flow]
RULES = [card.function for card in default_registry().entries("renoise")]
STEPPED = [(-3.0, -2.0), (-0.1, 0.1), (0.5, 4.0), (2.0, torch.inf)]


def ends(path, between):
    return [path(log_snr) for log_snr in between]


@pytest.mark.parametrize("between", STEPPED)
@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("rule", RULES)
def test_every_rule_keeps_the_marginal(rule, path, between):
    here, there = ends(path, between)
    step = rule(here, there)
    assert (step.here, step.there) == (here, there)
    assert (step.start.alpha, step.down.alpha) == (here.alpha, there.alpha)
    assert step.start.sigma >= here.sigma
    assert 0 <= step.down.sigma <= there.sigma
    torch.testing.assert_close(step.down.sigma**2 + step.fresh**2, there.sigma**2)


@pytest.mark.parametrize("path", [levels.vp, levels.flow])
@pytest.mark.parametrize("rule", RULES)
def test_every_rule_keeps_the_marginal_from_pure_noise(rule, path):
    test_every_rule_keeps_the_marginal(rule, path, (-torch.inf, -2.0))


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("rule", [partial(renoise.ancestral, eta=0.0), partial(renoise.sde, eta=0.0)])
def test_no_share_is_the_ode(rule, path):
    here, there = ends(path, (-1.0, 1.0))
    step, ode = rule(here, there), renoise.ode(here, there)
    torch.testing.assert_close(step.down, ode.down)
    assert step.fresh == 0


@pytest.mark.parametrize("eta", [0.3, 1.0])
def test_ancestral_is_ddim_s_formula(eta):
    """sigma_t of Song et al. (2021, eq. 16), in alpha-bar."""
    here, there = ends(levels.vp, (-1.0, 0.5))
    a, b = here.alpha**2, there.alpha**2
    wanted = eta * ((1 - b) / (1 - a)) ** 0.5 * (1 - a / b) ** 0.5
    torch.testing.assert_close(renoise.ancestral(here, there, eta=eta).fresh, wanted)


def test_more_share_than_there_is_stays_real():
    here, there = ends(levels.vp, (-1.0, 0.5))
    step = renoise.ancestral(here, there, eta=1.5)
    assert step.fresh <= there.sigma
    assert step.down.sigma >= 0


def test_churn_lifts_by_its_share():
    here, there = ends(levels.flow, (-1.0, 1.0))
    assert renoise.churn(here, there, gamma=0.25).start.sigma == 1.25 * here.sigma


def test_the_posterior_s_variances_lie_where_the_paper_puts_them():
    """Ho et al. (2020, section 3.2), in alpha-bar; the mean is eq. 7's."""
    here, there = ends(levels.vp, (-1.0, 0.5))
    a, b = here.alpha**2, there.alpha**2
    beta = 1 - a / b
    small, large = renoise.posterior(here, there), renoise.posterior(here, there, variance="fixed_large")
    torch.testing.assert_close(small.fresh**2, (1 - b) / (1 - a) * beta)
    torch.testing.assert_close(large.fresh**2, beta)
    torch.testing.assert_close(small.down.sigma / here.sigma, (a / b) ** 0.5 * (1 - b) / (1 - a))
    assert renoise.posterior(here, there, variance="fixed_large_log") == large
    assert renoise.posterior(here, there, variance="fixed_small_log") == small
    torch.testing.assert_close(small.down, renoise.ancestral(here, there).down)


def test_a_learned_range_goes_from_the_small_to_the_large_variance():
    here, there = ends(levels.vp, (-1.0, 0.5))
    small, large = renoise.posterior(here, there), renoise.posterior(here, there, variance="fixed_large")
    sized = renoise.posterior(here, there, variance="learned_range").learned
    found = sized(torch.tensor([-1.0, 0.0, 1.0], dtype=torch.float64))
    wanted = [small.fresh, (small.fresh * large.fresh) ** 0.5, large.fresh]
    torch.testing.assert_close(found, torch.tensor(wanted, dtype=torch.float64))


@pytest.mark.parametrize("variance", ["learned", "learned_range"])
def test_a_network_that_says_nothing_of_its_variance_is_refused(variance):
    step = renoise.posterior(*ends(levels.vp, (-1.0, 0.5)), variance=variance)
    with pytest.raises(SpecError, match="twice the channels"):
        step.learned(None)


@pytest.mark.parametrize("variance", ["fixed_small", "fixed_large", "learned", "learned_range"])
def test_the_posterior_s_last_step_adds_nothing(variance):
    step = renoise.posterior(*ends(levels.vp, (2.0, torch.inf)), variance=variance)
    assert (step.fresh, step.learned, step.down.sigma) == (0, None, 0)


def test_consistency_models_keep_what_noise_sigma_min_has():
    """Song et al. (2023, Algorithm 1)."""
    here, there = ends(levels.ve, (-3.0, -1.0))
    step = renoise.consistency(here, there, sigma_min=0.5)
    torch.testing.assert_close(step.fresh**2, there.sigma**2 - 0.25)
    assert renoise.consistency(here, levels.ve(0.7), sigma_min=0.5).fresh == 0
    assert renoise.consistency(here, there) == renoise.fresh(here, there)


@pytest.mark.parametrize(
    ("s_tmin", "s_tmax", "churned"), [(0.1, 1.0, True), (0.1, 0.2, False), (2, None, False)]
)
def test_churn_within_limits(s_tmin, s_tmax, churned):
    here, there = ends(levels.flow, (1.0, 2.0))  # sigma / alpha is 0.37 here
    step = renoise.churn(here, there, gamma=0.25, s_tmin=s_tmin, s_tmax=s_tmax)
    assert (step.lift > 0) is churned


@pytest.mark.parametrize("eta", [0.0, 0.4, 1.0])
def test_on_flow_ancestral_noise_is_measured_in_flow_time(eta):
    """As ComfyUI has it: down to a lower time, then shrunk to the signal there, and filled with noise."""
    here, there = ends(levels.flow, (-1.0, 0.5))
    step = renoise.ancestral_flow(here, there, eta=eta)
    lower = there.sigma * (1 + (there.sigma / here.sigma - 1) * eta)
    torch.testing.assert_close(step.down.ratio, lower / (1 - lower))
    assert (step.fresh == 0) is (eta == 0)
