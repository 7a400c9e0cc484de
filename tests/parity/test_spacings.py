"""Spacings against the levels that diffusers' schedulers visit."""

from functools import partial

import diffusers
import numpy as np
import pytest
import torch

from diffsmith.diffusion import schedules, spacings

from .references import difference

STEPS = [1, 2, 3, 7, 10, 16, 20, 25, 30, 48, 50, 96, 100, 144, 250, 999, 1000]


def timesteps(schedule, log_snrs):
    return schedule.label(schedule.path(log_snrs[:-1]))


@pytest.mark.parametrize("steps", STEPS)
@pytest.mark.parametrize(
    ("name", "spacing"),
    [
        ("leading", spacings.leading),
        ("trailing", spacings.trailing),
        ("linspace", partial(spacings.linspace, whole=True)),
    ],
)
def test_whole_timesteps(name, spacing, steps):
    scheduler = diffusers.DDIMScheduler(timestep_spacing=name)
    scheduler.set_timesteps(steps)
    schedule = schedules.vp()
    # One linspace step starts at the noisy end here, at the clean end there, where nothing is left to do.
    wanted = [999] if (name, steps) == ("linspace", 1) else scheduler.timesteps
    mine = timesteps(schedule, spacing(schedule, steps))
    torch.testing.assert_close(mine, torch.as_tensor(wanted).double(), rtol=0, atol=1e-6)


@pytest.mark.parametrize("steps", [10, 30])
def test_leading_offset(steps):
    scheduler = diffusers.DDIMScheduler(timestep_spacing="leading", steps_offset=1)
    scheduler.set_timesteps(steps)
    schedule = schedules.vp()
    mine = timesteps(schedule, spacings.leading(schedule, steps, offset=1))
    torch.testing.assert_close(mine, scheduler.timesteps.double(), rtol=0, atol=1e-6)


@pytest.mark.parametrize("steps", [2, 7, 20, 50])
def test_fractional_linspace(steps):
    scheduler = diffusers.EulerDiscreteScheduler(timestep_spacing="linspace")
    scheduler.set_timesteps(steps)
    schedule = schedules.vp()
    log_snrs = spacings.linspace(schedule, steps)
    torch.testing.assert_close(timesteps(schedule, log_snrs), scheduler.timesteps.double(), rtol=0, atol=1e-4)
    # Between two timesteps the reference draws a straight line in sigma, we in log-SNR.
    torch.testing.assert_close((-log_snrs).exp(), scheduler.sigmas.double(), rtol=5e-4, atol=0)


@pytest.mark.parametrize("betas", ["linear", "scaled_linear"])
@pytest.mark.parametrize("steps", [2, 7, 20])
@pytest.mark.parametrize("name", ["karras", "exponential", "beta"])
def test_sigma_spacings(name, steps, betas):
    bounds = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": betas}
    scheduler = diffusers.EulerDiscreteScheduler(**bounds, **{f"use_{name}_sigmas": True})
    scheduler.set_timesteps(steps)
    schedule = schedules.vp(betas=betas, start=0.00085, end=0.012)
    sigmas = (-getattr(spacings, name)(schedule, steps)).exp()
    assert sigmas[-1] == scheduler.sigmas[-1] == 0
    ratios = sigmas[:-1] / scheduler.sigmas[:-1]
    # Both ends come from the reference's float32 product of (1 - beta).
    torch.testing.assert_close(ratios, torch.ones_like(ratios), rtol=0, atol=2e-5)


@pytest.mark.parametrize("name", ["karras", "exponential"])
def test_edm_sigmas(name):
    scheduler = diffusers.EDMEulerScheduler(sigma_schedule=name)
    scheduler.set_timesteps(18)
    sigmas = (-getattr(spacings, name)(schedules.edm(), 18)).exp()
    assert difference(sigmas, scheduler.sigmas.double()) <= 1e-6


@pytest.mark.parametrize("shift", [1.0, 3.0])
@pytest.mark.parametrize("steps", [1, 4, 28])
def test_flow_shift(shift, steps):
    scheduler = diffusers.FlowMatchEulerDiscreteScheduler(shift=shift)
    scheduler.set_timesteps(sigmas=np.linspace(1, 1 / steps, steps))
    log_snrs = spacings.shifted(schedules.flow(), steps, shift=shift)
    torch.testing.assert_close((-log_snrs).sigmoid(), scheduler.sigmas.double(), rtol=1e-6, atol=0)


@pytest.mark.parametrize("shift", [1.0, 3.0])
def test_flow_schedule_is_the_reference_table(shift):
    scheduler = diffusers.FlowMatchEulerDiscreteScheduler(shift=shift)
    time = torch.linspace(1, 0, 1000, dtype=torch.float64)
    schedule = schedules.flow(shift=shift)
    level = schedule.path(schedule.at(time))
    torch.testing.assert_close(level.sigma, scheduler.sigmas.double(), rtol=1e-6, atol=0)
    torch.testing.assert_close(schedule.label(level), scheduler.timesteps.double(), rtol=1e-6, atol=0)
