"""A small finished sweep on disk, made by hand: three trials, of which two have learnt nothing."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from diffsmith.documents import write_yaml
from diffsmith.pipeline import SPEC_FILE, new_network
from diffsmith.registry import Registry, default_registry
from diffsmith.specs import SweepSpec
from diffsmith.training.fit import WEIGHTS_FILE
from diffsmith.tuner.records import Rung, Sweep, Trial
from diffsmith.weights.tensors import save_tensors
from diffsmith_mlflow import observers

BASE = {
    "model": {"name": "unet", "shape": [1, 8, 8], "classes": 10, "width": 8, "multipliers": [1]},
    "data": "digits",
    "spacing": {"steps": 2},
    "engine": {"device": "cpu"},
}
SPEC = SweepSpec.model_validate(
    {
        "base": BASE,
        "space": {"train.lr": {"low": 1e-4, "high": 1e-2}},
        "objectives": {"frechet": "minimize", "latency": "minimize"},
        "constraints": {"latency": 0.5},
        "trials": 3,
        "seed": 7,
    }
)


@pytest.fixture(scope="session")
def registry() -> Registry:
    return default_registry()


@pytest.fixture(autouse=True)
def untouched(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No tracking server of the developer's, nothing left open from another test."""
    for name in ("MLFLOW_TRACKING_URI", "MLFLOW_REGISTRY_URI", "DIFFSMITH_TRACKING"):
        monkeypatch.delenv(name, raising=False)
    yield
    observers._open.clear()
    observers._given_up.clear()


@pytest.fixture(scope="session")
def make_sweep(registry: Registry) -> Callable[[Path], Sweep]:
    def make(runs: Path, steps: int = 1500) -> Sweep:
        folder = runs / "digits"
        trials = (
            _trained(_trial(folder, 0, steps, "complete", 12.5), registry),
            _trial(folder, 1, 500, "pruned", 80.0, "worse than the median after 500 steps"),
            _trial(folder, 2, 0, "failed", None, "the loss is nan"),
        )
        for name, text in (("leaderboard.json", "[]"), ("leaderboard.csv", "trial,frechet\n0,12.5\n")):
            (folder / name).write_text(text)
        Image.new("RGB", (16, 16), "white").save(folder / "pareto.png")
        return Sweep("digits", folder, SPEC, {"frechet": 5.0}, trials, "budget")

    return make


def _trial(folder: Path, number: int, steps: int, state: str, score: float | None, reason: str = "") -> Trial:
    own = folder / f"trial-{number}"
    own.mkdir(parents=True)
    (own / "curve.csv").write_text("".join(f"{step},{1 / step}\n" for step in range(1, steps + 1)))
    rungs = tuple(_rung(own, step, (score or 0) * steps / step) for step in range(500, steps + 1, 500))
    scores = {"frechet": score, "latency": 0.1} if state == "complete" and score else {}
    params = {"train.lr": 1e-3, "scheduler": {"name": "ddim", "eta": 0.5}}
    return Trial(number, state, params, BASE, own, scores, rungs, 2.0, reason)


def _rung(folder: Path, step: int, score: float) -> Rung:
    sheet = f"sheet-{step:06d}.png"
    Image.effect_noise((300, 200), step / 20).convert("RGB").save(folder / sheet)
    return Rung(step, {"frechet": score}, 0.1, sheet)


def _trained(trial: Trial, registry: Registry) -> Trial:
    """A trial whose folder holds a pipeline that generates."""
    spec = SPEC.base.pipeline(WEIGHTS_FILE)
    save_tensors(trial.folder / WEIGHTS_FILE, new_network(spec.model, registry).state_dict())
    write_yaml(trial.folder / SPEC_FILE, spec.to_dict())
    return replace(trial, spec=SPEC.base.to_dict())
