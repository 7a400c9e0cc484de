"""Tiny published pipelines, loaded with changes; and a picture with a mask."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import diffsmith


@pytest.fixture(scope="session")
def loaded(published):
    """loaded("sd1", guidance="none"): the pipeline of a folder that diffusers wrote, in single precision."""

    def load(kind, steps=3, **changes):
        exact = {"device": "cpu", "dtype": "float32"}
        spacing = {"name": "leading", "offset": 1, "steps": steps}
        engine = {**exact, **changes.pop("engine", {})}
        return diffsmith.load(published(kind), **{"engine": engine, "spacing": spacing, **changes})

    return load


@pytest.fixture(scope="session")
def picture(tmp_path_factory) -> Path:
    """32 by 32 pixels of noise."""
    path = tmp_path_factory.mktemp("pictures") / "picture.png"
    pixels = np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(path)
    return path


@pytest.fixture(scope="session")
def mask(tmp_path_factory) -> Path:
    """White on its right half."""
    path = tmp_path_factory.mktemp("pictures") / "mask.png"
    white = np.zeros((32, 32), dtype=np.uint8)
    white[:, 16:] = 255
    Image.fromarray(white).save(path)
    return path
