import math

import pytest
import torch

from diffsmith import SpecError
from diffsmith.diffusion import schedules
from diffsmith.diffusion.loops.rates import rates, require_signal
from diffsmith.diffusion.schedules import NoiseSchedule

TIMES = torch.tensor([1e-3, 0.2, 0.5, 0.9, 1.0], dtype=torch.float64)


def betas(times):
    return 0.1 + 19.9 * times


@pytest.mark.parametrize(
    ("schedule", "variance"),
    [
        (schedules.vp_sde(eps=1e-15), lambda alpha: 1),
        (schedules.sub_vp_sde(eps=1e-15), lambda alpha: 1 - alpha**4),
    ],
)
def test_drift_and_noise_of_the_paper_s_sdes(schedule, variance):
    """f = -beta / 2, g^2 = beta, discounted on sub-VP (Song et al. 2020, eq. 11 and 28)."""
    levels = [schedule.path(log_snr) for log_snr in schedule.at(TIMES).tolist()]
    for rate, level, beta in zip(rates(schedule, TIMES), levels, betas(TIMES).tolist(), strict=True):
        assert rate.log_alpha == pytest.approx(-beta / 2, rel=1e-8)
        assert rate.variance(level.sigma) == pytest.approx(beta * variance(level.alpha), rel=1e-8)


def test_on_ve_the_signal_stays():
    """g^2 = sigma^2 * 2 log(sigma_max / sigma_min) (Song et al. 2020, eq. 30)."""
    for rate in rates(schedules.ve(sigma_min=0.01, sigma_max=50.0), TIMES):
        assert rate.log_alpha == 0
        assert rate.variance(3.0) == pytest.approx(9 * 2 * math.log(5000), rel=1e-8)


def test_a_table_has_the_slope_of_its_pieces():
    for rate in rates(schedules.vp(), torch.linspace(0, 1, 50, dtype=torch.float64)):
        assert -12 < rate.log_alpha < 0 < rate.log_sigma


def test_no_slope_is_refused():
    infinite = NoiseSchedule(schedules.vp().path, lambda time: -torch.log(time), lambda level: 0.0)
    with pytest.raises(SpecError, match="slope"):
        rates(infinite, torch.zeros(1, dtype=torch.float64))


def test_pure_noise_is_refused():
    with pytest.raises(SpecError, match=r"pure noise \(alpha = 0\): take another, or begin lower"):
        require_signal(schedules.flow().path(-torch.inf), "take another, or ")
