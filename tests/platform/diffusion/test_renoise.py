from functools import partial

import pytest
import torch

from diffsmith import default_registry
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
