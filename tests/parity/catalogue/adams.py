"""Linear multistep, Heun++ and churn: recorded runs of other programs, and diffusers' classes."""

import math
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import diffusers
import torch
from torch import Tensor

from diffsmith import sampling
from diffsmith.diffusion import levels
from diffsmith.diffusion.schedules import NoiseSchedule

from ..in_float64 import ALPHA_BARS, in_float64
from ..references import difference, normal
from .case import EXACT, Case
from .karras import denoise
from .recorded import Recording, read, recordings, rerun

PREDICTIONS = {"epsilon": "epsilon", "v": "v_prediction", "sample": "sample"}


def cases() -> Iterator[Case]:
    """All of this family."""
    yield from recorded()
    yield from churned()
    yield from pndm()
    yield from deis()
    yield ipndm_diffusers()


def network(x: Tensor, label: Tensor) -> Tensor:
    """Bounded, and different at every label: it shows a wrong label, a wrong scale and a wrong inversion."""
    return 0.7 * x.tanh() + 0.2 * torch.cos(label.reshape(-1)[0] / 150) * x


# ---- recorded runs ------------------------------------------------------------------------------------

RECORDED = {
    "kd_lms.": ("lms", "k-diffusion"),
    "comfy_ipndm.": ("ipndm", "ComfyUI"),
    "comfy_ipndm_v.": ("ipndm_v", "ComfyUI"),
    "comfy_deis.": ("deis_tab", "ComfyUI"),
    "comfy_gradient_estimation.": ("gradient_estimation", "ComfyUI"),
    "comfy_dpm_2.": ("dpm_2", "ComfyUI"),
}
CHURNED = {
    "comfy_heunpp2.": ("heunpp2", "ComfyUI"),
    "kd_euler.1": ("euler", "k-diffusion"),
    "kd_euler.noterm": ("euler", "k-diffusion"),
}


def recorded() -> Iterator[Case]:
    for prefix, (scheduler, program) in RECORDED.items():
        for name in recordings(prefix):
            recording = read(name)
            options = {key: value for key, value in recording.options.items() if key != "deis_mode"}
            run = partial(rerun, name, denoise, scheduler={"name": scheduler, **options})
            yield recorded_case(scheduler, program, recording, options, run)


def churned() -> Iterator[Case]:
    """With churn, which the references draw noise for at every step, also where they do not use it."""
    for prefix, (scheduler, program) in CHURNED.items():
        for name in recordings(prefix):
            recording = read(name)
            options = churn_of(recording, len(recording.tensors["input.sigmas"]) - 1)
            run = partial(rerun_churned, name, scheduler, options)
            yield recorded_case(scheduler, program, recording, options, run)
    for name in recordings("edm_edm_sampler."):
        recording = read(name)
        options = churn_of(recording, recording.options["num_steps"])
        yield recorded_case("heun", "EDM", recording, options, partial(rerun_edm, name, options), "karras")


def recorded_case(
    scheduler: str,
    program: str,
    recording: Recording,
    options: dict[str, float],
    run: Callable[[], float],
    spacing: str = "recorded",
) -> Case:
    told = ", ".join(f"{key} {value:.3g}" for key, value in options.items())
    reference = f"{program} {recording.facts['class_or_function']}"
    return Case(scheduler, told, "sample", "ve", spacing, reference, run, EXACT)


def churn_of(recording: Recording, steps: int) -> dict[str, float]:
    """Their churn as ours: it is told by the step here, by the walk there."""
    theirs = {key.lower(): value for key, value in recording.options.items()}
    names = {
        "s_noise": "s_noise",
        "s_tmin": "s_tmin",
        "s_min": "s_tmin",
        "s_tmax": "s_tmax",
        "s_max": "s_tmax",
    }
    gamma = min(theirs.get("s_churn", 0) / steps, 2**0.5 - 1)
    return {"gamma": gamma, **{names[key]: value for key, value in theirs.items() if key in names}}


def used(recording: Recording, sigmas: Sequence[float], options: dict[str, float]) -> Iterator[Tensor]:
    """The draws that are not thrown away."""
    low, high = options.get("s_tmin", 0), options.get("s_tmax", math.inf)
    steps = range(len([name for name in recording.tensors if name.startswith("noise.")]))
    return (recording.tensors[f"noise.{k}"] for k in steps if low <= sigmas[k] <= high)


def rerun_churned(name: str, scheduler: str, options: dict[str, float]) -> float:
    recording = read(name)
    draws = used(recording, recording.tensors["input.sigmas"].tolist(), options)
    chosen = {"name": scheduler, **options}
    return rerun(name, denoise, scheduler=chosen, noise=lambda x, here, there: next(draws))


