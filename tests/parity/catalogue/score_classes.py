"""diffusers' score_sde schedulers, and scipy's solver on the drift that score_sde's ODE sampler gives it."""

from collections.abc import Iterator
from functools import partial
from math import log
from typing import Any

import diffusers
import torch
from diffusers.schedulers.deprecated.scheduling_sde_vp import ScoreSdeVpScheduler
from scipy.integrate import solve_ivp
from torch import Tensor

from diffsmith import sampling

from ..in_float64 import default_float64
from ..references import difference, normal
from .case import EXACT, Case
from .first_order import network
from .karras import denoise

SEED = 5


def cases() -> Iterator[Case]:
    """Both classes in several step counts, and the ODE to a tight tolerance."""
    for steps, corrections in ((2, 1), (3, 0), (9, 2), (20, 1)):
        run = partial(exploding, steps, corrections)
        told = f"{steps} steps, corrector_steps {corrections}, network asked eps beside its levels"
        reference = "diffusers ScoreSdeVeScheduler"
        yield Case("predictor_corrector", told, "score", "ve", "recorded", reference, run, EXACT)
    for steps, ending in ((1, "mean"), (3, "noisy"), (9, "mean"), (20, "noisy")):
        run = partial(preserving, steps, ending)
        told = f"{steps} steps, strides even, ending {ending}"
        reference = "diffusers ScoreSdeVpScheduler"
        yield Case("euler_maruyama", told, "epsilon", "vp_sde", "linspace", reference, run, EXACT)
    for method in ("RK45", "DOP853"):
        run, told = partial(flowing, method), f"method {method}, rtol and atol 1e-12"
        reference = f"score_sde get_ode_sampler (scipy solve_ivp {method})"
        yield Case("probability_flow", told, "epsilon", "vp_sde", "linspace", reference, run, EXACT)


def exploding(steps: int, corrections: int) -> float:
    """As their pipeline runs it; their tables hold discrete sigmas, the network hears continuous ones."""
    with default_float64():
        scheduler = diffusers.ScoreSdeVeScheduler(sigma_max=50.0, sampling_eps=1e-5)
        scheduler.set_timesteps(steps)
        scheduler.set_sigmas(steps)
        x = start = 50 * normal(0)
        generator = torch.Generator().manual_seed(SEED)
        for t, sigma in zip(scheduler.timesteps, scheduler.sigmas, strict=True):
            for _ in range(corrections):
                x = scheduler.step_correct(_score(x, sigma), x, generator=generator).prev_sample
            output = scheduler.step_pred(_score(x, sigma), t, x, generator=generator)
            x, mean = output.prev_sample, output.prev_sample_mean
    options = {"corrector_steps": corrections} if corrections else {"corrector": "none"}
    mine = sampling.sample(
        partial(_asked_beside, 1e-5),
        start,
        scheduler={"name": "ScoreSdeVeScheduler", "norms": "batch", **options},
        path={"name": "ve", "sigma_min": 0.01, "sigma_max": 50.0},
        prediction="score",
        told="sigma",
        sigmas=scheduler.discrete_sigmas.flip(0).tolist(),
        noise=_drawn(),
    )
    return difference(mine, mean)


def preserving(steps: int, ending: str) -> float:
    """Their last step goes on from eps by 1 / steps, like every other."""
    with default_float64():
        scheduler = ScoreSdeVpScheduler()
        scheduler.set_timesteps(steps)
        x = start = normal(0)
        generator = torch.Generator().manual_seed(SEED)
        for t in scheduler.timesteps:
            x, mean = scheduler.step_pred(network(x, 999 * t), x, t.expand(len(x)), generator=generator)
    mine = sampling.sample(
        network,
        start,
        scheduler={"name": "ScoreSdeVpScheduler", "strides": "even", "ending": ending},
        path={"name": "vp_sde", "eps": 1e-15, "timesteps": 1001},
        timesteps=(1000 * scheduler.timesteps).tolist(),
        noise=_drawn(),
    )
    return difference(mine, mean if ending == "mean" else x)


def flowing(method: str) -> float:
    """From time 1 to eps, over time there and over flow time here."""
    start, times = normal(0), torch.linspace(1, 1e-3, 4, dtype=torch.float64)

    def drift(time: float, flat: Any) -> Any:
        x, beta = torch.from_numpy(flat).reshape(start.shape), 0.1 + 19.9 * time
        score = -network(x, torch.tensor(999 * time)) / _lost(torch.tensor(time).double()).sqrt()
        return (-beta * (x + score) / 2).numpy().ravel()

    tight = {"rtol": 1e-12, "atol": 1e-12, "method": method}
    theirs = solve_ivp(drift, (1, 1e-3), start.numpy().ravel(), **tight).y[:, -1].reshape(start.shape)
    variances = _lost(times)
    log_snrs = ((1 - variances) / variances).log() / 2
    mine = sampling.sample(
        network,
        start,
        scheduler={"name": "probability_flow", **tight},
        path={"name": "vp_sde", "eps": 1e-15},
        spacing={"name": "explicit_log_snrs", "log_snrs": log_snrs.tolist(), "final": "listed"},
    )
    return difference(mine, torch.from_numpy(theirs))


def _lost(time: Tensor) -> Tensor:
    """sigma^2 of the VP SDE from beta 0.1 to 20."""
    return -torch.expm1(-(0.1 * time + 19.9 * time**2 / 2))


def _score(x: Tensor, sigma: Tensor) -> Tensor:
    return (denoise(x, sigma) - x) / sigma**2


def _asked_beside(eps: float, x: Tensor, sigma: Tensor) -> Tensor:
    time = (sigma[0] / 0.01).log() / log(5000)
    return _score(x, 0.01 * 5000 ** (eps + (1 - eps) * time))


def _drawn() -> Any:
    generator = torch.Generator().manual_seed(SEED)
    return lambda x, here, there: torch.randn(x.shape, generator=generator, dtype=x.dtype)
