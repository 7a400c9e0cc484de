"""Spacings against the levels that diffusers' schedulers visit."""

from functools import partial

import diffusers
import numpy as np
import pytest
import torch
from diffusers.schedulers import AysSchedules

from diffsmith.diffusion import schedules, spacings

from .in_float64 import in_float64
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
    kind = diffusers.EulerDiscreteScheduler
    with in_float64(kind):
        scheduler = kind(timestep_spacing="linspace")
        scheduler.set_timesteps(steps)
    schedule = schedules.vp(interpolation="sigma")
    log_snrs = spacings.linspace(schedule, steps)
    torch.testing.assert_close(timesteps(schedule, log_snrs), scheduler.timesteps, rtol=0, atol=1e-9)
    torch.testing.assert_close((-log_snrs).exp(), scheduler.sigmas, rtol=1e-9, atol=0)


@pytest.mark.parametrize("steps", STEPS[:-3])
@pytest.mark.parametrize("name", ["leading", "linspace"])
def test_the_clean_end_as_what_the_last_step_leads_to(name, steps):
    scheduler = diffusers.DPMSolverMultistepScheduler(timestep_spacing=name)
    scheduler.set_timesteps(steps)
    schedule = schedules.vp()
    chosen = {"whole": True} if name == "linspace" else {}
    mine = timesteps(schedule, getattr(spacings, name)(schedule, steps, closed=False, **chosen))
    torch.testing.assert_close(mine, scheduler.timesteps.double(), rtol=0, atol=1e-6)


@pytest.mark.parametrize("name", ["leading", "linspace", "trailing"])
def test_timesteps_with_too_much_noise_are_left_out(name):
    bounds = {"lambda_min_clipped": -5.1, "timestep_spacing": name}
    scheduler = diffusers.DPMSolverMultistepScheduler(beta_schedule="squaredcos_cap_v2", **bounds)
    scheduler.set_timesteps(10)
    schedule = schedules.vp(betas="cosine")
    chosen = {"leading": {"closed": False}, "linspace": {"closed": False, "whole": True}}.get(name, {})
    mine = timesteps(schedule, getattr(spacings, name)(schedule, 10, log_snr_min=-5.1, **chosen))
    torch.testing.assert_close(mine, scheduler.timesteps.double(), rtol=0, atol=1e-6)


@pytest.mark.parametrize(("strength", "steps"), [(1.0, 1), (1.0, 8), (1.0, 50), (0.6, 1), (0.6, 30)])
@pytest.mark.parametrize("name", ["LCMScheduler", "TCDScheduler"])
def test_lcm(name, strength, steps):
    scheduler = getattr(diffusers, name)()
    scheduler.set_timesteps(steps, strength=strength)
    schedule = schedules.vp(betas="scaled_linear")
    mine = timesteps(schedule, spacings.lcm(schedule, steps, strength=strength))
    torch.testing.assert_close(mine, scheduler.timesteps.double(), rtol=0, atol=1e-6)


@pytest.mark.parametrize("steps", [1, 2, 3, 5, 10, 40])
def test_whole_strides_of_a_consistency_model(steps):
    scheduler = diffusers.CMStochasticIterativeScheduler()
    scheduler.set_timesteps(steps)
    schedule = schedules.edm(rho=7.0, timesteps=40, label_scale=1000.0)
    log_snrs = spacings.trailing(schedule, steps, whole_stride=True)[:-1]
    assert difference((-log_snrs).exp(), scheduler.sigmas[:-1].double()) <= 1e-6
    told = schedule.label(schedule.path(log_snrs))
    torch.testing.assert_close(told, scheduler.timesteps.double(), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("model", ["sd15", "sdxl", "svd"])
def test_align_your_steps(model):
    table = {"sd15": "StableDiffusion", "sdxl": "StableDiffusionXL", "svd": "StableDiffusionVideo"}[model]
    sigmas = (-spacings.align_your_steps(schedules.vp(), 10, model=model)).exp()
    torch.testing.assert_close(sigmas, torch.tensor(AysSchedules[f"{table}Sigmas"], dtype=torch.float64))


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
@pytest.mark.parametrize("steps", [2, 8, 28])
@pytest.mark.parametrize("terminal", [None, 0.02])
def test_flow_shifted_twice(terminal, steps, shift):
    """What the reference does when it is told nothing but a number of steps."""
    scheduler = diffusers.FlowMatchEulerDiscreteScheduler(shift=shift, shift_terminal=terminal)
    scheduler.set_timesteps(steps)
    chosen = {"shift": shift, "last": "training", "terminal": terminal}
    log_snrs = spacings.shifted(schedules.flow(shift=shift), steps, **chosen)
    torch.testing.assert_close((-log_snrs).sigmoid(), scheduler.sigmas.double(), rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("kind", ["exponential", "linear"])
@pytest.mark.parametrize("sequence", [256, 1000, 4096, 8192])
def test_dynamic_shift(sequence, kind):
    mu = 0.5 + (1.15 - 0.5) * (sequence - 256) / (4096 - 256)  # as Flux's pipeline has it
    scheduler = diffusers.FlowMatchEulerDiscreteScheduler(use_dynamic_shifting=True, time_shift_type=kind)
    scheduler.set_timesteps(sigmas=np.linspace(1, 1 / 9, 9), mu=mu)
    for chosen in ({"sequence": sequence}, {"mu": mu}):
        log_snrs = spacings.dynamic_shift(schedules.flow(), 9, kind=kind, **chosen)
        torch.testing.assert_close((-log_snrs).sigmoid(), scheduler.sigmas.double(), rtol=1e-6, atol=0)


@pytest.mark.parametrize("steps", [1, 5, 20])
def test_flow_sigmas_of_the_solvers(steps):
    told = {"use_flow_sigmas": True, "flow_shift": 3.0, "prediction_type": "flow_prediction"}
    schedule = schedules.flow(label="floored")
    for name, chosen in (
        ("DPMSolverMultistepScheduler", {"first": 0.999}),
        ("UniPCMultistepScheduler", {"last": "beyond", "sigma_max": 1 - 1e-6}),
    ):
        scheduler = getattr(diffusers, name)(**told)
        scheduler.set_timesteps(steps)
        log_snrs = spacings.shifted(schedule, steps, shift=3.0, **chosen)
        torch.testing.assert_close((-log_snrs).sigmoid(), scheduler.sigmas.double(), rtol=1e-6, atol=0)
        assert timesteps(schedule, log_snrs).tolist() == scheduler.timesteps.tolist()


@pytest.mark.parametrize("shift", [1.0, 3.0])
def test_flow_schedule_is_the_reference_table(shift):
    scheduler = diffusers.FlowMatchEulerDiscreteScheduler(shift=shift)
    time = torch.linspace(1, 0, 1000, dtype=torch.float64)
    schedule = schedules.flow(shift=shift)
    level = schedule.path(schedule.at(time))
    torch.testing.assert_close(level.sigma, scheduler.sigmas.double(), rtol=1e-6, atol=0)
    torch.testing.assert_close(schedule.label(level), scheduler.timesteps.double(), rtol=1e-6, atol=0)
