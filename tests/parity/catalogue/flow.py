"""Samplers on the straight flow, beside diffusers' classes, which step in float32, and ComfyUI."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import diffusers
import torch

from diffsmith import sampling

from ..references import difference, drawn, normal
from .case import EXACT, FLOAT32, Case
from .few_step import replayed
from .first_order import SEED, network, theirs
from .karras import denoise
from .recorded import read

STEPS = 9
EQUAL = torch.linspace(1, 1 / STEPS, STEPS).tolist()
"""The flow times that the pipelines of Flux, Qwen-Image and others hand over."""

GRIDS: dict[str, tuple[dict[str, Any], dict[str, Any], dict[str, Any], dict[str, Any]]] = {
    "as Flux, no shift": ({}, {"sigmas": EQUAL}, {}, {"name": "shifted", "shift": 1}),
    "shift 3": ({"shift": 3.0}, {"sigmas": EQUAL}, {}, {"name": "shifted"}),
    "shift 3, as SD3": ({"shift": 3.0}, {}, {"shift": 3}, {"name": "shifted", "last": "training"}),
    "dynamic shift": (
        {"use_dynamic_shifting": True},
        {"sigmas": EQUAL, "mu": 0.8},
        {},
        {"name": "dynamic_shift", "mu": 0.8},
    ),
    "dynamic shift, linear": (
        {"use_dynamic_shifting": True, "time_shift_type": "linear"},
        {"sigmas": EQUAL, "mu": 0.8},
        {},
        {"name": "dynamic_shift", "mu": 0.8, "kind": "linear"},
    ),
    "to a terminal of 0.1": (
        {"shift": 3.0, "shift_terminal": 0.1},
        {"sigmas": EQUAL},
        {},
        {"name": "shifted", "terminal": 0.1},
    ),
    "karras": ({"use_karras_sigmas": True}, {}, {}, {"name": "karras"}),
    "exponential": ({"use_exponential_sigmas": True}, {}, {}, {"name": "exponential"}),
    "beta": ({"use_beta_sigmas": True}, {}, {}, {"name": "beta"}),
}
"""(their config, their call of set_timesteps, our schedule's options, our spacing)."""


def cases() -> Iterator[Case]:
    """Flow matching Euler, Heun and LCM."""
    for told, (config, call, path, spacing) in GRIDS.items():
        for name, options in (
            ("flow_euler", {}),
            ("flow_lcm", {}),
            ("flow_lcm", {"stochastic_sampling": True}),
        ):
            reference = "FlowMatchLCMScheduler" if name == "flow_lcm" and not options else EULER
            run = partial(difference_of, reference, name, config | options, call, path, spacing)
            set_to = ", ".join([told, *options])
            yield Case(name, set_to, "flow", "flow", spacing["name"], f"diffusers {reference}", run, FLOAT32)
    for steps in (1, 2, 20):
        run = partial(difference_of, EULER, "flow_euler", {}, {}, {}, {"name": "linspace"}, steps)
        yield Case(
            "flow_euler", f"{steps} steps", "flow", "flow", "linspace", f"diffusers {EULER}", run, FLOAT32
        )
    for steps, shift in ((1, 1.0), (2, 1.0), (9, 1.0), (9, 3.0), (20, 3.0)):
        run = partial(_heun, steps, shift)
        told, reference = f"{steps} steps, shift {shift:g}", "diffusers FlowMatchHeunDiscreteScheduler"
        yield Case("flow_heun", told, "flow", "flow", "shifted", reference, run, FLOAT32)
    yield Case(
        "flow_euler",
        "invert_sigmas (Mochi)",
        "flow",
        "flow",
        "shifted",
        f"diffusers {EULER}",
        _mochi,
        FLOAT32,
    )
    yield Case("flow_lcm", "", "sample", "flow", "recorded", "ComfyUI sample_lcm", _comfy, EXACT)


EULER = "FlowMatchEulerDiscreteScheduler"


def difference_of(
    reference: str,
    name: str,
    config: dict[str, Any],
    call: dict[str, Any],
    path: dict[str, Any],
    spacing: dict[str, Any],
    steps: int = STEPS,
) -> float:
    """The largest difference from pure noise."""
    scheduler = getattr(diffusers, reference)(**config)
    scheduler.set_timesteps(steps, **call)
    options = {"generator": torch.Generator().manual_seed(SEED)} if name == "flow_lcm" else {}
    other = theirs(scheduler, network, normal(0), **options)
    drawn_in = torch.float32 if reference == EULER else torch.float64
    mine = sampling.sample(
        network,
        normal(0),
        scheduler=name,
        path={"name": "flow"} | path,
        prediction="flow",
        spacing=spacing,
        steps=steps,
        noise=drawn(SEED, drawn_in),
    )
    return difference(mine, other)


def _heun(steps: int, shift: float) -> float:
    """Its stochastic churn is left out: theirs asks the network before the noise is added."""
    scheduler = diffusers.FlowMatchHeunDiscreteScheduler(shift=shift)
    scheduler.set_timesteps(steps)
    mine = sampling.sample(
        network,
        normal(0),
        scheduler="flow_heun",
        path={"name": "flow", "shift": shift},
        prediction="flow",
        spacing={"name": "shifted", "shift": shift, "last": "training"},
        steps=steps,
    )
    return difference(mine, theirs(scheduler, network, normal(0)))


def _mochi() -> float:
    """Time turned round: the network is told 1 - sigma and answers x0 - noise."""
    scheduler = diffusers.FlowMatchEulerDiscreteScheduler(invert_sigmas=True)
    scheduler.set_timesteps(STEPS, sigmas=EQUAL)
    mine = sampling.sample(
        lambda x, t: -network(x, 1000 - t),
        normal(0),
        scheduler="flow_euler",
        path="flow",
        prediction="flow",
        spacing={"name": "shifted", "shift": 1},
        steps=STEPS,
    )
    return difference(mine, theirs(scheduler, network, normal(0)))


def _comfy() -> float:
    tensors = read("comfyflow_lcm.0").tensors
    times = tensors["input.sigmas"]
    log_snrs = (torch.log1p(-times) - times.log()).tolist()
    choices = {"scheduler": "flow_lcm", "path": "flow", "prediction": "sample", "told": "timestep"}
    return replayed(
        "comfyflow_lcm.0",
        lambda x, t: denoise(x, t / 1000),
        tensors["input.x_init"],
        spacing={"name": "explicit_log_snrs", "log_snrs": log_snrs},
        **choices,
    )
