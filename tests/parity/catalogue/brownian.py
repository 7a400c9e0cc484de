"""Brownian noise: DPM++ SDE beside diffusers' class, and the noise itself under another solver."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from itertools import product
from typing import Any

import diffusers
import torch
from diffusers.schedulers.scheduling_dpmsolver_sde import BrownianTreeNoiseSampler
from torch import Tensor

from diffsmith import sampling

from ..in_float64 import ALPHA_BARS, in_float64
from ..references import difference, normal
from .case import EXACT, Case
from .sigma_classes import BY_SIGMA, BY_TIMESTEP, NAMES, network

SEEDS = [3, 11]


def cases() -> Iterator[Case]:
    """Every prediction and spacing of DPMSolverSDEScheduler; multistep with the same noise."""
    for kind, spacing in product(("epsilon", "v"), BY_TIMESTEP):
        ours, theirs = BY_TIMESTEP[spacing]
        name, _, told = spacing.partition(", ")
        whole = name == "linspace"  # between whole timesteps they have two ways of reading a level
        counts = (2, 4, 10, 28) if whole else (1, 2, 3, 9, 20)
        yield sde(kind, name, told, ours, {"timestep_spacing": name, **theirs}, counts)
    for spacing, within in product(("karras", "exponential", "beta"), BY_SIGMA):
        ours, theirs = BY_SIGMA[within]
        settings = {f"use_{spacing}_sigmas": True, "timestep_spacing": ours.get("within", "linspace")}
        yield sde("epsilon", spacing, within, ours, settings | theirs, (2, 9))
    for spacing, steps in product(("karras", "exponential"), (9, 20)):
        reference = "diffusers BrownianTreeNoiseSampler"
        told, run = f"brownian noise, {steps} steps", partial(multistep, spacing, steps)
        yield Case("dpmpp_2m_sde", told, "epsilon", "vp", spacing, reference, run, EXACT)


def sde(
    kind: str,
    spacing: str,
    told: str,
    ours: dict[str, Any],
    theirs: dict[str, Any],
    counts: tuple[int, ...],
) -> Case:
    run = partial(sde_difference, kind, {"name": spacing, **ours}, theirs, counts)
    options = ", ".join(filter(None, ("brownian noise", told)))
    return Case("dpmpp_sde", options, kind, "vp", spacing, "diffusers DPMSolverSDEScheduler", run, EXACT)


def sde_difference(
    kind: str, spacing: dict[str, Any], theirs: dict[str, Any], counts: tuple[int, ...]
) -> float:
    """The largest difference at any of these numbers of steps."""
    settings = {"prediction_type": NAMES[kind], "beta_start": 1e-4, "beta_end": 0.02, **theirs}
    scheduler = diffusers.DPMSolverSDEScheduler(noise_sampler_seed=SEEDS, **settings)
    scheduler.alphas_cumprod = ALPHA_BARS
    return max(_difference(scheduler, kind, {**spacing, "steps": steps}) for steps in counts)


def _difference(scheduler: Any, kind: str, spacing: dict[str, Any]) -> float:
    with in_double(scheduler):
        scheduler.set_timesteps(spacing["steps"])
        # Their x is ours divided by alpha = 1 / sqrt(sigma^2 + 1).
        theirs = normal(0) * (scheduler.sigmas[0] ** 2 + 1).sqrt()
        for t in scheduler.timesteps:
            out = network(scheduler.scale_model_input(theirs, t), t.double())
            theirs = scheduler.step(out, t, theirs).prev_sample
    told = iter(scheduler.timesteps.double())

    def net(x: Tensor, label: Tensor) -> Tensor:
        timestep = next(told)
        assert (timestep - label).abs().max() < 1e-3
        return network(x, timestep)

    mine = sampling.sample(
        net, normal(0), scheduler="dpmpp_sde", spacing=spacing, prediction=kind, noise="brownian", seeds=SEEDS
    )
    assert next(told, None) is None
    return difference(mine, theirs)


def multistep(spacing: str, steps: int) -> float:
    """DPM++ 2M SDE on sigmas of its own, its noise from their sampler."""
    scheduler = diffusers.DPMSolverMultistepScheduler(
        algorithm_type="sde-dpmsolver++", **{f"use_{spacing}_sigmas": True}
    )
    scheduler.alphas_cumprod = ALPHA_BARS
    with in_double(scheduler):
        scheduler.set_timesteps(steps)
        sigmas, theirs = scheduler.sigmas, normal(0)
        draw = BrownianTreeNoiseSampler(theirs, sigmas[-2].item(), sigmas[0].item(), SEEDS)
        for here, there, t in zip(sigmas, sigmas[1:], scheduler.timesteps, strict=False):
            noise = draw(here, there) if there > 0 else theirs
            theirs = scheduler.step(told(theirs, here), t, theirs, variance_noise=noise).prev_sample
    mine = sampling.sample(
        told,
        normal(0),
        scheduler="dpmpp_2m_sde",
        spacing={"name": spacing, "steps": steps},
        told="sigma",
        noise="brownian",
        seeds=SEEDS,
    )
    return difference(mine, theirs)


@contextmanager
def in_double(scheduler: Any) -> Iterator[None]:
    """Also the ends of its tree, which it makes tensors of numbers: W is known to 1e-6 of its time only."""
    usual = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        with in_float64(scheduler), warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # the tree rounds its own ends, and then minds
            yield
    finally:
        torch.set_default_dtype(usual)


def told(x: Tensor, sigma: Tensor) -> Tensor:
    """A network that knows where it is by the noise alone."""
    return network(x, sigma.log() * 50)
