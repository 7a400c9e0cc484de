"""The network asked for clean estimates of one batch, several branches in one go."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from ..diffusion.denoiser import Denoise, Denoiser
from ..diffusion.levels import Level
from ..diffusion.prediction import Prediction
from ..diffusion.schedules import NoiseSchedule

__all__ = ["Asked", "Conditions"]

Condition = Mapping[str, Tensor]
"""What the network reads beside x and t, by name, each [B, ...]."""

Conditions = Callable[[bool], Mapping[str, Condition]]
"""Whether there is guidance -> the condition of each branch."""


@dataclass
class Asked:
    """Callable as guidance asks; counts the network's calls, a branch each.

    beside: channels [B, C, ...] that the network gets with x. bounded: what a consistency model needs around
    its estimate. apart: one branch after the other, which takes less memory than all in one batch.
    """

    network: nn.Module
    schedule: NoiseSchedule
    prediction: Prediction
    bounded: Callable[[Denoise, NoiseSchedule], Denoise]
    conditions: Conditions
    beside: Tensor | None = None
    apart: bool = False
    calls: int = 0
    _held: dict[tuple[str, ...], dict[str, Tensor]] = field(default_factory=dict)

    def __call__(self, x: Tensor, level: Level, *branches: str, **told: float) -> tuple[Tensor, ...]:
        """(x, level, *branches) -> one clean estimate a branch."""
        if self.apart and len(branches) > 1:
            return tuple(self(x, level, branch, **told)[0] for branch in branches)
        self.calls += len(branches)
        own = Denoiser(self._net(branches, told, len(x)), self.schedule, self.prediction)
        denoise = self.bounded(own, self.schedule)
        return denoise(_repeated(x, len(branches)), level).chunk(len(branches))

    def _net(
        self, branches: tuple[str, ...], told: Mapping[str, float], batch: int
    ) -> Callable[[Tensor, float], Tensor]:
        condition = self._condition(branches)
        dtype = next(self.network.parameters()).dtype

        def net(x: Tensor, timestep: float) -> Tensor:
            wide = x if self.beside is None else torch.cat([x, _repeated(self.beside, len(branches))], dim=1)
            numbers = {name: x.new_full((len(x),), value) for name, value in told.items()}
            out: Tensor = self.network(wide.to(dtype), x.new_tensor(timestep), **condition, **numbers)
            return out.to(x.dtype)

        return net

    def _condition(self, branches: tuple[str, ...]) -> dict[str, Tensor]:
        """The branches' conditions as one batch: the very same tensors at every step."""
        if branches not in self._held:
            known = self.conditions("unconditional" in branches)
            names = known[branches[0]]
            self._held[branches] = {
                name: torch.cat([known[each][name] for each in branches]) for name in names
            }
        return self._held[branches]


def _repeated(x: Tensor, times: int) -> Tensor:
    return x if times == 1 else x.repeat(times, *[1] * (x.ndim - 1))
