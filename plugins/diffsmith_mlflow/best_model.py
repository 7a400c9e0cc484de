"""The best pipeline as a registered model that anybody with the database can load and generate from."""

import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
from mlflow import MlflowClient, pyfunc
from mlflow.entities import LoggedModel, LoggedModelOutput
from mlflow.exceptions import MlflowException
from mlflow.models import Model, ModelSignature
from mlflow.types.schema import ColSpec, DataType, Schema

from diffsmith import __version__
from diffsmith.pipeline import SPEC_FILE
from diffsmith.training.fit import WEIGHTS_FILE

if TYPE_CHECKING:
    from diffsmith.tuner.records import Trial

__all__ = ["ALIAS", "name_of", "register"]

ALIAS = "best"
_CODE = Path(__file__).with_name("served_model.py")
_INPUTS = Schema([ColSpec(DataType.long, name, required=False) for name in ("label", "seed")])


def register(client: MlflowClient, experiment: str, run: str, sweep: str, best: "Trial") -> None:
    """A version of the model "diffsmith-<sweep>" made by the trial's run; the alias "best" points to it."""
    name = name_of(sweep)
    if _run_of_best(client, name) != run:
        logged = _logged(client, experiment, run, name, best)
        version = client.create_model_version(name, logged.artifact_location, run, model_id=logged.model_id)
        client.set_registered_model_alias(name, ALIAS, version.version)


def name_of(sweep: str) -> str:
    """MLflow takes no slash and no colon in a model's name."""
    return "diffsmith-" + re.sub(r"[^\w.-]+", "-", sweep)


def _run_of_best(client: MlflowClient, name: str) -> str | None:
    """The run of the version that is the best so far; registers the name if it is new."""
    try:
        return client.get_model_version_by_alias(name, ALIAS).run_id
    except MlflowException:
        if not client.search_registered_models(f"name = '{name}'"):
            client.create_registered_model(name)
        return None


def _logged(client: MlflowClient, experiment: str, run: str, name: str, best: "Trial") -> LoggedModel:
    """The model with its files, in the trial's run."""
    logged = client.create_logged_model(experiment, name, run)
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/model"
        _save(path, Model(artifact_path=logged.artifact_location, run_id=run, model_id=logged.model_id), best)
        client.log_model_artifacts(logged.model_id, path)
    client.log_outputs(run, [LoggedModelOutput(logged.model_id, 0)])
    return client.finalize_logged_model(logged.model_id, "READY")


def _save(path: str, model: Model, best: "Trial") -> None:
    """The trial's pipeline and the code that serves it: no pickles."""
    pyfunc.save_model(
        path,
        python_model=_CODE,
        artifacts={"pipeline": str(best.folder / SPEC_FILE), "weights": str(best.folder / WEIGHTS_FILE)},
        signature=ModelSignature(_INPUTS),
        input_example=pd.DataFrame({"label": [0], "seed": [0]}),
        pip_requirements=[f"diffsmith=={__version__}"],
        mlflow_model=model,
    )
