"""The run a sweep is tracked in: a new one, or the one where it was left."""

from typing import TYPE_CHECKING

import yaml
from mlflow import MlflowClient
from mlflow.entities import Run
from mlflow.utils.mlflow_tags import MLFLOW_PARENT_RUN_ID

from .entries import log
from .settings import EXPERIMENT, artifacts_beside
from .sweep_run import SweepRun
from .tables import settings_of

if TYPE_CHECKING:
    from diffsmith.tuner.records import Sweep

__all__ = ["open_run"]

_ALL = 50_000


def open_run(sweep: "Sweep", uri: str) -> SweepRun:
    """The sweep's run, running again."""
    client = MlflowClient(uri)
    experiment = _experiment(client, uri)
    run = _earlier(client, experiment, sweep) or _new(client, experiment, sweep)
    client.update_run(run.id, "RUNNING")
    client.log_text(run.id, yaml.safe_dump(sweep.spec.to_dict(), sort_keys=False), "sweep.yaml")
    return run


def _experiment(client: MlflowClient, uri: str) -> str:
    found = client.get_experiment_by_name(EXPERIMENT)
    return found.experiment_id if found else client.create_experiment(EXPERIMENT, artifacts_beside(uri))


def _earlier(client: MlflowClient, experiment: str, sweep: "Sweep") -> SweepRun | None:
    """Where it was left. A sweep without trials is a new one, though one of its name may have been here."""
    for run in _tagged(client, experiment, "diffsmith.sweep", sweep.name):
        if run.data.tags.get("diffsmith.folder") == _folder(sweep):
            left = SweepRun(client, experiment, run.info.run_id)
            left.trials = _trials(client, left)
            return left if sweep.trials or not left.trials else None
    return None


def _trials(client: MlflowClient, sweep: SweepRun) -> dict[int, str]:
    """Its whole trials; one that was being written when the process died is taken out and comes again."""
    whole = {}
    for run in _tagged(client, sweep.experiment, MLFLOW_PARENT_RUN_ID, sweep.id):
        if run.info.status == "RUNNING":
            client.delete_run(run.info.run_id)
        else:
            whole[int(run.data.tags["diffsmith.trial"])] = run.info.run_id
    return whole


def _new(client: MlflowClient, experiment: str, sweep: "Sweep") -> SweepRun:
    tags = {"diffsmith.sweep": sweep.name, "diffsmith.folder": _folder(sweep)}
    run = client.create_run(experiment, tags=tags, run_name=sweep.name).info.run_id
    log(client, run, params=settings_of(sweep.spec))
    return SweepRun(client, experiment, run)


def _tagged(client: MlflowClient, experiment: str, tag: str, value: str) -> list[Run]:
    """Newest first."""
    runs: list[Run] = client.search_runs([experiment], f'tags.`{tag}` = "{value}"', max_results=_ALL)
    return runs


def _folder(sweep: "Sweep") -> str:
    return str(sweep.folder.absolute())
