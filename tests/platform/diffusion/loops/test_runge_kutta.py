import math
from functools import partial

import pytest
import torch

from diffsmith import SpecError
from diffsmith.diffusion import levels, schedules
from diffsmith.diffusion.loops.dpm_2_cubic import dpm_2_cubic
from diffsmith.diffusion.loops.probability_flow import probability_flow
from diffsmith.diffusion.loops.runge_kutta import runge_kutta_2
from diffsmith.diffusion.noise import Seeded
from diffsmith.testing import bare, three_blobs

SCHEDULES = {"vp": schedules.vp_sde(), "ve": schedules.ve(sigma_min=0.1, sigma_max=10.0)}
BOTH_KNOW = {"ve": bare(levels.ve), "flow": bare(levels.flow)}
PURE = torch.tensor([-torch.inf, -1, 0.5, 2, torch.inf], dtype=torch.float64)


def grid(steps):
    return torch.linspace(-2, 2, steps + 1, dtype=torch.float64)


def arrive(loop, schedule, log_snrs, x=None):
    if x is None:
        generator = torch.Generator().manual_seed(0)
        start = schedule.path(log_snrs[0].item())
        x = start.sigma * torch.randn(8, 2, generator=generator, dtype=torch.float64)
    return list(loop(three_blobs().denoise, x, schedule, log_snrs, Seeded(range(8))))


def order(loop, schedule):
    exact = arrive(partial(probability_flow, rtol=1e-12, atol=1e-12), schedule, grid(1))[-1].x
    coarse, fine = (float((arrive(loop, schedule, grid(n))[-1].x - exact).norm()) for n in (40, 160))
    return math.log(coarse / fine, 4)


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize(
    ("options", "wanted"),
    [({"solver": "euler"}, 1), ({}, 2), ({"alpha": 2 / 3}, 2), ({"alpha": 0.5}, 2)],
)
def test_order_of_convergence(options, wanted, schedule):
    assert order(partial(runge_kutta_2, **options), SCHEDULES[schedule]) == pytest.approx(wanted, abs=0.15)


@pytest.mark.parametrize("schedule", BOTH_KNOW)
def test_the_cubic_middle_is_of_second_order(schedule):
    assert order(dpm_2_cubic, BOTH_KNOW[schedule]) == pytest.approx(2, abs=0.15)


def test_into_no_noise_it_takes_the_clean_estimate_or_euler_s_step():
    log_snrs = torch.cat([grid(5), torch.tensor([torch.inf])])
    clean = arrive(runge_kutta_2, SCHEDULES["vp"], log_snrs)[-1]
    assert torch.equal(clean.x, clean.x0)
    other = arrive(partial(runge_kutta_2, ending="euler"), SCHEDULES["vp"], log_snrs)[-1]
    assert other.x.isfinite().all()
    assert not torch.equal(other.x, other.x0)


def test_time_has_no_step_out_of_pure_noise():
    with pytest.raises(SpecError, match="pure noise"):
        arrive(runge_kutta_2, schedules.flow(), PURE)


def test_the_cubic_middle_is_finite_from_pure_noise():
    assert all(frame.x.isfinite().all() for frame in arrive(dpm_2_cubic, bare(levels.flow), PURE))


@pytest.mark.parametrize("loop", [runge_kutta_2, dpm_2_cubic])
def test_goes_on_from_a_frame(loop):
    log_snrs, schedule = torch.cat([grid(5), torch.tensor([torch.inf])]), SCHEDULES["ve"]
    whole = arrive(loop, schedule, log_snrs)
    for frame in whole[:-1]:
        assert torch.equal(arrive(loop, schedule, log_snrs, frame)[-1].x, whole[-1].x)


def test_each_frame_comes_once():
    log_snrs = torch.cat([grid(5), torch.tensor([torch.inf])])
    frames = arrive(partial(dpm_2_cubic, gamma=0.2), bare(levels.ve), log_snrs)
    assert [frame.index for frame in frames] == list(range(6))
