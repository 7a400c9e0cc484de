"""Sweeps that cost nothing: a small space, and evaluations that only say numbers."""

import json
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import pytest

from diffsmith.documents import write_yaml
from diffsmith.registry import Registry
from diffsmith.specs import SweepSpec
from diffsmith.tuner import api, folders
from diffsmith.tuner.budget import Budget
from diffsmith.tuner.records import Rung, Sweep
from diffsmith.tuner.run import run
from diffsmith.tuner.search import Search
from diffsmith.tuner.trials.executors import Inline
from diffsmith.tuner.trials.jobs import Climbed, Event, Job, Stepped

BASE = {
    "model": {"name": "unet", "width": 8, "multipliers": [1]},
    "data": "digits",
    "train": {"steps": 10, "batch": 8, "warmup": 0, "ema": 0.5},
    "scheduler": "ddim",
    "spacing": {"name": "trailing", "steps": 2},
}
RATES = {"train.lr": {"low": 1e-4, "high": 1e-1, "log": True}}

Searched = Callable[..., Search]


@pytest.fixture(autouse=True)
def own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No tracking, and no database of the developer's."""
    monkeypatch.setenv("DIFFSMITH_TRACKING", "off")
    monkeypatch.delenv("DIFFSMITH_STORAGE", raising=False)


@pytest.fixture
def base() -> dict[str, Any]:
    """A base spec that trains in a blink."""
    return json.loads(json.dumps(BASE))


@pytest.fixture
def new_sweep(tmp_path: Path) -> Callable[..., Sweep]:
    """A new sweep on disk: new_sweep(trials=5, space={...})."""

    def new(**settings: Any) -> Sweep:
        values = {"base": BASE, "space": RATES, "objectives": {"quality": "minimize"}, **settings}
        return folders.create(SweepSpec.model_validate(values), tmp_path, "sweep")

    return new


@pytest.fixture
def searched() -> Searched:
    """Search a sweep with a made-up evaluation, in this process: searched(sweep, evaluate, trials=9)."""

    def searched(
        sweep: Sweep,
        evaluate: Callable[[Job], Generator[Event, None, dict[str, float]]],
        *,
        trials: int | None = None,
        seconds: float | None = None,
        interrupted: Callable[[], bool] = lambda: False,
    ) -> Search:
        sweep = folders.reopen(sweep.folder.parent, sweep.name)
        budget = Budget(seconds, trials, sweep.seconds)
        search = Search(sweep.spec, folders.open_study(sweep), sweep.folder, ("quality",), budget)
        for _ in run(search, Inline(evaluate), interrupted):
            pass
        return search

    return searched


@pytest.fixture
def evaluate() -> Callable[[Job], Generator[Event, None, dict[str, float]]]:
    """The learning rate is the quality; one rung on the way says the same."""

    def evaluate(job: Job) -> Generator[Event, None, dict[str, float]]:
        quality = job.spec["train"].get("lr", 0.002)
        for number, share in enumerate((*job.rungs, 1.0)):
            yield Stepped(job.number, number, 2, 0.5)
            yield Climbed(job.number, Rung(int(10 * share), {"quality": quality}, 0.0))
        return {"quality": quality, "latency": 0.001 / quality}

    return evaluate


@pytest.fixture(scope="session")
def space_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A space file whose trials are real, and take a blink each."""
    space = {"train.lr": [0.001, 0.003, 0.01, 0.03], "spacing.steps": {"low": 2, "high": 4}}
    return write_yaml(tmp_path_factory.mktemp("space") / "tiny.yaml", {"base": BASE, "space": space})


@pytest.fixture(scope="session")
def finished(space_path: Path, tmp_path_factory: pytest.TempPathFactory, registry: Registry) -> Sweep:
    """A real sweep of three trials that was carried to its end; for reading only."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DIFFSMITH_TRACKING", "off")
        patch.delenv("DIFFSMITH_STORAGE", raising=False)
        runs = tmp_path_factory.mktemp("runs")
        return api.sweep(str(space_path), trials=3, workers=0, samples=16, runs=runs, registry=registry)
