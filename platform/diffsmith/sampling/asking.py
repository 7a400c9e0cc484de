"""A person's network as a denoiser: what it is told, what it answers, and how it is guided."""

from collections.abc import Callable
from typing import Literal, NamedTuple

import torch
from torch import Tensor

from ..diffusion.denoiser import Denoise, Denoiser
from ..diffusion.levels import Level, flow
from ..diffusion.prediction import Prediction
from ..diffusion.scalars import Number
from ..diffusion.schedules import NoiseSchedule
from ..errors import SpecError, unknown_name
from ..refusals import require_heeded
from ..registry import Registry
from ..specs import SchedulerSpec
from .named import Named, choice

__all__ = ["Asked", "Net", "Told", "Wrap", "noise_known"]

Net = Callable[[Tensor, Tensor], Tensor]
"""(x [B, ...], what it is told [B]) -> its answer, shaped like x."""

Wrap = Callable[[Denoise, NoiseSchedule], Denoise]
"""What a network needs around it, as consistency models need a boundary condition."""

Told = Literal["timestep", "sigma", "log_snr"]


def noise_known(path: Named | NoiseSchedule, told: Told, registry: Registry) -> NoiseSchedule:
    """The noise the network knows; `told` names what it is given for a level."""
    if told not in ("timestep", *_TELLING):
        raise SpecError([unknown_name("told", told, ["timestep", *_TELLING])])
    known = path if isinstance(path, NoiseSchedule) else _built(path, registry)
    return known if told == "timestep" else known._replace(label=_TELLING[told](known))


def _built(path: Named, registry: Registry) -> NoiseSchedule:
    make = registry.bind("schedules", choice(path, "path"), "path")
    try:
        built: NoiseSchedule = make()
    except ValueError as error:
        raise SpecError([f"path: {error}"]) from None
    return built


def _sigma(schedule: NoiseSchedule) -> Callable[[Level], Number]:
    """A flow's own sigma, in [0, 1]; elsewhere the noise for a signal of size one, as k-diffusion has it."""
    return (lambda level: level.sigma) if schedule.path is flow else (lambda level: level.ratio)


_TELLING: dict[str, Callable[[NoiseSchedule], Callable[[Level], Number]]] = {
    "sigma": _sigma,
    "log_snr": lambda schedule: lambda level: level.log_snr,
}


class Asked(NamedTuple):
    """The network, what it answers, and what is put around its clean estimate, from the inside out."""

    net: Net
    uncond: Net | None
    prediction: Prediction
    boundary: Named | Wrap | None
    guidance: Named
    threshold: Named | None

    def denoiser(self, schedule: NoiseSchedule, solver: SchedulerSpec, registry: Registry) -> Denoise:
        """The clean estimates that a walk works with; a SpecError where the solver would not heed them."""
        if (self.uncond is None) != (self.guidance == "none"):
            raise SpecError(["guidance, uncond: each needs the other, as guidance='cfg', uncond=net"])
        denoise = self._own(self.net, schedule, registry)
        if self.uncond is not None:
            denoise = self._guided(denoise, self._own(self.uncond, schedule, registry), registry)
            if hasattr(denoise, "answer"):
                require_heeded("guidance", solver, registry)
        if self.threshold is not None:
            if choice(self.threshold, "threshold").options.get("keep_noise"):
                require_heeded("threshold.keep_noise", solver, registry)
            denoise = registry.bind("thresholds", choice(self.threshold, "threshold"), "threshold")(denoise)
        return denoise

    def _guided(self, denoise: Denoise, plain: Denoise, registry: Registry) -> Denoise:
        branches = {"conditional": denoise, "unconditional": plain}

        def ask(x: Tensor, level: Level, *wanted: str, **told: float) -> tuple[Tensor, ...]:
            if told:
                names = ", ".join(told)
                raise SpecError([f"guidance: the network is told {names} by it: do that in net itself"])
            return tuple(branches[branch](x, level) for branch in wanted)

        make = registry.bind("guidance", choice(self.guidance, "guidance"), "guidance")
        guided: Denoise = make(ask, self.prediction)
        return guided

    def _own(self, net: Net, schedule: NoiseSchedule, registry: Registry) -> Denoise:
        denoise: Denoise = Denoiser(_batched(net), schedule, self.prediction)
        if self.boundary is None:
            return denoise
        if callable(self.boundary):
            return self.boundary(denoise, schedule)
        bounded: Denoise = registry.bind("boundaries", choice(self.boundary, "boundary"), "boundary")(
            denoise, schedule
        )
        return bounded


def _batched(net: Net) -> Callable[[Tensor, Number], Tensor]:
    """The network, told one number a sample, in single precision at least."""

    def told(x: Tensor, label: Number) -> Tensor:
        precise = x.dtype if x.dtype == torch.float64 else torch.float32
        before = _changes(x)
        out = net(x, torch.full((len(x),), label, dtype=precise, device=x.device))
        if _changes(x) != before:
            raise SpecError(
                ["net: it changes x in place, which the walk still needs: have it work on a copy"]
            )
        return out

    return told


def _changes(x: Tensor) -> int:
    """How often x was changed in place, as far as torch counts."""
    return 0 if x.is_inference() else x._version
