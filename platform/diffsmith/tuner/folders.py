"""Sweeps on disk: a folder each, made once, opened again at any time."""

import os
import secrets
import warnings
from dataclasses import replace
from pathlib import Path

import optuna
from optuna.samplers import TPESampler
from optuna.storages import BaseStorage
from pydantic import ConfigDict

from ..documents import read_yaml, write_yaml
from ..errors import SpecError, unknown_name
from ..specs import Spec, SweepSpec, parse
from . import storage
from .records import Sweep

__all__ = ["SWEEP_FILE", "create", "open_study", "reopen", "write"]

SWEEP_FILE = "sweep.yaml"


class _Written(Spec):
    """What a sweep's file holds; the trials are in its study."""

    model_config = ConfigDict(allow_inf_nan=True)

    spec: SweepSpec
    study: str
    floors: dict[str, float]
    stopped: str
    test: dict[str, float]
    test_floors: dict[str, float]


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
    sweep = Sweep(folder.name, folder.resolve(), spec, {}, study=f"{folder.name}-{secrets.token_hex(4)}")
    storage.new_study(_storage(sweep), sweep.study, list(spec.objectives.values()))
    write(sweep)  # only now is there a sweep for others to see
    return sweep


def reopen(runs: Path, name: str) -> Sweep:
    """A sweep as it is on disk, with its trials: by its name under `runs`, or by its folder."""
    folder = Path(name) if (Path(name) / SWEEP_FILE).exists() else runs / name
    if not (folder / SWEEP_FILE).exists():
        known = sorted(path.parent.name for path in runs.glob(f"*/{SWEEP_FILE}"))
        raise SpecError([unknown_name(f"sweep in {runs}", name, known)])
    folder = folder.resolve()
    written = parse(_Written, read_yaml(folder / SWEEP_FILE), str(folder / SWEEP_FILE))
    sweep = Sweep(folder.name, folder, **{name: getattr(written, name) for name in _Written.model_fields})
    study = open_study(sweep)
    trials = tuple(storage.records(study, folder / "trials"))
    return replace(sweep, trials=trials, seconds=study.user_attrs.get("spent", 0.0))


def write(sweep: Sweep) -> None:
    """Write down what is known of the sweep beside its study."""
    known = {name: getattr(sweep, name) for name in _Written.model_fields}
    write_yaml(sweep.folder / SWEEP_FILE, {**known, "spec": sweep.spec.to_dict()})


def open_study(sweep: Sweep) -> optuna.Study:
    """The sweep's Optuna study: in its folder, or in the database that DIFFSMITH_STORAGE names.

    The URL is never written down: it may hold a password.
    """
    study = storage.study_of(_storage(sweep), sweep.study)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        # Grouped: a plain multivariate TPE learns nothing of dimensions that exist only in some trials.
        seed = sweep.spec.seed + len(study.get_trials(deepcopy=False))
        study.sampler = TPESampler(seed=seed, multivariate=True, group=True, n_startup_trials=5)
    return study


def _storage(sweep: Sweep) -> BaseStorage:
    return storage.open_storage(sweep.folder, os.environ.get("DIFFSMITH_STORAGE"))
