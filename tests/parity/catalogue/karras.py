"""The solvers of k-diffusion, against recorded runs of its own functions."""

from collections.abc import Iterator
from functools import partial

import torch
from torch import Tensor

from .case import EXACT, Case
from .recorded import read, recordings, rerun

SCHEDULERS = {
    "sample_euler": "euler",
    "sample_heun": "heun",
    "sample_dpm_2": "dpm_2",
    "sample_euler_ancestral": "euler_ancestral",
    "sample_dpm_2_ancestral": "dpm_2_ancestral",
    "sample_dpmpp_2s_ancestral": "dpmpp_2s_ancestral",
}


def cases() -> Iterator[Case]:
    """Each recorded run."""
    for name in recordings("kd_"):
        recording = read(name)
        function = recording.facts["class_or_function"]
        if function in SCHEDULERS and "s_tmin" not in recording.options:  # churn within limits: adams.py
            steps = len(recording.tensors["input.sigmas"]) - 1
            options = ours(recording.options, steps)
            scheduler = {"name": SCHEDULERS[function], **options}
            told = ", ".join(f"{key} {value:.3g}" for key, value in options.items())
            run = partial(rerun, name, denoise, scheduler=scheduler)
            yield Case(
                scheduler["name"], told, "sample", "ve", "recorded", f"k-diffusion {function}", run, EXACT
            )


def ours(options: dict[str, float], steps: int) -> dict[str, float]:
    """Their options as ours: churn is told by the step here, by the walk there."""
    if "s_churn" not in options:
        return options
    return {"gamma": min(options["s_churn"] / steps, 2**0.5 - 1), "s_noise": options.get("s_noise", 1.0)}


def denoise(x: Tensor, sigma: Tensor) -> Tensor:
    """The recorded runs' model."""
    return 0.7 * torch.tanh(x / (1 + sigma**2).sqrt()) + 0.2 * x / (1 + sigma**2)
