"""The live side of a sweep: what is asked of Optuna, what is told to it, and what is remembered."""

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import optuna
from optuna.samplers import RandomSampler
from optuna.trial import TrialState

from ..specs import SweepSpec, TrainSpec, parse
from . import storage
from .budget import Budget, converged
from .pruning import hopeless
from .records import Trial
from .spaces.dimensions import Space, every, merged, space_of, suggest
from .trials.jobs import Climbed, Ended, Job

__all__ = ["Search"]

_TRIES = 20
_STATES = {"complete": TrialState.COMPLETE, "pruned": TrialState.PRUNED}


class Search:
    """Asks for trials and takes their results. Knows no process and no clock but the budget's."""

    def __init__(
        self, spec: SweepSpec, study: optuna.Study, folder: Path, metrics: tuple[str, ...], budget: Budget
    ) -> None:
        self.spec, self.study, self.folder, self.metrics, self.budget = spec, study, folder, metrics, budget
        self.stopped = ""
        self._exhausted = False
        self._space: Space = space_of(spec.space)
        self._base = spec.base.to_dict()
        self._live: dict[int, optuna.Trial] = {}
        self.trials = {trial.number: trial for trial in storage.records(study, folder / "trials")}
        self._take_up_again()

    @property
    def running(self) -> list[int]:
        """Numbers of the trials under way."""
        return list(self._live)

    @property
    def leading(self) -> str:
        """The objective that decides between trials."""
        return next(iter(self.spec.objectives))

    def ask(self) -> Trial | None:
        """A configuration nobody tried; None, and `stopped`, when it is time to stop."""
        self.stopped = self._why_stop()
        if self.stopped:
            return None
        for attempt in range(_TRIES):
            trial = self._started(self._asked(at_random=attempt > 0))
            if trial is not None:
                return trial
        left = next((params for params in every(self._space) if not self._tried(self._spec(params))), None)
        if left is not None:
            self.study.enqueue_trial(left)
            return self._started(self._asked())
        self._exhausted = True
        self.stopped = self._why_stop()
        return None

    def job(self, trial: Trial) -> Job:
        """What a worker has to do for a trial."""
        return Job(
            trial.number,
            trial.spec,
            str(trial.folder),
            self.spec.rungs,
            self.spec.samples,
            self.metrics,
            self.spec.seed,
            self.spec.base.data.to_dict(),
        )

    def climbed(self, event: Climbed) -> bool:
        """Note a score on the way; whether the trial is worth going on with."""
        trial = self.trials[event.number]
        height = len(trial.rungs)
        self.trials[event.number] = replace(trial, rungs=(*trial.rungs, event.rung))
        if self.leading not in event.rung.scores or height >= len(self.spec.rungs):
            return True
        score = event.rung.scores[self.leading]
        if len(self.spec.objectives) == 1:
            self._live[event.number].report(score, height)
        others = [
            other
            for other in self.trials.values()
            if other.number != event.number and len(other.rungs) > height
        ]
        peers = [other.rungs[height].scores[self.leading] for other in others]
        # With several objectives a weaker but faster trial may have its place on the front.
        keep = 0.5 if len(self.spec.objectives) == 1 else 0.75
        return not hopeless(score, peers, self.spec.objectives[self.leading], keep)

    def tell(self, event: Ended) -> Trial:
        """Take a trial's end: remembered first, then told, so that a kill in between loses nothing."""
        event = self._with_finite_scores(event)
        trial = replace(
            self.trials[event.number],
            state=event.state,
            scores=event.scores,
            seconds=event.seconds,
            reason=event.reason,
        )
        self.trials[trial.number] = trial
        live = self._live.pop(trial.number)
        for name, bound in self.spec.constraints.items():
            if trial.state == "complete" and name in trial.scores:
                live.set_constraint(name, trial.scores[name] - bound)
        storage.remember(self.study, trial)
        self.study.set_user_attr("spent", self.budget.spent)
        self._tell_optuna(live, trial)
        return trial

    def _tell_optuna(self, live: "optuna.Trial | int", trial: Trial) -> None:
        values = [trial.scores[name] for name in self.spec.objectives] if trial.state == "complete" else None
        self.study.tell(live, values, state=_STATES.get(trial.state, TrialState.FAIL))

    def _why_stop(self) -> str:
        ended = [trial for trial in self.trials.values() if trial.state in {"complete", "pruned", "failed"}]
        complete = [trial for trial in ended if trial.state == "complete"]
        if self.budget.trials is not None and len(ended) + len(self._live) >= self.budget.trials:
            return f"{self.budget.trials} trials were made"
        if self.budget.left <= min((trial.seconds for trial in complete), default=0):
            return "the time budget is spent"
        sign = 1 if self.spec.objectives[self.leading] == "minimize" else -1
        if converged([sign * trial.scores[self.leading] for trial in complete], self.spec.patience):
            return f"the last {self.spec.patience} trials brought nothing better"
        return "every configuration of the space was tried" if self._exhausted else ""

    def _asked(self, at_random: bool = False) -> optuna.Trial:
        """A trial from the study's sampler; at random where that keeps saying what was tried before."""
        sampler = self.study.sampler
        if at_random:
            self.study.sampler = RandomSampler(seed=len(self.study.get_trials(deepcopy=False)))
        try:
            return self.study.ask()
        finally:
            self.study.sampler = sampler

    def _started(self, live: optuna.Trial) -> Trial | None:
        """The trial, under way; None if its configuration was tried before."""
        params = suggest(live, self._space)
        spec = self._spec(params)
        if self._tried(spec):
            self.study.tell(live, state=TrialState.FAIL)
            return None
        trial = Trial(live.number, "running", params, spec.to_dict(), self._folder(spec))
        trial.folder.mkdir(parents=True, exist_ok=True)
        self._live[live.number], self.trials[live.number] = live, trial
        storage.remember(self.study, trial)
        return trial

    def _spec(self, params: Mapping[str, Any]) -> TrainSpec:
        return parse(TrainSpec, merged(self._base, params))

    def _folder(self, spec: TrainSpec) -> Path:
        """It stands for the configuration: the same one goes on in the same place."""
        digest = hashlib.sha256(json.dumps(spec.to_dict(), sort_keys=True).encode()).hexdigest()
        return self.folder / "trials" / digest[:12]

    def _tried(self, spec: TrainSpec) -> bool:
        folder = self._folder(spec)
        return any(trial.folder == folder for trial in self.trials.values() if trial.state != "paused")

    def _take_up_again(self) -> None:
        """Close what a run that was killed left open, and queue what is still to be tried.

        What was paused goes on from its checkpoint.
        """
        for frozen in self.study.get_trials(deepcopy=False, states=[TrialState.RUNNING]):
            if frozen.number in self.trials:
                self._tell_optuna(frozen.number, self.trials[frozen.number])
            else:
                self.study.tell(frozen.number, state=TrialState.FAIL)
        paused = [trial.params for trial in self.trials.values() if trial.state == "paused"]
        begun, waiting = storage.queued(self.study)
        first = [params for params in self.spec.first if params not in begun]
        for params in (*first, *paused):
            if params not in waiting:
                self.study.enqueue_trial(params)
        self.trials = {number: trial for number, trial in self.trials.items() if trial.state != "paused"}

    def _with_finite_scores(self, event: Ended) -> Ended:
        """A score that is no number can never lead: the trial failed."""
        odd = [name for name, score in event.scores.items() if not math.isfinite(score)]
        missing = [name for name in self.spec.objectives if name not in event.scores]
        if event.state != "complete" or not (odd or missing):
            return event
        what = f"its {odd[0]} is {event.scores[odd[0]]}" if odd else f"it has no {missing[0]}"
        return replace(event, state="failed", reason=what)
