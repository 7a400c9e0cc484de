"""A trial in MLflow: a run with its parameters, curves, sheets and end."""

import time
from typing import TYPE_CHECKING

import yaml
from mlflow import Image, MlflowClient

from .entries import log
from .tables import dotted, measures

if TYPE_CHECKING:
    from diffsmith.tuner.records import Trial

__all__ = ["STATUS", "fill_run", "new_run"]

STATUS = {"complete": "FINISHED", "pruned": "KILLED", "failed": "FAILED"}
"""How a trial can end; one in any other state goes on another time."""


def new_run(client: MlflowClient, experiment: str, trial: "Trial", tags: dict[str, str]) -> str:
    """An empty run for the trial, with these tags too; its id."""
    began = int((time.time() - trial.seconds) * 1000)
    about = {
        "diffsmith.trial": str(trial.number),
        "diffsmith.state": trial.state,
        "diffsmith.reason": trial.reason,
        "diffsmith.folder": str(trial.folder.absolute()),
    }
    created = client.create_run(experiment, began, {**tags, **about}, f"trial {trial.number}")
    run: str = created.info.run_id
    return run


def fill_run(client: MlflowClient, run: str, trial: "Trial") -> None:
    """All of the trial into its run; everything is written when this returns."""
    log(client, run, measures(trial), dict(dotted(trial.params)))
    client.log_text(run, yaml.safe_dump(trial.spec, sort_keys=False), "spec.yaml")
    _log_sheets(client, run, trial)
    client.set_terminated(run, STATUS[trial.state])


def _log_sheets(client: MlflowClient, run: str, trial: "Trial") -> None:
    """The samples of each rung at its step, and the last once more, where the web page looks first."""
    rungs = [rung for rung in trial.rungs if rung.sheet and (trial.folder / rung.sheet).exists()]
    shown = [("samples", rung.step, rung) for rung in rungs] + [
        ("last samples", 0, rung) for rung in rungs[-1:]
    ]
    for key, step, rung in shown:
        sheet = Image(str(trial.folder / rung.sheet))
        client.log_image(run, sheet, key=key, step=step, synchronous=True)
    for rung in rungs[-1:]:
        moving = (trial.folder / rung.sheet).with_suffix(".mp4")
        if moving.exists():
            client.log_artifact(run, str(moving), "clips")
