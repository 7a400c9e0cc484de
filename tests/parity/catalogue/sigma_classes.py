"""diffusers' schedulers in sigma: Euler, Heun, KDPM2 and LMS, with a network that is told timesteps."""

from collections.abc import Iterator
from functools import partial
from itertools import product
from typing import Any

import diffusers
import torch
from torch import Tensor

from diffsmith import sampling

from ..in_float64 import ALPHA_BARS, in_float64
from ..references import difference, drawn, normal
from .case import EXACT, Case

SEED = 7
CLASSES = {
    "EulerDiscreteScheduler": ("euler", ("epsilon", "v", "sample")),
    "EulerAncestralDiscreteScheduler": ("euler_ancestral", ("epsilon", "v")),
    "HeunDiscreteScheduler": ("heun", ("epsilon", "v", "sample")),
    "KDPM2DiscreteScheduler": ("dpm_2", ("epsilon", "v")),
    "KDPM2AncestralDiscreteScheduler": ("dpm_2_ancestral", ("epsilon", "v")),
    "LMSDiscreteScheduler": ("lms", ("epsilon", "v", "sample")),
}
NAMES = {"epsilon": "epsilon", "v": "v_prediction", "sample": "sample"}
BY_TIMESTEP = {
    "linspace": ({}, {}),
    "leading": ({}, {}),
    "leading, offset 1": ({"offset": 1}, {"steps_offset": 1}),
    "trailing": ({}, {}),
}
BY_SIGMA = {
    "": ({}, {}),
    "within leading, offset 1": ({"within": "leading", "offset": 1}, {"steps_offset": 1}),
    "within trailing": ({"within": "trailing"}, {}),
}


def cases() -> Iterator[Case]:
    """Every class with every prediction and every spacing it has, and what some of them can do beside."""
    for name, (_, kinds) in CLASSES.items():
        for kind, spacing in product(kinds, BY_TIMESTEP):
            yield by_timestep(name, kind, spacing)
        for spacing, within in product(("karras", "exponential", "beta"), BY_SIGMA):
            if name != "EulerAncestralDiscreteScheduler":
                yield by_sigma(name, spacing, within)
    for order in (1, 2, 3):
        theirs = {"timestep_spacing": "trailing"}
        run = partial(differences, "LMSDiscreteScheduler", "epsilon", "trailing", {}, theirs, order=order)
        yield case("LMSDiscreteScheduler", f"order {order}", "epsilon", "trailing", run)
    run = partial(
        differences, "EulerDiscreteScheduler", "v", "karras", SVD, SVD_THEIRS, {"label": "log_sigma"}
    )
    yield case("EulerDiscreteScheduler", "told log sigma / 4, sigma 0.002 to 700", "v", "karras", run)


SVD = {"sigma_min": 0.002, "sigma_max": 700.0}
SVD_THEIRS = {"use_karras_sigmas": True, "timestep_type": "continuous", **SVD}


def case(name: str, options: str, kind: str, spacing: str, run: partial[float]) -> Case:
    return Case(CLASSES[name][0], options, kind, "vp", spacing, f"diffusers {name}", run, EXACT)


def by_timestep(name: str, kind: str, spacing: str) -> Case:
    ours, theirs = BY_TIMESTEP[spacing]
    spacing, _, told = spacing.partition(", ")
    counts, path = (1, 2, 3, 9, 20), {}
    if spacing == "linspace" and "KDPM2" in name:
        counts = (2, 4, 10, 28)  # their timesteps are whole: between two, KDPM2 has two ways of reading them
    elif spacing == "linspace":
        counts, path = counts[1:], {"interpolation": "sigma"}  # one step starts at the clean end there
    theirs = {"timestep_spacing": spacing, **theirs}
    return case(
        name, told, kind, spacing, partial(differences, name, kind, spacing, ours, theirs, path, counts)
    )


def by_sigma(name: str, spacing: str, within: str) -> Case:
    ours, theirs = BY_SIGMA[within]
    chosen = {f"use_{spacing}_sigmas": True, "timestep_spacing": ours.get("within", "linspace"), **theirs}
    rounded = "whole timesteps told" if _rounds(name, spacing) else ""
    told = ", ".join(filter(None, (within, rounded)))
    return case(name, told, "epsilon", spacing, partial(differences, name, "epsilon", spacing, ours, chosen))


def _rounds(name: str, spacing: str) -> bool:
    """KDPM2 rounds the timesteps of its karras sigmas, and only those."""
    return "KDPM2" in name and spacing == "karras"


def differences(
    name: str,
    kind: str,
    spacing: str,
    ours: dict[str, Any],
    theirs: dict[str, Any],
    path: dict[str, Any] | None = None,
    counts: tuple[int, ...] = (2, 3, 9, 20),
    **options: Any,
) -> float:
    """The largest difference at any of these numbers of steps."""
    scheduler = {"name": CLASSES[name][0], **options}
    settings = {"prediction_type": NAMES[kind], "beta_start": 1e-4, "beta_end": 0.02, **theirs}
    reference = getattr(diffusers, name)(**settings)
    reference.alphas_cumprod = ALPHA_BARS
    chosen = {"scheduler": scheduler, "prediction": kind, "path": {"name": "vp", **(path or {})}}
    close = 0.51 if _rounds(name, spacing) else 1e-3
    return max(
        _difference(reference, chosen, {"name": spacing, "steps": steps, **ours}, options, close)
        for steps in counts
    )


def _difference(
    reference: Any, chosen: dict[str, Any], spacing: dict[str, Any], options: dict[str, Any], close: float
) -> float:
    with in_float64(reference):
        reference.set_timesteps(spacing["steps"])
        # Their x is ours divided by alpha = 1 / sqrt(sigma^2 + 1).
        theirs = _run(reference, normal(0) * (reference.sigmas[0] ** 2 + 1).sqrt(), options)
    told = iter(reference.timesteps.double())

    def net(x: Tensor, label: Tensor) -> Tensor:
        timestep = next(told)
        assert (timestep - label).abs().max() < close
        return network(x, timestep)

    mine = sampling.sample(net, normal(0), spacing=spacing, noise=drawn(SEED), **chosen)
    assert next(told, None) is None
    return difference(mine, theirs)


def _run(scheduler: Any, x: Tensor, options: dict[str, Any]) -> Tensor:
    name = type(scheduler).__name__
    extra = {"generator": torch.Generator().manual_seed(SEED)} if "Ancestral" in name else options
    for t in scheduler.timesteps:
        out = network(scheduler.scale_model_input(x, t), t.double())
        x = scheduler.step(out, t, x, **extra).prev_sample
    return x


def network(x: Tensor, label: Tensor) -> Tensor:
    """Bounded, and different at every label: it shows a wrong label, a wrong scale and a wrong inversion."""
    return 0.7 * x.tanh() + 0.2 * torch.cos(label.reshape(-1)[0] / 150) * x
