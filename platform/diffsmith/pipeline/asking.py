"""The network asked for clean estimates of one batch, several branches in one go."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import torch
from torch import Tensor

from ..diffusion.answers import Answer, answer
from ..diffusion.denoiser import Denoise, Denoiser
from ..diffusion.levels import Level
from ..diffusion.prediction import Prediction
from ..diffusion.schedules import NoiseSchedule
from ..errors import SpecError

__all__ = ["Asked", "Conditions", "Telling"]

Condition = Mapping[str, Tensor]
"""What the network reads beside x and t, by name, each [B, ...]."""

Branches = tuple[str, ...]

Conditions = Callable[[bool], Mapping[str, Condition]]
"""Whether there is guidance -> the condition of each branch."""


@dataclass
class Asked:
    """Callable as guidance asks; counts the network's calls, a branch each.

    bounded: what a consistency model needs around its estimate. apart: one branch after the other, which
    takes less memory than all in one batch.
    """

    network: Callable[..., Tensor]
    dtype: torch.dtype
    schedule: NoiseSchedule
    prediction: Prediction
    bounded: Callable[[Denoise, NoiseSchedule], Denoise]
    conditions: Conditions
    apart: bool = False
    calls: int = 0
    variance: Tensor | None = None
    """The network's last word on it, for the first branch asked, where it learned variances."""
    _known: dict[bool, Mapping[str, Condition]] = field(default_factory=dict)
    _held: dict[tuple[bool, Branches], dict[str, Tensor]] = field(default_factory=dict)
    _numbers: dict[tuple[str, float, int], Tensor] = field(default_factory=dict)

    def __call__(self, x: Tensor, level: Level, *branches: str, **told: float) -> tuple[Tensor, ...]:
        """(x, level, *branches) -> one clean estimate a branch."""
        guided = "unconditional" in branches
        batches = [(branch,) for branch in branches] if self.apart else [branches]
        answers = [self._answer(x, level, batch, guided, told) for batch in batches]
        self.calls += len(branches)
        first = answers[0].variance
        self.variance = None if first is None else first[: len(x)]
        return tuple(x0 for each in answers for x0 in torch.split(each.x0, len(x)))

    def _answer(
        self, x: Tensor, level: Level, branches: Branches, guided: bool, told: Mapping[str, float]
    ) -> Answer:
        net = self._net(self._condition(branches, guided), told)
        denoise = self.bounded(Denoiser(net, self.schedule, self.prediction), self.schedule)
        return answer(denoise, _repeated(x, len(branches)), level)

    def _net(self, condition: Condition, told: Mapping[str, float]) -> Callable[[Tensor, float], Tensor]:
        def net(x: Tensor, timestep: float) -> Tensor:
            numbers = {name: self._number(name, value, x) for name, value in told.items()}
            try:
                out: Tensor = self.network(x.to(self.dtype), x.new_tensor(timestep), **condition, **numbers)
            except (TypeError, ValueError) as error:  # what networks raise at conditions that are not theirs
                raise SpecError([f"conditioner, guidance: the network cannot read them: {error}"]) from error
            return out.to(x.dtype)

        return net

    def _number(self, name: str, value: float, x: Tensor) -> Tensor:
        """A number for each row of x: the very same tensor at every step."""
        key = (name, value, len(x))
        if key not in self._numbers:
            self._numbers[key] = x.new_full((len(x),), value)
        return self._numbers[key]

    def _condition(self, branches: Branches, guided: bool) -> dict[str, Tensor]:
        """The branches' conditions as one batch: the very same tensors at every step."""
        if guided not in self._known:
            self._known[guided] = self.conditions(guided)
        known = self._known[guided]
        if (guided, branches) not in self._held:
            named = {name: [known[each][name] for each in branches] for name in known[branches[0]]}
            self._held[guided, branches] = {name: torch.cat(each) for name, each in named.items()}
        return self._held[guided, branches]


@dataclass(frozen=True, slots=True)
class Telling:
    """A guided denoiser, and what the network that it asks says of its variance."""

    guided: Denoise
    asked: Asked

    def __call__(self, x: Tensor, level: Level) -> Tensor:
        """The clean estimate alone."""
        return self.guided(x, level)

    def answer(self, x: Tensor, level: Level) -> Answer:
        """The same, with the variance of this very question."""
        return answer(self.guided, x, level)._replace(variance=self.asked.variance)


def _repeated(x: Tensor, times: int) -> Tensor:
    return x if times == 1 else x.repeat(times, *[1] * (x.ndim - 1))
