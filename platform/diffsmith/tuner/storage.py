"""The study on disk: an Optuna study in which every trial carries its whole record."""

import fcntl
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import optuna
from optuna.storages import BaseStorage, RDBStorage
from optuna.trial import FrozenTrial, TrialState

from ..errors import DiffsmithError
from ..specs import Direction
from .records import Rung, Trial

__all__ = [
    "is_sqlite",
    "locked",
    "new_study",
    "open_storage",
    "queued",
    "records",
    "remember",
    "study_of",
    "told",
]

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
        what = (str(error).splitlines() or [type(error).__name__])[0]
        raise DiffsmithError(f"the study's database {_public(url)} cannot be opened: {what}") from error


def new_study(storage: BaseStorage, name: str, directions: list[Direction]) -> None:
    """Make the study of that name."""
    optuna.create_study(storage=storage, study_name=name, directions=directions)


def study_of(storage: BaseStorage, name: str) -> optuna.Study:
    """The study of that name; an error where there is none."""
    try:
        return optuna.load_study(storage=storage, study_name=name)
    except KeyError:
        raise DiffsmithError(
            f"there is no study {name!r} in the sweep's database: "
            "set DIFFSMITH_STORAGE as it was when the sweep was made"
        ) from None


def remember(study: optuna.Study, trial: Trial) -> None:
    """Put the whole record on the Optuna trial, in one write."""
    number = study._storage.get_trial_id_from_study_id_trial_number(study._study_id, trial.number)
    study._storage.set_trial_user_attr(number, _RECORD, _plain(trial))


def records(study: optuna.Study, folder: Path) -> list[Trial]:
    """What is known of every configuration, in the order of their latest trials; `folder` holds theirs."""
    found = (_record_of(frozen, folder) for frozen in study.get_trials(deepcopy=False))
    latest = {trial.folder: trial for trial in found if trial is not None}
    return sorted(latest.values(), key=lambda trial: trial.number)


def queued(study: optuna.Study) -> tuple[list[Any], list[Any]]:
    """The parameters that were queued: of trials that began (and have a record), and of those that wait."""
    begun, waiting = [], []
    for frozen in study.get_trials(deepcopy=False):
        params = frozen.system_attrs.get("fixed_params")
        if frozen.state is TrialState.WAITING:
            waiting.append(params)
        elif _RECORD in frozen.user_attrs:
            begun.append(params)
    return begun, waiting


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


@contextmanager
def told(folder: Path) -> Iterator[None]:
    """Inside, a database that cannot be written is told in a sentence; Optuna hides the reason in a guess."""
    try:
        yield
    except optuna.exceptions.StorageInternalError as error:
        free = shutil.disk_usage(folder).free / 2**20
        what = str(error.__cause__ or error).splitlines()[0]
        raise DiffsmithError(
            f"{folder}: the study cannot be written ({what}; {free:.0f} MiB free). Finished trials are kept: "
            f"mend it, then resume"
        ) from error


def is_sqlite(url: str) -> bool:
    """Whether an Optuna URL is a SQLite file."""
    return url.startswith("sqlite")


def _record_of(frozen: FrozenTrial, folder: Path) -> Trial | None:
    """The record an Optuna trial carries; None where the trial is not ours to show.

    One that was written down as running, by a process that is no more, is as good as paused.
    """
    values = frozen.user_attrs.get(_RECORD)
    if values is None:
        return None
    own = {
        "number": frozen.number,
        "state": "paused" if values["state"] == "running" else values["state"],
        "rungs": tuple(Rung(**rung) for rung in values["rungs"]),
        "folder": folder / values["folder"],
    }
    return Trial(**{**values, **own})


def _prepare_sqlite(path: Path) -> None:
    """Write-ahead logging lives in the file: readers and the writer do not block one another."""
    try:
        with closing(sqlite3.connect(path, timeout=60)) as connection:
            connection.execute("PRAGMA journal_mode=WAL")
            found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    except sqlite3.OperationalError as error:
        raise DiffsmithError(f"{path}: cannot be opened ({error})") from None
    except sqlite3.DatabaseError as error:
        found = str(error)
    if found != "ok":
        what = str(found).splitlines()[-1]
        raise DiffsmithError(
            f"{path}: is damaged or no SQLite file ({what}); start a new sweep, or restore it"
        )


def _plain(trial: Trial) -> dict[str, Any]:
    return {**asdict(trial), "folder": trial.folder.name}


def _public(url: str) -> str:
    """The URL without what may be a password."""
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{rest.rpartition('@')[2].partition('?')[0]}"
