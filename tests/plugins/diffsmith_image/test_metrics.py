import pytest
import torch

from diffsmith.metrics import Reference, noise_floor
from diffsmith.metrics.distances import frechet, kid, sliced_wasserstein
from diffsmith.metrics.neighbours import coverage, density

METRICS = {"frechet": frechet, "kid": kid, "sliced_wasserstein": sliced_wasserstein}
ALL = {**METRICS, "density": density, "coverage": coverage}


@pytest.mark.parametrize("name", ALL)
def test_held_out_digits_score_far_better_than_noise_and_one_class_missing(name, digits, embed):
    metric, real = ALL[name], Reference(digits.test, embed)
    sign = 1 if name in METRICS else -1
    good = sign * metric(digits.validation.x, real)
    noise = sign * metric(torch.randn(395, 1, 8, 8, generator=torch.Generator().manual_seed(0)), real)
    single = sign * metric(digits.validation.x[digits.validation.label == 3], real)
    assert noise - good > 0.5
    if name != "density":  # which does not ask for diversity
        assert good < single


@pytest.mark.parametrize("name", ALL)
def test_scores_are_repeatable_and_leave_inputs_and_random_state_alone(name, digits, embed):
    x = digits.train.x[:60].clone()
    torch.manual_seed(1)
    state = torch.get_rng_state()
    first = ALL[name](x, Reference(digits.test, embed))
    assert ALL[name](x, Reference(digits.test, embed)) == first
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.equal(x, digits.train.x[:60])
    assert isinstance(first, float)


def test_the_floor_on_digits_lies_between_nothing_and_noise(digits, embed):
    real = Reference(digits.validation, embed)
    assert 0.1 < noise_floor(frechet, digits.train, real, 256) < 1
    assert 0.03 < noise_floor(sliced_wasserstein, digits.train, real, 256) < 0.12
