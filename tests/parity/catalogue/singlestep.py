"""Solvers that look inside their steps: k-diffusion's and ComfyUI's recorded, and diffusers' class."""

from collections.abc import Callable, Iterator
from functools import partial
from itertools import product
from typing import Any

import diffusers
import torch
from diffusers.schedulers import scheduling_dpmsolver_singlestep
from torch import Tensor

from diffsmith import sampling

from .. import multistep_runs as runs
from ..in_float64 import in_float64
from ..references import difference, drawn
from .case import EXACT, Case
from .recorded import Recording, read, recordings, rerun

SEED = 7
ON_VE = {
    "sample_dpmpp_sde": "dpmpp_sde",
    "sample_seeds_2": "seeds_2",
    "sample_seeds_3": "seeds_3",
    "sample_ddpm": "ddpm",
}
ON_FLOW = {
    "sample_euler_ancestral": "euler_ancestral_flow",
    "sample_dpm_2_ancestral": "dpm_2_ancestral_flow",
    "sample_dpmpp_2s_ancestral": "dpmpp_2s_ancestral_flow",
    "sample_dpmpp_sde": "dpmpp_sde",
    "sample_seeds_2": "seeds_2",
    "sample_seeds_3": "seeds_3",
}
WITHOUT_A_GRID = {"sample_dpm_fast": "dpm_fast", "sample_dpm_adaptive": "dpm_adaptive"}


def cases() -> Iterator[Case]:
    """Each recorded run, and diffusers' class with every form, kind and order it has."""
    for name in recordings("kd_"):
        recording = read(name)
        function = recording.facts["class_or_function"]
        if function in WITHOUT_A_GRID:
            yield recorded(recording, WITHOUT_A_GRID[function], "k-diffusion", without_a_grid)
        elif function == "sample_dpmpp_sde":
            yield recorded(recording, "dpmpp_sde", "k-diffusion", on_ve)
    for name in recordings("comfy_"):
        recording = read(name)
        if recording.facts["class_or_function"] in ON_VE:
            yield recorded(recording, ON_VE[recording.facts["class_or_function"]], "ComfyUI", on_ve)
    for name in recordings("comfyflow_"):
        recording = read(name)
        if recording.facts["class_or_function"] in ON_FLOW:
            yield recorded(recording, ON_FLOW[recording.facts["class_or_function"]], "ComfyUI", on_flow)
    yield from singlestep()


# ---- Recorded runs -----------------------------------------------------------------------------------


def recorded(recording: Recording, name: str, program: str, run: Callable[..., float]) -> Case:
    numbers = {key: value for key, value in recording.options.items() if key not in {"n", "percent_to_sigma"}}
    told = [f"{key} {value:.3g}" for key, value in numbers.items()]
    if "n" in recording.options and name == "dpm_fast":
        told.append(f"{recording.options['n']} evaluations")
    path = "flow" if run is on_flow else "ve"
    if run is on_flow and name.startswith("dpmpp_2s"):
        told.append("from its second step: the first looks at 0.9999, not halfway")
    reference = f"{program} {recording.facts['class_or_function']}"
    scheduler = {"name": name, **numbers}
    return Case(
        name,
        ", ".join(told),
        "sample",
        path,
        "recorded",
        reference,
        partial(run, recording, scheduler),
        EXACT,
    )


def on_ve(recording: Recording, scheduler: dict[str, Any]) -> float:
    return rerun(recording.name, denoise, scheduler=scheduler)


def without_a_grid(recording: Recording, scheduler: dict[str, Any]) -> float:
    """The functions that are given two ends, not a grid."""
    steps = recording.options["n"]
    high, low = (recording.tensors[f"input.sigma_{end}"].double().log() for end in ("max", "min"))
    return compared(
        recording,
        recording.tensors["input.x_init"],
        0,
        recording.draws(),
        scheduler=scheduler,
        log_snrs=torch.linspace(-high, -low, steps + 1, dtype=torch.float64),
    )


def on_flow(recording: Recording, scheduler: dict[str, Any]) -> float:
    """On x = (1 - sigma) * x0 + sigma * noise, from where the function itself began."""
    sigmas, x, done = recording.tensors["input.sigmas"].clone(), recording.tensors["input.x_init"], 0
    sigmas[0] = recording.tensors["output.call_sigma"][0]
    draws = recording.draws()
    if scheduler["name"] == "dpmpp_2s_ancestral_flow":
        sigmas, x, done = sigmas[1:], recording.tensors["output.x_step.0"], 2
        next(draws)
    log_snrs = torch.log1p(-sigmas) - sigmas.log()
    return compared(recording, x, done, draws, scheduler=scheduler, path="flow", log_snrs=log_snrs)


def compared(
    recording: Recording, x: Tensor, done: int, draws: Iterator[Tensor], log_snrs: Tensor, **arguments: Any
) -> float:
    """The largest difference of the questions after the first `done`, and of the sample at the end.

    A question that the reference asks again, because it forgot the answer, counts once.
    """
    asked: list[tuple[Tensor, Tensor]] = []

    def net(x: Tensor, sigma: Tensor) -> Tensor:
        asked.append((x.clone(), sigma[0]))
        return denoise(x, sigma[0])

    mine = sampling.sample(
        net,
        x,
        **{
            "path": "ve",
            "prediction": "sample",
            "told": "sigma",
            "spacing": {"name": "explicit_log_snrs", "log_snrs": log_snrs.tolist(), "final": "listed"},
            "noise": lambda x, here, there: next(draws),
        }
        | arguments,
    )
    xs, sigmas = (recording.tensors[f"output.call_{name}"][done:] for name in ("x", "sigma"))
    first = [not any(torch.equal(x, before) for before in xs[:k]) for k, x in enumerate(xs)]
    pairs = [
        (torch.stack([sigma for _, sigma in asked]), sigmas[first]),
        (torch.stack([x for x, _ in asked]), xs[first]),
        (mine, recording.tensors["output.final"]),
    ]
    assert all(mine.shape == theirs.shape for mine, theirs in pairs), f"{recording.name}: other questions"
    return max(difference(mine, theirs) for mine, theirs in pairs)


