"""Trials in order: who leads, and who is beaten by nobody in everything."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from ...errors import DiffsmithError

if TYPE_CHECKING:
    from ..records import Trial

__all__ = ["Leaderboard"]


@dataclass(frozen=True)
class Leaderboard:
    """A view on trials. The first objective leads; constraints are upper bounds on scores."""

    trials: "Sequence[Trial]"
    objectives: dict[str, str]
    constraints: dict[str, float]

    @cached_property
    def ranked(self) -> "list[Trial]":
        """Complete trials: those that keep every constraint first, then by the leading objective."""
        complete = [trial for trial in self.trials if trial.state == "complete"]
        return sorted(
            complete, key=lambda trial: (not self.feasible(trial), self._costs(trial), trial.number)
        )

    @property
    def best(self) -> "Trial":
        """The leader; an error says so when no trial is complete yet or none keeps the constraints."""
        if not self.ranked:
            raise DiffsmithError("no trial is complete yet: give the sweep a larger budget and --resume it")
        leader = self.ranked[0]
        if not self.feasible(leader):
            bounds = ", ".join(f"{name} <= {bound:g}" for name, bound in self.constraints.items())
            raise DiffsmithError(f"no trial keeps {bounds}; resume for longer, or allow more")
        return leader

    @cached_property
    def front(self) -> "list[Trial]":
        """The Pareto front: no other feasible trial is as good in every objective and better in one."""
        able = [trial for trial in self.ranked if self.feasible(trial)]
        return [trial for trial in able if not any(self._beats(other, trial) for other in able)]

    def trial(self, number: int) -> "Trial":
        """The complete trial of that number; an error says which there are."""
        by_number = {trial.number: trial for trial in self.ranked}
        if number not in by_number:
            raise DiffsmithError(f"trial {number} is not complete. Complete: {sorted(by_number)}")
        return by_number[number]

    def feasible(self, trial: "Trial") -> bool:
        """Whether the trial keeps every constraint."""
        return all(trial.scores.get(name, float("inf")) <= bound for name, bound in self.constraints.items())

    def _costs(self, trial: "Trial") -> tuple[float, ...]:
        """The objectives as numbers to minimise."""
        return tuple(
            trial.scores[name] if direction == "minimize" else -trial.scores[name]
            for name, direction in self.objectives.items()
        )

    def _beats(self, one: "Trial", other: "Trial") -> bool:
        ours, theirs = self._costs(one), self._costs(other)
        return ours != theirs and all(a <= b for a, b in zip(ours, theirs, strict=True))
