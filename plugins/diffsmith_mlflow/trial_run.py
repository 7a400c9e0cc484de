"""A trial in MLflow: a run with its parameters, curves, sheets and end."""

import time
from typing import TYPE_CHECKING

import yaml
from mlflow import Image, MlflowClient

from .entries import log
from .tables import dotted, measures

if TYPE_CHECKING:
    from diffsmith.tuner.records import Trial

__all__ = ["STATUS", "log_trial"]

STATUS = {"complete": "FINISHED", "pruned": "KILLED", "failed": "FAILED"}
"""How a trial can end; one in any other state goes on another time."""


def log_trial(client: MlflowClient, experiment: str, trial: "Trial", tags: dict[str, str]) -> str:
    """A whole run at once, with these tags too; returns its id. Everything is written when this returns."""
    began = int((time.time() - trial.seconds) * 1000)
    about = {
        "diffsmith.trial": str(trial.number),
        "diffsmith.state": trial.state,
        "diffsmith.reason": trial.reason,
        "diffsmith.folder": str(trial.folder.absolute()),
    }
    created = client.create_run(experiment, began, {**tags, **about}, f"trial {trial.number}")
    run: str = created.info.run_id
    log(client, run, measures(trial), dict(dotted(trial.params)))
    client.log_text(run, yaml.safe_dump(trial.spec, sort_keys=False), "spec.yaml")
    _log_sheets(client, run, trial)
    client.set_terminated(run, STATUS[trial.state])
    return run


def _log_sheets(client: MlflowClient, run: str, trial: "Trial") -> None:
    """The samples of each rung, in MLflow's image grid at the rung's step."""
    for rung in trial.rungs:
        path = trial.folder / rung.sheet
        if rung.sheet and path.exists():
            client.log_image(run, Image(str(path)), key="samples", step=rung.step, synchronous=True)