def denoise(x: Tensor, sigma: Tensor) -> Tensor:
    """The recorded runs' model."""
    return 0.7 * torch.tanh(x / (1 + sigma**2).sqrt()) + 0.2 * x / (1 + sigma**2)


# ---- diffusers ---------------------------------------------------------------------------------------

FORMS = ("dpmsolver", "dpmsolver++", "sde-dpmsolver++")
PREDICTIONS = ("epsilon", "v", "sample")
SPACED = ("linspace", "karras", "exponential", "beta")
COUNTS = (1, 2, 3, 9, 20)


def singlestep() -> Iterator[Case]:
    """Every form, order and kind; then every prediction and spacing with the usual ones."""
    for form, order, kind in product(FORMS, (1, 2, 3), ("midpoint", "heun")):
        chosen = {"form": form, "order": order, "kind": kind}
        if form != "dpmsolver":  # which theirs refuses to end at no noise
            yield diffusers_case(chosen)
        yield diffusers_case(chosen, final="sigma_min")
        yield diffusers_case(chosen | {"lower_order_final": True}, (6, 12), final="sigma_min")
    for kind, spacing in product(PREDICTIONS, SPACED):
        yield diffusers_case({}, COUNTS if spacing == "linspace" else (2, 3, 9, 20), kind, spacing)
    yield diffusers_case({}, COUNTS, "flow", "flow")
    yield diffusers_case({"order": 3, "kind": "heun"}, COUNTS, "flow", "flow")


def diffusers_case(
    chosen: dict[str, Any],
    counts: tuple[int, ...] = COUNTS,
    prediction: str = "epsilon",
    spacing: str = "linspace",
    final: str = "zero",
) -> Case:
    told = [f"{key} {value}" for key, value in chosen.items()]
    told += ["to the clean end of training"] if final == "sigma_min" else []
    if chosen.get("form") == "sde-dpmsolver++" and chosen.get("order") == 3 and chosen.get("kind") == "heun":
        told.append("the sign of their third term put right")
    return Case(
        "dpm_solver_singlestep",
        ", ".join(told),
        prediction,
        "flow" if spacing == "flow" else "vp",
        "recorded" if spacing == "flow" else spacing,
        "diffusers DPMSolverSinglestepScheduler",
        partial(singlestep_difference, chosen, counts, prediction, spacing, final),
        EXACT,
    )


def singlestep_difference(
    chosen: dict[str, Any], counts: tuple[int, ...], prediction: str, spacing: str, final: str
) -> float:
    """The largest difference after any step, at any of these numbers of steps."""
    return max(_difference(chosen, steps, prediction, spacing, final) for steps in counts)


def _difference(chosen: dict[str, Any], steps: int, prediction: str, spacing: str, final: str) -> float:
    names = {"form": "algorithm_type", "order": "solver_order", "kind": "solver_type"}
    settings = {names.get(key, key): value for key, value in chosen.items()}
    flowing = {"use_flow_sigmas": True, "flow_shift": 3.0} if spacing == "flow" else runs.SPACINGS[spacing][0]
    with in_float64(scheduling_dpmsolver_singlestep):
        scheduler = _Righted(
            prediction_type=runs.NAMES[prediction], final_sigmas_type=final, **settings, **flowing
        )
        scheduler.set_timesteps(steps)
        visited = runs.listed(scheduler)
        theirs = runs.theirs(scheduler, generator=torch.Generator().manual_seed(SEED))
    mine = runs.ours(
        scheduler={"name": "dpm_solver_singlestep", **chosen},
        spacing=visited
        if spacing == "flow"
        else {**runs.SPACINGS[spacing][1], "steps": steps, "final": final},
        path="flow" if spacing == "flow" else "vp",
        prediction=prediction,
        noise=drawn(SEED),
    )
    return max(difference(one, other) for one, other in zip(mine, theirs, strict=True))


class _Righted(diffusers.DPMSolverSinglestepScheduler):
    """Theirs, but for a third term of the SDE whose constant has the wrong sign."""

    def singlestep_dpm_solver_third_order_update(self, outputs, *args, sample=None, noise=None, **kwargs):
        x = super().singlestep_dpm_solver_third_order_update(
            outputs, *args, sample=sample, noise=noise, **kwargs
        )
        if self.config.algorithm_type != "sde-dpmsolver++" or self.config.solver_type != "heun":
            return x
        sigmas = self.sigmas[self.step_index - 2 : self.step_index + 2]
        alphas, sigmas = zip(*map(self._sigma_to_alpha_sigma_t, sigmas), strict=True)
        at = [alpha.log() - sigma.log() for alpha, sigma in zip(alphas, sigmas, strict=True)]
        near, far = ((at[k] - at[0]) / (at[3] - at[0]) for k in (1, 2))
        slopes = (outputs[-2] - outputs[-3]) / near, (outputs[-1] - outputs[-3]) / far
        return x + alphas[3] * 2 * (slopes[1] - slopes[0]) / (far - near)
