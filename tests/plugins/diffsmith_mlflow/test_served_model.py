from collections.abc import Iterator
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
import pytest
import yaml
from mlflow import MlflowClient
from mlflow.pyfunc import PyFuncModel

from diffsmith.tuner.records import Sweep
from diffsmith_mlflow import settings
from diffsmith_mlflow.best_model import name_of


@pytest.fixture
def uri(tracked: Sweep) -> Iterator[str]:
    """The database, where MLflow's own functions look."""
    before = mlflow.get_tracking_uri()
    uri = settings.tracking_uri(tracked.folder.parent)
    mlflow.set_tracking_uri(uri)
    yield uri
    mlflow.set_tracking_uri(before)


@pytest.fixture
def model(uri: str, monkeypatch: pytest.MonkeyPatch) -> PyFuncModel:
    monkeypatch.setenv("MLFLOW_ALLOW_PICKLE_DESERIALIZATION", "false")
    return mlflow.pyfunc.load_model("models:/diffsmith-digits@best")


def test_a_registered_pipeline_generates_what_it_generated_before(model: PyFuncModel, tracked: Sweep) -> None:
    asked = pd.DataFrame({"label": [3, 1], "seed": [10, 20]})
    samples = tracked.best.pipeline().generate(labels=[3, 1], seeds=[10, 20])
    assert np.array_equal(model.predict(asked), np.stack([sample.data.numpy() for sample in samples]))


def test_a_dict_is_as_good_and_labels_and_seeds_may_be_left_out(model: PyFuncModel) -> None:
    both = model.predict({"label": [3, 1], "seed": [0, 1]})
    assert both.shape == (2, 8, 8, 1)
    assert both.dtype == np.uint8
    assert np.array_equal(model.predict({"label": [3, 1]}), both)
    assert not np.array_equal(model.predict({"seed": [0, 1]}), both)


def test_what_it_takes_is_written_down(model: PyFuncModel) -> None:
    columns = model.metadata.get_input_schema().to_dict()
    assert columns == [
        {"type": "long", "name": "label", "required": False},
        {"type": "long", "name": "seed", "required": False},
    ]


def test_the_version_is_the_best_trials(uri: str, tracked: Sweep) -> None:
    client = MlflowClient(uri)
    version = client.get_model_version_by_alias("diffsmith-digits", "best")
    run = client.get_run(version.run_id)
    assert run.data.tags["diffsmith.trial"] == str(tracked.best.number)
    (output,) = run.outputs.model_outputs
    assert f"/{output.model_id}/" in version.source


def test_it_holds_the_pipeline_and_code_but_no_pickles(uri: str, tracked: Sweep) -> None:
    version = MlflowClient(uri).get_model_version_by_alias("diffsmith-digits", "best")
    folder = Path(version.source)
    files = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert {"served_model.py", "artifacts/pipeline.yaml", "artifacts/weights.safetensors"} <= files
    assert not [name for name in files if name.endswith((".pkl", ".pickle")) or "optimizer" in name]
    flavor = yaml.safe_load((folder / "MLmodel").read_text())["flavors"]["python_function"]
    assert flavor["model_code_path"].endswith("/served_model.py")
    assert "python_model" not in flavor, "that would be a pickle"


def test_a_sweeps_odd_name_makes_a_name_mlflow_takes() -> None:
    assert name_of("digits") == "diffsmith-digits"
    assert name_of("my sweep: 1/2") == "diffsmith-my-sweep-1-2"
