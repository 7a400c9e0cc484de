"""Our samplers against diffusers' schedulers and against recorded runs of k-diffusion."""

import json
import math
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import diffusers
import pytest
import torch
from safetensors import safe_open
from torch import Tensor

from diffsmith import default_registry
from diffsmith.diffusion import betas, levels, prediction, renoise, schedules, spacings
from diffsmith.diffusion.denoiser import Denoiser
from diffsmith.diffusion.levels import Level

from .references import SHAPE, analytic, difference, drawn, normal, ours, replayed

estimates = SimpleNamespace(**{card.name: card.function for card in default_registry().entries("estimates")})
EXACT = 1e-9
THEIR_FLOAT32 = 2e-6
GOLDENS = Path(__file__).parents[1] / "goldens" / "samplers"
SEED = 7


def network(x: Tensor, label: Tensor) -> Tensor:
    """Bounded, and different at every label: it shows a wrong label, a wrong scale and a wrong inversion."""
    return 0.7 * x.tanh() + 0.2 * math.cos(label / 150) * x


# ---- DDIM, DDPM and LCM: on the VP path, through a network that is told the timestep -----------------


def with_float64_tables(scheduler):
    """The reference builds its tables in float32; its arithmetic follows their dtype."""
    scheduler.alphas_cumprod = torch.cumprod(1 - betas.linear(1000), 0)
    scheduler.final_alpha_cumprod = torch.ones((), dtype=torch.float64)
    scheduler.one = scheduler.final_alpha_cumprod
    return scheduler


SPACED = {
    "leading": spacings.leading,
    "trailing": spacings.trailing,
    "linspace": partial(spacings.linspace, whole=True),
}


@pytest.mark.parametrize("spacing", SPACED)
@pytest.mark.parametrize("kind", ["epsilon", "sample", "v"])
@pytest.mark.parametrize("eta", [0.0, 1.0])
def test_ddim(spacing, kind, eta):
    name = "v_prediction" if kind == "v" else kind
    scheduler = with_float64_tables(
        diffusers.DDIMScheduler(timestep_spacing=spacing, prediction_type=name, clip_sample=False)
    )
    scheduler.set_timesteps(10)
    if spacing == "linspace":
        # The reference always steps by T // n; its linspace timesteps lie T // (n - 1) = 111 apart.
        scheduler.num_inference_steps = 9
    theirs = normal(0)
    draws = [normal(100 + i) for i in range(10)]
    for t, draw in zip(scheduler.timesteps, draws, strict=True):
        out = network(theirs, t.double())
        theirs = scheduler.step(out, t, theirs, eta=eta, variance_noise=draw).prev_sample

    schedule = schedules.vp()
    denoiser = Denoiser(network, schedule, getattr(prediction, kind)())
    log_snrs = SPACED[spacing](schedule, 10)
    rule = partial(renoise.ancestral, eta=eta)
    mine = ours(
        denoiser, normal(0), levels.vp, log_snrs, replayed(draws), estimate=estimates.euler, renoise=rule
    )
    assert difference(mine, theirs) <= EXACT


@pytest.mark.parametrize("kind", ["epsilon", "sample", "v"])
def test_ddpm(kind):
    name = "v_prediction" if kind == "v" else kind
    scheduler = with_float64_tables(
        diffusers.DDPMScheduler(timestep_spacing="leading", prediction_type=name, clip_sample=False)
    )
    scheduler.set_timesteps(10)
    theirs, generator = normal(0), torch.Generator().manual_seed(SEED)
    for t in scheduler.timesteps:
        theirs = scheduler.step(network(theirs, t.double()), t, theirs, generator=generator).prev_sample

    schedule = schedules.vp()
    denoiser = Denoiser(network, schedule, getattr(prediction, kind)())
    log_snrs = spacings.leading(schedule, 10)
    mine = ours(
        denoiser,
        normal(0),
        levels.vp,
        log_snrs,
        drawn(SEED),
        estimate=estimates.euler,
        renoise=renoise.ancestral,
    )
    assert difference(mine, theirs) <= EXACT


def test_lcm():
    scheduler = with_float64_tables(
        diffusers.LCMScheduler(beta_schedule="linear", beta_start=1e-4, beta_end=0.02)
    )
    scheduler.set_timesteps(4)
    theirs, generator = normal(0), torch.Generator().manual_seed(SEED)
    for t in scheduler.timesteps:
        theirs = scheduler.step(network(theirs, t.double()), t, theirs, generator=generator).prev_sample

    schedule = schedules.vp()
    epsilon = Denoiser(network, schedule, prediction.epsilon())

    def consistent(x: Tensor, level: Level) -> Tensor:
        # The boundary condition belongs to the network: what it answers is pulled to x at the clean end.
        timestep = torch.tensor(round(schedule.label(level)))
        skip, out = scheduler.get_scalings_for_boundary_condition_discrete(timestep)
        return out * epsilon(x, level) + skip * x

    log_snrs = spacings.explicit_timesteps(schedule, 4, timesteps=tuple(scheduler.timesteps.tolist()))
    mine = ours(
        consistent,
        normal(0),
        levels.vp,
        log_snrs,
        drawn(SEED),
        estimate=estimates.euler,
        renoise=renoise.fresh,
    )
    assert difference(mine, theirs) <= EXACT


