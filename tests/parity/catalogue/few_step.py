"""Samplers of distilled networks, beside diffusers' classes and recorded runs of the papers' programs."""

from collections.abc import Callable, Iterator
from functools import partial
from itertools import product
from typing import Any

import diffusers
import numpy as np
import torch
from torch import Tensor

from diffsmith import sampling
from diffsmith.diffusion import betas
from diffsmith.diffusion.consistency import cm_boundary, lcm_boundary
from diffsmith.diffusion.denoiser import Denoise
from diffsmith.diffusion.schedules import NoiseSchedule
from diffsmith.diffusion.thresholds import clip

from ..references import difference, drawn, normal
from .case import EXACT, Case
from .first_order import NAMES, SEED, log_snrs, network, theirs, with_float64_tables, wrapped
from .karras import denoise
from .recorded import read, recordings, rerun

SCALED = {"name": "vp", "betas": "scaled_linear"}


def cases() -> Iterator[Case]:
    """LCM, TCD, consistency models, DiffWave."""
    yield from _lcm()
    yield from _tcd()
    yield from _consistency()
    for name in recordings("diffwave_"):
        told = name.partition("_")[2].partition(".")[0]
        run = partial(diffwave, name)
        yield Case("diffwave", told, "epsilon", "vp", "recorded", "lmnt-com/diffwave predict", run, EXACT)


def _lcm() -> Iterator[Case]:
    reference = "diffusers LCMScheduler"
    for kind, steps in product(("epsilon", "v", "sample"), (1, 2, 4, 8)):
        run = partial(lcm, kind, steps)
        yield Case("lcm", f"{steps} steps", kind, "vp", "lcm", reference, run, EXACT)
    run = partial(lcm, "epsilon", 4, clip_sample=True, clip_sample_range=0.8)
    yield Case("lcm", "clip 0.8", "epsilon", "vp", "lcm", reference, run, EXACT)
    run = partial(rerun, "comfy_lcm.0", denoise, scheduler="lcm")
    yield Case("lcm", "", "sample", "ve", "recorded", "ComfyUI sample_lcm", run, EXACT)


def _tcd() -> Iterator[Case]:
    for kind, eta in product(("epsilon", "v", "sample"), (0.0, 0.3, 0.5, 1.0)):
        run = partial(tcd, kind, 4, eta)
        yield Case("tcd", f"eta {eta:g}", kind, "vp", "lcm", "diffusers TCDScheduler", run, EXACT)
    for steps in (1, 2, 8, 20):
        run = partial(tcd, "epsilon", steps, 0.3)
        yield Case("tcd", f"{steps} steps", "epsilon", "vp", "lcm", "diffusers TCDScheduler", run, EXACT)


def _consistency() -> Iterator[Case]:
    reference = "diffusers CMStochasticIterativeScheduler"
    for steps, clipped in ((1, True), (2, True), (4, True), (7, True), (4, False)):
        told = f"{steps} steps" + ("" if clipped else ", no clip")
        run = partial(consistency, steps, clipped=clipped)
        yield Case("consistency", told, "edm", "edm", "trailing", reference, run, EXACT)
    run = partial(consistency, 2, timesteps=[22, 0])
    yield Case("consistency", "timesteps 22, 0", "edm", "edm", "explicit_timesteps", reference, run, EXACT)
    for name in recordings("cm_"):
        function = read(name).facts["class_or_function"]
        if function in ("stochastic_iterative_sampler", "sample_onestep"):
            source = f"openai/consistency_models {function}"
            run = partial(_openai, name)
            told = ", ".join(map(str, read(name).options.get("ts", ["one step"])))
            yield Case("consistency", told, "sample", "ve", "recorded", source, run, EXACT)


def lcm(kind: str, steps: int, **config: Any) -> float:
    """Through the boundary condition, which theirs puts around the answer."""
    scheduler = with_float64_tables(diffusers.LCMScheduler(prediction_type=NAMES[kind], **config))
    scheduler.set_timesteps(steps)
    shares = scheduler.get_scalings_for_boundary_condition_discrete
    scheduler.get_scalings_for_boundary_condition_discrete = lambda t: shares(float(t))  # not in float32
    other = theirs(scheduler, network, normal(0), generator=torch.Generator().manual_seed(SEED))

    def wrap(denoise: Denoise, schedule: NoiseSchedule) -> Denoise:
        return lcm_boundary(clip(denoise, limit=config.get("clip_sample_range", 1e9)), schedule)

    choices = {"scheduler": "lcm", "path": SCALED, "spacing": {"name": "lcm"}, "prediction": kind}
    mine = wrapped(network, normal(0), wrap, steps=steps, noise=drawn(SEED), **choices)
    return difference(mine, other)


