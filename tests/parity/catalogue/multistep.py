"""Multistep in log-SNR: recorded runs of k-diffusion and ComfyUI, on VE and on flow."""

import math
from collections.abc import Iterator
from functools import partial
from typing import Any

import torch

from .case import EXACT, FLOAT32, Case
from .karras import denoise
from .recorded import Recording, read, recordings, rerun

SCHEDULERS = {
    "sample_dpmpp_2m": "dpmpp_2m",
    "sample_dpmpp_2m_sde": "dpmpp_2m_sde",
    "sample_dpmpp_2m_sde_heun": "dpmpp_2m_sde_heun",
    "sample_dpmpp_3m_sde": "dpmpp_3m_sde",
    "sample_res_multistep": "res_multistep",
    "sample_res_multistep_ancestral": "res_multistep_ancestral",
    "sample_er_sde": "er_sde",
    "sample_sa_solver": "sa_solver",
    "sample_sa_solver_pece": "sa_solver_pece",
}
PROGRAMS = {"kd": "k-diffusion", "comfy": "ComfyUI", "comfyflow": "ComfyUI"}


def cases() -> Iterator[Case]:
    """Each recorded run of the family."""
    for prefix in ("kd_", "comfy_", "comfyflow_"):
        for name in recordings(prefix):
            recording = read(name)
            function = recording.facts["class_or_function"]
            if function in SCHEDULERS:
                yield _case(recording, function)


def _case(recording: Recording, function: str) -> Case:
    flowing = recording.name.startswith("comfyflow")
    options = ours(recording, function)
    told = ", ".join(f"{key} {value:.3g}" if isinstance(value, float) else f"{key} {value}"
                     for key, value in options.items())  # fmt: skip
    scheduler = {"name": SCHEDULERS[function], **options}
    arguments = {"path": "flow", "spacing": on_flow(recording)} if flowing else {}
    # Its integrals are sums over a float32 grid.
    bound = FLOAT32 if function == "sample_er_sde" and options.get("max_stage") != 1 else EXACT
    return Case(
        SCHEDULERS[function],
        told,
        "sample",
        "flow" if flowing else "ve",
        "recorded",
        f"{PROGRAMS[recording.name.partition('_')[0]]} {function}",
        partial(rerun, recording.name, denoise, scheduler=scheduler, **arguments),
        bound,
    )


def ours(recording: Recording, function: str) -> dict[str, Any]:
    """Their options as ours."""
    options = {key: value for key, value in recording.options.items() if key != "percent_to_sigma"}
    if "solver_type" in options:
        options["kind"] = options.pop("solver_type")
    if "sa_solver" not in function:
        return options
    if function == "sample_sa_solver":
        options = {"predictor_order": 3, "corrector_order": 4, "simple_order_2": False} | options
    return options | strength(options["tau"]) | {"lower_sooner": True}


def strength(tau: str) -> dict[str, float]:
    """Their interval as ours, in noise to signal."""
    if tau.startswith("constant"):
        return {"tau": float(tau.rsplit(maxsplit=1)[-1]), "tau_from": math.inf, "tau_to": 0.0}
    if "percent" in tau:
        high, low = (3 * (1 - p) / (1 + 2 * (1 - p)) for p in (0.2, 0.8))
        return {"tau": 1.0, "tau_from": high / (1 - high), "tau_to": low / (1 - low)}
    return {"tau": 1.0, "tau_from": 14.6**0.8 * 0.03**0.2, "tau_to": 14.6**0.2 * 0.03**0.8}


def on_flow(recording: Recording) -> dict[str, Any]:
    """The levels it asked at, the first moved off pure noise, and then none."""
    sigmas = recording.tensors["output.call_sigma"]
    return {"name": "explicit_log_snrs", "log_snrs": (torch.log1p(-sigmas) - sigmas.log()).tolist()}
