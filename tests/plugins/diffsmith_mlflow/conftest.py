"""A small finished sweep on disk, made by hand: one trial that learnt, one pruned, one failed."""

import socket
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image
from tests.films import film

from diffsmith.documents import write_yaml
from diffsmith.pipeline import SPEC_FILE, new_network
from diffsmith.registry import Registry
from diffsmith.specs import SweepSpec
from diffsmith.training.fit import WEIGHTS_FILE
from diffsmith.tuner.records import Rung, State, Sweep, Trial
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


@pytest.fixture(autouse=True)
def own_tracking(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No tracking server of the developer's, nothing left open by another test."""
    for name in ("MLFLOW_TRACKING_URI", "MLFLOW_REGISTRY_URI", "DIFFSMITH_TRACKING"):
        monkeypatch.delenv(name, raising=False)
    yield
    observers._open.clear()
    observers._given_up.clear()


@pytest.fixture(scope="session")
def shout(registry: Registry) -> Callable[..., None]:
    """Tell the plugin as the tuner does; what it raises is not hidden."""

    def shout(hook: str, **facts: Any) -> None:
        registry.reports["mlflow"].error = ""
        registry.shout(f"diffsmith_{hook}", **facts)
        assert not registry.reports["mlflow"].error, registry.reports["mlflow"].details

    return shout


@pytest.fixture(scope="session")
def run_sweep(shout: Callable[..., None]) -> Callable[[Sweep], None]:
    """A whole sweep's hooks, in their order."""

    def run(sweep: Sweep) -> None:
        shout("sweep_started", sweep=replace(sweep, trials=(), stopped=""))
        for number, trial in enumerate(sweep.trials, 1):
            shout("trial_ended", sweep=replace(sweep, trials=sweep.trials[:number], stopped=""), trial=trial)
        shout("sweep_ended", sweep=sweep)

    return run


@pytest.fixture(scope="session")
def make_sweep(registry: Registry) -> Callable[..., Sweep]:
    def make(runs: Path, name: str = "digits") -> Sweep:
        folder = runs / name
        trials = (
            _trial(folder, 0, 1500, "complete", {"frechet": 12.5, "latency": 0.1}),
            _trial(folder, 1, 500, "pruned", reason="worse than the median"),
            _trial(folder, 2, 0, "failed", reason="the loss is nan"),
        )
        _learn(trials[0], registry)
        (folder / "leaderboard.csv").write_text("trial,frechet\n0,12.5\n")
        Image.new("RGB", (16, 16), "white").save(folder / "pareto.png")
        return Sweep(name, folder, SPEC, {"frechet": 5.0}, trials, "3 trials were made", {"frechet": 13.5})

    return make


@pytest.fixture(scope="session")
def track(
    tmp_path_factory: pytest.TempPathFactory,
    make_sweep: Callable[..., Sweep],
    run_sweep: Callable[[Sweep], None],
) -> Callable[[], Sweep]:
    """A sweep in a place of its own, tracked from beginning to end."""

    def track() -> Sweep:
        sweep = make_sweep(tmp_path_factory.mktemp("runs"))
        with pytest.MonkeyPatch.context() as patch:
            patch.delenv("MLFLOW_TRACKING_URI", raising=False)
            patch.delenv("DIFFSMITH_TRACKING", raising=False)
            run_sweep(sweep)
        return sweep

    return track


@pytest.fixture(scope="session")
def tracked(track: Callable[[], Sweep]) -> Sweep:
    """One of them; for reading only."""
    return track()


@pytest.fixture(scope="session")
def unused_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def _trial(
    folder: Path,
    number: int,
    steps: int,
    state: State,
    scores: dict[str, float] | None = None,
    reason: str = "",
) -> Trial:
    own = folder / f"trial-{number}"
    own.mkdir(parents=True)
    (own / "curve.csv").write_text("".join(f"{step},{1 / step}\n" for step in range(1, steps + 1)))
    rungs = tuple(_rung(own, step) for step in range(500, steps + 1, 500))
    params = {"train.lr": 10.0**-number, "scheduler": {"name": "ddim", "eta": 0.5}}
    return Trial(number, state, params, SPEC.base.to_dict(), own, scores or {}, rungs, 2.0, reason)


def _rung(folder: Path, step: int) -> Rung:
    sheet = f"sheet-{step:06d}.png"
    Image.effect_noise((300, 200), step / 20).convert("RGB").save(folder / sheet)
    film((folder / sheet).with_suffix(".mp4"))
    return Rung(step, {"frechet": 20000 / step}, 0.1, sheet)


def _learn(trial: Trial, registry: Registry) -> None:
    """Leave a pipeline that generates, and something heavy that nobody needs any more."""
    spec = SPEC.base.pipeline(WEIGHTS_FILE)
    fresh = new_network(spec.model, registry).state_dict()  # its last layer is zero: it says nothing yet
    spoken = {name: 0.1 * torch.randn(tensor.shape) for name, tensor in fresh.items()}
    save_tensors(trial.folder / WEIGHTS_FILE, spoken)
    write_yaml(trial.folder / SPEC_FILE, spec.to_dict())
    (trial.folder / "checkpoints").mkdir()
    (trial.folder / "checkpoints" / "optimizer.safetensors").write_bytes(b"heavy")
