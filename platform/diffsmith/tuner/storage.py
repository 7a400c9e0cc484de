"""The study on disk: an Optuna study in which every trial carries its whole record."""

import fcntl
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import optuna
from optuna.storages import BaseStorage, RDBStorage
from optuna.trial import FrozenTrial, TrialState

from ..errors import DiffsmithError
from ..specs import Direction
from .records import Rung, Trial

__all__ = ["is_sqlite", "locked", "open_storage", "record_of", "remember", "study_of", "written_state"]

_RECORD = "diffsmith"


def open_storage(folder: Path, url: str | None) -> BaseStorage:
    """The folder's own SQLite file, or any database Optuna knows."""
    if url is None:
        path = folder / "study.db"
        _prepare_sqlite(path)
        url = f"sqlite:///{path}"
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        return RDBStorage(url, engine_kwargs={"connect_args": {"timeout": 60}} if is_sqlite(url) else None)
    except Exception as error:
        raise DiffsmithError(f"the study's database {_public(url)} cannot be opened: {error}") from error


def study_of(storage: BaseStorage, name: str, directions: list[Direction]) -> optuna.Study:
    """The study of that name, made if it is not there."""
    return optuna.create_study(storage=storage, study_name=name, directions=directions, load_if_exists=True)


def remember(study: optuna.Study, trial: Trial) -> None:
    """Put the whole record on the Optuna trial, in one write."""
    number = study._storage.get_trial_id_from_study_id_trial_number(study._study_id, trial.number)
    study._storage.set_trial_user_attr(number, _RECORD, _plain(trial))


def record_of(frozen: FrozenTrial, folder: Path) -> Trial | None:
    """The record an Optuna trial carries; None where the trial is not ours to show."""
    values = frozen.user_attrs.get(_RECORD)
    if values is None:
        return None
    rungs = tuple(Rung(**rung) for rung in values["rungs"])
    state = "paused" if frozen.state is TrialState.RUNNING else values["state"]
    return Trial(
        **{
            **values,
            "number": frozen.number,
            "state": state,
            "rungs": rungs,
            "folder": folder / values["folder"],
        }
    )


def written_state(frozen: FrozenTrial) -> str:
    """The state its record was last written with, whatever Optuna was told."""
    return str(frozen.user_attrs.get(_RECORD, {}).get("state", ""))


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Only one process runs a sweep folder; the lock goes with the process, however it ends."""
    with (folder / ".lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise DiffsmithError(
                f"{folder}: another process is running this sweep; wait for it, or name another"
            ) from None
        yield


def is_sqlite(url: str) -> bool:
    """Whether an Optuna URL is a SQLite file."""
    return url.startswith("sqlite")


def _prepare_sqlite(path: Path) -> None:
    """Write-ahead logging lives in the file: readers and the writer do not block one another."""
    try:
        with sqlite3.connect(path) as connection:
            connection.execute("PRAGMA journal_mode=WAL")
    except sqlite3.DatabaseError as error:
        raise DiffsmithError(
            f"{path}: is damaged or no SQLite file ({error}); move it away to start anew"
        ) from None


def _plain(trial: Trial) -> dict[str, Any]:
    return {**asdict(trial), "folder": trial.folder.name}


def _public(url: str) -> str:
    """The URL without what may be a password."""
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{rest.rpartition('@')[2]}"