# ---- Euler, Euler ancestral, Heun, KDPM2: on the VE path, the denoiser in sigma coordinates -------------


def asked_at(scheduler) -> Tensor:
    """The noise level at which the reference wants its next answer."""
    if getattr(scheduler, "state_in_first_order", True) or not hasattr(scheduler, "sigmas_interpol"):
        return scheduler.sigmas[scheduler.step_index].double()
    return scheduler.sigmas_interpol[scheduler.step_index].double()


def in_sigma_steps(scheduler, x: Tensor, kind: str, **options) -> Tensor:
    for t in scheduler.timesteps:
        scheduler.scale_model_input(x, t)
        sigma = asked_at(scheduler)
        x0 = analytic(x, Level(torch.ones_like(sigma), sigma))
        noise = (x - x0) / sigma
        # v at alpha^2 + sigma^2 = 1, where alpha = 1 / sqrt(sigma^2 + 1) in these coordinates.
        out = noise if kind == "epsilon" else (noise - sigma * x0) / (sigma**2 + 1).sqrt()
        x = scheduler.step(out, t, x, **options).prev_sample
    return x


def visited(scheduler, twice: bool) -> Tensor:
    """log-SNRs of the reference's noise levels, once each where it lists them twice."""
    sigmas = scheduler.sigmas.double()
    if twice:
        sigmas = torch.cat([sigmas[:1], sigmas[1::2]])
    return -sigmas.log()[: scheduler.num_inference_steps + 1]


@pytest.mark.parametrize("kind", ["epsilon", "v"])
@pytest.mark.parametrize(
    ("name", "estimate", "rule", "tolerance"),
    [
        ("EulerDiscreteScheduler", estimates.euler, renoise.ode, THEIR_FLOAT32),
        ("EulerAncestralDiscreteScheduler", estimates.euler, renoise.ancestral, THEIR_FLOAT32),
        ("HeunDiscreteScheduler", estimates.heun, renoise.ode, EXACT),
        ("KDPM2DiscreteScheduler", estimates.dpm_2, renoise.ode, EXACT),
    ],
)
def test_in_sigma_coordinates(name, estimate, rule, tolerance, kind):
    scheduler = getattr(diffusers, name)(prediction_type="v_prediction" if kind == "v" else kind)
    scheduler.set_timesteps(9)
    scheduler.sigmas = scheduler.sigmas.double()
    twice = name in ("HeunDiscreteScheduler", "KDPM2DiscreteScheduler")
    log_snrs = visited(scheduler, twice)
    if hasattr(scheduler, "sigmas_interpol"):
        middles = (-(log_snrs[1:] + log_snrs[:-1]) / 2).exp()
        scheduler.sigmas_interpol = torch.cat([middles[:1], middles.repeat_interleave(2), middles[-1:]])
    start = normal(0) * (-log_snrs[0]).exp()
    options = {"generator": torch.Generator().manual_seed(SEED)} if rule is renoise.ancestral else {}
    theirs = in_sigma_steps(scheduler, start, kind, **options)
    mine = ours(analytic, start, levels.ve, log_snrs, drawn(SEED), estimate=estimate, renoise=rule)
    assert difference(mine, theirs) <= tolerance


# ---- DPM-Solver++ multistep: VP -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("algorithm", "rule"), [("dpmsolver++", renoise.ode), ("sde-dpmsolver++", renoise.sde)]
)
@pytest.mark.parametrize("steps", [9, 20])
def test_dpm_solver_multistep(algorithm, rule, steps):
    scheduler = diffusers.DPMSolverMultistepScheduler(algorithm_type=algorithm, solver_order=2)
    scheduler.set_timesteps(steps)
    scheduler.sigmas = scheduler.sigmas.double()
    log_snrs = -scheduler.sigmas.log()
    theirs, generator = normal(0), torch.Generator().manual_seed(SEED)
    for t, log_snr in zip(scheduler.timesteps, log_snrs[:-1], strict=True):
        level = levels.vp(log_snr)
        noise = (theirs - level.alpha * analytic(theirs, level)) / level.sigma
        theirs = scheduler.step(noise, t, theirs, generator=generator).prev_sample
    mine = ours(
        analytic,
        normal(0),
        levels.vp,
        log_snrs,
        drawn(SEED, torch.float32),
        estimate=estimates.dpmpp_2m,
        renoise=rule,
    )
    assert difference(mine, theirs) <= THEIR_FLOAT32


# ---- flow, from pure noise --------------------------------------------------------------------------------


