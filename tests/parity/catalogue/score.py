"""Samplers that follow the score, beside recorded runs of score_sde and ncsn, and diffusers' classes."""

from collections.abc import Callable, Iterator
from functools import partial
from itertools import count
from math import inf, log
from typing import Any

import numpy as np
import torch
from scipy.interpolate import CubicHermiteSpline
from torch import Tensor

from diffsmith import sampling
from diffsmith.diffusion.levels import Level, vp
from diffsmith.diffusion.schedules import NoiseSchedule

from ..references import difference
from .case import EXACT, Case
from .karras import denoise
from .recorded import Recording, read, recordings


def cases() -> Iterator[Case]:
    """Each recorded run."""
    for name in recordings("sde_"):
        yield _score_sde(name)
    for name in recordings("ncsn_ald"):
        run, options = partial(annealed, name), read(name).options
        told = f"step_lr {options['step_lr']:g}, n_steps_each {options['n_steps_each']}"
        reference = "ncsn anneal_Langevin_dynamics"
        yield Case("annealed_langevin", told, "score", "ve", "recorded", reference, run, EXACT)


def _score_sde(name: str) -> Case:
    options = read(name).options
    kind, scheduler = options["sde"], ours(options)
    run = {"ve": exploding, "vp": preserving, "subvp": sub_preserving}[kind]
    reference = f"score_sde get_pc_sampler ({kind} {options['predictor']}, {options['corrector']})"
    aside = "network asked eps beside its levels" if _asks_aside(options) else ""
    told = ", ".join([*(f"{key} {value}" for key, value in scheduler.items() if key != "name"), aside])
    prediction = "epsilon" if "strides" in scheduler and "corrector" not in scheduler else "score"
    return Case(
        scheduler["name"],
        told.strip(", "),
        prediction,
        kind,
        "recorded",
        reference,
        partial(run, name),
        EXACT,
    )


def _asks_aside(options: dict[str, Any]) -> bool:
    return options["continuous"] and ours(options).get("predictor") in _DISCRETE


_DISCRETE = ("reverse_diffusion", "ancestral_sampling", "probability_flow")


def ours(options: dict[str, Any]) -> dict[str, Any]:
    """Their options as ours."""
    predictor, corrector = options["predictor"], options["corrector"]
    if options["probability_flow"]:
        predictor = "probability_flow"
    if (predictor, corrector) == ("euler_maruyama", "none"):
        return {"name": "euler_maruyama", "strides": "even", "ending": "mean"}
    chosen = {"name": "predictor_corrector", "predictor": predictor, "corrector": corrector, "ending": "mean"}
    if corrector != "none":
        chosen |= {"snr": options["snr"], "corrector_steps": options["n_steps"], "norms": "batch"}
    if predictor == "euler_maruyama":
        chosen["strides"] = "even"
    if (options["sde"], predictor) == ("vp", "ancestral_sampling"):
        chosen["variance"] = "fixed_large"
    return chosen


def exploding(name: str) -> float:
    """Their predictors take the steps of a table of sigmas, and ask at continuous times beside them."""
    recording = read(name)
    low, high, steps = recording.options["sde_arguments"]
    eps = recording.options["eps"] if _asks_aside(recording.options) else 0.0
    times = recording.tensors["input.times"]
    if ours(recording.options).get("predictor") in _DISCRETE:
        times = torch.linspace(1, 0, steps, dtype=torch.float64)

    def net(x: Tensor, sigma: Tensor) -> tuple[Tensor, Tensor]:
        s = low * (high / low) ** (eps + (1 - eps) * (sigma / low).log() / log(high / low))
        return s, (denoise(x, s) - x) / s**2

    path = {"name": "ve", "sigma_min": low, "sigma_max": high}
    sigmas = (low * (high / low) ** times).tolist()
    return _repeated(recording, net, path=path, told="sigma", prediction="score", sigmas=sigmas)


def preserving(name: str) -> float:
    """Discrete steps are those of a table of betas; their score is asked at continuous times beside it."""
    recording = read(name)
    least, most, steps = recording.options["sde_arguments"]
    eps, predictor = recording.options["eps"], recording.options["predictor"]
    if ours(recording.options)["name"] == "euler_maruyama":
        return _continuous(recording, "vp_sde")
    tables = {"name": "vp", "start": least / steps, "end": most / steps, "timesteps": steps}
    spacing: dict[str, Any] = {"spacing": "trailing", "steps": steps, "path": tables}
    if predictor == "none":
        spacing["path"] = _mixed(recording)
    elif predictor == "euler_maruyama":
        path, log_snrs = _hurried(recording)
        spacing = {"path": path, "log_snrs": log_snrs.flip(0).tolist()}

    def net(x: Tensor, timestep: Tensor) -> tuple[Tensor, Tensor]:
        time = eps + (1 - eps) * timestep / (steps - 1)
        return 999 * time, -_noise(x, 999 * time) / _lost(recording, time).sqrt()

    return _repeated(recording, net, prediction="score", **spacing)


def sub_preserving(name: str) -> float:
    """As they stand."""
    return _continuous(read(name), "sub_vp_sde")