def tcd(kind: str, steps: int, eta: float) -> float:
    """Theirs ends at timestep 0, with that little noise left."""
    scheduler = with_float64_tables(diffusers.TCDScheduler(prediction_type=NAMES[kind]))
    scheduler.set_timesteps(steps)
    generator = torch.Generator().manual_seed(SEED)
    other = theirs(scheduler, network, normal(0), generator=generator, eta=eta)
    visited = log_snrs(scheduler)[[*scheduler.timesteps.tolist(), 0]]
    mine = sampling.sample(
        network,
        normal(0),
        scheduler={"name": "tcd", "eta": eta},
        path=SCALED,
        spacing={"name": "explicit_log_snrs", "log_snrs": visited.tolist(), "final": "listed"},
        prediction=kind,
        noise=drawn(SEED),
    )
    return difference(mine, other)


def consistency(steps: int, timesteps: list[int] | None = None, clipped: bool = True) -> float:
    """A network with EDM's preconditioning; its answer is read by the boundary condition."""
    scheduler = diffusers.CMStochasticIterativeScheduler(clip_denoised=clipped)
    scheduler.set_timesteps(None if timesteps else steps, timesteps=timesteps)
    # Their timesteps count from the noisy end, and a list of them is turned round.
    counts = [39 - count for count in reversed(timesteps or [k * (40 // steps) for k in range(steps)][::-1])]
    sigmas = scheduler._convert_to_karras(1 - np.array(counts) / 39)
    scheduler.sigmas = torch.tensor([*sigmas, scheduler.config.sigma_min], dtype=torch.float64)
    start = 80 * normal(0)
    other = theirs(scheduler, network, start, generator=torch.Generator().manual_seed(SEED))

    def wrap(denoise: Denoise, schedule: NoiseSchedule) -> Denoise:
        consistent = cm_boundary(denoise, schedule)
        return clip(consistent) if clipped else consistent

    spacing = {"name": "trailing", "whole_stride": True}
    if timesteps:
        spacing = {"name": "explicit_timesteps", "timesteps": counts}
    mine = wrapped(
        network,
        start,
        wrap,
        scheduler="consistency",
        path={"name": "edm", "rho": 7, "timesteps": 40, "label_scale": 1000},
        prediction="edm",
        spacing=spacing,
        steps=steps,
        noise=drawn(SEED),
    )
    return difference(mine, other)


def _openai(name: str) -> float:
    """Their Karras levels by index, and the last one is not asked."""
    facts = read(name)
    if "ts" in facts.options:
        share = torch.tensor(facts.options["ts"], dtype=torch.float64) / (facts.options["steps"] - 1)
        sigmas = torch.lerp(*torch.tensor([80, 0.002], dtype=torch.float64) ** (1 / 7), share) ** 7
    else:
        sigmas = torch.cat([facts.tensors["input.sigmas"][:1], torch.zeros(1)])
    spacing = {"name": "explicit_sigmas", "sigmas": sigmas.tolist(), "final": "listed"}
    choices = {"path": "ve", "prediction": "sample", "told": "sigma", "spacing": spacing}
    return replayed(name, denoise, facts.tensors["input.x_init"], scheduler="consistency", **choices)


def replayed(
    name: str, net: Callable[[Tensor, Tensor], Tensor], start: Tensor, skip: int = 0, **choices: Any
) -> float:
    """As `rerun`, for recordings without a list of sigmas, of which the first `skip` draws are taken."""
    tensors, asked, told = read(name).tensors, [], []
    count = sum(name.startswith("noise.") for name in tensors)
    remaining = (tensors[f"noise.{k}"] for k in range(skip, count))

    def asking(x: Tensor, label: Tensor) -> Tensor:
        asked.append(x.clone())
        told.append(label[0])
        return net(x, label[0])

    mine = sampling.sample(asking, start, noise=lambda x, here, there: next(remaining), **choices)
    pairs = [(torch.stack(asked), tensors["output.call_x"]), (mine, tensors["output.final"])]
    if choices["told"] == "sigma":
        pairs.append((torch.stack(told), tensors["output.call_sigma"]))
    assert all(mine.shape == theirs.shape for mine, theirs in pairs), f"{name}: other questions were asked"
    return max(difference(mine, theirs) for mine, theirs in pairs)


def diffwave(name: str) -> float:
    """Six levels between training's, or all fifty; told the timestep as DiffWave interpolates it."""
    recording = read(name)
    trained = torch.cumprod(1 - betas.linear(50, 1e-4, 0.05), 0)
    fast = torch.tensor(recording.options["inference_noise_schedule"], dtype=torch.float64)
    kept = torch.cumprod(1 - fast, 0) if recording.options["fast_sampling"] else trained

    def timestep(log_snr: Tensor) -> float:
        alpha = (2 * log_snr).sigmoid().sqrt()
        place = np.interp(-alpha.item(), -trained.sqrt().numpy(), np.arange(50))
        return float(np.float32(place))  # theirs is rounded so

    def net(audio: Tensor, log_snr: Tensor) -> Tensor:
        return 0.6 * audio.tanh() + 0.2 * audio * (1 + timestep(log_snr) / 50)

    visited = ((kept.log() - torch.log1p(-kept)) / 2).flip(0)
    start = recording.tensors["noise.0"]
    choices = {"scheduler": "diffwave", "told": "log_snr", "log_snrs": visited.tolist()}
    return replayed(name, net, start, skip=1, **choices)
