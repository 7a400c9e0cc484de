"""Samplers of networks with EDM's preconditioning, beside diffusers' classes."""

import math
from collections.abc import Callable, Iterator
from functools import partial
from itertools import product
from typing import Any

import diffusers
import torch
from torch import Tensor

from diffsmith import sampling

from ..references import difference, drawn, normal
from .case import EXACT, FLOAT32, Case
from .first_order import SEED, network, theirs

PATH = {"name": "edm", "label_scale": 100}
"""So that the test network, which expects timesteps, sees a difference between levels."""


def cases() -> Iterator[Case]:
    """EDM Euler, which steps in float32, and EDM DPM-Solver++ multistep."""
    reference = "diffusers EDMEulerScheduler"
    for spacing, kind in product(("karras", "exponential"), ("epsilon", "v_prediction")):
        run = partial(euler, spacing, kind)
        yield Case("edm_euler", f"theirs: {kind}", "edm", "edm", spacing, reference, run, FLOAT32)
    for steps in (1, 3, 20):  # in 2, from sigma 80 to 0.002, theirs loses five digits in float32
        run = partial(euler, "karras", "epsilon", steps)
        yield Case("edm_euler", f"{steps} steps", "edm", "edm", "karras", reference, run, FLOAT32)
    told = "s_churn 3, s_noise 1.01 (theirs asks before the noise is added; here after it)"
    yield Case("edm_euler", told, "edm", "edm", "karras", reference, churned, FLOAT32)
    reference = "diffusers EDMDPMSolverMultistepScheduler"
    algorithms = product(("karras", "exponential"), ("dpmsolver++", "sde-dpmsolver++"), ("midpoint", "heun"))
    for spacing, algorithm, kind in algorithms:
        run = partial(multistep, spacing, 9, algorithm_type=algorithm, solver_type=kind)
        told = f"{algorithm}, {kind}"
        yield Case("edm_dpmpp_2m", told, "edm", "edm", spacing, reference, run, EXACT)
    for steps in (1, 2, 3, 20):
        run = partial(multistep, "karras", steps)
        yield Case("edm_dpmpp_2m", f"{steps} steps", "edm", "edm", "karras", reference, run, EXACT)


def euler(spacing: str, kind: str, steps: int = 9) -> float:
    """A network of theirs with "v_prediction" answers with the other sign."""
    scheduler = diffusers.EDMEulerScheduler(sigma_schedule=spacing, prediction_type=kind)
    scheduler.set_timesteps(steps)
    sign = 1 if kind == "epsilon" else -1
    start = 80 * normal(0)
    other = theirs(scheduler, _told_as_ours, start)
    return difference(_ours("edm_euler", start, spacing, steps, lambda x, t: sign * network(x, t)), other)


def churned(steps: int = 9) -> float:
    """Karras et al.'s Algorithm 2: their scheduler is handed the estimate at the lifted noise level."""
    scheduler = diffusers.EDMEulerScheduler()
    scheduler.set_timesteps(steps)
    gamma, s_noise = min(3 / steps, math.sqrt(2) - 1), 1.01
    x = start = 80 * normal(0)
    for index, t in enumerate(scheduler.timesteps):
        sigma = scheduler.sigmas[index].double()
        lifted = (1 + gamma) * sigma
        size = s_noise * (lifted**2 - sigma**2).sqrt()
        raised = x + size * torch.randn(x.shape, generator=_generator(index), dtype=x.dtype)
        scaled = scheduler.precondition_inputs(raised, lifted)
        out = network(scaled, 100 * scheduler.precondition_noise(lifted))
        x0 = scheduler.precondition_outputs(raised, out, lifted)
        scheduler.scale_model_input(x, t)
        options = {"s_churn": gamma * steps, "s_noise": s_noise, "generator": _generator(index)}
        x = scheduler.step(out, t, x, pred_original_sample=x0, **options).prev_sample
    draws = (torch.randn(x.shape, generator=_generator(k), dtype=x.dtype) for k in range(steps))
    name = {"name": "edm_euler", "gamma": gamma, "s_noise": s_noise}
    return difference(_ours(name, start, "karras", steps, network, lambda x, here, there: next(draws)), x)


def multistep(spacing: str, steps: int, **config: Any) -> float:
    """With their sigmas by their own formula, in float64."""
    scheduler = diffusers.EDMDPMSolverMultistepScheduler(sigma_schedule=spacing, **config)
    scheduler.set_timesteps(steps)
    torch.set_default_dtype(torch.float64)
    sigmas = getattr(scheduler, f"_compute_{spacing}_sigmas")(torch.linspace(0, 1, steps))
    torch.set_default_dtype(torch.float32)
    scheduler.sigmas = torch.cat([sigmas, torch.zeros(1)])
    scheduler.timesteps = scheduler.precondition_noise(sigmas)
    start = 80 * normal(0)
    other = theirs(scheduler, _told_as_ours, start, generator=torch.Generator().manual_seed(SEED))
    eta = float(config.get("algorithm_type", "").startswith("sde"))
    name = {"name": "edm_dpmpp_2m", "eta": eta, "kind": config.get("solver_type", "midpoint")}
    return difference(_ours(name, start, spacing, steps, network), other)


def _ours(
    scheduler: Any,
    start: Tensor,
    spacing: str,
    steps: int,
    net: Callable[[Tensor, Tensor], Tensor],
    noise: Any = None,
) -> Tensor:
    choices = {"path": PATH, "prediction": "edm", "spacing": spacing, "steps": steps}
    return sampling.sample(net, start, scheduler=scheduler, noise=noise or drawn(SEED), **choices)


def _told_as_ours(x: Tensor, t: Tensor) -> Tensor:
    return network(x, 100 * t)


def _generator(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)