def rerun_edm(name: str, options: dict[str, float]) -> float:
    """As `rerun`, from the unit noise and the karras spacing that this program makes its levels of."""
    recording, asked = read(name), []
    theirs, steps = recording.tensors, recording.options["num_steps"]
    roots = torch.linspace(80 ** (1 / 7), 0.002 ** (1 / 7), steps, dtype=torch.float64)
    draws = used(recording, (roots**7).tolist(), options)

    def net(x: Tensor, sigma: Tensor) -> Tensor:
        asked.append((x.clone(), sigma[0]))
        return denoise(x, sigma[0])

    mine = sampling.sample(
        net,
        80 * theirs["input.latents"],
        scheduler={"name": "heun", **options},
        path={"name": "ve", "sigma_min": 0.002, "sigma_max": 80},
        prediction="sample",
        told="sigma",
        spacing={"name": "karras", "steps": steps},
        noise=lambda x, here, there: next(draws),
    )
    xs, sigmas = map(torch.stack, zip(*asked, strict=True))
    return max(
        difference(sigmas, theirs["output.call_sigma"].reshape(-1)),
        difference(xs, theirs["output.call_x"]),
        difference(mine, theirs["output.final"]),
    )


# ---- diffusers' PNDM, DEIS and IPNDM ------------------------------------------------------------------

PNDM_SPACINGS = {
    "leading": ({"name": "leading"}, {}),
    "leading, offset 1": ({"name": "leading", "offset": 1}, {"steps_offset": 1}),
    "trailing": ({"name": "trailing"}, {}),
    "linspace": ({"name": "linspace", "whole": True}, {}),
}


def pndm() -> Iterator[Case]:
    for start in ("plms", "runge_kutta"):
        for kind in ("epsilon", "v"):
            for spacing in PNDM_SPACINGS:
                if (start, spacing) != ("runge_kutta", "linspace"):
                    yield pndm_case(start, kind, spacing, to_one=True)
            yield pndm_case(start, kind, "leading, offset 1", to_one=False)


def pndm_case(start: str, kind: str, spacing: str, to_one: bool) -> Case:
    notes = [f"start {start}"] + ["extrapolate v"] * (kind == "v") + ["offset 1"] * spacing.endswith("1")
    notes += [] if to_one else ["to timestep 0"]
    if spacing == "linspace":
        # The reference always steps by T // n; its linspace timesteps lie T // (n - 1) apart.
        notes.append("its stride corrected")
    counts = {"plms": (1, 2, 3, 4, 10, 20), "runge_kutta": (4, 10, 20)}[start]
    counts = tuple(n for n in counts if n != 3) if spacing == "trailing" else counts  # 1000 / 3 is not whole
    counts = (10, 28) if spacing == "linspace" else counts  # 999 is 9 * 111 and 27 * 37
    run = partial(pndm_difference, start, kind, spacing, to_one, counts)
    name = spacing.partition(",")[0]
    return Case("pndm", ", ".join(notes), kind, "vp", name, "diffusers PNDMScheduler", run, EXACT)


def pndm_difference(start: str, kind: str, spacing: str, to_one: bool, counts: Sequence[int]) -> float:
    return max(_pndm_difference(start, kind, spacing, to_one, steps) for steps in counts)


