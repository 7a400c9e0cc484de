"""CFG++ over several solvers, against recorded runs of ComfyUI."""

from collections.abc import Iterator
from functools import partial
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor

from diffsmith import default_registry, factory
from diffsmith.diffusion import prediction
from diffsmith.diffusion.guidance import cfg_pp
from diffsmith.diffusion.levels import Level, flow, ve
from diffsmith.specs import SchedulerSpec
from diffsmith.testing import bare

from ..references import difference
from .case import EXACT, Case
from .karras import denoise as conditional
from .recorded import read, recordings

SOLVERS = {
    "euler_cfg_pp": "euler",
    "euler_ancestral_cfg_pp": "euler_ancestral",
    "gradient_estimation_cfg_pp": "gradient_estimation",
}
"""Where a plain scheduler does it; the others have one of that name."""

CHANGED = "dpmpp_2s_ancestral_cfg_pp"
"""The recorded one mixes up two answers; later versions do not, and are written out below."""


def cases() -> Iterator[Case]:
    """Each recorded run."""
    names = [name for name in recordings("comfy") if "cfg_pp" in name]
    for name in names:
        facts = read(name).facts
        options = {key: value for key, value in facts["options"].items() if key in ("eta", "s_noise")}
        own = facts["class_or_function"].removeprefix("sample_")
        told = [f"{key} {value:g}" for key, value in options.items()]
        told += [f"guidance cfg_pp, scale {facts['options']['guidance_scale']:g}"]
        path, reference = ("flow" if name.startswith("comfyflow") else "ve"), f"ComfyUI sample_{own}"
        run = partial(rerun, name, {"name": SOLVERS.get(own, own), **options}, path)
        if own == CHANGED:
            reference += ", as corrected later"
            run = partial(since_corrected, name, {"name": own, **options})
        scheduler = SOLVERS.get(own, own)
        yield Case(scheduler, ", ".join(told), "sample", path, "recorded", reference, run, EXACT)


def unconditional(x: Tensor, sigma: Tensor) -> Tensor:
    """The recorded runs' answer without the condition."""
    return 0.5 * torch.tanh(x / (1 + sigma**2).sqrt()) + 0.1 * x / (1 + sigma**2) - 0.05


def rerun(name: str, scheduler: dict[str, Any], path: str = "ve") -> float:
    """The largest difference of any question asked, and of the sample at the end."""
    recording = read(name)
    xs, sigmas, mine = _walk(name, scheduler, path)
    pairs = [
        (torch.stack(sigmas), recording.tensors["output.call_sigma"]),
        (torch.stack(xs), recording.tensors["output.call_x"]),
        (mine, recording.tensors["output.final"]),
    ]
    assert all(mine.shape == theirs.shape for mine, theirs in pairs), f"{name}: other questions were asked"
    return max(difference(mine, theirs) for mine, theirs in pairs)


def _walk(name: str, scheduler: dict[str, Any], path: str) -> tuple[list[Tensor], list[Tensor], Tensor]:
    recording, xs, sigmas = read(name), [], []
    remaining = recording.draws()
    answers = {"conditional": conditional, "unconditional": unconditional}

    def ask(x: Tensor, level: Level, *branches: str) -> tuple[Tensor, ...]:
        sigma = torch.tensor(level.sigma, dtype=torch.float64)
        xs.append(x.clone())
        sigmas.append(sigma)
        return tuple(answers[branch](x, sigma) for branch in branches)

    guided = cfg_pp(ask, prediction.sample(), scale=recording.options["guidance_scale"])
    loop = factory.scheduler(SchedulerSpec.model_validate(scheduler), default_registry())
    visited = recording.tensors["input.sigmas"]
    if path == "flow":  # the reference moves pure noise a little towards the data
        visited = torch.cat([recording.tensors["output.call_sigma"][:1], visited[1:]])
    log_snrs = (-visited.log()) if path == "ve" else torch.log1p(-visited) - visited.log()
    schedule = bare(ve if path == "ve" else flow)
    draw = lambda x, here, there: next(remaining)  # noqa: E731
    *_, last = loop(guided, recording.tensors["input.x_init"], schedule, log_snrs, draw)
    return xs, sigmas, last.x


def since_corrected(name: str, scheduler: dict[str, Any]) -> float:
    """Against the formula that takes the first answer's guidance for both halves of a step."""
    _, _, mine = _walk(name, scheduler, "ve")
    recording = read(name)
    draws, sigmas = recording.draws(), recording.tensors["input.sigmas"]
    scale, eta = recording.options["guidance_scale"], recording.options.get("eta", 1.0)
    x = recording.tensors["input.x_init"]

    def both(x: Tensor, sigma: Tensor) -> tuple[Tensor, Tensor]:
        plain = unconditional(x, sigma)
        guided = plain + scale * (conditional(x, sigma) - plain)
        return guided, guided - plain

    for here, there in pairwise(sigmas):
        guided, push = both(x, here)
        up = (there * eta * (1 - (there / here) ** 2).sqrt()).clamp(max=there)
        down = (there**2 - up**2).sqrt()
        if down == 0:
            return difference(mine, guided)
        middle = (here * down).sqrt()
        half = middle / here * (x + push) + (1 - middle / here) * guided
        x = down / here * (x + push) + (1 - down / here) * both(half, middle)[0]
        x = x + up * next(draws)
    raise AssertionError(f"{name} does not end without noise")
