"""Sweeps on disk: a folder each, made once, opened again at any time."""

import os
import warnings
from dataclasses import replace
from pathlib import Path

import optuna
from optuna.samplers import TPESampler

from ..documents import read_yaml, write_yaml
from ..errors import SpecError, unknown_name
from ..specs import SweepSpec, parse
from . import storage
from .records import Sweep

__all__ = ["SWEEP_FILE", "create", "open_study", "reopen", "write"]

SWEEP_FILE = "sweep.yaml"


def create(spec: SweepSpec, runs: Path, name: str) -> Sweep:
    """A new sweep in `runs/name`, or in `runs/name-2`, ... where that is taken."""
    number, folder = 1, runs / name
    while True:
        try:
            folder.mkdir(parents=True)
            break
        except FileExistsError:
            number += 1
            folder = runs / f"{name}-{number}"
    sweep = Sweep(folder.name, folder.resolve(), spec, {})
    write(sweep)
    return sweep


def reopen(runs: Path, name: str) -> Sweep:
    """A sweep as it is on disk, with its trials: by its name under `runs`, or by its folder."""
    folder = Path(name) if (Path(name) / SWEEP_FILE).exists() else runs / name
    if not (folder / SWEEP_FILE).exists():
        known = sorted(path.parent.name for path in runs.glob(f"*/{SWEEP_FILE}"))
        raise SpecError([unknown_name(f"sweep in {runs}", name, known)])
    folder = folder.resolve()
    written = read_yaml(folder / SWEEP_FILE)
    spec = parse(SweepSpec, written.get("spec"), str(folder / SWEEP_FILE))
    sweep = Sweep(folder.name, folder, spec, written["floors"], (), written["stopped"], written["test"])
    study = open_study(sweep)
    records = [storage.record_of(frozen, folder / "trials") for frozen in study.get_trials(deepcopy=False)]
    spent = study.user_attrs.get("spent", 0.0)
    return replace(sweep, trials=tuple(trial for trial in records if trial), seconds=spent)


def write(sweep: Sweep) -> None:
    """Write down what is known of the sweep beside its study."""
    known = {"floors": sweep.floors, "stopped": sweep.stopped, "test": sweep.test}
    write_yaml(sweep.folder / SWEEP_FILE, {"spec": sweep.spec.to_dict(), **known})


def open_study(sweep: Sweep) -> optuna.Study:
    """The sweep's Optuna study: in its folder, or in the database that DIFFSMITH_STORAGE names.

    The URL is never written down: it may hold a password.
    """
    store = storage.open_storage(sweep.folder, os.environ.get("DIFFSMITH_STORAGE"))
    directions = list(sweep.spec.objectives.values())
    study = storage.study_of(store, sweep.name, directions)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        # Grouped: a plain multivariate TPE learns nothing of dimensions that exist only in some trials.
        seed = sweep.spec.seed + len(study.get_trials(deepcopy=False))
        study.sampler = TPESampler(seed=seed, multivariate=True, group=True, n_startup_trials=8)
    if not study.get_trials(deepcopy=False):
        for params in sweep.spec.first:
            study.enqueue_trial(params)
    return study