def _pndm_difference(start: str, kind: str, spacing: str, to_one: bool, steps: int) -> float:
    ours, theirs = PNDM_SPACINGS[spacing]
    scheduler = diffusers.PNDMScheduler(
        skip_prk_steps=start == "plms",
        prediction_type=PREDICTIONS[kind],
        timestep_spacing=ours["name"],
        **theirs,
    )
    scheduler.alphas_cumprod = ALPHA_BARS
    scheduler.final_alpha_cumprod = torch.ones_like(ALPHA_BARS[0]) if to_one else ALPHA_BARS[0]
    scheduler.set_timesteps(steps)
    if spacing == "linspace":
        scheduler.num_inference_steps = steps - 1
    x = normal(0)
    for t in scheduler.timesteps:
        x = scheduler.step(network(x, t.double()), t, x).prev_sample
    placed: dict[str, Any] = {"spacing": {**ours, "steps": steps}}
    if not to_one:
        visited = [*dict.fromkeys(t for t in scheduler.timesteps.tolist() if t % (1000 // steps) == 1), 0]
        placed = listed(torch.logit(ALPHA_BARS[visited]) / 2)
    chosen = {"name": "pndm", "start": start, "extrapolate": kind}
    return difference(sampling.sample(network, normal(0), scheduler=chosen, prediction=kind, **placed), x)


def listed(log_snrs: Tensor) -> dict[str, Any]:
    """Exactly these levels, to the last one, with noise left."""
    spacing = {"name": "explicit_log_snrs", "log_snrs": tuple(log_snrs.tolist()), "final": "listed"}
    return {"spacing": spacing}


DEIS_SPACINGS = {
    "linspace": {"timestep_spacing": "linspace"},
    "leading": {"timestep_spacing": "leading", "steps_offset": 1},
    "trailing": {"timestep_spacing": "trailing"},
    "karras": {"use_karras_sigmas": True},
    "exponential": {"use_exponential_sigmas": True},
    "beta": {"use_beta_sigmas": True},
}
FLOW = {"use_flow_sigmas": True, "flow_shift": 3.0, "prediction_type": "flow_prediction"}


def deis() -> Iterator[Case]:
    for order in (1, 2, 3):
        for kind in PREDICTIONS:
            for spacing, options in DEIS_SPACINGS.items():
                if kind == "epsilon" or spacing == "trailing":
                    yield deis_case(order, kind, "vp", spacing, options)
        yield deis_case(order, "flow", "flow", "shifted", FLOW)


def deis_case(order: int, kind: str, path: str, spacing: str, options: dict[str, Any]) -> Case:
    run = partial(deis_difference, order, kind, path, options)
    return Case("deis", f"order {order}", kind, path, spacing, "diffusers DEISMultistepScheduler", run, EXACT)


def deis_difference(order: int, kind: str, path: str, options: dict[str, Any]) -> float:
    runs = [(steps, lower) for steps in (2, 3, 9, 20) for lower in (True, False)]
    return max(_deis_difference(order, kind, path, options, *run) for run in runs)


def _deis_difference(
    order: int, kind: str, path: str, options: dict[str, Any], steps: int, lower: bool
) -> float:
    """It ends where the training's clean end is, or with a step that goes nowhere, which is left out."""
    settings = {"prediction_type": PREDICTIONS.get(kind), **options, "solver_order": order}
    stays = "timestep_spacing" not in options
    scheduler = diffusers.DEISMultistepScheduler(**settings, lower_order_final=lower and not stays)
    scheduler.alphas_cumprod = ALPHA_BARS
    with in_float64(scheduler):
        scheduler.set_timesteps(steps)
    sigmas = scheduler.sigmas[: len(scheduler.sigmas) - stays]
    log_snrs = (torch.log1p(-sigmas) if path == "flow" else 0) - sigmas.log()
    told = [t.double() for t in scheduler.timesteps]
    asked = iter(told)
    x = normal(0)
    for t in told:
        x = scheduler.step(network(x, t), t, x).prev_sample
    mine = sampling.sample(
        lambda x, label: network(x, near(next(asked), label)),
        normal(0),
        scheduler={"name": "deis", "order": order, "lower_order_final": lower and not stays},
        path=path,
        prediction=kind,
        **listed(log_snrs),
    )
    return difference(mine, x)


def near(theirs: Tensor, ours: Tensor) -> Tensor:
    """Their timestep, a whole one, where ours lies between two."""
    assert (theirs - ours).abs().max() < 1
    return theirs


def ipndm_diffusers() -> Case:
    note = "clean estimate 0 in pure noise, as there"
    reference = "diffusers IPNDMScheduler"
    return Case("ipndm_diffusers", note, "v", "vp", "recorded", reference, ipndm_difference, EXACT)


def ipndm_difference() -> float:
    return max(map(_ipndm_difference, (2, 3, 9, 20)))


def _ipndm_difference(steps: int) -> float:
    scheduler = diffusers.IPNDMScheduler()
    scheduler.set_timesteps(steps)
    sines = torch.sin(torch.linspace(1, 0, steps + 1, dtype=torch.float64) * math.pi / 2)
    scheduler.betas = sines**2
    scheduler.alphas = (1 - sines**4).sqrt()
    scheduler.timesteps = (torch.atan2(scheduler.betas, scheduler.alphas) / math.pi * 2)[:-1]
    x = normal(0)
    for t in scheduler.timesteps:
        x = scheduler.step(silent_in_noise(x, t), t, x).prev_sample

    def angle(level: levels.Level) -> float:
        return math.atan2(level.sigma, level.alpha) / math.pi * 2

    path = NoiseSchedule(levels.vp, at=lambda time: -torch.logit(time), label=angle)
    log_snrs = scheduler.alphas.log() - scheduler.betas.log()
    chosen = {"scheduler": "ipndm_diffusers", "path": path, "prediction": "v", **listed(log_snrs)}
    return difference(sampling.sample(silent_in_noise, normal(0), **chosen), x)


def silent_in_noise(x: Tensor, label: Tensor) -> Tensor:
    """The reference divides by 1e-8 where alpha is 0, and so holds 0 there, whatever is answered."""
    return network(x, 1000 * label) * (label.reshape(-1)[0] < 1)