@pytest.mark.parametrize("shift", [1.0, 3.0])
@pytest.mark.parametrize(
    ("name", "estimate"),
    [
        ("FlowMatchEulerDiscreteScheduler", estimates.euler),
        ("FlowMatchHeunDiscreteScheduler", estimates.heun),
    ],
)
def test_flow_match(name, estimate, shift):
    scheduler = getattr(diffusers, name)(shift=shift)
    scheduler.set_timesteps(9)
    sigmas = scheduler.sigmas = scheduler.sigmas.double()
    theirs = normal(0)
    for index, t in enumerate(scheduler.timesteps):
        level = Level(1 - sigmas[index], sigmas[index])
        velocity = (theirs - analytic(theirs, level)) / level.sigma
        theirs = scheduler.step(velocity, t, theirs).prev_sample
    listed = sigmas if estimate is estimates.euler else torch.cat([sigmas[:1], sigmas[1::2]])
    log_snrs = torch.log1p(-listed) - listed.log()
    mine = ours(analytic, normal(0), levels.flow, log_snrs, drawn(0), estimate=estimate, renoise=renoise.ode)
    assert log_snrs[0] == -torch.inf
    assert difference(mine, theirs) <= THEIR_FLOAT32


def test_edm_euler():
    scheduler = diffusers.EDMEulerScheduler()
    scheduler.set_timesteps(9)
    theirs = start = normal(0) * 80
    for t in scheduler.timesteps:
        out = network(scheduler.scale_model_input(theirs, t), 100 * t.double())
        theirs = scheduler.step(out, t, theirs).prev_sample

    schedule = schedules.edm()
    denoiser = Denoiser(lambda x, label: network(x, 100 * label), schedule, prediction.edm())
    log_snrs = spacings.karras(schedule, 9)
    mine = ours(denoiser, start, levels.ve, log_snrs, drawn(0), estimate=estimates.euler, renoise=renoise.ode)
    assert difference(mine, theirs) <= THEIR_FLOAT32


# ---- recorded runs of k-diffusion ------------------------------------------------------------------------

SOLVERS = {
    "sample_euler": (estimates.euler, renoise.churn),
    "sample_heun": (estimates.heun, renoise.churn),
    "sample_dpm_2": (estimates.dpm_2, renoise.churn),
    "sample_euler_ancestral": (estimates.euler, renoise.ancestral),
    "sample_dpm_2_ancestral": (estimates.dpm_2, renoise.ancestral),
    "sample_dpmpp_2s_ancestral": (estimates.dpmpp_2s, renoise.ancestral),
    "sample_dpmpp_2m": (estimates.dpmpp_2m, renoise.ode),
    "sample_dpmpp_2m_sde": (estimates.dpmpp_2m, renoise.sde),
    "sample_dpmpp_3m_sde": (estimates.dpmpp_3m, renoise.sde),
}


def read(golden: str) -> tuple[dict, dict[str, Tensor]]:
    with safe_open(GOLDENS / golden, "pt") as file:
        facts = {key: json.loads(value) for key, value in file.metadata().items()}
        return facts, {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118  a file, not a dict


@pytest.mark.parametrize("golden", sorted(path.name for path in GOLDENS.glob("kd_*")))
def test_k_diffusion(golden):
    """Every question asked of the denoiser, in order, and the answer, to the suggested tolerance."""
    facts, tensors = read(golden)
    options, sigmas = facts["options"], tensors["input.sigmas"]
    estimate, rule = SOLVERS[facts["class_or_function"]]
    if rule is renoise.churn:
        steps = len(sigmas) - 1
        rule = partial(renoise.churn, gamma=min(options.get("s_churn", 0) / steps, 2**0.5 - 1))
    elif "eta" in options:
        rule = partial(rule, eta=options["eta"])
    draws = (options.get("s_noise", 1.0) * tensors[f"noise.{k}"] for k in range(len(facts["noise_draws"])))
    asked = []

    def denoise(x: Tensor, level: Level) -> Tensor:
        asked.append((x, torch.tensor(level.sigma, dtype=torch.float64)))
        return analytic(x, level)

    mine = ours(
        denoise,
        tensors["input.x_init"],
        levels.ve,
        -sigmas.log(),
        replayed(draws),
        estimate=estimate,
        renoise=rule,
    )
    close = partial(torch.testing.assert_close, rtol=0, atol=facts["tolerance"]["suggested_atol"])
    close(torch.stack([sigma for _, sigma in asked]), tensors["output.call_sigma"])
    close(torch.stack([x for x, _ in asked]), tensors["output.call_x"])
    close(mine, tensors["output.final"])


def test_every_solver_has_a_recorded_run():
    recorded = {read(path.name)[0]["class_or_function"] for path in GOLDENS.glob("kd_*")}
    assert recorded == set(SOLVERS)
    assert analytic(normal(0), levels.ve(torch.zeros(()))).shape == SHAPE
