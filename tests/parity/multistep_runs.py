"""How diffusers' multistep schedulers are run, and ours beside them."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from diffsmith import sampling
from diffsmith.diffusion.levels import Level

from .references import normal

NAMES = {"epsilon": "epsilon", "v": "v_prediction", "sample": "sample", "flow": "flow_prediction"}
SPACINGS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "linspace": ({}, {"name": "linspace", "whole": True, "closed": False}),
    "leading": ({"timestep_spacing": "leading"}, {"name": "leading", "closed": False}),
    "trailing": ({"timestep_spacing": "trailing"}, {"name": "trailing"}),
    "karras": ({"use_karras_sigmas": True}, {"name": "karras"}),
    "exponential": ({"use_exponential_sigmas": True}, {"name": "exponential"}),
    "beta": ({"use_beta_sigmas": True}, {"name": "beta"}),
    "lu": ({"use_lu_lambdas": True}, {"name": "lu"}),
}
"""Theirs by option, and ours."""


def network(x: Tensor, log_snr: Tensor) -> Tensor:
    """Bounded, and different at every level: it shows a wrong level, scale or inversion."""
    return 0.7 * x.tanh() + 0.2 * torch.cos(log_snr.flatten()[0]) * x


def theirs(scheduler: Any, draws: list[Tensor] | None = None, **options: Any) -> list[Tensor]:
    """The sample after every step of a scheduler whose timesteps are set."""
    x, xs = normal(0), []
    flowing = scheduler.config.use_flow_sigmas
    for index, t in enumerate(scheduler.timesteps):
        sigma = scheduler.sigmas[index]
        out = network(x, (torch.log1p(-sigma) if flowing else 0) - sigma.log())
        drawn = {} if draws is None else {"variance_noise": draws[index]}
        x = scheduler.step(out, t, x, **drawn, **options).prev_sample
        xs.append(x)
    return xs


def never_repeating(scheduler: Any) -> None:
    """Sigmas spread between the ends of training end at the last one twice there; here at half of it."""
    if scheduler.sigmas[-1] > 0.999 * scheduler.sigmas[-2]:
        scheduler.sigmas[-1] /= 2


def told(spacing: str) -> str:
    """Their levels, in words for the table, where noise is left at the end."""
    repeats = spacing not in ("linspace", "leading", "trailing")
    return f"their {spacing}, noise left" + ", the last level, twice there, halved" * repeats


def log_snrs_of(scheduler: Any) -> list[float]:
    """The levels it visits."""
    sigmas = scheduler.sigmas
    flowing = scheduler.config.use_flow_sigmas
    return ((torch.log1p(-sigmas) if flowing else 0) - sigmas.log()).tolist()


def listed(scheduler: Any) -> dict[str, Any]:
    """Its levels as our spacing."""
    return {"name": "explicit_log_snrs", "log_snrs": log_snrs_of(scheduler), "final": "listed"}


def ours(
    draws: list[Tensor] | None = None, visited: list[float] | None = None, **choices: Any
) -> list[Tensor]:
    """The sample after each of our steps; of a listed draw for every step, those it asks for."""

    def noise(x: Tensor, here: Level, there: Level) -> Tensor:
        index = min(range(len(visited)), key=lambda k: abs(visited[k] - here.log_snr))
        return draws[index]

    given = {} if draws is None else {"noise": noise}
    frames: Callable[..., Any] = sampling.frames
    return [frame.x for frame in frames(network, normal(0), told="log_snr", **given, **choices)]
