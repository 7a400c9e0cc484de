"""SA-Solver beside recorded runs of its own program, on time in (0, 1]."""

import math
from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor

from diffsmith import sampling
from diffsmith.diffusion.levels import Level

from ..references import difference
from .case import EXACT, Case
from .recorded import read, recordings

LAST = 1e-3
WIDER = 1 + 1e-9  # than what a level loses through exp and log


def cases() -> Iterator[Case]:
    """Few steps leave noise at the end; more steps go on to none, and ask twice there."""
    for name in recordings("sasolver_"):
        options = read(name).options
        told = ", ".join(
            f"{key} {options[key]}" for key in ("mode", "predictor_order", "corrector_order", "tau")
        )
        row = "sa_solver_pece" if "pc_mode" in options else "sa_solver"
        reference = "scxue SASolver.sample"
        yield Case(row, told, "epsilon", "vp", "recorded", reference, partial(rerun, name, row), EXACT)


def rerun(name: str, row: str) -> float:
    """The largest difference of any question asked, and of the sample at the end."""
    recording, asked = read(name), []
    times = list(dict.fromkeys([*recording.tensors["output.call_sigma"].tolist(), LAST]))
    log_snrs = [log_snr(time, recording.options["noise_schedule"]) for time in times]
    more = recording.options["mode"] == "more_steps"

    def net(x: Tensor, told: Tensor) -> Tensor:
        time = times[nearest(log_snrs, told[0].item())]
        asked.append(x.clone())
        return (0.5 + 0.5 * time) * x.tanh() + 0.2 * x

    def noise(x: Tensor, here: Level, there: Level) -> Tensor:
        return recording.tensors[f"noise.{nearest(log_snrs, there.log_snr)}"]

    choices: dict[str, Any] = {
        "spacing": {"name": "explicit_log_snrs", "log_snrs": log_snrs, "final": "zero" if more else "listed"},
        "told": "log_snr",
        "noise": noise,
    }
    options = {
        "predictor_order": recording.options["predictor_order"],
        "corrector_order": recording.options["corrector_order"],
        "simple_order_2": not more,
        "final_order": 0 if more else 1,
        **strength(recording.options["tau"], times, log_snrs),
    }
    frames = list(
        sampling.frames(net, recording.tensors["input.x_init"], scheduler={"name": row, **options}, **choices)
    )
    mine = frames[-1].x
    if more:  # the last place is corrected and asked about again
        asked.pop()
        scheduler = {"name": "sa_solver_pece", **options}
        mine = sampling.sample(net, frames[-2], scheduler=scheduler, **choices)
    pairs = [
        (torch.stack(asked), recording.tensors["output.call_x"]),
        (mine, recording.tensors["output.final"]),
    ]
    assert all(a.shape == b.shape for a, b in pairs), f"{name}: other questions were asked"
    return max(difference(a, b) for a, b in pairs)


def log_snr(time: float, schedule: str) -> float:
    """Of their two schedules: betas that grow evenly, and Stable Diffusion's table between its entries."""
    if schedule.startswith("linear"):
        log_alpha = -(time**2) * (20 - 0.1) / 4 - time * 0.1 / 2
    else:
        betas = np.linspace(0.00085**0.5, 0.012**0.5, 1000) ** 2
        log_alpha = np.interp(time, np.arange(1, 1001) / 1000, np.log1p(-betas).cumsum() / 2)
    return float(log_alpha - math.log(-math.expm1(2 * log_alpha)) / 2)


def strength(tau: str, times: list[float], log_snrs: list[float]) -> dict[str, float]:
    """Their tau as ours, in noise to signal; few steps end in one that adds no noise."""
    if tau.startswith("constant"):
        return {
            "tau": float(tau.rsplit(maxsplit=1)[-1]),
            "tau_from": math.inf,
            "tau_to": math.exp(-log_snrs[-2]) / WIDER,
        }
    inside = [math.exp(-at) for time, at in zip(times, log_snrs, strict=True) if 0.2 <= time <= 0.8]
    return {"tau": 1.0, "tau_from": inside[0] * WIDER, "tau_to": inside[-1] / WIDER}


def nearest(log_snrs: list[float], wanted: float) -> int:
    """The index of a level that came back through exp and log."""
    return min(range(len(log_snrs)), key=lambda k: abs(log_snrs[k] - wanted))
