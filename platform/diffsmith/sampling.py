"""Sampling with a person's own network: `diffsmith.sample`."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any, Literal

import torch
from torch import Tensor

from . import factory
from .diffusion.coordinates import moved_to
from .diffusion.denoiser import Denoiser
from .diffusion.noise import Noise
from .diffusion.scalars import Number
from .diffusion.schedules import NoiseSchedule
from .diffusion.trajectory import Frame
from .registry import Registry, default_registry
from .specs import Choice, SchedulerSpec, SpacingSpec, parse

__all__ = ["frames", "sample"]

Net = Callable[[Tensor, Tensor], Tensor]
Named = str | dict[str, Any]
Told = Literal["timestep", "sigma", "log_snr"]


def sample(net: Net, x: Tensor | Frame, **options: Any) -> Tensor:
    """The sample that `frames`, with the same arguments, arrives at; shaped like x."""
    *_, last = frames(net, x, **options)
    return last.x


@torch.no_grad()
def frames(  # noqa: PLR0913 — each is a choice of its own, most are never given
    net: Net,
    x: Tensor | Frame,
    *,
    scheduler: Named = "dpmpp_2m",
    steps: int = 20,
    spacing: Named = "trailing",
    path: Named = "vp",
    prediction: Named = "epsilon",
    told: Told = "timestep",
    sigmas: Sequence[float] | None = None,
    timesteps: Sequence[float] | None = None,
    log_snrs: Sequence[float] | None = None,
    noise: Noise | None = None,
    seeds: Sequence[int] | None = None,
    registry: Registry | None = None,
) -> Iterator[Frame]:
    """Walk x [B, ...] from noise to a sample with any callable net(x, t [B]) -> x-like, a Frame a step."""
    registry = registry or default_registry()
    schedule = _schedule(path, told, registry)
    levels = _levels(schedule, steps, spacing, sigmas, timesteps, log_snrs, registry)
    denoise = _denoise(net, schedule, prediction, registry)
    loop = factory.scheduler(parse(SchedulerSpec, _choice(scheduler)), registry)
    start = x.x if isinstance(x, Frame) else x
    noise = noise or registry.bind("noise", Choice(name="seeded"))(seeds or range(len(start)), levels, 0)
    for frame in loop(denoise, x, schedule, levels, noise):
        yield replace(frame, x=moved_to(schedule.path, frame.x, frame.level))


def _schedule(path: Named, told: Told, registry: Registry) -> NoiseSchedule:
    schedule: NoiseSchedule = registry.bind("schedules", Choice(**_choice(path)), "path")()
    telling = {"sigma": lambda level: level.ratio, "log_snr": lambda level: level.log_snr}
    return schedule if told == "timestep" else schedule._replace(label=telling[told])


def _levels(
    schedule: NoiseSchedule,
    steps: int,
    spacing: Named,
    sigmas: Sequence[float] | None,
    timesteps: Sequence[float] | None,
    log_snrs: Sequence[float] | None,
    registry: Registry,
) -> Tensor:
    listed = {"sigmas": sigmas, "timesteps": timesteps, "log_snrs": log_snrs}
    for name, values in listed.items():
        if values is not None:
            spacing = {"name": f"explicit_{name}", name: tuple(map(float, values))}
    choice = parse(SpacingSpec, {"steps": steps, **_choice(spacing)})
    placed: Tensor = registry.bind("spacings", choice, "spacing")(schedule, choice.steps)
    return placed


def _denoise(net: Net, schedule: NoiseSchedule, prediction: Named, registry: Registry) -> Denoiser:
    row = registry.bind("predictions", Choice(**_choice(prediction)), "prediction")()

    def told(x: Tensor, label: Number) -> Tensor:
        precise = x.dtype if x.dtype == torch.float64 else torch.float32
        return net(x, torch.full((len(x),), label, dtype=precise, device=x.device))

    return Denoiser(told, schedule, row)


def _choice(named: Named) -> dict[str, Any]:
    return {"name": named} if isinstance(named, str) else dict(named)