def annealed(name: str) -> float:
    """Theirs keeps what it asked with, and not where the last step leads."""
    recording, asked = read(name), []
    options = {key: recording.options[key] for key in ("step_lr", "n_steps_each")}

    def net(x: Tensor, sigma: Tensor) -> Tensor:
        asked.append(x.clone())
        return denoise(x, sigma[0])

    sampling.sample(
        net,
        recording.tensors["input.x_init"],
        scheduler={"name": "annealed_langevin", **options, "ending": "mean"},
        path="ve",
        prediction="sample",
        told="sigma",
        sigmas=recording.tensors["input.sigmas"].tolist(),
        noise=_draws(recording, 0),
    )
    return difference(torch.stack(asked), recording.tensors["output.call_x"])


def _continuous(recording: Recording, path: str) -> float:
    """Levels, drift and noise all of continuous time."""
    least, most, _ = recording.options["sde_arguments"]
    known = {"name": path, "beta_min": least, "beta_max": most, "eps": 1e-15, "timesteps": 1001}
    timesteps = (1000 * recording.tensors["input.times"]).tolist()
    return _repeated(recording, lambda x, label: (label, _noise(x, label)), path=known, timesteps=timesteps)


def _repeated(
    recording: Recording, net: Callable[[Tensor, Tensor], tuple[Tensor, Tensor]], **arguments: Any
) -> float:
    """The largest difference of any question and of the sample; net says its label too."""
    asked = []

    def noted(x: Tensor, told: Tensor) -> Tensor:
        label, out = net(x, told[0])
        asked.append((x.clone(), label))
        return out

    scheduler, start = ours(recording.options), recording.tensors["input.x_init"]
    mine = sampling.sample(noted, start, scheduler=scheduler, noise=_draws(recording, 1), **arguments)
    xs, labels = zip(*asked, strict=True)
    pairs = [
        (torch.stack(xs), recording.tensors["output.call_x"]),
        (mine, recording.tensors["output.final"]),
    ]
    if recording.options["continuous"]:  # elsewhere they are told an index
        pairs.append((torch.stack(labels), recording.tensors["output.call_label"][:, 0]))
    assert all(mine.shape == theirs.shape for mine, theirs in pairs), f"{recording.name}: other questions"
    return max(difference(mine, theirs) for mine, theirs in pairs)


def _draws(recording: Recording, first: int) -> Callable[..., Tensor]:
    """The noise in the order it was drawn; of what their predictors draw and never use, the last is left."""
    remaining = (recording.tensors[f"noise.{k}"] for k in count(first))
    return lambda x, here, there: next(remaining)


def _noise(x: Tensor, label: Tensor) -> Tensor:
    """The VP runs' model."""
    return (0.5 + 0.5 * label / 999) * x.tanh() + 0.2 * x


def _lost(recording: Recording, time: Tensor) -> Tensor:
    """sigma^2 at continuous times."""
    least, most, _ = recording.options["sde_arguments"]
    return -torch.expm1(-(least * time + (most - least) * time**2 / 2))


def _table(recording: Recording) -> tuple[Tensor, Tensor]:
    """alpha of the discrete steps, clean to noisy, and the continuous times they are taken at."""
    least, most, steps = recording.options["sde_arguments"]
    betas = torch.linspace(least / steps, most / steps, steps, dtype=torch.float64)
    return (1 - betas).cumprod(0).sqrt(), recording.tensors["input.times"].flip(0)


def _mixed(recording: Recording) -> NoiseSchedule:
    """alpha of the table, which sizes their corrector's steps, with sigma of continuous time beside it."""
    alpha, times = _table(recording)
    sigma, last = _lost(recording, times).sqrt(), len(times) - 1
    log_snrs = alpha.log() - sigma.log()

    def nearest(log_snr: float) -> int:
        return int((log_snrs - log_snr).abs().argmin())

    def path(log_snr: float) -> Level:
        k = nearest(log_snr)
        return Level(1.0, 0.0) if log_snr == inf else Level(alpha[k].item(), sigma[k].item())

    return NoiseSchedule(
        path,
        at=lambda time: log_snrs[(time * last).round().long()],
        label=lambda level: float(nearest(level.log_snr)),
        timesteps=len(times),
    )


def _hurried(recording: Recording) -> tuple[NoiseSchedule, Tensor]:
    """Levels of the table, which size their corrector's steps, at the speed of continuous time beside it."""
    least, most, steps = recording.options["sde_arguments"]
    alpha, times = _table(recording)
    variance = 1 - alpha**2
    log_snrs, slopes = alpha.log() - variance.log() / 2, -(least + (most - least) * times) / (2 * variance)
    known = CubicHermiteSpline(np.arange(1, steps + 1) / steps, log_snrs.numpy(), slopes.numpy())

    def at(time: Tensor) -> Tensor:
        inside = time.clamp(min=1 / steps)
        return torch.as_tensor(known(inside.numpy())) + slopes[0] * (time - inside)

    def label(level: Level) -> float:
        return float((log_snrs - level.log_snr).abs().argmin())

    return NoiseSchedule(vp, at, label), log_snrs
