"""What the sweep tells is tracked; a tracking that fails never stops the sweep, nor holds it up for long."""

import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from . import settings

if TYPE_CHECKING:
    from diffsmith.tuner.records import Sweep, Trial

    from .sweep_run import SweepRun

__all__ = ["sweep_ended", "sweep_started", "trial_ended"]

_log = logging.getLogger(__name__)
_open: dict[Path, "SweepRun"] = {}
_given_up: set[Path] = set()


def sweep_started(sweep: "Sweep") -> None:
    """Track it, and those of its trials that were not tracked before."""
    _forget(sweep)
    _track(sweep, lambda run: run.add_missing(sweep))


def trial_ended(sweep: "Sweep", trial: "Trial") -> None:
    """Track the trial."""
    _track(sweep, lambda run: run.add(sweep, trial))


def sweep_ended(sweep: "Sweep") -> None:
    """Track what came of it."""
    _track(sweep, lambda run: run.end(sweep))
    _forget(sweep)


def _track(sweep: "Sweep", tell: Callable[["SweepRun"], None]) -> None:
    if os.environ.get("DIFFSMITH_TRACKING") == "off" or sweep.folder in _given_up:
        return
    uri = settings.tracking_uri(sweep.folder.parent)
    try:
        tell(_run_of(sweep, uri))
    except Exception as error:  # noqa: BLE001 — the sweep matters more than its tracking
        _complain(sweep, uri, error)


def _run_of(sweep: "Sweep", uri: str) -> "SweepRun":
    if sweep.folder not in _open:
        settings.prepare(uri)
        from .opening import open_run

        _open[sweep.folder] = open_run(sweep, uri)
    return _open[sweep.folder]


def _complain(sweep: "Sweep", uri: str, error: Exception) -> None:
    """One line; a server that cannot be reached is not asked again during this sweep."""
    if settings.unreachable(uri, error):
        _given_up.add(sweep.folder)
        what = f"{uri} does not answer, so the sweep goes on without tracking; resume it later to track it"
    else:
        what = f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"
    _log.warning("MLflow tracking of sweep %s: %s", sweep.name, settings.without_password(what))
    _log.debug("the whole error", exc_info=error)


def _forget(sweep: "Sweep") -> None:
    _open.pop(sweep.folder, None)
    _given_up.discard(sweep.folder)
