"""Recorded runs of EDM's ablation sampler and of the consistency models' teacher samplers."""

from collections.abc import Iterator
from functools import partial
from itertools import count
from math import log, pi, sqrt
from typing import Any

import torch
from torch import Tensor

from diffsmith import sampling
from diffsmith.diffusion.levels import ve
from diffsmith.diffusion.schedules import NoiseSchedule

from ..references import difference
from .case import EXACT, Case
from .karras import denoise
from .recorded import read


def cases() -> Iterator[Case]:
    """Each recorded run."""
    reference = "NVlabs/edm ablation_sampler"
    for number, (told, path, spacing, arguments) in _ablations().items():
        name = arguments["scheduler"]["name"]
        run = partial(repeated, f"edm_ablation_sampler.{number}", "input.latents", **arguments)
        yield Case(name, told, "sample", path, spacing, reference, run, EXACT)
    for function, (scheduler, told) in TEACHERS.items():
        name, run = function.split(".")[0].removeprefix("cm_"), partial(teacher, function, scheduler)
        yield Case(scheduler, told, "sample", "ve", "recorded", f"consistency_models {name}", run, EXACT)


TEACHERS = {
    "cm_sample_euler.3": ("euler", ""),
    "cm_sample_heun.4": ("heun", ""),
    "cm_sample_dpm.5": ("dpm_2_cubic", ""),
    "cm_sample_euler_ancestral.6": ("euler_ancestral", ""),
    "cm_sample_onestep.2": ("lcm", "one step"),
    "cm_sample_progdist.7": ("euler", "ending in noise"),
}
"""Ours by name, and in what it is a special case."""


def teacher(name: str, scheduler: str) -> float:
    """Some of theirs draw noise that they do not use; here it is left."""
    sigmas = read(name).tensors["input.sigmas"].tolist()
    if "onestep" in name:
        sigmas = [sigmas[0], 0.0]
    spacing = {"name": "explicit_sigmas", "sigmas": sigmas[:-1], "final": "listed"}
    grid = {"spacing": spacing} if "progdist" in name else {"sigmas": sigmas}
    return repeated(name, "input.x_init", scheduler={"name": scheduler}, path="ve", **grid)


def _ablations() -> dict[int, tuple[str, str, str, dict[str, Any]]]:
    """What each run is in our words, its path and spacing."""
    churned = {"name": "heun", "gamma": sqrt(2) - 1}
    vp_time, midpoint = _over_time(solver="euler"), _over_time(alpha=0.5)
    karras = {"path": {"name": "ve", "sigma_min": 0.002, "sigma_max": 80.0}, "spacing": "karras", "steps": 7}
    linear = {"path": VP_SDE, "timesteps": torch.linspace(1000, 1, 7, dtype=torch.float64).tolist()}
    falling = (0.02 / 100) ** torch.linspace(0, 1, 7, dtype=torch.float64)
    geometric = {"path": _root_of_time(), "sigmas": (100 * falling).tolist()}
    return {
        2: ("", "ve", "karras", {"scheduler": {"name": "heun"}, **karras}),
        3: ("solver euler, ending euler", "vp_sde", "linspace", {"scheduler": vp_time, **linear}),
        4: ("alpha 0.5, ending euler", "sigma^2 = time", "recorded", {"scheduler": midpoint, **geometric}),
        5: ("S_churn 3", "ve", "recorded", {"scheduler": churned, "path": "ve", "sigmas": _iddpm(6)}),
    }


def _over_time(**options: Any) -> dict[str, Any]:
    return {"name": "runge_kutta_2", "ending": "euler", **options}


VP_SDE = {"name": "vp_sde", "beta_min": 0.1, "beta_max": 20.0, "eps": 1e-15, "timesteps": 1001}


def _root_of_time() -> NoiseSchedule:
    """sigma^2 grows with time, to 100^2: the VE schedule of that sampler."""
    return NoiseSchedule(ve, lambda time: -time.log() / 2 - log(100), lambda level: level.sigma)


def _iddpm(steps: int) -> list[float]:
    """Every k-th sigma of a cosine schedule, from 81 to 0.002 (Karras et al. 2022, Table 1)."""
    signal = (pi / 2 * torch.arange(1001, dtype=torch.float64) / 1000 / 1.008).sin() ** 2
    sigmas = [0.0]
    for j in range(1000, 0, -1):
        sigmas.append(sqrt((sigmas[-1] ** 2 + 1) / max(float(signal[j - 1] / signal[j]), 0.001) - 1))
    inside = [sigma for sigma in reversed(sigmas) if 0.002 <= sigma <= 81]
    return [inside[round((len(inside) - 1) / (steps - 1) * k)] for k in range(steps)]


def repeated(name: str, start: str, **arguments: Any) -> float:
    """The largest difference of any question and of the sample; their network stands on the VE path."""
    recording, asked, drawn = read(name), [], count()
    vp = arguments["path"] == VP_SDE

    def net(x: Tensor, sigma: Tensor) -> Tensor:
        asked.append((x * (1 + sigma[0] ** 2).sqrt() if vp else x.clone(), sigma[0]))
        return denoise(*asked[-1])

    first = recording.tensors["output.call_sigma"][0] / (1 + arguments["scheduler"].get("gamma", 0))
    size = {"input.x_init": 1, "input.latents": first / (1 + first**2).sqrt() if vp else first}[start]
    mine = sampling.sample(
        net,
        recording.tensors[start] * size,
        prediction="sample",
        told="sigma",
        noise=lambda x, here, there: recording.tensors[f"noise.{next(drawn)}"],
        **arguments,
    )
    xs, sigmas = zip(*asked, strict=True)
    pairs = [
        (torch.stack(sigmas), recording.tensors["output.call_sigma"]),
        (torch.stack(xs), recording.tensors["output.call_x"]),
        (mine, recording.tensors["output.final"]),
    ]
    assert all(mine.shape == theirs.shape for mine, theirs in pairs), f"{name}: other questions were asked"
    return max(difference(mine, theirs) for mine, theirs in pairs)
