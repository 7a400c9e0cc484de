"""A finished sweep that the commands look at."""

from pathlib import Path

import pytest

from diffsmith.documents import write_yaml
from diffsmith.registry import Registry
from diffsmith.tuner import api

BASE = {
    "model": {"name": "unet", "width": 8, "multipliers": [1]},
    "data": "digits",
    "train": {"steps": 10, "batch": 8, "warmup": 0},
    "spacing": {"steps": 2},
}


@pytest.fixture(scope="package")
def runs(tmp_path_factory: pytest.TempPathFactory, registry: Registry) -> Path:
    """A folder with one small sweep, called "tiny"; for reading only."""
    folder = tmp_path_factory.mktemp("runs")
    target = write_yaml(folder / "tiny.yaml", {"base": BASE, "space": {"train.lr": [0.001, 0.003, 0.01]}})
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DIFFSMITH_TRACKING", "off")
        patch.delenv("DIFFSMITH_STORAGE", raising=False)
        api.sweep(str(target), trials=3, workers=0, samples=16, runs=folder, registry=registry)
    return folder
